/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pointer - from a JSON Pointer to the value in a message, for the conditions of rules
 *
 * Where a server could find another value than we do (a name in another case beside or
 * instead of ours, JSON inside a string, an element where a list should be), the answer
 * is "not certain", which the rules turn against the call.
 */
#ifndef SHIMS_PEP_POINTER_H
#define SHIMS_PEP_POINTER_H

#include <stdbool.h>
#include <stdint.h>

#include "policies/policy.h"

struct json;

/* The arguments of one call, for policy_decide_*(). */
struct pointer_call {
	struct policy_call call;
	const struct json *json;
	uint32_t arguments; /* a node, or JSON_NONE */
};

void pointer_init(struct pointer_call *p, const struct json *json, uint32_t arguments);

/* The value that the pointer names, exactly and without wildcards; JSON_NONE: none, or one
 * that another reader might find elsewhere. */
uint32_t pointer_find(const struct json *json, uint32_t node, const struct strv *segments);

/* Has the object a member whose name is this one in another case (ASCII letters, and
 * U+017F and U+212A, which fold into them), or followed by blanks? */
bool pointer_has_variant(const struct json *json, uint32_t object, const char *name);

#endif /* SHIMS_PEP_POINTER_H */
