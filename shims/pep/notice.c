/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <string.h>

#include "shims/pep/json.h"
#include "shims/pep/notice.h"
#include "shims/pep/rpc.h"
#include "shims/pep/shape.h"

static enum vocabulary_from other(enum vocabulary_from from)
{
	return from == FROM_CLIENT ? FROM_SERVER : FROM_CLIENT;
}

/* Each side gives up what it asked; the server also ends a subscription. */
static const char *cancelled(const struct json *j, const struct rpc *m, const struct session *s,
			     enum vocabulary_from from, struct notice *ret)
{
	ret->cancels = rpc_id(j, json_member(j, m->params, "requestId"));
	if (ret->cancels.text && (session_may_cancel(s, from, &ret->cancels) ||
				  (from == FROM_SERVER && session_listens(s, &ret->cancels))))
		return NULL;
	return "cancels no open request";
}

static const char *progress(const struct json *j, const struct rpc *m, const struct session *s,
			    enum vocabulary_from from)
{
	struct rpc_id token = rpc_id(j, json_member(j, m->params, "progressToken"));

	return session_has_token(s, other(from), &token) ? NULL : "progress of no open request";
}

static const char *task(const struct json *j, const struct rpc *m, const struct session *s,
			enum vocabulary_from from, struct notice *ret)
{
	struct rpc_id id = rpc_id(j, json_member(j, m->params, "taskId"));

	ret->task_slot = id.is_string ? session_find_task(s, other(from), &id, &ret->task) : -1;
	if (ret->task_slot < 0)
		return "the state of no known task";
	ret->task_is_over = shape_task_is_over(j, m->params);
	return NULL;
}

/* What a server tells unasked: in a subscription of the modern era, or in a session. */
static const char *unasked(const struct json *j, const struct rpc *m, const struct session *s)
{
	uint32_t tag = json_member(j, m->meta, "io.modelcontextprotocol/subscriptionId");
	struct rpc_id id = rpc_id(j, tag);

	if (tag != JSON_NONE)
		return session_listens(s, &id) ? NULL : "belongs to no open subscription";
	return s->state != SESSION_FRESH ? NULL : "belongs to no session and no subscription";
}

const char *notice_check(const struct json *j, const struct rpc *m, const struct session *s,
			 enum vocabulary_from from, struct notice *ret)
{
	*ret = (struct notice){ .task_slot = -1 };
	if (json_is(j, m->method, "notifications/cancelled"))
		return cancelled(j, m, s, from, ret);
	if (json_is(j, m->method, "notifications/progress"))
		return progress(j, m, s, from);
	if (json_is(j, m->method, "notifications/tasks") ||
	    json_is(j, m->method, "notifications/tasks/status"))
		return task(j, m, s, from, ret);
	if (from == FROM_CLIENT)
		return s->state != SESSION_FRESH ? NULL : "belongs to no session";
	if (json_is(j, m->method, "notifications/message") && session_logs(s))
		return NULL;
	return unasked(j, m, s);
}

void notice_passed(struct session *s, enum vocabulary_from from, const struct notice *n)
{
	struct session_request ignored;

	if (n->task_is_over)
		session_end_task(s, other(from), n->task_slot, n->task.serial);
	if (!n->cancels.text)
		return;
	if (session_may_cancel(s, from, &n->cancels))
		session_cancel(s, from, &n->cancels);
	else /* the server ended the client's subscription */
		session_take(s, FROM_CLIENT, &n->cancels, &ignored, NULL);
}
