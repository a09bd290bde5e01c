/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rpc - what a parsed message is: request, notification or response (JSON-RPC 2.0),
 * and of which era (MCP 2026-07-28, basic, _meta)
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

enum rpc_era {
	RPC_ERA_BAD = 0,     /* claims to be modern, and does it wrongly: no downgrade */
	RPC_ERA_UNSUPPORTED, /* names a protocol version that we do not know */
	RPC_ERA_LEGACY,
	RPC_ERA_MODERN,
};

/* An id as it came: decoded text of a string, or a number's; text NULL: none. */
struct rpc_id {
	const char *text;
	size_t len;
	bool is_string;
};

/* Nodes of the tape; JSON_NONE: absent. */
struct rpc {
	enum rpc_kind kind;
	enum rpc_era era;  /* of a request */
	bool has_version; /* it says jsonrpc 2.0 */
	uint32_t id, method, params, meta, result, error;
	bool is_modern;	   /* era is RPC_ERA_MODERN */
	const char *words; /* static: what is wrong, when RPC_INVALID */
};

/*
 * Read the message at that node (0 for the whole text).  The envelope may hold jsonrpc,
 * id, method, params, result and error, in these exact names; anything else is invalid,
 * since another parser may read it as one of these (Go folds case, and U+017F and
 * U+212A with it).  The same holds for the names that decide in params and in _meta.
 * An id is an integer that a double can hold, or a string.  An invalid message still
 * has its id when one could be read.
 */
void rpc_read(const struct json *j, uint32_t node, struct rpc *ret);

/* The node as an id, a progress token or the like; text NULL when it can be none. */
struct rpc_id rpc_id(const struct json *j, uint32_t node);

/* Is this the text of an id? */
bool rpc_is_id(const char *text, size_t len, bool is_string);

/* Has the object a member that is one of the names in another case?  NULL ends them. */
bool rpc_has_variant(const struct json *j, uint32_t object, const char *const *names);

#endif /* SHIMS_PEP_RPC_H */
