/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit - one JSON line for every decision that is not a plain allow
 *
 * A line is built in a fixed buffer and leaves in one write(2) to a descriptor
 * opened O_APPEND, so lines of parallel processes do not mix.  It never holds an
 * argument, a result or a secret: callers pass names, kinds, counts and reasons.
 * Names that a peer chose are escaped and cut.  Works after lock: no allocation,
 * write(2) and clock_gettime(2) only.
 *
 *	struct audit_line l;
 *
 *	audit_begin(&l, log, "deny");
 *	audit_text(&l, "tool", name, len);
 *	r = audit_end(&l);
 */
#ifndef COMMON_AUDIT_H
#define COMMON_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/limits.h"

struct err;

struct audit {
	int fd;		    /* O_APPEND, or -1: nothing is written */
	const char *server; /* borrowed; stands in every line */
	const char *session;/* borrowed; the same in every process of one start */
	bool failed;	    /* a write failed; said once by the owner */
};

struct audit_line {
	struct audit *log;
	size_t len;
	bool is_cut;
	char text[LIMIT_AUDIT_LINE];
};

/*
 * Open (create 0600) the file `path` for appending; its directory exists.  A file
 * that is not a regular file of ours, or a symlink, is refused.  One larger than
 * LIMIT_AUDIT is renamed to path.1 first.  Return: a descriptor or -errno.
 */
int audit_open(const char *path, struct err *err);

/* Begin a line: time (RFC 3339, UTC, milliseconds), event, server, session, pid. */
void audit_begin(struct audit_line *l, struct audit *log, const char *event);

/* A member with a string; len bytes that need not be UTF-8 or printable. */
void audit_text(struct audit_line *l, const char *name, const char *text, size_t len);
void audit_string(struct audit_line *l, const char *name, const char *text);
void audit_int(struct audit_line *l, const char *name, int64_t value);

/* Close and write the line.  Return: 0, or -errno and log->failed is set. */
int audit_end(struct audit_line *l);

#endif /* COMMON_AUDIT_H */
