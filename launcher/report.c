/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/sha256.h"
#include "common/trail.h"
#include "launcher/cli.h"
#include "launcher/explain.h"
#include "launcher/path.h"
#include "launcher/report.h"
#include "launcher/session.h"
#include "launcher/user.h"
#include "scan/scan.h"

static int no_memory(struct err *err)
{
	return err_errno(err, ENOMEM, "report");
}

/* What others chose (errors name paths, servers write logs), as text that JSON can hold. */
static json_t *plain(const char *text)
{
	char safe[ERR_TEXT];

	return json_string(err_printable(safe, sizeof(safe), text));
}

void report_done(struct report *r)
{
	json_decref(r->root);
	json_decref(r->kept);
	r->root = r->kept = r->findings = NULL;
}

/* --- which ------------------------------------------------------------------------------- */

static int add_names(const char *dir, struct strv *ret, struct err *err)
{
	cleanup_free char *path = path_make("%s/servers", dir);
	DIR *d = path ? opendir(path) : NULL;
	struct dirent *e;
	int r = path ? 0 : no_memory(err);

	if (!d)
		return r < 0 || errno == ENOENT || errno == ENOTDIR ? r :
								    err_errno(err, errno, "%s", path);
	while (r == 0 && (e = readdir(d))) {
		size_t len = strlen(e->d_name);
		cleanup_free char *name = NULL;

		if (e->d_name[0] == '.' || len < 6 || strcmp(e->d_name + len - 5, ".json") != 0)
			continue;
		name = strndup(e->d_name, len - 5);
		if (!name || (!strv_has(ret, name) && strv_add(ret, name) < 0))
			r = no_memory(err);
	}
	closedir(d);
	return r;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int report_servers(const struct report *r, struct strv *ret, struct err *err)
{
	int e = add_names(r->admin, ret, err);

	if (e == 0)
		e = add_names(r->user->config, ret, err);
	if (e == 0 && ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), compare);
	return e;
}

int report_begin(struct report *r, struct err *err)
{
	const char *since = json_string_value(json_object_get(r->last, "time"));
	struct utsname kernel;
	char now[32];

	uname(&kernel);
	trail_time(r->now, now);
	r->findings = json_array();
	r->root = json_pack("{s:i,s:s,s:s,s:s?,s:o,s:o,s:s,s:[],s:o}", "schema", 1, "version", VERSION,
			    "time", now, "last_report", since, "user", plain(r->user->name), "host",
			    plain(kernel.nodename), "kernel", kernel.release, "servers", "findings", r->findings);
	r->kept = json_pack("{s:i,s:s,s:{}}", "schema", 1, "time", now, "servers");
	return r->root && r->kept ? 0 : no_memory(err);
}

/* --- the policy -------------------------------------------------------------------------- */

static void find(struct report *r, const char *name, const char *words)
{
	json_array_append_new(r->findings, json_pack("{s:o,s:s}", "server", plain(name), "finding", words));
}

/* Of each document, and of all of them in their order. */
static json_t *documents(const struct bundle *b, char all[static TRAIL_HEX])
{
	json_t *list = json_array();
	uint8_t digest[SHA256_SIZE];
	struct sha256 whole;
	char hex[TRAIL_HEX];

	sha256_start(&whole);
	for (size_t i = 0; i < b->n; i++) {
		sha256(b->v[i].text, b->v[i].len, digest);
		sha256_add(&whole, digest, sizeof(digest));
		trail_hex(digest, hex);
		json_array_append_new(list, json_pack("{s:o,s:s}", "file", plain(b->v[i].origin), "sha256", hex));
	}
	sha256_done(&whole, digest);
	trail_hex(digest, all);
	return list;
}

static const char *change_of(const struct report *r, const char *name, const char *digest)
{
	const char *before = json_string_value(
		json_object_get(json_object_get(r->last, "servers"), name));

	return !r->last ? "first report" : !before ? "new" : strcmp(before, digest) ? "changed" : "unchanged";
}

/*
 * The assessment of the strongest document that is of this server alone: where the
 * administrator has a file for it, a user cannot assess it in the administrator's place.
 */
static int take_assessment(const struct bundle *b, struct assessment *ret, struct err *err)
{
	for (size_t i = 0; i < b->n; i++) {
		struct policy p = {0};
		int r;

		if (b->v[i].is_ceiling)
			continue;
		r = load_text(b->v[i].text, b->v[i].len, b->v[i].origin, "/", &p, err);
		*ret = p.assessment;
		p.assessment = (struct assessment){0};
		policy_done(&p);
		return r;
	}
	return 0;
}

static json_t *judge(struct report *r, const char *name, const struct assessment *a)
{
	int32_t today = (int32_t)(r->now / 86400000), due = assessment_due(a);
	enum assessment_state state = assessment_judge(a, today);
	char day[ASSESSMENT_DATE], due_day[ASSESSMENT_DATE], words[120];
	json_t *one = json_pack("{s:s}", "state", assessment_state_word(state));

	if (state == ASSESSMENT_MISSING) {
		find(r, name, "no assessment; add \"assessment\" to its policy (mcp-confine-policy(5))");
		return one;
	}
	assessment_date(a->assessed, day);
	assessment_date(due, due_day);
	json_object_set_new(one, "owner", json_string(a->owner));
	json_object_set_new(one, "purpose", json_string(a->purpose));
	json_object_set_new(one, "data", json_string(a->data));
	json_object_set_new(one, "risks", json_string(a->risks));
	json_object_set_new(one, "decision", json_string(assessment_decision_word(a->decision)));
	json_object_set_new(one, "assessed", json_string(day));
	json_object_set_new(one, "review_by", json_string(due_day));
	if (state == ASSESSMENT_OVERDUE)
		snprintf(words, sizeof(words), "its review was due on %s", due_day);
	else if (state == ASSESSMENT_AHEAD)
		snprintf(words, sizeof(words), "assessed on %s, a day that is to come", day);
	else
		snprintf(words, sizeof(words), "it was assessed and rejected, and a policy still names it");
	if (state != ASSESSMENT_CURRENT)
		find(r, name, words);
	return one;
}

/* --- what holds it ----------------------------------------------------------------------- */

/*
 * A command line can hold a secret, and a report is handed on: what the scanner finds is
 * replaced by its class, as it would be in a message.  NULL without memory.
 */
static json_t *redacted(const char *text, size_t len)
{
	static struct scan_span spans[256];
	cleanup_free char *out = NULL;
	struct scan *scan;
	size_t n, at = 0, out_len = 0;
	json_t *one = NULL;
	FILE *memory;

	if (scan_open(NULL, 0, &scan, NULL) < 0)
		return NULL;
	n = scan_text(scan, NULL, 0, text, len, spans, sizeof(spans) / sizeof(*spans));
	memory = open_memstream(&out, &out_len);
	for (size_t i = 0; memory && i < n; i++) {
		fwrite(text + at, 1, spans[i].start - at, memory);
		fprintf(memory, "[REDACTED:%s]", spans[i].class);
		at = spans[i].end;
	}
	if (memory) {
		fwrite(text + at, 1, len - at, memory);
		if (fclose(memory) == 0)
			one = json_stringn(out, out_len);
	}
	scan_close(scan);
	return one;
}

/*
 * What `explain` says, of a session that is built here and now: the tier is chosen by
 * making what it needs, so a control that this kernel does not give is not claimed.
 */
static json_t *controls(const char *name)
{
	cleanup_free char *text = NULL;
	struct cli cli = { .server = name };
	struct session s = {0};
	struct err err = {0};
	size_t len = 0;
	json_t *one = NULL;

	if (session_build(&cli, false, &s, &err) < 0) {
		one = json_pack("{s:s,s:o}", "state", "does not start", "why", plain(err.text));
	} else {
		FILE *memory = open_memstream(&text, &len);

		if (memory)
			explain_session(memory, &s);
		if (memory && fclose(memory) == 0)
			one = json_pack("{s:s,s:s,s:o}", "state", "verified", "tier", tier_name(s.tier.is),
					"explanation", redacted(text, len));
	}
	session_done(&s);
	return one;
}

/* --- one server -------------------------------------------------------------------------- */

static int add_loaded(struct report *r, const char *name, const struct bundle *b, bool is_check,
		      struct err *err)
{
	const char *since = json_string_value(json_object_get(r->last, "time"));
	struct assessment a = {0};
	char digest[TRAIL_HEX];
	json_t *one, *files;
	int e = take_assessment(b, &a, err);

	if (e < 0)
		return e;
	files = documents(b, digest);
	one = json_pack("{s:s,s:o,s:s,s:s,s:o}", "server", name, "policy", files, "policy_sha256", digest,
			"policy_change", change_of(r, name, digest), "assessment", judge(r, name, &a));
	assessment_done(&a);
	json_object_set_new(json_object_get(r->kept, "servers"), name, json_string(digest));
	/* A part that is missing would look like a part that says nothing. */
	if (!is_check && (json_object_set_new(one, "controls", controls(name)) < 0 ||
			  json_object_set_new(one, "log", report_log(r->user, name, since ? since : "")) < 0)) {
		json_decref(one);
		return no_memory(err);
	}
	return json_array_append_new(json_object_get(r->root, "servers"), one) < 0 ? no_memory(err) : 0;
}

int report_add(struct report *r, const char *name, bool is_check, struct err *err)
{
	const struct bundle_places places = { r->admin, r->user->config };
	struct bundle bundle = {0};
	struct policy policy = {0};
	struct err why = {0};
	int e = bundle_find_server(&places, name, &bundle, &why);

	if (e == 0)
		e = bundle_merge(&bundle, r->user->home, &policy, &why);
	if (e < 0) {
		char safe[ERR_TEXT];

		err_printable(safe, sizeof(safe), why.text);
		find(r, name, safe);
		e = json_array_append_new(json_object_get(r->root, "servers"),
					  json_pack("{s:o,s:s}", "server", plain(name), "error", safe)) < 0 ?
			    no_memory(err) : 0;
	} else {
		e = add_loaded(r, name, &bundle, is_check, err);
	}
	policy_done(&policy);
	bundle_done(&bundle);
	return e;
}
