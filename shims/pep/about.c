/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "shims/pep/about.h"
#include "shims/pep/json.h"
#include "shims/pep/rpc.h"

static const char tasks_extension[] = "io.modelcontextprotocol/tasks";

static const struct {
	const char *method;
	enum session_about about;
} methods[] = {
	{ "initialize", SESSION_INITIALIZE },
	{ "server/discover", SESSION_DISCOVER },
	{ "tools/list", SESSION_TOOLS_LIST },
	{ "tools/call", SESSION_TOOLS_CALL },
	{ "prompts/list", SESSION_PROMPTS_LIST },
	{ "prompts/get", SESSION_PROMPTS_GET },
	{ "resources/list", SESSION_RESOURCES_LIST },
	{ "resources/templates/list", SESSION_TEMPLATES_LIST },
	{ "resources/read", SESSION_RESOURCES_READ },
	{ "completion/complete", SESSION_COMPLETE },
	{ "subscriptions/listen", SESSION_LISTEN },
	{ "tasks/get", SESSION_TASK_STATE },
	{ "tasks/cancel", SESSION_TASK_STATE },
	{ "tasks/update", SESSION_TASK_STATE },
	{ "tasks/result", SESSION_TASK_RESULT },
	{ "roots/list", SESSION_ROOTS_LIST },
	{ "ping", SESSION_PLAIN },
	{ "logging/setLevel", SESSION_PLAIN },
	{ "resources/subscribe", SESSION_PLAIN },
	{ "resources/unsubscribe", SESSION_PLAIN },
	{ "tasks/list", SESSION_PLAIN },
	{ "elicitation/create", SESSION_PLAIN },
	{ "sampling/createMessage", SESSION_PLAIN },
};

static enum session_about about(const struct json *j, uint32_t method)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		if (json_is(j, method, methods[i].method))
			return methods[i].about;
	return SESSION_OTHER;
}

static bool has_tasks(const struct json *j, uint32_t capabilities)
{
	return json_member(j, json_member(j, capabilities, "extensions"), tasks_extension) !=
	       JSON_NONE;
}

/* It asks for a task (2025-11-25), or says that it takes one (the extension).  A greeting
 * is none. */
static bool may_be_task(const struct json *j, const struct rpc *m, const struct session *s)
{
	enum session_about what = about(j, m->method);

	if (what == SESSION_INITIALIZE || what == SESSION_DISCOVER)
		return false;
	if (m->is_modern)
		return has_tasks(j, json_member(j, m->meta,
						"io.modelcontextprotocol/clientCapabilities"));
	return s->takes_tasks || json_member(j, m->params, "task") != JSON_NONE;
}

static const char *read_task(const struct json *j, const struct rpc *m, const struct session *s,
			     enum vocabulary_from from, struct session_request *ret)
{
	uint32_t node = json_member(j, m->params, "taskId");
	struct rpc_id id = rpc_id(j, node);
	struct session_task task;

	if (!id.text || !id.is_string)
		return "a task without its id";
	ret->task_slot = session_find_task(s, from, &id, &task);
	if (ret->task_slot < 0)
		return "a task that does not exist";
	ret->task = task.about;
	ret->task_serial = task.serial;
	ret->ticket = task.ticket;
	return NULL;
}

const char *about_read(const struct json *j, const struct rpc *m, const struct session *s,
		       enum vocabulary_from from, struct session_request *ret,
		       struct rpc_id *ret_token)
{
	uint32_t token = json_member(j, m->meta, "progressToken");

	*ret = (struct session_request){
		.about = about(j, m->method),
		.task_slot = -1,
		.is_modern = m->is_modern,
		.may_be_task = may_be_task(j, m, s),
		.wants_log = m->is_modern && json_member(j, m->meta,
							 "io.modelcontextprotocol/logLevel") != JSON_NONE,
	};
	*ret_token = rpc_id(j, token);
	if (token != JSON_NONE && !ret_token->text)
		return "a progress token that is neither an integer nor a short string";
	if (ret->about == SESSION_TASK_STATE || ret->about == SESSION_TASK_RESULT)
		return read_task(j, m, s, from, ret);
	return NULL;
}

bool about_needs_session(const struct json *j, const struct rpc *m)
{
	return !m->is_modern && !json_is(j, m->method, "initialize") &&
	       !json_is(j, m->method, "ping") && !json_is(j, m->method, "server/discover");
}

bool about_takes_tasks(const struct json *j, const struct rpc *m)
{
	return has_tasks(j, json_member(j, m->params, "capabilities"));
}
