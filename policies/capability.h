/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capability - what the caveats of a macaroon of ours say
 *
 * A caveat is "name = value", ASCII, one blank on each side of "=":
 *
 *   server = NAME             that server alone
 *   tools = GLOB,GLOB...      tools that one of the globs matches
 *   path = /DIR               what is named by a path lies at or below it
 *   calls = N                 at most so many calls, of all that descend from it together
 *   expires = 2026-11-25T08:00:00Z
 *   id = NAME                 somebody whom a list of the revoked may name
 *
 * All of them hold, whatever their order and number: one more can only narrow.  What is
 * not known, or not written so, makes the whole worthless.  Pure; texts are borrowed from
 * the macaroon.
 */
#ifndef POLICIES_CAPABILITY_H
#define POLICIES_CAPABILITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/macaroon.h"

/* Begins the identifier of what we mint; behind it stands the root id. */
#define CAPABILITY_ID "mcp-confine/1 "
#define CAPABILITY_ROOT 16 /* hexadecimal digits */

enum capability_kind {
	CAPABILITY_SERVER = 0,
	CAPABILITY_TOOLS,
	CAPABILITY_PATH,
	CAPABILITY_CALLS,
	CAPABILITY_EXPIRES,
	CAPABILITY_NAMED,
};

struct capability_caveat {
	enum capability_kind kind;
	struct macaroon_part text; /* the value */
	uint64_t number;	   /* of calls, and of expires: seconds since 1970 */
};

struct capability {
	struct macaroon_part root; /* the root id */
	struct capability_caveat v[MACAROON_CAVEATS];
	size_t n;
	uint64_t expires; /* the earliest; there is one always */
};

/* Is this text a caveat?  Return: 0, or -EINVAL and static words. */
int capability_caveat(struct macaroon_part text, struct capability_caveat *ret,
		      const char **ret_words);

/* Those of a macaroon, whose signature is another's to verify.  Return: as above. */
int capability_read(const struct macaroon *m, struct capability *ret, const char **ret_words);

/* What each caveat of its kind says; names need not be NUL-terminated. */
bool capability_has_server(const struct capability *c, const char *server);
bool capability_has_tool(const struct capability *c, const char *name, size_t len);
bool capability_has_path(const struct capability *c, const char *path, size_t len);
bool capability_is_bounded(const struct capability *c, enum capability_kind kind);

/* Is the root, or anybody named, in the list?  One name a line. */
bool capability_is_revoked(const struct capability *c, const char *list, size_t len);

#endif /* POLICIES_CAPABILITY_H */
