/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/limits.h"
#include "shims/pep/json.h"
#include "shims/pep/rpc.h"
#include "shims/pep/vocabulary.h"

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

/* What differs in its first letter is not worth a closer look; only one outside of ASCII
 * may be meant as another. */
static bool may_fold_to(const char *text, size_t len, const char *name)
{
	unsigned char c = len ? (unsigned char)*text : 0;

	return c >= 0x80 || ((c ^ (unsigned char)*name) & 0xdf) == 0;
}

bool rpc_has_variant(const struct json *j, uint32_t object, const char *const *names)
{
	uint32_t at = object + 1;

	if (object == JSON_NONE || j->nodes[object].type != JSON_TAPE_OBJECT)
		return false;
	for (uint32_t i = 0; i < j->nodes[object].len; i++, at = j->nodes[at + 1].next) {
		size_t len;
		const char *text = json_text(j, at, &len);

		for (size_t n = 0; names[n]; n++)
			if (may_fold_to(text, len, names[n]) && folds_to(text, len, names[n]) &&
			    !json_is(j, at, names[n]))
				return true;
	}
	return false;
}

/* An integer of at most 2^53 - 1: beyond it two ids become one in a peer's double. */
bool rpc_is_id(const char *text, size_t len, bool is_string)
{
	static const char max[] = "9007199254740991";

	if (is_string)
		return len <= LIMIT_ID;
	if (len && text[0] == '-') {
		text++;
		len--;
		if (len && text[0] == '0')
			return false;
	}
	if (!len || (text[0] == '0' && len > 1))
		return false;
	for (size_t i = 0; i < len; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return len < sizeof(max) - 1 || (len == sizeof(max) - 1 && memcmp(text, max, len) <= 0);
}

struct rpc_id rpc_id(const struct json *j, uint32_t node)
{
	struct rpc_id id = {0};
	enum json_type type = node == JSON_NONE ? JSON_TAPE_NULL : (enum json_type)j->nodes[node].type;

	if (type != JSON_TAPE_STRING && type != JSON_TAPE_NUMBER)
		return id;
	id.is_string = type == JSON_TAPE_STRING;
	id.text = json_text(j, node, &id.len);
	return rpc_is_id(id.text, id.len, id.is_string) ? id : (struct rpc_id){0};
}

static const char *read_members(const struct json *j, uint32_t node, struct rpc *m,
				bool *ret_version)
{
	uint32_t at = node + 1;

	for (uint32_t i = 0; i < j->nodes[node].len; i++, at = j->nodes[at + 1].next) {
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

/*
 * A request that carries any of the modern names is modern or refused: a peer that
 * reads it in another way than we do would run it under rules that were not applied.
 */
static enum rpc_era era(const struct json *j, uint32_t meta)
{
	static const char *const names[] = { "io.modelcontextprotocol/protocolVersion",
					     "io.modelcontextprotocol/clientCapabilities",
					     "io.modelcontextprotocol/clientInfo",
					     "io.modelcontextprotocol/logLevel", NULL };
	uint32_t version = json_member(j, meta, names[0]);
	const char *text;
	size_t len;

	if (rpc_has_variant(j, meta, names))
		return RPC_ERA_BAD;
	if (version == JSON_NONE) {
		for (size_t i = 1; names[i]; i++)
			if (json_member(j, meta, names[i]) != JSON_NONE)
				return RPC_ERA_BAD;
		return RPC_ERA_LEGACY;
	}
	if (j->nodes[version].type != JSON_TAPE_STRING)
		return RPC_ERA_BAD;
	text = json_text(j, version, &len);
	return vocabulary_has_revision(true, text, len) ? RPC_ERA_MODERN : RPC_ERA_UNSUPPORTED;
}

static void read_params(const struct json *j, struct rpc *m)
{
	static const char *const deciding[] = {
		"name", "arguments", "uri", "_meta", "cursor", "requestId", "progressToken",
		"taskId", "task", "ref", "argument", "level", "protocolVersion", "capabilities",
		"notifications", "inputResponses", "requestState", "status", "result",
		"inputRequests", NULL };
	static const char *const in_meta[] = { "progressToken", NULL };

	m->era = RPC_ERA_LEGACY;
	if (m->params == JSON_NONE)
		return;
	m->meta = json_member(j, m->params, "_meta");
	if (rpc_has_variant(j, m->params, deciding)) {
		m->kind = RPC_INVALID;
		m->words = "a name of params in another case";
	} else if (m->meta != JSON_NONE && j->nodes[m->meta].type != JSON_TAPE_OBJECT) {
		m->kind = RPC_INVALID;
		m->words = "_meta is not an object";
	} else if (rpc_has_variant(j, m->meta, in_meta)) {
		m->kind = RPC_INVALID;
		m->words = "a name of _meta in another case";
	} else {
		m->era = era(j, m->meta);
	}
	m->is_modern = m->era == RPC_ERA_MODERN;
}

void rpc_read(const struct json *j, uint32_t node, struct rpc *ret)
{
	struct rpc m = { .id = JSON_NONE, .method = JSON_NONE, .params = JSON_NONE,
			 .meta = JSON_NONE, .result = JSON_NONE, .error = JSON_NONE };

	if (j->nodes[node].type != JSON_TAPE_OBJECT) {
		m.words = "not an object";
		*ret = m;
		return;
	}
	m.words = read_members(j, node, &m, &m.has_version);
	if (m.id != JSON_NONE && !rpc_id(j, m.id).text) {
		m.id = JSON_NONE;
		m.words = "id is neither an integer nor a short string";
	}
	if (!m.words && !m.has_version)
		m.words = "jsonrpc is not 2.0";
	if (!m.words) {
		m.kind = kind(j, &m, &m.words);
		if (m.kind != RPC_INVALID)
			m.words = NULL;
	}
	if (m.kind == RPC_REQUEST || m.kind == RPC_NOTIFICATION)
		read_params(j, &m);
	*ret = m;
}
