/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply - answers of our own, written into a sink: whole, or not at all
 */
#ifndef SHIMS_PEP_REPLY_H
#define SHIMS_PEP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/limits.h"
#include "shims/pep/rpc.h"

struct sink;

/* JSON-RPC 2.0, section 5.1; the last two are ours, outside what the protocol reserves. */
enum {
	CODE_PARSE = -32700,
	CODE_INVALID = -32600,
	CODE_NO_METHOD = -32601,
	CODE_PARAMS = -32602,
	CODE_VERSION = -32022, /* MCP 2026-07-28, versioning */
	CODE_REFUSED = 1403,
	CODE_BROKEN = 1502, /* the other side: gone, or not understood */
};

/* The longest of them: an id with every byte escaped, and words. */
#define REPLY_MAX (LIMIT_ID * 6 + 1024)

/* id.text NULL: null.  words are ours: short, never a peer's text. */
void reply_error(struct sink *out, const struct rpc_id *id, int code, const char *words);

/* The error that names the protocol versions we know, and the one that was asked for:
 * a text of at most 32 bytes or NULL (MCP 2026-07-28, versioning: -32022). */
void reply_unsupported(struct sink *out, const struct rpc_id *id, const char *requested,
		       size_t len);

/* A result: JSON text of ours.  Return: whether it had room; else nothing was written. */
bool reply_result(struct sink *out, const struct rpc_id *id, const char *json, size_t len);

/* A result that says isError (MCP, server/tools, error handling). */
void reply_tool_error(struct sink *out, const struct rpc_id *id, const char *words,
		      bool is_modern);

#endif /* SHIMS_PEP_REPLY_H */
