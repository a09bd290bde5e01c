/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply - answers of our own, written into a sink
 */
#ifndef SHIMS_PEP_REPLY_H
#define SHIMS_PEP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

struct sink;

/* An id as it came: decoded text of a string, or a number's; text NULL: null. */
struct reply_id {
	const char *text;
	size_t len;
	bool is_string;
};

/* words are ours: short, never a peer's text. */
void reply_error(struct sink *out, const struct reply_id *id, int code, const char *words);

/* A result: JSON text of ours. */
void reply_result(struct sink *out, const struct reply_id *id, const char *json, size_t len);

/* A result that says isError (MCP, server/tools, error handling). */
void reply_tool_error(struct sink *out, const struct reply_id *id, const char *words,
		      bool is_modern);

#endif /* SHIMS_PEP_REPLY_H */
