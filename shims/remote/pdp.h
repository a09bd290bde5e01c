/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdp - a Policy Decision Point: OPA's REST API, and AuthZEN Authorization API 1.0
 *
 * Pure.  A permit is the literal true and nothing else; what it is tied to and we do not
 * know (an obligation) makes it a no.  The request follows the default mapping of the
 * drafts that bind AuthZEN to MCP: action.name is the method, resource the tool.
 */
#ifndef SHIMS_REMOTE_PDP_H
#define SHIMS_REMOTE_PDP_H

#include "common/remote.h"
#include "common/wire.h"

struct err;
struct http_reply;

enum pdp_verdict {
	PDP_DENY = 0,
	PDP_FAILED,  /* it did not answer, or not in its own language: a no as well */
	PDP_STEP_UP, /* yes, when a person approves */
	PDP_PERMIT,
};

/* The body of the request; the caller frees.  NULL: no memory, or not UTF-8. */
char *pdp_request(const struct remote_config *c, const char *server, const char *session,
		  const struct wire_call *call);

/* What a permit is tied to, and we hold. */
struct pdp_answer {
	char acr_values[256];	 /* of a step-up; empty: the policy's own */
	uint32_t calls, seconds; /* a rate of this tool; 0: none */
};

enum pdp_verdict pdp_read(const struct remote_config *c, const struct http_reply *reply,
			  struct pdp_answer *ret, struct err *err);

#endif /* SHIMS_REMOTE_PDP_H */
