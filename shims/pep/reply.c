/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/limits.h"
#include "shims/pep/reply.h"
#include "shims/pep/rewrite.h"
#include "shims/pep/sink.h"
#include "shims/pep/vocabulary.h"

/* A part of a message would break the line for all that follow: it is put as a whole. */
struct draft {
	size_t len;
	char text[REPLY_MAX];
};

static void add(struct draft *d, const char *text, size_t len)
{
	assert(len <= sizeof(d->text) - d->len);
	memcpy(d->text + d->len, text, len);
	d->len += len;
}

static void add_string(struct draft *d, const char *text)
{
	add(d, text, strlen(text));
}

/* Ids are bounded by LIMIT_ID and words are ours: they fit. */
static void add_escaped(struct draft *d, const char *text, size_t len)
{
	long n = rewrite_escape(text, len, d->text + d->len, sizeof(d->text) - d->len);

	assert(n >= 0);
	d->len += (size_t)n;
}

static void begin(struct draft *d, const struct rpc_id *id)
{
	d->len = 0;
	add_string(d, "{\"jsonrpc\":\"2.0\",\"id\":");
	if (!id->text) {
		add_string(d, "null");
		return;
	}
	if (id->is_string)
		add_string(d, "\"");
	add_escaped(d, id->text, id->len);
	if (id->is_string)
		add_string(d, "\"");
}

static void begin_error(struct draft *d, const struct rpc_id *id, int code, const char *words)
{
	char text[64];

	begin(d, id);
	snprintf(text, sizeof(text), ",\"error\":{\"code\":%d,\"message\":\"mcp-confine: ", code);
	add_string(d, text);
	add_escaped(d, words, strlen(words));
	add_string(d, "\"");
}

void reply_error(struct sink *out, const struct rpc_id *id, int code, const char *words)
{
	struct draft d;

	begin_error(&d, id, code, words);
	add_string(&d, "}}\n");
	sink_put_own(out, d.text, d.len);
}

void reply_unsupported(struct sink *out, const struct rpc_id *id, const char *requested,
		       size_t len)
{
	struct draft d;

	begin_error(&d, id, CODE_VERSION, "this protocol version is not supported");
	add_string(&d, ",\"data\":{\"supported\":[" VOCABULARY_MODERN_REVISIONS "]");
	if (requested) {
		add_string(&d, ",\"requested\":\"");
		add_escaped(&d, requested, len > 32 ? 32 : len);
		add_string(&d, "\"");
	}
	add_string(&d, "}}}\n");
	sink_put_own(out, d.text, d.len);
}

bool reply_result(struct sink *out, const struct rpc_id *id, const char *json, size_t len)
{
	static const char end[] = "}\n";
	struct draft d;

	begin(&d, id);
	add_string(&d, ",\"result\":");
	if (!sink_reserve(out, d.len + len + sizeof(end)))
		return false;
	sink_put(out, d.text, d.len);
	sink_put(out, json, len);
	sink_put(out, end, sizeof(end) - 1);
	out->own += d.len + len + sizeof(end) - 1;
	return true;
}

void reply_tool_error(struct sink *out, const struct rpc_id *id, const char *words,
		      bool is_modern)
{
	struct draft d;

	begin(&d, id);
	add_string(&d, ",\"result\":{");
	if (is_modern)
		add_string(&d, "\"resultType\":\"complete\",");
	add_string(&d, "\"content\":[{\"type\":\"text\",\"text\":\"");
	add_escaped(&d, words, strlen(words));
	add_string(&d, "\"}],\"isError\":true}}\n");
	sink_put_own(out, d.text, d.len);
}
