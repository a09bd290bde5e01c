/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "policies/policy.h"
#include "shims/pep/elicit.h"
#include "shims/pep/json.h"
#include "shims/pep/outlet.h"
#include "shims/pep/reply.h"
#include "shims/pep/response.h"
#include "shims/pep/rpc.h"
#include "shims/pep/shape.h"

/* NULL, or why this result must not pass as the answer to a request about that. */
static const char *judge_result(struct gate *g, uint32_t result, enum session_about about,
				struct rewrite *rw)
{
	const char *why = shape_result(&g->json, result, about);
	const struct rules_refusal *refused;

	if (why)
		return why;
	refused = rules_result(&g->rules, &g->json, result, about);
	if (refused) {
		g->words = refused->words;
		return refused->why;
	}
	*rw = outlet_rewrite(g);
	return NULL;
}

static const char *judge_asking(struct gate *g, uint32_t object)
{
	const struct rules_refusal *refused;
	const char *why;

	if (!shape_asks(&g->json, object, &why))
		return NULL;
	refused = why ? NULL : rules_asks(&g->rules, &g->json, object);
	return refused ? refused->why : why;
}

static const char *judge_error(struct gate *g, uint32_t error, bool is_modern)
{
	struct rpc_id code = rpc_id(&g->json, json_member(&g->json, error, "code"));
	const char *why = shape_error(&g->json, error);

	if (why || code.len != 6 || memcmp(code.text, "-32042", 6) != 0)
		return why;
	/* 2025-11-25 asks for a visit to a page in an error; 2026-07-28 forbids it. */
	if (is_modern)
		why = "an error that the request's era does not have";
	else if (policy_decide_request(g->policy, "elicitation/create", 18) != POLICY_REQUESTS_PASS)
		why = "server request";
	return why;
}

const char *response_state(struct gate *g, uint32_t state, enum session_about about,
			   bool is_modern, struct rewrite *rw)
{
	uint32_t result = json_member(&g->json, state, "result");
	uint32_t error = json_member(&g->json, state, "error");
	const char *why = judge_asking(g, state);

	/* How the request that it does failed, as in the answer to that. */
	if (!why && error != JSON_NONE && g->json.nodes[error].type == JSON_TAPE_OBJECT)
		why = judge_error(g, error, is_modern);
	if (why || result == JSON_NONE)
		return why;
	if (g->json.nodes[result].type != JSON_TAPE_OBJECT)
		return "the result of a task is not an object";
	return judge_result(g, result, about, rw);
}

/* What stands in place of an answer brings none along: it would be judged as neither. */
static const char *judge_placeholder(struct gate *g, uint32_t result, struct rewrite *rw)
{
	if (shape_has_answer(&g->json, result))
		return "an answer beside what stands in its place";
	return judge_result(g, result, SESSION_OTHER, rw);
}

/* The answer is a handle: from now on it stands for what was asked. */
static const char *start_task(struct gate *g, enum vocabulary_from asker, uint32_t node,
			      uint32_t task, const struct session_request *asked, int *token)
{
	struct rpc_id id = rpc_id(&g->json, node);
	int held = *token, r;

	if (!asked->may_be_task)
		return "a task that nobody asked for";
	if (!id.text)
		return "a task whose id is too long";
	*token = -1;
	r = session_start_task(&g->session, asker, &id, asked, held,
			       shape_task_ttl(&g->json, task), g->now);
	return r == -EEXIST ? "a task by the id of another" : r < 0 ? "too many tasks" : NULL;
}

/* The answer to tasks/get and the like. */
static const char *judge_task(struct gate *g, enum vocabulary_from asker, uint32_t result,
			      const struct session_request *asked, struct rewrite *rw)
{
	struct rpc_id id = rpc_id(&g->json, json_member(&g->json, result, "taskId"));
	const char *why = shape_result(&g->json, result, asked->about);
	struct session_task task;
	int slot = id.text ? session_find_task(&g->session, asker, &id, &task) : -1;

	if (!why && id.text && (slot != asked->task_slot || task.serial != asked->task_serial))
		why = "the state of another task";
	if (!why)
		why = judge_result(g, result, SESSION_OTHER, rw);
	if (!why)
		why = response_state(g, result, asked->task, asked->is_modern, rw);
	if (!why && shape_task_is_over(&g->json, result))
		session_end_task(&g->session, asker, asked->task_slot, asked->task_serial);
	return why;
}

/* The server's answer to initialize decides the revision: one that we know. */
static const char *judge_hello(struct gate *g, uint32_t result)
{
	struct rpc_id version = rpc_id(&g->json, json_member(&g->json, result, "protocolVersion"));

	if (!version.text || !vocabulary_has_revision(false, version.text, version.len))
		return "the server chose a protocol version that is not known";
	elicit_agreed(g, &version);
	return NULL;
}

/* NULL, or why this result must not pass as the answer to that request. */
static const char *judge_answer(struct gate *g, enum vocabulary_from asker, const struct rpc *m,
				const struct session_request *asked, int *token,
				struct rewrite *rw)
{
	uint32_t task, handle = shape_task(&g->json, m->result, &task);
	const char *why = shape_type(&g->json, m->result, asked);

	if (why)
		return why;
	if (asked->about == SESSION_TASK_STATE)
		return judge_task(g, asker, m->result, asked, rw);
	if (asked->about == SESSION_TASK_RESULT) {
		session_end_task(&g->session, asker, asked->task_slot, asked->task_serial);
		return judge_result(g, m->result, asked->task, rw);
	}
	/* A task may ask with its first breath, in itself or around it. */
	why = judge_asking(g, m->result);
	if (!why && handle != JSON_NONE && task != m->result)
		why = judge_asking(g, task);
	if (why)
		return why;
	/* Only the modern era has it, and there it stands in place of the answer. */
	if (handle != JSON_NONE ||
	    (asked->is_modern && json_is(&g->json, json_member(&g->json, m->result, "resultType"),
					 "input_required"))) {
		why = judge_placeholder(g, m->result, rw);
		return why || handle == JSON_NONE ?
			       why : start_task(g, asker, handle, task, asked, token);
	}
	why = judge_result(g, m->result, asked->about, rw);
	return why || asked->about != SESSION_INITIALIZE ? why : judge_hello(g, m->result);
}

static enum gate_outcome withhold(struct gate *g, enum vocabulary_from from, const struct rpc *m,
				  const struct session_request *asked, const struct rewrite *rw,
				  const char *why)
{
	struct rpc_id id = rpc_id(&g->json, m->id);
	bool is_call = asked->about == SESSION_TOOLS_CALL ||
		       (asked->about == SESSION_TASK_RESULT && asked->task == SESSION_TOOLS_CALL);

	outlet_note(g, "block", from, m, why, rw);
	if (is_call && from == FROM_SERVER)
		reply_tool_error(g->out[from], &id, g->words ? g->words :
				 "The result of this tool call was withheld by policy; trying again "
				 "will not help.", asked->is_modern);
	else
		reply_error(g->out[from], &id, CODE_REFUSED,
			    g->words ? g->words : "the answer was withheld");
	return GATE_REFUSED;
}

enum gate_outcome response_judge(struct gate *g, enum vocabulary_from from, const struct rpc *m,
				 const char **ret_why)
{
	enum vocabulary_from asker = outlet_other(from);
	struct rpc_id id = rpc_id(&g->json, m->id);
	struct session_request asked;
	struct rewrite rw = {0};
	int token, r;

	g->words = NULL;
	if (from == FROM_CLIENT && elicit_reply(g, m)) {
		*ret_why = "it answers a question of ours";
		return GATE_DROPPED;
	}
	if (!session_take(&g->session, asker, &id, &asked, &token)) {
		session_answer_late(&g->session, asker, &id);
		*ret_why = "an answer to no open request";
		outlet_note(g, "drop", from, m, *ret_why, NULL);
		return GATE_DROPPED;
	}
	*ret_why = m->kind == RPC_RESULT ? judge_answer(g, asker, m, &asked, &token, &rw) :
					   judge_error(g, m->error, asked.is_modern);
	if (!*ret_why && asker == FROM_CLIENT && g->rates) {
		g->words = rates_result(g->rates, &asked.ticket, rules_measure(&g->json, 0));
		*ret_why = g->words ? "rate" : NULL;
	}
	if (!*ret_why && asker == FROM_SERVER && g->rates)
		rates_answered(g->rates, &asked.ticket, rules_measure(&g->json, 0));
	session_free_token(&g->session, asker, token);
	r = *ret_why ? -EPERM : outlet_pass(g, from, m, &rw);
	/* Without its answer there is no session. */
	if (asked.about == SESSION_INITIALIZE && r == 0 && m->kind == RPC_RESULT)
		g->session.state = SESSION_OPEN;
	else if (asked.about == SESSION_INITIALIZE && g->session.state == SESSION_ASKED)
		g->session.state = SESSION_FRESH;
	if (asker == FROM_CLIENT && asked.about == SESSION_TOOLS_CALL && outlet_records_calls(g))
		outlet_answered(g, m, asked.asked_at);
	if (r == 0)
		return outlet_passed(g, from, m, &rw, ret_why);
	if (!*ret_why)
		*ret_why = outlet_words(g, r);
	return withhold(g, from, m, &asked, &rw, *ret_why);
}

