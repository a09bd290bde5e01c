/* SPDX-License-Identifier: Apache-2.0 */
/*
 * about - what a request is about: the facts that its answer will be judged by
 */
#ifndef SHIMS_PEP_ABOUT_H
#define SHIMS_PEP_ABOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "shims/pep/session.h"

struct json;
struct rpc;

/*
 * Read the facts of a request that `from` sends.  Return: NULL; or static words, why it
 * is malformed or refers to what does not exist.
 */
const char *about_read(const struct json *j, const struct rpc *m, const struct session *s,
		       enum vocabulary_from from, struct session_request *ret,
		       struct rpc_id *ret_token);

/* Does a request of that kind need the session that `initialize` opens? */
bool about_needs_session(const struct json *j, const struct rpc *m);

/* initialize: does the client take the handles of tasks as answers? */
bool about_takes_tasks(const struct json *j, const struct rpc *m);

#endif /* SHIMS_PEP_ABOUT_H */
