/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hold - the gate's side of waiting: freeze a call, and what its client is told meanwhile
 *
 * A flagged call is written as it would leave (redacted, canonical) into the table of
 * ask.h.  When the answer is yes, those very bytes go through the gate again, as if they
 * had just come: every other rule judges them at the time they pass, and what leaves is
 * compared with what was frozen.
 */
#ifndef SHIMS_PEP_HOLD_H
#define SHIMS_PEP_HOLD_H

#include <stdbool.h>

#include "shims/pep/ask.h"

struct gate;
struct rpc;

/* The request m (a tools/call, prompts/get or resources/read), that the rules let through (g->rules says whether a person is needed)
 * and that a person, a PDP or both decide about.  ASK_REFUSED: *ret_words for the client and *ret_why for the log. */
enum ask_verdict hold_call(struct gate *g, const struct rpc *m,
			   const char **ret_words, const char **ret_why);

/* What it is; -1: its method cannot be held. */
int hold_kind(const struct gate *g, const struct rpc *m);

/* Words about a tool call, about that (valid until the next call). */
const char *hold_words(enum call_kind kind, const char *words);

/* Does a call wait under the id of this request? */
bool hold_has(const struct gate *g, const struct rpc *m);

/* notifications/cancelled.  Return: it was about a held call, and ends here. */
bool hold_cancel(struct gate *g, const struct rpc *m);

/* An answer of the broker's. */
void hold_answer(struct gate *g, const struct wire_answer *answer);

/* Do what is due at g->now. */
void hold_time(struct gate *g);

/* Nobody can answer, or nobody wants to know, any more: every held call is refused.
 * Return: whether all answers had room; else call it again. */
enum hold_end { HOLD_BROKER_ENDED = 0, HOLD_CLIENT_ENDED, HOLD_SERVER_ENDED, HOLD_SUSPENDED, HOLD_REVOKED };
bool hold_end(struct gate *g, enum hold_end who);

#endif /* SHIMS_PEP_HOLD_H */
