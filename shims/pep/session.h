/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session - requests without an answer, per direction
 *
 * A response passes only when it answers an outstanding request of the other side, by
 * an id of the same type and text, and once.  Nothing is evicted: when the table is
 * full a further request is refused.  Pure: no I/O, no clock.
 */
#ifndef SHIMS_PEP_SESSION_H
#define SHIMS_PEP_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "common/limits.h"

/* What the answer has to be looked at for. */
enum session_about {
	SESSION_OTHER = 0,
	SESSION_TOOLS_LIST,
	SESSION_TOOLS_CALL,
	SESSION_PROMPTS_LIST,
	SESSION_RESOURCES_LIST,
	SESSION_TEMPLATES_LIST,
	SESSION_ROOTS_LIST, /* asked by the server */
	SESSION_INITIALIZE, /* or server/discover: brings the instructions */
};

struct session_request {
	enum session_about about;
	bool is_modern, is_string; /* of the id */
	unsigned short len;
	char id[LIMIT_ID];
};

struct session_table {
	struct session_request v[LIMIT_IN_FLIGHT];
	size_t n;
};

/* Return: 0, -EEXIST (that id is outstanding), -ENOSPC. */
int session_add(struct session_table *t, const char *id, size_t len, bool is_string,
		enum session_about about, bool is_modern);

/* Take the request with that id out.  Return: 1 and *ret, or 0. */
int session_take(struct session_table *t, const char *id, size_t len, bool is_string,
		 struct session_request *ret);

#endif /* SHIMS_PEP_SESSION_H */
