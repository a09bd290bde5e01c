/* SPDX-License-Identifier: Apache-2.0 */
/*
 * response - the gate's half for answers: does this one pass to the request it answers?
 *
 * An answer is judged by what was asked, which session remembers.  A handle of a task, and
 * a question in place of an answer, are judged as such and can be nothing else beside it.
 */
#ifndef SHIMS_PEP_RESPONSE_H
#define SHIMS_PEP_RESPONSE_H

#include <stdint.h>

#include "shims/pep/gate.h"
#include "shims/pep/session.h"

struct rewrite;
struct rpc;

/* A result or an error in: pass it, or put an error in its place for who asked. */
enum gate_outcome response_judge(struct gate *g, enum vocabulary_from from, const struct rpc *m,
				 const char **ret_why);

/* The state of a task is the answer of the request that started it (`about`).  NULL and
 * *rw, or why it must not pass (static). */
const char *response_state(struct gate *g, uint32_t state, enum session_about about, bool is_modern,
			   struct rewrite *rw);

#endif /* SHIMS_PEP_RESPONSE_H */
