/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the audit log of one server says, counted.  The chain is checked first: a log that
 * is wrong is said to be wrong, and is counted all the same, since what is left of it is
 * what there is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/logfiles.h"
#include "launcher/report.h"

/* Kinds of events, and of classes, that are told apart: there are some thirty of each. */
#define KINDS_MAX 256

/* Add n to counts[name].kept, and to .since_last_report. */
static void count(json_t *counts, const char *name, long long n, bool is_new)
{
	json_t *one = json_object_get(counts, name);

	if (!one && json_object_size(counts) < KINDS_MAX) {
		one = json_pack("{s:i,s:i}", "kept", 0, "since_last_report", 0);
		json_object_set_new(counts, name, one);
	}
	if (!one)
		return;
	json_object_set_new(one, "kept",
			    json_integer(json_integer_value(json_object_get(one, "kept")) + n));
	if (is_new)
		json_object_set_new(one, "since_last_report",
				    json_integer(json_integer_value(
							 json_object_get(one, "since_last_report")) + n));
}

/* A member as a word for people; "" when there is none. */
static void copy(const struct trail_line *l, const char *member, char *ret, size_t size)
{
	const struct trail_member *m = trail_find(l, member);

	snprintf(ret, size, "%.*s", m ? (int)(m->value_len < size ? m->value_len : size - 1) : 0,
		 m ? m->value : "");
}

/* What was found in a message, who sent it, and what became of it. */
static void count_class(json_t *classes, const struct trail_line *l, const char *event, bool is_new)
{
	char class[80], from[16], key[192], n[24];
	long long found;

	copy(l, "class", class, sizeof(class));
	if (!*class)
		return;
	copy(l, "from", from, sizeof(from));
	copy(l, "count", n, sizeof(n));
	found = *n ? atoll(n) : 1;
	snprintf(key, sizeof(key), "%s, from the %s: %s", class, *from ? from : "peer", event);
	count(classes, key, found > 0 ? found : 1, is_new);
}

static void count_line(const char *line, size_t len, const char *since, json_t *root)
{
	struct trail_line l;
	char event[40], time[32], text[32];
	bool is_new;

	if (trail_read(line, len, &l) < 0) {
		count(json_object_get(root, "events"), "(no line of a log)", 1, false);
		return;
	}
	copy(&l, "event", event, sizeof(event));
	copy(&l, "time", time, sizeof(time));
	is_new = strcmp(time, since) > 0;
	count(json_object_get(root, "events"), event, 1, is_new);
	/* A call that a person said yes to: with audit.calls all its own line tells it too. */
	count_class(json_object_get(root, "found"), &l, event, is_new);
	copy(&l, "time", text, sizeof(text));
	if (!json_object_get(root, "first"))
		json_object_set_new(root, "first", json_string(text));
	json_object_set_new(root, "last", json_string(text));
}

static void verify(int dir, const char *name, json_t *root)
{
	struct logfiles_found found;
	struct logfiles f;
	struct err err = {0};
	char safe[ERR_TEXT], hex[TRAIL_HEX];
	int r = logfiles_open(dir, name, &f, &err);

	if (r == 0) {
		r = logfiles_verify(&f, NULL, &found, &err);
		logfiles_close(&f);
	}
	json_object_set_new(root, "state", json_string(r == -ENOENT ? "none" : r < 0 ? "wrong" : "verified"));
	if (r < 0 && r != -ENOENT)
		json_object_set_new(root, "why", json_string(err_printable(safe, sizeof(safe), err.text)));
	if (r < 0)
		return;
	trail_hex(found.hash, hex);
	json_object_set_new(root, "head", json_sprintf("%llu:%s", (unsigned long long)found.last, hex));
	if (found.lost)
		json_object_set_new(root, "lost", json_integer((json_int_t)found.lost));
}

json_t *report_log(const struct user *user, const char *name, const char *since)
{
	json_t *root = json_pack("{s:s,s:{},s:{}}", "state", "none", "events", "found");
	cleanup_close int dir = -1;
	struct err err = {0};
	struct logfiles f;
	const char *line;
	size_t len;

	dir = logbook_directory(user, false, &err);
	if (!root || dir < 0)
		return root;
	verify(dir, name, root);
	if (logfiles_open(dir, name, &f, &err) < 0)
		return root;
	while (logfiles_next(&f, false, &line, &len) > 0)
		count_line(line, len, since, root);
	logfiles_close(&f);
	return root;
}
