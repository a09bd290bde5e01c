/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "shims/pep/json.h"
#include "shims/pep/rpc.h"
#include "shims/pep/shape.h"

/* The names in a result that decide what it is. */
static const char *const deciding[] = {
	"tools", "prompts", "resources", "resourceTemplates", "contents", "content", "messages",
	"completion", "structuredContent", "isError", "toolResult", "resultType", "inputRequests",
	"requestState", "task", "taskId", "status", "result", "error", "nextCursor", "_meta",
	"protocolVersion", "capabilities", "serverInfo", "supportedVersions", "instructions", NULL };

static const struct {
	const char *member;
	enum json_type type;
	bool is_needed;
} shapes[] = {
	[SESSION_INITIALIZE] = { "protocolVersion", JSON_TAPE_STRING, true },
	[SESSION_DISCOVER] = { "supportedVersions", JSON_TAPE_ARRAY, true },
	[SESSION_TOOLS_LIST] = { "tools", JSON_TAPE_ARRAY, true },
	/* A server that sends structuredContent alone is common. */
	[SESSION_TOOLS_CALL] = { "content", JSON_TAPE_ARRAY, false },
	[SESSION_PROMPTS_LIST] = { "prompts", JSON_TAPE_ARRAY, true },
	[SESSION_PROMPTS_GET] = { "messages", JSON_TAPE_ARRAY, true },
	[SESSION_RESOURCES_LIST] = { "resources", JSON_TAPE_ARRAY, true },
	[SESSION_TEMPLATES_LIST] = { "resourceTemplates", JSON_TAPE_ARRAY, true },
	[SESSION_RESOURCES_READ] = { "contents", JSON_TAPE_ARRAY, true },
	[SESSION_COMPLETE] = { "completion", JSON_TAPE_OBJECT, true },
};

static bool has(const struct json *j, uint32_t object, const char *name, enum json_type type)
{
	uint32_t node = json_member(j, object, name);

	return node != JSON_NONE && j->nodes[node].type == type;
}

/* What no answer may hold but that to the request for it. */
static bool has_foreign_list(const struct json *j, uint32_t result, enum session_about about)
{
	static const enum session_about lists[] = { SESSION_TOOLS_LIST, SESSION_PROMPTS_LIST,
						    SESSION_RESOURCES_LIST,
						    SESSION_TEMPLATES_LIST };

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		if (lists[i] != about &&
		    has(j, result, shapes[lists[i]].member, JSON_TAPE_ARRAY))
			return true;
	return false;
}

bool shape_has_answer(const struct json *j, uint32_t result)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		if (shapes[i].member && json_member(j, result, shapes[i].member) != JSON_NONE)
			return true;
	return json_member(j, result, "structuredContent") != JSON_NONE;
}

const char *shape_result(const struct json *j, uint32_t result, enum session_about about)
{
	size_t n = sizeof(shapes) / sizeof(*shapes);
	const char *member = (size_t)about < n ? shapes[about].member : NULL;
	uint32_t node;

	if (rpc_has_variant(j, result, deciding))
		return "a name of the result in another case";
	/* What a method outside of MCP answers, nobody but its client knows. */
	if (about == SESSION_OTHER)
		return NULL;
	if (has_foreign_list(j, result, about))
		return "an answer to another method";
	if (!member)
		return NULL;
	node = json_member(j, result, member);
	if (node == JSON_NONE)
		return shapes[about].is_needed ? "not an answer to its method" : NULL;
	return j->nodes[node].type == shapes[about].type ? NULL : "not an answer to its method";
}

const char *shape_type(const struct json *j, uint32_t result,
		       const struct session_request *asked)
{
	uint32_t type = json_member(j, result, "resultType");
	bool may_ask = asked->about == SESSION_TOOLS_CALL || asked->about == SESSION_PROMPTS_GET ||
		       asked->about == SESSION_RESOURCES_READ;

	if (type == JSON_NONE || json_is(j, type, "complete"))
		return NULL;
	if (!asked->is_modern)
		return json_is(j, type, "task") && asked->may_be_task ? NULL :
			"a type of result that the request's era does not have";
	if (json_is(j, type, "input_required"))
		return may_ask ? NULL : "asks for input where none may be asked for";
	if (json_is(j, type, "task"))
		return asked->may_be_task ? NULL : "a task that nobody asked for";
	return "an unknown type of result";
}

const char *shape_error(const struct json *j, uint32_t error)
{
	static const char *const names[] = { "code", "message", "data", NULL };
	uint32_t code = json_member(j, error, "code");
	struct rpc_id number = rpc_id(j, code);

	if (rpc_has_variant(j, error, names))
		return "a name of the error in another case";
	if (!number.text || number.is_string)
		return "an error whose code is not an integer";
	return has(j, error, "message", JSON_TAPE_STRING) ? NULL : "an error without a message";
}

bool shape_asks(const struct json *j, uint32_t object, const char **ret_words)
{
	static const char *const names[] = { "method", "params", NULL };
	uint32_t asks = json_member(j, object, "inputRequests"), at = asks + 1;

	*ret_words = NULL;
	if (asks == JSON_NONE)
		return json_is(j, json_member(j, object, "resultType"), "input_required");
	*ret_words = "asks for input in a form that MCP does not have";
	if (j->nodes[asks].type != JSON_TAPE_OBJECT)
		return true;
	for (uint32_t i = 0; i < j->nodes[asks].len; i++, at = j->nodes[at + 1].next) {
		uint32_t method = json_member(j, at + 1, "method");

		if (rpc_has_variant(j, at + 1, names) ||
		    (!json_is(j, method, "elicitation/create") &&
		     !json_is(j, method, "sampling/createMessage") &&
		     !json_is(j, method, "roots/list")))
			return true;
	}
	*ret_words = NULL;
	return true;
}

/* --- tasks ----------------------------------------------------------------------------- */

uint32_t shape_task(const struct json *j, uint32_t result, uint32_t *ret_task)
{
	uint32_t id;

	/* The extension puts the task into the result, 2025-11-25 into a member of it. */
	*ret_task = json_is(j, json_member(j, result, "resultType"), "task") ?
			    result : json_member(j, result, "task");
	id = json_member(j, *ret_task, "taskId");
	return id != JSON_NONE && j->nodes[id].type == JSON_TAPE_STRING ? id : JSON_NONE;
}

bool shape_task_is_over(const struct json *j, uint32_t task)
{
	uint32_t status = json_member(j, task, "status");

	return json_is(j, status, "completed") || json_is(j, status, "failed") ||
	       json_is(j, status, "cancelled");
}

uint64_t shape_task_ttl(const struct json *j, uint32_t task)
{
	uint32_t node = json_member(j, task, "ttlMs");
	uint64_t ttl = 0;
	struct rpc_id number;

	if (node == JSON_NONE)
		node = json_member(j, task, "ttl");
	number = rpc_id(j, node);
	/* At most 2^53 - 1: it fits. */
	if (!number.text || number.is_string || number.text[0] == '-')
		return UINT64_MAX;
	for (size_t i = 0; i < number.len; i++)
		ttl = ttl * 10 + (uint64_t)(number.text[i] - '0');
	return ttl;
}
