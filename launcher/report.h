/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report - for each server, what an assessor asks to see: why it runs, what holds it, what
 * happened, what changed
 *
 * The report is one JSON tree (mcp-confine.1, Reports); its Markdown is written from it, so
 * the two never say different things.
 */
#ifndef LAUNCHER_REPORT_H
#define LAUNCHER_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/strv.h"

struct err;
struct user;

struct report {
	const struct user *user;
	const char *admin;  /* the administrator's directory */
	int64_t now;	    /* milliseconds since 1970, UTC */
	json_t *last;	    /* what the last report kept, or NULL; borrowed */
	json_t *root;	    /* the report; report_done() */
	json_t *findings;   /* what --check fails for; within root */
	json_t *kept;	    /* for the next report; report_done() */
};

/* The servers that policy files name, the administrator's and the user's, sorted. */
int report_servers(const struct report *r, struct strv *ret, struct err *err);

/* Begin: who, where and when. */
int report_begin(struct report *r, struct err *err);

/*
 * Add one server.  is_check: only its assessment.  A policy that does not load is a finding
 * and no error.
 */
int report_add(struct report *r, const char *name, bool is_check, struct err *err);

/* What the audit log of a server holds: {state, events, classes, ...}.  since: a time as
 * the log has them, of the last report, or "".  A new reference, or NULL without memory. */
json_t *report_log(const struct user *user, const char *name, const char *since);

void report_markdown(FILE *out, const json_t *root);

void report_done(struct report *r);

#endif /* LAUNCHER_REPORT_H */
