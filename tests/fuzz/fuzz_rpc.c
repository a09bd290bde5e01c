/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rpc and peek: a message is one thing only, and what peek sees of a text, in any steps,
 * is what rpc reads, or nothing.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "shims/pep/json.h"
#include "shims/pep/peek.h"
#include "shims/pep/rpc.h"

#define NODES ((size_t)1 << 16)

static void check(const struct json *j, const struct rpc *m)
{
	bool is_call = m->kind == RPC_REQUEST || m->kind == RPC_NOTIFICATION;
	bool is_answer = m->kind == RPC_RESULT || m->kind == RPC_ERROR;

	if ((m->words == NULL) == (m->kind == RPC_INVALID))
		abort();
	if (m->id != JSON_NONE && !rpc_id(j, m->id).text)
		abort();
	if (is_call && (m->method == JSON_NONE || m->result != JSON_NONE || m->error != JSON_NONE ||
			(m->id == JSON_NONE) != (m->kind == RPC_NOTIFICATION)))
		abort();
	if (is_answer && (m->method != JSON_NONE || m->id == JSON_NONE ||
			  (m->result == JSON_NONE) != (m->kind == RPC_ERROR)))
		abort();
	if (m->is_modern != (m->era == RPC_ERA_MODERN))
		abort();
}

static bool same(struct rpc_id a, struct rpc_id b)
{
	return a.len == b.len && a.is_string == b.is_string && !memcmp(a.text, b.text, a.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct json j;
	struct peek whole = {0}, steps = {0};
	const char *text = (const char *)data;
	struct rpc_id seen, stepped;
	struct rpc m;

	if (!j.arena)
		j = (struct json){ .arena = malloc(1 << 20), .nodes = calloc(NODES, sizeof(struct json_node)),
				   .seen = malloc(4 * LIMIT_MEMBERS * 4), .size = NODES };
	peek_feed(&whole, text, size);
	for (size_t i = 0; i < size; i++)
		peek_feed(&steps, text + i, 1);
	seen = peek_id(&whole);
	stepped = peek_id(&steps);
	if ((seen.text == NULL) != (stepped.text == NULL) || (seen.text && !same(seen, stepped)))
		abort();
	if (size > 1 << 20 || json_parse(&j, text, size) < 0)
		return 0;
	rpc_read(&j, 0, &m);
	check(&j, &m);
	/* A valid text: peek is right or silent. */
	if (seen.text && (m.id == JSON_NONE || !same(seen, rpc_id(&j, m.id))) && m.words == NULL)
		abort();
	if (seen.text && m.kind != RPC_INVALID && whole.has_method != (m.method != JSON_NONE))
		abort();
	return 0;
}
