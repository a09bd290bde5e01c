/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/audit.h"
#include "policies/policy.h"
#include "shims/pep/gate.h"
#include "shims/pep/hold.h"
#include "shims/pep/reply.h"
#include "shims/pep/rewrite.h"
#include "shims/pep/rpc.h"
#include "shims/pep/sink.h"

/* JSON-RPC 2.0, section 5.1; the last is ours, outside what the protocol reserves. */
enum {
	CODE_PARSE = -32700,
	CODE_INVALID = -32600,
	CODE_NO_METHOD = -32601,
	CODE_REFUSED = 1403,
};

static enum vocabulary_from other(enum vocabulary_from from)
{
	return from == FROM_CLIENT ? FROM_SERVER : FROM_CLIENT;
}

static void text_of(const struct gate *g, uint32_t node, const char **ret, size_t *ret_len)
{
	*ret = "";
	*ret_len = 0;
	if (node != JSON_NONE)
		*ret = json_text(&g->json, node, ret_len);
}

static uint32_t tool_name(const struct gate *g, const struct rpc *m)
{
	uint32_t name = json_member(&g->json, m->params, "name");

	return name != JSON_NONE && g->json.nodes[name].type == JSON_TAPE_STRING ? name :
										   JSON_NONE;
}

static void note(struct gate *g, const char *event, enum vocabulary_from from,
		 const struct rpc *m, const char *why, const struct rewrite *rw)
{
	struct audit_line l;
	const char *text;
	size_t len;

	audit_begin(&l, g->audit, event);
	audit_string(&l, "from", from == FROM_CLIENT ? "client" : "server");
	if (m && m->kind != RPC_INVALID && m->method != JSON_NONE) {
		text_of(g, m->method, &text, &len);
		audit_text(&l, "method", text, len);
		if (json_is(&g->json, m->method, "tools/call")) {
			text_of(g, tool_name(g, m), &text, &len);
			audit_text(&l, "tool", text, len);
		}
	}
	if (why)
		audit_string(&l, "why", why);
	if (rw && rw->redacted) {
		audit_string(&l, "class", rw->class);
		audit_int(&l, "count", (int64_t)rw->redacted);
	}
	if (rw && rw->hidden)
		audit_int(&l, "hidden", (int64_t)rw->hidden);
	audit_end(&l);
}

/* --- answers of our own -------------------------------------------------------------------- */

static struct reply_id id_of(const struct gate *g, uint32_t id)
{
	struct reply_id r = {0};

	if (id == JSON_NONE)
		return r;
	r.text = json_text(&g->json, id, &r.len);
	r.is_string = g->json.nodes[id].type == JSON_TAPE_STRING;
	return r;
}

/* Refuse what `from` sent; a request is answered to it. */
static enum gate_outcome refuse(struct gate *g, enum vocabulary_from from, const struct rpc *m,
				int code, const char *words, const char *why)
{
	struct reply_id id = id_of(g, m->id);
	bool is_response = m->kind == RPC_RESULT || m->kind == RPC_ERROR;

	note(g, m->kind == RPC_REQUEST ? "deny" : "drop", from, m, why, NULL);
	/* Answers go to who asks: never to a response, and to a notification only when it
	 * is the client's own malformed message. */
	if (is_response || m->kind == RPC_NOTIFICATION)
		return GATE_DROPPED;
	if (from == FROM_SERVER && m->kind != RPC_REQUEST)
		return GATE_DROPPED;
	reply_error(g->out[other(from)], &id, code, words);
	return GATE_REFUSED;
}

static enum gate_outcome refuse_call(struct gate *g, const struct rpc *m, const char *words,
				     const char *why)
{
	struct reply_id id = id_of(g, m->id);

	note(g, "deny", FROM_CLIENT, m, why, NULL);
	reply_tool_error(g->out[FROM_SERVER], &id, words, m->is_modern);
	return GATE_REFUSED;
}

/* --- passing on -------------------------------------------------------------------------------- */

/* Return: 0 passed, or -EPERM, -ENOBUFS and nothing was written. */
static int pass(struct gate *g, enum vocabulary_from from, struct rewrite *rw)
{
	struct sink *out = g->out[from];
	/* What is kept for answers of our own is not a message's to take. */
	size_t room = out->size - LIMIT_REPLIES;
	char *at = sink_reserve(out, 1);
	long len;

	rw->json = &g->json;
	rw->scan = g->scan;
	if (!at || out->tail >= room)
		return -ENOBUFS;
	len = rewrite_message(rw, at, room - out->tail);
	if (len < 0)
		return (int)len;
	if (out->fd >= 0)
		out->tail += (size_t)len;
	return 0;
}

static enum gate_outcome passed(struct gate *g, enum vocabulary_from from, const struct rpc *m,
				const struct rewrite *rw, const char **ret_why)
{
	if (!rw->redacted && !rw->hidden)
		return GATE_PASSED;
	*ret_why = rw->redacted ? "secrets redacted" : "tools hidden";
	note(g, rw->redacted ? "redact" : "hide", from, m, NULL, rw);
	return GATE_REDACTED;
}

/* --- requests ------------------------------------------------------------------------------------ */

static enum session_about about(const struct gate *g, const struct rpc *m)
{
	if (json_is(&g->json, m->method, "tools/list"))
		return SESSION_TOOLS_LIST;
	if (json_is(&g->json, m->method, "tools/call"))
		return SESSION_TOOLS_CALL;
	return SESSION_OTHER;
}

/* NULL when it may pass; else why not, and *ret_code with the words for the sender. */
static const char *judge_method(struct gate *g, enum vocabulary_from from, const struct rpc *m,
				int *ret_code, const char **ret_words)
{
	bool is_request = m->kind == RPC_REQUEST;
	const char *name;
	size_t len;

	text_of(g, m->method, &name, &len);
	*ret_code = CODE_NO_METHOD;
	*ret_words = "method not found";
	if (!vocabulary_has(from, is_request, name, len)) {
		if (vocabulary_has(from, !is_request, name, len)) {
			*ret_code = CODE_INVALID;
			*ret_words = is_request ? "a notification with an id" : "a request without an id";
			return *ret_words;
		}
		if (policy_decide_method(g->policy, name, len) != POLICY_ALLOW)
			return "unknown method";
	}
	if (from == FROM_SERVER && is_request && !json_is(&g->json, m->method, "ping") &&
	    policy_decide_server_request(g->policy) != POLICY_ALLOW) {
		*ret_code = CODE_REFUSED;
		*ret_words = "requests of the server are refused by policy";
		return "server request";
	}
	return NULL;
}

/* NULL, or why the call must not pass. */
static const char *judge_call(struct gate *g, const struct rpc *m, bool *ret_approve)
{
	uint32_t name = tool_name(g, m), arguments = json_member(&g->json, m->params, "arguments");
	const char *text;
	size_t len;

	if (name == JSON_NONE)
		return "a call without the name of a tool";
	text_of(g, name, &text, &len);
	if (!len || len > LIMIT_TOOL || memchr(text, '\0', len))
		return "not the name of a tool";
	if (arguments != JSON_NONE && g->json.nodes[arguments].type != JSON_TAPE_OBJECT)
		return "arguments that are not an object";
	switch (policy_decide_tool(g->policy, text, len)) {
	case POLICY_ALLOW:
		return NULL;
	case POLICY_APPROVE:
		*ret_approve = true;
		return NULL;
	case POLICY_DENY:
		break;
	}
	return "tool";
}

/* A call that somebody else decides about: NULL when it may pass now; else *ret is what became of it. */
static const char *judge_approval(struct gate *g, const struct rpc *m, bool wants_person,
				  enum gate_outcome *ret)
{
	const char *words, *why;

	*ret = GATE_HELD;
	if (g->released)
		return NULL;
	if (g->explains)
		return wants_person ? "held until a person approves it" :
				      "held until the PDP permits it";
	switch (hold_call(g, m, wants_person, &words, &why)) {
	case ASK_PASS:
		return NULL;
	case ASK_HELD:
		return why;
	case ASK_REFUSED:
		break;
	}
	*ret = refuse_call(g, m, words, why);
	return why;
}

/* Is a request with that id open?  Then another one would get its answer. */
static bool is_open(struct gate *g, const struct reply_id *id)
{
	struct session_request undone;
	int r = session_add(&g->asked[FROM_CLIENT], id->text, id->len, id->is_string,
			    SESSION_OTHER, false);

	if (r == 0)
		session_take(&g->asked[FROM_CLIENT], id->text, id->len, id->is_string, &undone);
	return r == -EEXIST;
}

static enum gate_outcome request(struct gate *g, enum vocabulary_from from, const struct rpc *m,
				 const char **ret_why)
{
	enum session_about what = from == FROM_CLIENT ? about(g, m) : SESSION_OTHER;
	struct reply_id id = id_of(g, m->id);
	struct session_request undone;
	struct rewrite rw = { .tools = JSON_NONE };
	enum gate_outcome outcome;
	bool needs_approval = false;
	const char *words;
	int code, r;

	*ret_why = judge_method(g, from, m, &code, &words);
	if (*ret_why)
		return refuse(g, from, m, code, words, *ret_why);
	if (from == FROM_CLIENT && !g->released && hold_has(g, m)) {
		*ret_why = "id in use";
		return refuse(g, from, m, CODE_INVALID, *ret_why, *ret_why);
	}
	if (what == SESSION_TOOLS_CALL) {
		*ret_why = judge_call(g, m, &needs_approval);
		if (*ret_why)
			return refuse_call(g, m, "This tool call is refused by policy; "
						 "trying again will not help.", *ret_why);
	}
	if ((needs_approval || (what == SESSION_TOOLS_CALL && policy_wants_pdp(g->policy))) &&
	    !is_open(g, &id)) {
		*ret_why = judge_approval(g, m, needs_approval, &outcome);
		if (*ret_why)
			return outcome;
	}
	r = session_add(&g->asked[from], id.text, id.len, id.is_string, what, m->is_modern);
	if (r < 0) {
		*ret_why = r == -EEXIST ? "id in use" : "too many open requests";
		/* An answer would look like the answer to the request that holds the id. */
		if (r == -EEXIST && from == FROM_SERVER) {
			note(g, "drop", from, m, *ret_why, NULL);
			return GATE_DROPPED;
		}
		return refuse(g, from, m, CODE_INVALID, *ret_why, *ret_why);
	}
	r = pass(g, from, &rw);
	if (r == 0)
		return passed(g, from, m, &rw, ret_why);
	session_take(&g->asked[from], id.text, id.len, id.is_string, &undone);
	*ret_why = r == -EPERM ? "a secret where none can be replaced" : "too large";
	if (what == SESSION_TOOLS_CALL)
		return refuse_call(g, m, "This tool call holds a secret where none may be; "
					 "trying again will not help.", *ret_why);
	return refuse(g, from, m, CODE_REFUSED, *ret_why, *ret_why);
}

static enum gate_outcome notification(struct gate *g, enum vocabulary_from from,
				      const struct rpc *m, const char **ret_why)
{
	uint32_t id = json_member(&g->json, m->params, "requestId");
	struct rewrite rw = { .tools = JSON_NONE };
	struct session_request ignored;
	const char *words;
	int code, r;

	*ret_why = judge_method(g, from, m, &code, &words);
	if (*ret_why)
		return refuse(g, from, m, code, words, *ret_why);
	/* The server has not seen a held call, and hears nothing of its end. */
	if (from == FROM_CLIENT && json_is(&g->json, m->method, "notifications/cancelled") &&
	    hold_cancel(g, m)) {
		*ret_why = "it ends a held call";
		return GATE_DROPPED;
	}
	r = pass(g, from, &rw);
	if (r < 0) {
		*ret_why = r == -EPERM ? "a secret where none can be replaced" : "too large";
		return refuse(g, from, m, CODE_REFUSED, *ret_why, *ret_why);
	}
	/* A cancelled request is answered by nobody (MCP, cancellation); a late answer is
	 * then one to no request, and is dropped. */
	if (json_is(&g->json, m->method, "notifications/cancelled") && id != JSON_NONE) {
		struct reply_id rid = id_of(g, id);

		session_take(&g->asked[from], rid.text, rid.len, rid.is_string, &ignored);
	}
	return passed(g, from, m, &rw, ret_why);
}

/* --- responses ------------------------------------------------------------------------------------ */

/* NULL, or why this result must not pass as the answer to that request. */
static const char *judge_result(struct gate *g, const struct rpc *m,
				const struct session_request *asked, struct rewrite *rw)
{
	uint32_t type = json_member(&g->json, m->result, "resultType");

	if (json_is(&g->json, type, "input_required") &&
	    policy_decide_server_request(g->policy) != POLICY_ALLOW)
		return "server request";
	if (asked->about != SESSION_TOOLS_LIST)
		return NULL;
	rw->tools = json_member(&g->json, m->result, "tools");
	rw->filter = g->policy;
	if (rw->tools == JSON_NONE || g->json.nodes[rw->tools].type != JSON_TAPE_ARRAY)
		return "a list of tools without tools";
	return NULL;
}

static enum gate_outcome response(struct gate *g, enum vocabulary_from from,
				  const struct rpc *m, const char **ret_why)
{
	struct reply_id id = id_of(g, m->id);
	struct rewrite rw = { .tools = JSON_NONE };
	struct session_request asked;
	int r;

	if (!session_take(&g->asked[other(from)], id.text, id.len, id.is_string, &asked)) {
		*ret_why = "an answer to no open request";
		note(g, "drop", from, m, *ret_why, NULL);
		return GATE_DROPPED;
	}
	*ret_why = m->kind == RPC_RESULT ? judge_result(g, m, &asked, &rw) : NULL;
	r = *ret_why ? -EPERM : pass(g, from, &rw);
	if (r == 0)
		return passed(g, from, m, &rw, ret_why);
	if (!*ret_why)
		*ret_why = r == -EPERM ? "a secret where none can be replaced" : "too large";
	note(g, "block", from, m, *ret_why, &rw);
	if (asked.about == SESSION_TOOLS_CALL)
		reply_tool_error(g->out[from], &id,
				 "The result of this tool call was withheld by policy; trying again "
				 "will not help.", asked.is_modern);
	else
		reply_error(g->out[from], &id, CODE_REFUSED, "the answer was withheld by policy");
	return GATE_REFUSED;
}

/* --- entry ------------------------------------------------------------------------------------------ */

/* A response too broken to pass, to a request that is open: its asker must not wait. */
static void answer_instead(struct gate *g, enum vocabulary_from from, const struct rpc *m)
{
	struct reply_id id = id_of(g, m->id);
	struct session_request asked;

	if (m->id == JSON_NONE || m->method != JSON_NONE ||
	    !session_take(&g->asked[other(from)], id.text, id.len, id.is_string, &asked))
		return;
	reply_error(g->out[from], &id, CODE_REFUSED, "the answer was malformed and was withheld");
}

static enum gate_outcome invalid(struct gate *g, enum vocabulary_from from, const struct rpc *m,
				 int code, const char *words)
{
	struct reply_id id = id_of(g, m->id);

	note(g, "drop", from, m, words, NULL);
	if (m->result != JSON_NONE || m->error != JSON_NONE) {
		answer_instead(g, from, m);
		return GATE_DROPPED;
	}
	if (from == FROM_SERVER)
		return GATE_DROPPED;
	reply_error(g->out[FROM_SERVER], &id, code, words);
	return GATE_REFUSED;
}

enum gate_outcome gate_line(struct gate *g, enum vocabulary_from from, const char *line,
			    size_t len, const char **ret_why)
{
	struct rpc m = { .id = JSON_NONE, .method = JSON_NONE, .params = JSON_NONE,
			 .result = JSON_NONE, .error = JSON_NONE };

	*ret_why = NULL;
	if (json_parse(&g->json, line, len) < 0) {
		*ret_why = g->json.error;
		return invalid(g, from, &m, CODE_PARSE, *ret_why);
	}
	rpc_read(&g->json, &m);
	switch (m.kind) {
	case RPC_REQUEST:
		return request(g, from, &m, ret_why);
	case RPC_NOTIFICATION:
		return notification(g, from, &m, ret_why);
	case RPC_RESULT:
	case RPC_ERROR:
		return response(g, from, &m, ret_why);
	case RPC_INVALID:
		break;
	}
	*ret_why = m.words;
	return invalid(g, from, &m, CODE_INVALID, m.words);
}

void gate_overlong(struct gate *g, enum vocabulary_from from)
{
	struct rpc m = { .id = JSON_NONE, .method = JSON_NONE, .params = JSON_NONE,
			 .result = JSON_NONE, .error = JSON_NONE };

	invalid(g, from, &m, CODE_INVALID, "the message is too long");
}

void gate_server_ended(struct gate *g)
{
	struct session_table *t = &g->asked[FROM_CLIENT];

	hold_end(g, HOLD_SERVER_ENDED);
	for (size_t i = 0; i < t->n; i++) {
		struct reply_id id = { t->v[i].id, t->v[i].len, t->v[i].is_string };

		reply_error(g->out[FROM_SERVER], &id, CODE_REFUSED, "the server ended");
	}
	t->n = 0;
}

bool gate_owes(const struct gate *g)
{
	return g->asked[FROM_CLIENT].n > 0 || (g->ask && ask_waiting(g->ask) > 0);
}
