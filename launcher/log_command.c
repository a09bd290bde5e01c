/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log [show] | verify | head - read the audit logs of this user, and check them
 *
 * What stands in a log is printable ASCII, or the line is not shown as it is: a log that
 * somebody changed must not speak to the terminal.  Exit status: 0; 1 when verify found
 * something wrong; 125.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/commands.h"
#include "launcher/logfiles.h"
#include "launcher/user.h"

/* Logs that are shown together. */
#define LOGS 256

/* What became of a message, by the event of its line. */
static const struct {
	const char *event, *decision;
} decisions[] = {
	{ "call", "allow" },	{ "release", "allow" },	 { "alert", "allow" },
	{ "exempt", "allow" },	{ "restore", "allow" },	 { "resumed", "allow" },
	{ "deny", "deny" },	{ "drop", "deny" },	 { "block", "deny" },
	{ "refused", "deny" },	{ "revoked", "deny" },	 { "suspended", "deny" },
	{ "redact", "change" }, { "hide", "change" },	 { "hidden", "change" },
	{ "ask", "ask" },	{ "pending", "ask" },	 { "withdraw", "ask" },
	{ "answer", "ask" },
};

struct wanted {
	const char *event, *decision, *session;
	char since[32], until[32]; /* RFC 3339, or a beginning of it; empty: any */
	bool is_json, follows;
	const char *head;
};

/* --- arguments ------------------------------------------------------------------------------ */

/* "10m" (s, m, h, d) ago, or a time that begins as those of the log do. */
static int take_time(const char *text, char ret[static 32], struct err *err)
{
	static const char form[] = "0000-00-00T00:00:00.000Z";
	char *end;
	unsigned long long n = strtoull(text, &end, 10);
	const char *units = "smhd", *unit = *end && !end[1] ? strchr(units, *end) : NULL;
	const long seconds[] = { 1, 60, 3600, 86400 };
	size_t len = strlen(text);

	if (unit && isdigit((unsigned char)*text) && n < 1000000) {
		trail_time(((int64_t)time(NULL) - (int64_t)n * seconds[unit - units]) * 1000, ret);
		return 0;
	}
	for (size_t i = 0; i < len; i++)
		if (i >= sizeof(form) - 1 ||
		    (form[i] == '0' ? !isdigit((unsigned char)text[i]) : text[i] != form[i]))
			len = 0;
	if (len < 4)
		return err_set(err, EINVAL, "%s: not a time; say 30m, 12h, 7d or 2026-01-31T12:00", text);
	snprintf(ret, 32, "%s", text);
	return 0;
}

static int check_decision(const char *text, struct err *err)
{
	for (size_t i = 0; i < sizeof(decisions) / sizeof(*decisions); i++)
		if (!strcmp(decisions[i].decision, text))
			return 0;
	return err_set(err, EINVAL, "--decision %s: it is allow, deny, change or ask", text);
}

static int take_options(int argc, char **argv, struct wanted *w, struct err *err)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },	  { "follow", no_argument, NULL, 'f' },
		{ "since", required_argument, NULL, 's' },{ "until", required_argument, NULL, 'u' },
		{ "event", required_argument, NULL, 'e' },{ "decision", required_argument, NULL, 'd' },
		{ "session", required_argument, NULL, 'S' }, { "head", required_argument, NULL, 'h' },
		{ 0 },
	};
	int opt, r = 0;

	opterr = 0;
	while (r == 0 && (opt = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		switch (opt) {
		case 'j': w->is_json = true; break;
		case 'f': w->follows = true; break;
		case 's': r = take_time(optarg, w->since, err); break;
		case 'u': r = take_time(optarg, w->until, err); break;
		case 'e': w->event = optarg; break;
		case 'S': w->session = optarg; break;
		case 'h': w->head = optarg; break;
		case 'd':
			w->decision = optarg;
			r = check_decision(optarg, err);
			break;
		case ':':
			r = err_set(err, EINVAL, "log: %s needs a value", argv[optind - 1]);
			break;
		default:
			r = err_set(err, EINVAL, "log: unknown option %s; see mcp-confine --help",
				    argv[optind - 1]);
		}
	}
	return r;
}

/* --- show ----------------------------------------------------------------------------------- */

static bool is_decision(const struct trail_line *l, const char *decision)
{
	for (size_t i = 0; i < sizeof(decisions) / sizeof(*decisions); i++)
		if (!strcmp(decisions[i].decision, decision) && trail_is(l, "event", decisions[i].event))
			return true;
	return false;
}

/* A time of the log against a beginning of one: as far as that goes. */
static int compare(const struct trail_member *time, const char *with)
{
	size_t len = strlen(with);

	return !time || time->value_len < len ? -1 : strncmp(time->value, with, len);
}

static bool is_wanted(const struct wanted *w, const struct trail_line *l)
{
	const struct trail_member *time = trail_find(l, "time");

	return (!w->event || trail_is(l, "event", w->event)) &&
	       (!w->session || trail_is(l, "session", w->session)) &&
	       (!w->decision || is_decision(l, w->decision)) &&
	       (!w->since[0] || compare(time, w->since) >= 0) &&
	       (!w->until[0] || compare(time, w->until) <= 0);
}

static void print_member(const struct trail_member *m)
{
	printf("%.*s=%.*s", (int)m->name_len, m->name, (int)m->value_len, m->value);
}

/* time server event, then the rest but for what chains the lines. */
static void print_text(const struct trail_line *l)
{
	static const char *const first[] = { "time", "server", "event" };
	static const char *const apart[] = { "time", "server", "event", "seq", "prev", "session",
					     "user", "client" };

	for (size_t i = 0; i < 3; i++) {
		const struct trail_member *m = trail_find(l, first[i]);

		if (m)
			printf("%s%.*s", i ? " " : "", (int)m->value_len, m->value);
	}
	for (size_t i = 0; i < l->n; i++) {
		bool is_apart = false;

		for (size_t k = 0; k < sizeof(apart) / sizeof(*apart); k++)
			is_apart |= trail_find(l, apart[k]) == &l->v[i];
		if (is_apart)
			continue;
		putchar(' ');
		print_member(&l->v[i]);
	}
	putchar('\n');
}

static void show_line(const struct wanted *w, const char *name, const char *line, size_t len)
{
	struct trail_line l;

	if (trail_read(line, len, &l) < 0) {
		if (!w->is_json && !w->event && !w->decision && !w->session)
			printf("- %s (a line that is none, %zu bytes; see mcp-confine log verify)\n", name,
			       len);
		return;
	}
	if (!is_wanted(w, &l))
		return;
	if (w->is_json)
		printf("%.*s\n", (int)len, line);
	else
		print_text(&l);
}

struct stream {
	struct logfiles files;
	const char *line;
	size_t len;
	bool has_line;
	char time[32];
};

static int advance(struct stream *s, bool follows, struct err *err)
{
	struct trail_line l;
	const struct trail_member *time = NULL;
	int r = logfiles_next(&s->files, follows, &s->line, &s->len);

	if (r < 0)
		return err_errno(err, -r, "read the audit log of %s", s->files.name);
	s->has_line = r > 0;
	/* A line without a time of its own comes with the one before it. */
	if (s->has_line && trail_read(s->line, s->len, &l) == 0)
		time = trail_find(&l, "time");
	if (time && time->value_len < sizeof(s->time)) {
		memcpy(s->time, time->value, time->value_len);
		s->time[time->value_len] = '\0';
	}
	return 0;
}

/* All of them, in the order of their times. */
static int show_all(const struct wanted *w, struct stream *v, size_t n, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		if (!v[i].has_line)
			r = advance(&v[i], w->follows, err);
	while (r == 0) {
		struct stream *next = NULL;

		for (size_t i = 0; i < n; i++)
			if (v[i].has_line && (!next || strcmp(v[i].time, next->time) < 0))
				next = &v[i];
		if (!next)
			break;
		show_line(w, next->files.name, next->line, next->len);
		r = advance(next, w->follows, err);
	}
	fflush(stdout);
	return r;
}

/* A file that was renamed is read to its end, and then the new one of its name. */
static int go_on(struct logfiles *f, struct err *err)
{
	struct stat now, open;
	char path[LOGBOOK_NAME + 8];
	struct logfiles new;
	int r;

	snprintf(path, sizeof(path), "%s.jsonl", f->name);
	if (!f->file || fstatat(f->dir, path, &now, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fstat(fileno(f->file), &open) < 0 || now.st_ino == open.st_ino)
		return 0;
	r = logfiles_open(f->dir, f->name, &new, err);
	if (r < 0)
		return r;
	logfiles_close(f);
	*f = new;
	/* Only the last one is new. */
	for (; f->at + 1 < f->n; f->at++)
		close(f->fd[f->at]);
	return 0;
}

static int follow(const struct wanted *w, const char *path, struct stream *v, size_t n,
		  struct err *err)
{
	cleanup_close int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char events[4096];
	int r = 0;

	if (fd < 0 || inotify_add_watch(fd, path, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
		return err_errno(err, errno, "watch %s", path);
	while (r == 0) {
		struct pollfd p = { fd, POLLIN, 0 };

		r = show_all(w, v, n, err);
		for (size_t i = 0; i < n && r == 0; i++)
			r = go_on(&v[i].files, err);
		if (r == 0)
			r = show_all(w, v, n, err);
		if (ferror(stdout))
			return err_set(err, EIO, "write");
		poll(&p, 1, -1);
		while (read(fd, events, sizeof(events)) > 0)
			;
	}
	return r;
}

static int show(const struct wanted *w, const char *path, int dir, const struct strv *names,
		struct err *err)
{
	cleanup_free struct stream *v = calloc(names->n + 1, sizeof(*v));
	size_t n = 0;
	int r = v ? 0 : err_errno(err, ENOMEM, "log");

	if (r == 0 && names->n > LOGS)
		r = err_set(err, E2BIG, "more than %d logs; name the servers", LOGS);
	for (; r == 0 && n < names->n; n++) {
		r = logfiles_open(dir, names->v[n], &v[n].files, err);
		if (r < 0)
			break;
	}
	if (r == 0)
		r = w->follows ? follow(w, path, v, n, err) : show_all(w, v, n, err);
	for (size_t i = 0; v && i < n; i++)
		logfiles_close(&v[i].files);
	return r;
}

/* --- verify ---------------------------------------------------------------------------------- */

/* "NUMBER:HASH", as the line of a head says it. */
static int take_head(const char *text, struct trail_head *ret, struct err *err)
{
	char *colon = strchr(text, ':');

	ret->seq = strtoull(text, NULL, 10);
	if (!ret->seq || !isdigit((unsigned char)*text) || !colon ||
	    !trail_unhex(colon + 1, strlen(colon + 1), ret->hash))
		return err_set(err, EINVAL, "--head %s: it is NUMBER:HASH, as log head prints it", text);
	return 0;
}

static void print_found(const struct logfiles_found *found, const char *name)
{
	char hex[TRAIL_HEX];

	trail_hex(found->hash, hex);
	printf("ok %s: numbers %llu to %llu, head %llu:%s\n", name, (unsigned long long)found->first,
	       (unsigned long long)found->last, (unsigned long long)found->last, hex);
	if (found->torn)
		printf("   %llu torn lines, each named by the next one\n", (unsigned long long)found->torn);
	if (found->unfinished)
		printf("   a torn line of %zu bytes at its end, never acknowledged\n", found->unfinished);
	if (found->lost)
		printf("   %llu records could not be written, it says\n", (unsigned long long)found->lost);
}

/* Return: 0 right, 1 wrong, or -errno. */
static int verify_one(int dir, const char *name, const struct trail_head *seen, struct err *err)
{
	struct logfiles_found found;
	struct err why = {0};
	struct logfiles f;
	char safe[ERR_TEXT];
	int r = logfiles_open(dir, name, &f, err);

	if (r < 0)
		return r;
	r = logfiles_verify(&f, seen, &found, &why);
	if (r == 0 && seen && !found.has_seen)
		err_set(&why, EBADMSG, seen->seq < found.first ?
			"number %llu is older than what is kept" :
			"number %llu is not the line that was seen: it was cut off or written anew",
			(unsigned long long)seen->seq);
	if (why.code)
		printf("WRONG %s: %s\n", f.name, err_printable(safe, sizeof(safe), why.text));
	else
		print_found(&found, f.name);
	logfiles_close(&f);
	return why.code ? 1 : 0;
}

static int verify(const struct wanted *w, int dir, const struct strv *names, int *ret_code,
		  struct err *err)
{
	struct trail_head seen;
	int r = w->head ? take_head(w->head, &seen, err) : 0;

	if (r == 0 && w->head && names->n != 1)
		r = err_set(err, EINVAL, "--head goes with one server");
	if (r == 0 && !names->n)
		puts("there is no audit log yet");
	for (size_t i = 0; i < names->n && r >= 0; i++) {
		r = verify_one(dir, names->v[i], w->head ? &seen : NULL, err);
		if (r > 0)
			*ret_code = 1;
	}
	return r < 0 ? r : 0;
}

static int print_heads(int dir, const struct strv *names, struct err *err)
{
	for (size_t i = 0; i < names->n; i++) {
		struct logbook_state state;
		char hex[TRAIL_HEX];
		char name[LOGBOOK_NAME];
		int r;

		logbook_name(names->v[i], name);
		r = logbook_read_state(dir, name, &state);
		if (r < 0)
			return err_errno(err, -r, "the head of the audit log of %s", name);
		trail_hex(state.hash, hex);
		printf("%s %llu:%s\n", name, (unsigned long long)state.last, hex);
	}
	return 0;
}

/* --- main ------------------------------------------------------------------------------------ */

enum verb { SHOW = 0, VERIFY, HEAD };

static int take(const struct user *user, enum verb verb, const struct wanted *w, char **servers,
		int *ret_code, struct err *err)
{
	cleanup_free char *path = NULL;
	cleanup_close int dir = -1;
	struct strv names = {0};
	int r = 0;

	if (verb != SHOW && (w->follows || w->since[0] || w->until[0] || w->event || w->decision ||
			     w->session || w->is_json))
		return err_set(err, EINVAL, "log %s has --head and names of servers only",
			       verb == HEAD ? "head" : "verify");
	if (verb != VERIFY && w->head)
		return err_set(err, EINVAL, "--head goes with log verify");
	r = user_state(user, "audit", &path, err);
	if (r == 0)
		r = dir = logbook_directory(user, false, err);
	for (; r >= 0 && *servers; servers++)
		r = strv_add(&names, *servers);
	if (r >= 0 && !names.n)
		r = logfiles_list(dir, &names, err);
	if (r >= 0)
		r = verb == VERIFY ? verify(w, dir, &names, ret_code, err) :
		    verb == HEAD   ? print_heads(dir, &names, err) :
				     show(w, path, dir, &names, err);
	strv_done(&names);
	return r;
}

int log_main(int argc, char **argv)
{
	struct wanted w = {0};
	struct user user = {0};
	struct err err = {0};
	enum verb verb = SHOW;
	int code = 0, r;

	if (argc > 1 && (!strcmp(argv[1], "show") || !strcmp(argv[1], "verify") ||
			 !strcmp(argv[1], "head"))) {
		verb = argv[1][0] == 's' ? SHOW : argv[1][0] == 'v' ? VERIFY : HEAD;
		argc--;
		argv++;
	}
	r = take_options(argc, argv, &w, &err);
	if (r == 0)
		r = user_find(&user, &err);
	if (r == 0)
		r = take(&user, verb, &w, argv + optind, &code, &err);
	if (r < 0)
		say_error(&err);
	user_done(&user);
	return r < 0 ? 125 : code;
}
