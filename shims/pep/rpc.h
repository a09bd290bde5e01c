/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rpc - what a parsed message is: request, notification or response (JSON-RPC 2.0)
 */
#ifndef SHIMS_PEP_RPC_H
#define SHIMS_PEP_RPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json;

enum rpc_kind {
	RPC_INVALID = 0,
	RPC_REQUEST,
	RPC_NOTIFICATION,
	RPC_RESULT,
	RPC_ERROR,
};

/* Nodes of the tape; JSON_NONE: absent. */
struct rpc {
	enum rpc_kind kind;
	uint32_t id, method, params, result, error;
	bool is_modern;	   /* params._meta names a protocol version (MCP 2026-07-28) */
	const char *words; /* static: what is wrong, when RPC_INVALID */
};

/*
 * The envelope may hold jsonrpc, id, method, params, result and error, in these exact
 * names; anything else is invalid, since another parser may read it as one of these
 * (Go folds case, and U+017F and U+212A with it).  The same holds for the names that
 * decide in params.  An id is an integer that a double can hold, or a string.
 * An invalid message still has its id when one could be read.
 */
void rpc_read(const struct json *j, struct rpc *ret);

#endif /* SHIMS_PEP_RPC_H */
