/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <string.h>

#include "shims/pep/fixed.h"
#include "shims/pep/json.h"

#define META "io.modelcontextprotocol/"
#define MEMBERS 4

/*
 * A place: members from the message inwards; "*" is each element of an array, or each
 * member of an object.  with: only in messages of that method, a part of it at its start.
 */
static const struct place {
	char with[24];
	char path[MEMBERS][44];
} places[] = {
	{ "", { "jsonrpc" } },
	{ "", { "id" } },
	{ "", { "method" } },
	/* What is asked. */
	{ "", { "params", "cursor" } },
	{ "", { "params", "progressToken" } },
	{ "", { "params", "requestId" } },
	{ "", { "params", "taskId" } },
	{ "", { "params", "requestState" } },
	{ "", { "params", "elicitationId" } },
	{ "", { "params", "_meta", "progressToken" } },
	{ "", { "params", "_meta", META "subscriptionId" } },
	{ "", { "params", "_meta", META "related-task", "taskId" } },
	{ "tools/call", { "params", "name" } },
	{ "prompts/get", { "params", "name" } },
	{ "resources/", { "params", "uri" } },
	{ "notifications/resources/", { "params", "uri" } },
	{ "completion/complete", { "params", "ref", "name" } },
	{ "completion/complete", { "params", "ref", "uri" } },
	/* What is answered. */
	{ "", { "result", "nextCursor" } },
	{ "", { "result", "requestState" } },
	{ "", { "result", "resultType" } },
	{ "", { "result", "taskId" } },
	{ "", { "result", "task", "taskId" } },
	{ "", { "result", "tasks", "*", "taskId" } },
	{ "", { "result", "inputRequests", "*", "method" } },
	{ "", { "result", "_meta", META "subscriptionId" } },
	{ "", { "result", "_meta", META "related-task", "taskId" } },
};

static bool is_with(const struct json *j, const char *with)
{
	uint32_t method = *with ? json_member(j, 0, "method") : JSON_NONE;
	const char *text;
	size_t len, n = strlen(with);

	if (!n)
		return true;
	if (method == JSON_NONE || j->nodes[method].type != JSON_TAPE_STRING)
		return false;
	text = json_text(j, method, &len);
	return len >= n && !memcmp(text, with, n) && (len == n || with[n - 1] == '/');
}

/* The child of at that holds the node, or JSON_NONE. */
static uint32_t child_with(const struct json *j, uint32_t at, uint32_t node)
{
	bool is_object = j->nodes[at].type == JSON_TAPE_OBJECT;
	uint32_t child = at + 1;

	if (!is_object && j->nodes[at].type != JSON_TAPE_ARRAY)
		return JSON_NONE;
	for (uint32_t i = 0; i < j->nodes[at].len; i++) {
		uint32_t value = is_object ? child + 1 : child;

		if (node < j->nodes[value].next)
			return node >= value ? value : JSON_NONE;
		child = j->nodes[value].next;
	}
	return JSON_NONE;
}

static bool is_at(const struct json *j, const struct place *p, uint32_t node)
{
	uint32_t at = 0;

	for (size_t i = 0; i < MEMBERS && p->path[i][0] && at != JSON_NONE; i++)
		at = strcmp(p->path[i], "*") ? json_member(j, at, p->path[i]) : child_with(j, at, node);
	return at == node;
}

bool fixed_is(const struct json *j, uint32_t node)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (is_at(j, &places[i], node) && is_with(j, places[i].with))
			return true;
	return false;
}
