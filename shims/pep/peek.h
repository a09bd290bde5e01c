/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peek - the id of a message that cannot be read: too long, or not JSON
 *
 * Who sent a request waits for its answer, and who is owed an answer waits, too; so an
 * unreadable message is answered when it shows an id.  A line goes through in any
 * steps, nothing of it is kept but the id, and nothing is ever passed on because of it:
 * what is found only tells whom an error is addressed to.  Pure.
 */
#ifndef SHIMS_PEP_PEEK_H
#define SHIMS_PEP_PEEK_H

#include <stdbool.h>
#include <stddef.h>

#include "common/limits.h"
#include "shims/pep/rpc.h"

enum peek_state {
	PEEK_START = 0, /* before the object */
	PEEK_NAME,	/* before a member's name */
	PEEK_IN_NAME,
	PEEK_COLON,
	PEEK_VALUE,	/* before a member's value */
	PEEK_IN_VALUE,
	PEEK_OVER,	/* behind the object, or lost */
};

/* All zero: ready for a line. */
struct peek {
	enum peek_state state;
	size_t depth;		  /* of containers inside the value */
	bool in_string, escapes;  /* inside the value; behind a backslash */
	bool is_id;		  /* the value is that of "id" */
	bool has_version, has_method, has_answer, has_id, is_lost;
	char name[8];
	size_t name_len;
	bool id_is_string, id_is_over; /* a string; more than an id can be */
	bool has_gap;		  /* a space behind its text */
	size_t id_len;
	char id[LIMIT_ID];
};

void peek_feed(struct peek *p, const char *bytes, size_t len);

/* Its id, text NULL when none was seen for certain; lives as long as the peek. */
struct rpc_id peek_id(const struct peek *p);

#endif /* SHIMS_PEP_PEEK_H */
