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

/* Words may hold a quote or a backslash: "bad \\u escape". */
static void put_words(struct sink *out, const char *words)
{
	char text[512];
	long len = rewrite_escape(words, strlen(words), text, sizeof(text));

	if (len > 0)
		sink_put(out, text, (size_t)len);
}

void reply_error(struct sink *out, const struct reply_id *id, int code, const char *words)
{
	char text[64];
	int n = snprintf(text, sizeof(text), ",\"error\":{\"code\":%d,\"message\":\"mcp-confine: ",
			 code);

	put_id(out, id);
	sink_put(out, text, (size_t)n);
	put_words(out, words);
	sink_put(out, "\"}}\n", 4);
}

void reply_result(struct sink *out, const struct reply_id *id, const char *json, size_t len)
{
	put_id(out, id);
	sink_put(out, ",\"result\":", 10);
	sink_put(out, json, len);
	sink_put(out, "}\n", 2);
}

void reply_tool_error(struct sink *out, const struct reply_id *id, const char *words,
		      bool is_modern)
{
	static const char modern[] = "\"resultType\":\"complete\",";
	static const char head[] = "\"content\":[{\"type\":\"text\",\"text\":\"";
	static const char tail[] = "\"}],\"isError\":true}}\n";

	put_id(out, id);
	sink_put(out, ",\"result\":{", 11);
	if (is_modern)
		sink_put(out, modern, sizeof(modern) - 1);
	sink_put(out, head, sizeof(head) - 1);
	put_words(out, words);
	sink_put(out, tail, sizeof(tail) - 1);
}
