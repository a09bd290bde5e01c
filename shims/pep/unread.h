/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unread - what becomes of a message that is none: dropped, and whoever waits is told
 *
 * Part of the gate.  A request that shows an id is answered by an error; a response to an
 * open request is replaced by one.  An id that is open for another request is never
 * answered.
 */
#ifndef SHIMS_PEP_UNREAD_H
#define SHIMS_PEP_UNREAD_H

#include <stdbool.h>
#include <stddef.h>

#include "shims/pep/gate.h"

/* What is known of it. */
struct unread {
	struct rpc_id id;
	bool has_version; /* it calls itself JSON-RPC */
	bool has_method, has_answer, has_error;
};

/* Of a message that rpc_read() took for none. */
struct unread unread_of(const struct json *j, const struct rpc *m);

enum gate_outcome unread_message(struct gate *g, enum vocabulary_from from,
				 const struct unread *u, int code, const char *words);

/* Not JSON, for the reason in words: what can be seen of it without reading it. */
enum gate_outcome unread_line(struct gate *g, enum vocabulary_from from, const char *line,
			      size_t len, const char *words);

/*
 * A batch (2025-03-26) is refused as a whole: no part of it runs.  Each request in it
 * gets an error of its own, and each that waits for an answer in it.
 */
enum gate_outcome unread_batch(struct gate *g, enum vocabulary_from from);

#endif /* SHIMS_PEP_UNREAD_H */
