/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer - what we tell a server in the client's place
 *
 * For requests whose policy is "answer": roots/list gets the roots of the policy,
 * elicitation/create is declined, sampling/createMessage is rejected as by a user.
 */
#ifndef SHIMS_PEP_ANSWER_H
#define SHIMS_PEP_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

struct policy;
struct rpc_id;
struct sink;

/* Can we answer this method ourselves? */
bool answer_knows(const char *method, size_t len);

/* Write the answer.  What has no room is answered by an error. */
void answer_put(struct sink *out, const struct policy *policy, const struct rpc_id *id,
		const char *method, size_t len);

#endif /* SHIMS_PEP_ANSWER_H */
