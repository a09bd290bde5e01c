/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit - one JSON object for every decision that is not a plain allow, on its way to the log
 *
 * A record is built in a fixed buffer and leaves in one write(2).  It never holds an
 * argument, a result or a secret: callers pass names, kinds, counts and reasons.  Names
 * that a peer chose are escaped and cut.  Works after lock: no allocation, read(2) and
 * write(2) only.
 *
 * The descriptor is a socket to the process that keeps the log (launcher/keeper.h), which
 * adds number, time, who and the hash of the line before, writes, and says so.  Who must
 * not act before the record is kept calls audit_settle() before acting.  On anything else
 * (tests) a record is a line, and there is nothing to wait for.
 *
 *	struct audit_line l;
 *
 *	audit_begin(&l, log, "deny");
 *	audit_text(&l, "tool", name, len);
 *	audit_end(&l);
 *	r = audit_settle(log);
 */
#ifndef COMMON_AUDIT_H
#define COMMON_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/limits.h"

struct err;

struct audit {
	int fd;		 /* -1: nothing is written */
	bool is_socket;	 /* to the keeper */
	bool is_required;/* the owner does nothing that is not on record */
	int error;	 /* 0, or the errno of the first record that was not kept */
	bool is_told;	 /* the owner said so */
	uint64_t sent, settled; /* records */
};

struct audit_line {
	struct audit *log;
	size_t len;
	bool is_cut;
	char text[LIMIT_AUDIT_LINE];
};

/* Find out what fd is (-1: none); before the lock.  is_required: see above. */
void audit_init(struct audit *log, int fd, bool is_required);

/* Begin a record; event is one of ours, static. */
void audit_begin(struct audit_line *l, struct audit *log, const char *event);

/* A member with a string; len bytes that need not be UTF-8 or printable.  Names are
 * lower-case letters, digits and '_', and none of trail.h's own. */
void audit_text(struct audit_line *l, const char *name, const char *text, size_t len);
void audit_string(struct audit_line *l, const char *name, const char *text);
void audit_int(struct audit_line *l, const char *name, int64_t value);

/* Close the record and send it.  Return: 0, or -errno, and log->error is set. */
int audit_end(struct audit_line *l);

/*
 * Wait until everything that was sent is in the file (and on the disk, where the policy
 * says so).  Return: 0, or -errno when something was not kept, since the last call or in
 * this one.
 */
int audit_settle(struct audit *log);

/* Is anything sent that is not known to be kept?  The one test on the path of every
 * message. */
static inline bool audit_is_open(const struct audit *log)
{
	return log->sent != log->settled || log->error;
}

#endif /* COMMON_AUDIT_H */
