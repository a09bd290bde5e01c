/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outlet - the gate's way out: a message that passes, and what the log says of any
 *
 * For gate and response, which decide; nothing is decided here but whether there is room
 * and whether a secret can be replaced.
 */
#ifndef SHIMS_PEP_OUTLET_H
#define SHIMS_PEP_OUTLET_H

#include <stddef.h>
#include <stdint.h>

#include "policies/policy.h"
#include "shims/pep/gate.h"
#include "shims/pep/rewrite.h"
#include "shims/pep/vocabulary.h"

struct rpc;

/* Whom a side speaks to. */
enum vocabulary_from outlet_other(enum vocabulary_from from);

/* The text of a node; "" for JSON_NONE.  Lives as long as the tape. */
void outlet_text(const struct gate *g, uint32_t node, const char **ret, size_t *ret_len);

/* The node of params.name when it is a string; else JSON_NONE. */
uint32_t outlet_tool(const struct gate *g, const struct rpc *m);

/* What the rules found to leave out of the message that they judged last. */
struct rewrite outlet_rewrite(const struct gate *g);

/* Where the policy wants every call on record (outlet_records_calls(), asked by the caller:
 * a line's buffer is cleared at each entry): one was passed on; one was answered. */
static inline bool outlet_records_calls(const struct gate *g)
{
	return g->policy->audit.calls == POLICY_AUDIT_ALL;
}
void outlet_called(struct gate *g, const struct rpc *m);
void outlet_answered(struct gate *g, const struct rpc *m, uint64_t asked_at);

/* One line of the audit log, unless that side has caused too many.  m, why, rw: or NULL. */
void outlet_note(struct gate *g, const char *event, enum vocabulary_from from,
		 const struct rpc *m, const char *why, const struct rewrite *rw);

/* One line that tells how many were left out, when some were. */
void outlet_omitted(struct gate *g, enum vocabulary_from from, bool is_drop);

/*
 * For whoever rewrites the message of the tape: what g->findings has to know of it.
 * is_frozen: a held call as it is released, in which nothing is turned back any more, and
 * what was stays.
 */
void outlet_findings(struct gate *g, enum vocabulary_from from, const struct rpc *m, bool is_frozen);

/* Write the message of the tape anew.  Return: 0, or nothing was written: -EPERM (a
 * secret where none can be replaced), -ENOBUFS, -EPIPE (the server does not listen). */
int outlet_pass(struct gate *g, enum vocabulary_from from, const struct rpc *m, struct rewrite *rw);

/* What outlet_pass() returned, for the log and the sender (static). */
const char *outlet_words(const struct gate *g, int r);

/* Note what was changed in a message that passed. */
enum gate_outcome outlet_passed(struct gate *g, enum vocabulary_from from, const struct rpc *m,
				const struct rewrite *rw, const char **ret_why);

#endif /* SHIMS_PEP_OUTLET_H */
