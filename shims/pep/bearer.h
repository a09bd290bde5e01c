/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bearer - does the capability that a call brings along, or its session's, allow it?
 *
 * A client may put a capability (policies/capability.h) beside a call, in _meta under
 * BEARER_MEMBER.  Here it is verified and its caveats are held; the server never sees it.
 * A path caveat is held of the arguments as far as they name paths: what looks absolute
 * must lie below, and so must what stands under a name that is one for paths.  What the
 * server can reach is the sandbox's to bound.
 *
 * Counts of calls are kept by the signature behind the caveat, which all descendants
 * share: of a message's capability for as long as this process lives, of the session's
 * in a file.
 */
#ifndef SHIMS_PEP_BEARER_H
#define SHIMS_PEP_BEARER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/warrant.h"
#include "policies/capability.h"

struct json;
struct rpc;

#define BEARER_MEMBER "mcp-confine/capability"
#define BEARER_COUNTS 256

struct bearer {
	const struct warrant *warrant; /* NULL: nobody gave us one; then none is genuine */
	struct warrant_calls *calls;   /* of the session's capability; NULL: not counted */
	bool is_required;
	struct capability session;     /* valid when warrant->session_len */
	struct {
		uint8_t signature[MACAROON_SIGNATURE];
		uint64_t used;
	} count[BEARER_COUNTS];
	size_t n_counts;
	/* What the last call of bearer_judge() found. */
	uint64_t until; /* seconds since 1970: when it expires; UINT64_MAX: never */
	uint8_t data[MACAROON_MAX];
};

/* The session's capability, once the warrant is there.  Return: 0, or -EBADMSG. */
int bearer_open(struct bearer *b);

/* The node of the capability in the message's _meta; JSON_NONE. */
uint32_t bearer_find(const struct json *j, const struct rpc *m);

/* May this tools/call pass at `now` (seconds since 1970)?  It is counted when it may.
 * Return: NULL, or static words for the log. */
const char *bearer_judge(struct bearer *b, const struct json *j, const struct rpc *m,
			 uint64_t now);

/* Has the session's own expired? */
bool bearer_is_over(const struct bearer *b, uint64_t now);

#endif /* SHIMS_PEP_BEARER_H */
