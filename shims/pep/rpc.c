/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/limits.h"
#include "shims/pep/json.h"
#include "shims/pep/rpc.h"

/* Equal but for case, with the two letters outside ASCII that fold into it. */
static bool folds_to(const char *text, size_t len, const char *name)
{
	size_t i = 0;

	for (; *name; name++) {
		unsigned char c;

		if (i >= len)
			return false;
		c = (unsigned char)text[i];
		if (c == 0xc5 && i + 1 < len && (unsigned char)text[i + 1] == 0xbf) {
			c = 's'; /* U+017F */
			i += 2;
		} else if (c == 0xe2 && i + 2 < len && (unsigned char)text[i + 1] == 0x84 &&
			   (unsigned char)text[i + 2] == 0xaa) {
			c = 'k'; /* U+212A */
			i += 3;
		} else {
			i++;
		}
		if (c >= 'A' && c <= 'Z')
			c = (unsigned char)(c + 32);
		if (c != (unsigned char)(*name >= 'A' && *name <= 'Z' ? *name + 32 : *name))
			return false;
	}
	return i == len;
}

/* No member of the object may be a name in another case. */
static bool has_variant(const struct json *j, uint32_t object, const char *const *names)
{
	uint32_t at = object + 1;

	for (uint32_t i = 0; i < j->nodes[object].len; i++, at = j->nodes[at + 1].next) {
		size_t len;
		const char *text = json_text(j, at, &len);

		for (size_t n = 0; names[n]; n++)
			if (folds_to(text, len, names[n]) && !json_is(j, at, names[n]))
				return true;
	}
	return false;
}

/* An integer of at most 2^53 - 1: beyond it two ids become one in a peer's double. */
static bool is_id(const struct json *j, uint32_t id)
{
	static const char max[] = "9007199254740991";
	size_t len;
	const char *text = json_text(j, id, &len);

	if (j->nodes[id].type == JSON_TAPE_STRING)
		return len <= LIMIT_ID;
	if (j->nodes[id].type != JSON_TAPE_NUMBER)
		return false;
	if (text[0] == '-') {
		text++;
		len--;
		if (text[0] == '0')
			return false;
	}
	for (size_t i = 0; i < len; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return len < sizeof(max) - 1 || (len == sizeof(max) - 1 && memcmp(text, max, len) <= 0);
}

static const char *read_members(const struct json *j, struct rpc *m, bool *ret_version)
{
	uint32_t at = 1;

	for (uint32_t i = 0; i < j->nodes[0].len; i++, at = j->nodes[at + 1].next) {
		if (json_is(j, at, "jsonrpc"))
			*ret_version = json_is(j, at + 1, "2.0");
		else if (json_is(j, at, "id"))
			m->id = at + 1;
		else if (json_is(j, at, "method"))
			m->method = at + 1;
		else if (json_is(j, at, "params"))
			m->params = at + 1;
		else if (json_is(j, at, "result"))
			m->result = at + 1;
		else if (json_is(j, at, "error"))
			m->error = at + 1;
		else
			return "a member that JSON-RPC does not have";
	}
	return NULL;
}

static enum rpc_kind kind(const struct json *j, const struct rpc *m, const char **ret_words)
{
	size_t len = 0;

	if (m->method != JSON_NONE) {
		if (j->nodes[m->method].type == JSON_TAPE_STRING)
			json_text(j, m->method, &len);
		*ret_words = "method is not a name";
		if (!len || len > LIMIT_METHOD)
			return RPC_INVALID;
		*ret_words = "method together with a result or an error";
		if (m->result != JSON_NONE || m->error != JSON_NONE)
			return RPC_INVALID;
		*ret_words = "params is not an object";
		if (m->params != JSON_NONE && j->nodes[m->params].type != JSON_TAPE_OBJECT)
			return RPC_INVALID;
		return m->id == JSON_NONE ? RPC_NOTIFICATION : RPC_REQUEST;
	}
	*ret_words = "neither a request nor a response";
	if (m->params != JSON_NONE || (m->result != JSON_NONE) == (m->error != JSON_NONE) ||
	    m->id == JSON_NONE)
		return RPC_INVALID;
	if (m->result != JSON_NONE)
		return j->nodes[m->result].type == JSON_TAPE_OBJECT ? RPC_RESULT : RPC_INVALID;
	return j->nodes[m->error].type == JSON_TAPE_OBJECT ? RPC_ERROR : RPC_INVALID;
}

void rpc_read(const struct json *j, struct rpc *ret)
{
	static const char *const deciding[] = { "name", "arguments", "uri", "_meta", "cursor",
						"requestId", "taskId", NULL };
	uint32_t meta;
	struct rpc m = { .id = JSON_NONE, .method = JSON_NONE, .params = JSON_NONE,
			 .result = JSON_NONE, .error = JSON_NONE };
	bool has_version = false;

	if (j->nodes[0].type == JSON_TAPE_ARRAY) {
		m.words = "batches are not accepted; send one message a line";
		*ret = m;
		return;
	}
	if (j->nodes[0].type != JSON_TAPE_OBJECT) {
		m.words = "not an object";
		*ret = m;
		return;
	}
	m.words = read_members(j, &m, &has_version);
	if (m.id != JSON_NONE && !is_id(j, m.id)) {
		m.id = JSON_NONE;
		m.words = "id is neither an integer nor a short string";
	}
	if (!m.words && !has_version)
		m.words = "jsonrpc is not 2.0";
	if (!m.words) {
		m.kind = kind(j, &m, &m.words);
		if (m.kind != RPC_INVALID)
			m.words = NULL;
	}
	if (m.kind != RPC_INVALID && m.params != JSON_NONE) {
		if (has_variant(j, m.params, deciding)) {
			m.kind = RPC_INVALID;
			m.words = "a name of params in another case";
		}
		meta = json_member(j, m.params, "_meta");
		m.is_modern = json_member(j, meta, "io.modelcontextprotocol/protocolVersion") !=
			      JSON_NONE;
	}
	*ret = m;
}
