/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "common/limits.h"
#include "shims/pep/reply.h"
#include "shims/pep/rewrite.h"
#include "shims/pep/sink.h"

static void put_id(struct sink *out, const struct reply_id *id)
{
	char text[LIMIT_ID * 6];
	long len;

	sink_put(out, "{\"jsonrpc\":\"2.0\",\"id\":", 22);
	if (!id->text) {
		sink_put(out, "null", 4);
		return;
	}
	len = rewrite_escape(id->text, id->len, text, sizeof(text));
	if (id->is_string)
		sink_put(out, "\"", 1);
	if (len > 0)
		sink_put(out, text, (size_t)len);
	if (id->is_string)
		sink_put(out, "\"", 1);
}

void reply_error(struct sink *out, const struct reply_id *id, int code, const char *words)
{
	char text[512];
	int n = snprintf(text, sizeof(text),
			 ",\"error\":{\"code\":%d,\"message\":\"mcp-confine: %s\"}}\n", code, words);

	put_id(out, id);
	sink_put(out, text, (size_t)n);
}

void reply_tool_error(struct sink *out, const struct reply_id *id, const char *words,
		      bool is_modern)
{
	char text[512];
	int n = snprintf(text, sizeof(text),
			 ",\"result\":{%s\"content\":[{\"type\":\"text\",\"text\":\"%s\"}],"
			 "\"isError\":true}}\n",
			 is_modern ? "\"resultType\":\"complete\"," : "", words);

	put_id(out, id);
	sink_put(out, text, (size_t)n);
}
