/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report [--json] [--out DIR] [SERVER ...] - the evidence; report --check - is it complete?
 *
 * A whole report remembers, in the state directory, its time and the digest of each policy:
 * the next one says what changed.  A check remembers nothing.  Exit status: 0; 1 when
 * --check found something; 125.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/limits.h"
#include "launcher/commands.h"
#include "launcher/path.h"
#include "launcher/replace.h"
#include "launcher/report.h"
#include "launcher/show.h"
#include "launcher/user.h"

enum { EXIT_COMPLETE = 0, EXIT_FOUND = 1, EXIT_FAILED = 125 };

struct wanted {
	bool is_json, is_check;
	const char *out;
	char *const *servers;
};

static int take_options(int argc, char **argv, struct wanted *w, struct err *err)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' }, { "check", no_argument, NULL, 'c' },
		{ "out", required_argument, NULL, 'o' }, { 0 },
	};
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		switch (opt) {
		case 'j': w->is_json = true; break;
		case 'c': w->is_check = true; break;
		case 'o': w->out = optarg; break;
		case ':':
			return err_set(err, EINVAL, "report: %s needs a value", argv[optind - 1]);
		default:
			return err_set(err, EINVAL, "report: unknown option %s; see mcp-confine --help",
				       argv[optind - 1]);
		}
	}
	w->servers = argv + optind;
	if (w->out && (w->is_check || w->is_json))
		return err_set(err, EINVAL, "report: --out writes report.json and report.md; not with --%s",
			       w->is_check ? "check" : "json");
	return 0;
}

/* --- the last one ------------------------------------------------------------------------ */

/* What cannot be read is no report: then everything is new again, and a note says so. */
static json_t *read_last(const char *path)
{
	cleanup_free char *text = path_read(path, MIB);
	json_t *last = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
	struct stat st;

	if (json_string_value(json_object_get(last, "time")) &&
	    json_is_object(json_object_get(last, "servers")))
		return last;
	json_decref(last);
	if (lstat(path, &st) == 0)
		say_note("what the last report kept cannot be read; this one compares with nothing");
	return NULL;
}

static int put(const char *path, const json_t *tree, struct err *err)
{
	cleanup_free char *text = json_dumps(tree, JSON_INDENT(1) | JSON_ENSURE_ASCII | JSON_SORT_KEYS);

	return text ? replace_create(path, text, strlen(text), true, err) :
		      err_errno(err, ENOMEM, "report");
}

/* A report of some servers leaves what is known of the others. */
static int keep(const struct report *r, const char *path, struct err *err)
{
	json_t *servers = json_object_get(r->kept, "servers"), *digest;
	const char *name;

	json_object_foreach(json_object_get(r->last, "servers"), name, digest)
		if (!json_object_get(servers, name))
			json_object_set(servers, name, digest);
	return put(path, r->kept, err);
}

/* --- printing ---------------------------------------------------------------------------- */

static int print_json(const json_t *root, struct err *err)
{
	if (json_dumpf(root, stdout, JSON_INDENT(1) | JSON_ENSURE_ASCII) < 0)
		return err_errno(err, EIO, "report");
	putchar('\n');
	return 0;
}

static void print_findings(const struct report *r)
{
	const json_t *one;
	size_t i, n = json_array_size(json_object_get(r->root, "servers"));

	json_array_foreach(r->findings, i, one) {
		show_text(stdout, json_string_value(json_object_get(one, "server")));
		fputs(": ", stdout);
		show_text(stdout, json_string_value(json_object_get(one, "finding")));
		putchar('\n');
	}
	printf("%zu server%s, %zu finding%s\n", n, n == 1 ? "" : "s", json_array_size(r->findings),
	       json_array_size(r->findings) == 1 ? "" : "s");
}

static int write_out(const struct report *r, const char *dir, struct err *err)
{
	cleanup_free char *json = path_make("%s/report.json", dir), *md = path_make("%s/report.md", dir);
	cleanup_free char *text = NULL;
	size_t len = 0;
	FILE *memory;
	int e;

	if (!json || !md)
		return err_errno(err, ENOMEM, "report");
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return err_errno(err, errno, "--out %s", dir);
	memory = open_memstream(&text, &len);
	if (!memory)
		return err_errno(err, ENOMEM, "report");
	report_markdown(memory, r->root);
	if (fclose(memory) != 0)
		return err_errno(err, ENOMEM, "report");
	e = put(json, r->root, err);
	if (e == 0)
		e = replace_create(md, text, len, true, err);
	if (e == 0)
		printf("%s\n%s\n", json, md);
	return e;
}

/* --- the whole --------------------------------------------------------------------------- */

/* Of all servers: which were there the last time and are no more. */
static void add_removed(struct report *r, const struct strv *names)
{
	json_t *removed = json_array(), *digest;
	const char *name;

	json_object_foreach(json_object_get(r->last, "servers"), name, digest)
		if (!strv_has(names, name))
			json_array_append_new(removed, json_string(name));
	json_object_set_new(r->root, "removed", removed);
}

static int make(struct report *r, const struct wanted *w, struct err *err)
{
	struct strv names = {0};
	int e = report_begin(r, err);

	for (char *const *s = w->servers; e == 0 && *s; s++)
		e = strv_has(&names, *s) ? 0 : strv_add(&names, *s);
	if (e == 0 && !*w->servers)
		e = report_servers(r, &names, err);
	for (size_t i = 0; i < names.n && e == 0; i++)
		e = report_add(r, names.v[i], w->is_check, err);
	if (e == 0 && !*w->servers && !w->is_check)
		add_removed(r, &names);
	strv_done(&names);
	return e;
}

static int give(struct report *r, const struct wanted *w, const char *path, struct err *err)
{
	int e = 0;

	if (w->out)
		e = write_out(r, w->out, err);
	else if (w->is_json)
		e = print_json(r->root, err);
	else if (w->is_check)
		print_findings(r);
	else
		report_markdown(stdout, r->root);
	if (e == 0 && (fflush(stdout) != 0 || ferror(stdout)))
		e = err_errno(err, EIO, "write");
	return e == 0 && !w->is_check ? keep(r, path, err) : e;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int report_main(int argc, char **argv)
{
	cleanup_free char *state = NULL, *path = NULL;
	json_auto_t *last = NULL;
	struct wanted w = {0};
	struct user user = {0};
	struct err err = {0};
	struct report r = { .user = &user, .admin = SYSCONFDIR "/mcp-confine", .now = now_ms() };
	int e = take_options(argc, argv, &w, &err), code;

	if (e == 0)
		e = user_find(&user, &err);
	if (e == 0)
		e = user_state(&user, "report", &state, &err);
	if (e == 0 && !(path = path_make("%s/last.json", state)))
		e = err_errno(&err, ENOMEM, "report");
	if (e == 0) {
		r.last = last = read_last(path);
		e = make(&r, &w, &err);
	}
	if (e == 0)
		e = give(&r, &w, path, &err);
	code = e < 0 ? EXIT_FAILED : w.is_check && json_array_size(r.findings) ? EXIT_FOUND : EXIT_COMPLETE;
	if (e < 0)
		say_error(&err);
	report_done(&r);
	user_done(&user);
	return code;
}
