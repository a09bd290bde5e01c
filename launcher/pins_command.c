/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pins show|accept|forget - what is remembered of a server's tools
 *
 * What is shown are the server's own words: only printable ASCII reaches the terminal.
 * Accepting appends a record; a session that runs reads it at its next list or call.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/pins.h"
#include "launcher/commands.h"
#include "launcher/pins.h"
#include "launcher/user.h"

#define PROMPT "prompt:"

static const char *name_of(const struct pin *pin, char *safe, size_t size)
{
	char name[PINS_NAME + 1];

	if (pin->subject == PINS_INSTRUCTIONS)
		return "(instructions)";
	if (pin->subject == PINS_SERVER)
		return "(server)";
	memcpy(name, pin->name, pin->len);
	name[pin->len] = '\0';
	return err_printable(safe, size, name);
}

/* Before it: names of prompts and tools are of two kinds, and no tool's has a colon where
 * names are strict. */
static const char *kind_of(const struct pin *pin)
{
	return pin->subject == PINS_PROMPT ? PROMPT : "";
}

static void print_digest(const uint8_t digest[static PINS_DIGEST])
{
	for (size_t i = 0; i < 8; i++)
		printf("%02x", digest[i]);
}

static void print_text(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		putchar(text[i] >= ' ' && text[i] < 0x7f ? text[i] : '?');
	putchar('\n');
}

/* The definition that has this digest: some record before holds it. */
static void print_definition(const char *log, size_t len, const uint8_t digest[static PINS_DIGEST])
{
	struct pins_record r;

	for (size_t at = 0; len - at >= sizeof(r); at += sizeof(r) + r.text_len) {
		memcpy(&r, log + at, sizeof(r));
		if (len - at - sizeof(r) < r.text_len)
			break;
		if (r.text_len && !memcmp(r.digest, digest, PINS_DIGEST)) {
			print_text(log + at + sizeof(r), r.text_len);
			return;
		}
	}
	puts("(not recorded)");
}

static void show_one(const struct pin *pin, bool in_full, const char *log, size_t len)
{
	char safe[PINS_NAME + 1];
	const char *state = !pin->is_pending ? "pinned" :
			    pin->subject == PINS_SERVER ? "changed" :
			    pin->is_pinned	 ? "changed, hidden" :
						   "new, hidden";

	printf("%-16s ", state);
	print_digest(pin->is_pinned ? pin->digest : pin->pending);
	printf("  %s%s\n", kind_of(pin), name_of(pin, safe, sizeof(safe)));
	if (!in_full && !pin->is_pending)
		return;
	if (pin->is_pinned) {
		fputs("  in force: ", stdout);
		print_definition(log, len, pin->digest);
	}
	if (pin->is_pending) {
		fputs("  waiting:  ", stdout);
		print_definition(log, len, pin->pending);
	}
}

/* Is it the tool that was named, or is every tool meant? */
static bool is_meant(const struct pin *pin, const char *tool)
{
	if (!tool)
		return true;
	if (pin->subject == PINS_INSTRUCTIONS)
		return !strcmp(tool, "(instructions)");
	if (pin->subject == PINS_SERVER)
		return !strcmp(tool, "(server)");
	if (pin->subject == PINS_PROMPT && strncmp(tool, PROMPT, strlen(PROMPT)) != 0)
		return false;
	tool += strlen(kind_of(pin));
	return strlen(tool) == pin->len && !memcmp(tool, pin->name, pin->len);
}

static int load(const struct user *user, const char *server, struct pins *pins, char **ret_text,
		size_t *ret_len, struct err *err)
{
	struct err why = {0};
	size_t used;
	int r = pins_read(user, server, ret_text, ret_len, err);

	if (r < 0)
		return r;
	/* Damaged records end the reading; what was genuine before them is shown. */
	if (pins_feed(pins, *ret_text, *ret_len, &used, &why) < 0)
		return err_set(err, EBADMSG, "damaged: %s; what is listed came before that", why.text);
	return 0;
}

static int show(const struct user *user, const char *server, const char *tool, struct err *err)
{
	cleanup_free struct pins *pins = calloc(1, sizeof(*pins));
	cleanup_free char *text = NULL;
	size_t len = 0, found = 0;
	int r = pins ? load(user, server, pins, &text, &len, err) : err_errno(err, ENOMEM, "pins");

	for (size_t i = 0; pins && i < pins->n; i++)
		if (is_meant(&pins->v[i], tool)) {
			show_one(&pins->v[i], tool != NULL, text, len);
			found++;
		}
	if (r == 0 && tool && !found)
		return err_set(err, ENOENT, "%s: nothing called %s is pinned", server, tool);
	return r;
}

static int accept_one(struct pins *pins, struct pin *pin, const struct pins_files *f,
		      struct pins_count *count, struct err *err)
{
	uint8_t digest[PINS_DIGEST];
	char record[sizeof(struct pins_record)];
	size_t used;
	long len;
	int r;

	memcpy(digest, pin->pending, PINS_DIGEST);
	pin->hints = pin->pending_hints;
	len = pins_make(pins, PINS_ACCEPTED, pin, digest, (uint64_t)time(NULL), NULL, 0, record);
	if (len < 0)
		return err_set(err, ENOSPC, "the log is full; begin anew with mcp-confine pins forget");
	r = fd_write_all(f->append, record, (size_t)len);
	if (r < 0)
		return err_errno(err, -r, "write a pin");
	atomic_fetch_add(&count->records, 1);
	return pins_feed(pins, record, (size_t)len, &used, err);
}

static int accept_all(const struct user *user, const char *server, const char *tool,
		      struct pins *pins, struct err *err)
{
	struct pins_files f;
	cleanup_free char *text = NULL;
	struct pins_count *count;
	size_t len, accepted = 0;
	char safe[PINS_NAME + 1];
	int r = load(user, server, pins, &text, &len, err);

	if (r == 0)
		r = pins_open(user, server, &f, err);
	if (r < 0)
		return r;
	count = mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE, MAP_SHARED, f.count, 0);
	if (count == MAP_FAILED)
		r = err_errno(err, errno, "map the count of pins");
	for (size_t i = 0; r == 0 && i < pins->n; i++) {
		struct pin *pin = &pins->v[i];

		if (!pin->is_pending || !is_meant(pin, tool))
			continue;
		r = accept_one(pins, pin, &f, count, err);
		if (r == 0)
			printf("accepted %s%s\n", kind_of(pin), name_of(pin, safe, sizeof(safe)));
		accepted++;
	}
	pins_close(&f);
	if (r == 0 && !accepted)
		return err_set(err, ENOENT, "%s: nothing waits to be accepted%s%s", server,
			       tool ? " of " : "", tool ? tool : "");
	return r;
}

static int take(const struct user *user, int argc, char **argv, struct err *err)
{
	const char *server = argc > 2 ? argv[2] : NULL, *tool = argc > 3 ? argv[3] : NULL;

	if (argc < 3 || argc > 4 || !strcmp(argv[1], "--help"))
		return err_set(err, EINVAL,
			       "usage: mcp-confine pins show|accept|forget SERVER [TOOL]");
	if (strspn(server, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") !=
		    strlen(server) || strlen(server) > 80 || !*server || *server == '.')
		return err_set(err, EINVAL, "%s: not the name of a server", server);
	if (!strcmp(argv[1], "show"))
		return show(user, server, tool, err);
	if (!strcmp(argv[1], "forget") && !tool)
		return pins_forget(user, server, err);
	if (!strcmp(argv[1], "accept")) {
		cleanup_free struct pins *pins = calloc(1, sizeof(*pins));

		return pins ? accept_all(user, server, tool, pins, err) :
			      err_errno(err, ENOMEM, "pins");
	}
	return err_set(err, EINVAL, "pins %s: it is show, accept or forget", argv[1]);
}

int pins_main(int argc, char **argv)
{
	struct user user = {0};
	struct err err = {0};
	int r = user_find(&user, &err);

	if (r == 0)
		r = take(&user, argc, argv, &err);
	fflush(stdout);
	if (r < 0)
		say_error(&err);
	user_done(&user);
	return r < 0 ? 1 : 0;
}
