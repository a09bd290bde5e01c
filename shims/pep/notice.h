/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notice - may a notification pass: what it refers to must be open
 */
#ifndef SHIMS_PEP_NOTICE_H
#define SHIMS_PEP_NOTICE_H

#include "shims/pep/session.h"

struct json;
struct rpc;

struct notice {
	struct rpc_id cancels; /* text NULL: none */
	int task_slot;	       /* whose state it tells, or -1 */
	struct session_task task;
	bool task_is_over;
};

/* NULL and *ret; or static words, why it must not pass.  Changes nothing. */
const char *notice_check(const struct json *j, const struct rpc *m, const struct session *s,
			 enum vocabulary_from from, struct notice *ret);

/* It was passed on: what is open changes by it. */
void notice_passed(struct session *s, enum vocabulary_from from, const struct notice *n);

#endif /* SHIMS_PEP_NOTICE_H */
