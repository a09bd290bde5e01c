/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elicit - the channel `elicitation`: ask the person through the client itself
 *
 * MCP 2025-06-18 and 2025-11-25, client/elicitation, form mode: a request of ours to the
 * client, which shows it to its user.  It needs a client that declared the capability; in
 * 2026-07-28 no request goes that way, and a call is refused.  Our ids are strings with a
 * random beginning that no server has seen; an answer to one goes no further than here.
 * What a client does with a form is the client's: who does not trust it asks elsewhere.
 */
#ifndef SHIMS_PEP_ELICIT_H
#define SHIMS_PEP_ELICIT_H

#include <stdbool.h>

struct gate;
struct rpc;
struct rpc_id;

/* From the client's initialize request, and then the version that the server chose. */
void elicit_declared(struct gate *g, const struct rpc *m);
void elicit_agreed(struct gate *g, const struct rpc_id *version);

/* Send the questions and withdrawals that wait, as far as the client takes them. */
void elicit_tell(struct gate *g);

/* A response of the client's.  Return: it was one to a question of ours. */
bool elicit_reply(struct gate *g, const struct rpc *m);

#endif /* SHIMS_PEP_ELICIT_H */
