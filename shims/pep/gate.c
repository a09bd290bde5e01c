/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/audit.h"
#include "policies/policy.h"
#include "shims/pep/about.h"
#include "shims/pep/answer.h"
#include "shims/pep/elicit.h"
#include "shims/pep/gate.h"
#include "shims/pep/hold.h"
#include "shims/pep/notice.h"
#include "shims/pep/peek.h"
#include "shims/pep/reply.h"
#include "shims/pep/rewrite.h"
#include "shims/pep/rpc.h"
#include "shims/pep/shape.h"
#include "shims/pep/sink.h"
#include "shims/pep/unread.h"

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

static void tell_omitted(struct gate *g, enum vocabulary_from from, bool is_drop)
{
	struct gate_noted *n = &g->noted[from][!is_drop];
	struct audit_line l;

	if (!n->omitted)
		return;
	audit_begin(&l, g->audit, "omitted");
	audit_string(&l, "from", from == FROM_CLIENT ? "client" : "server");
	audit_string(&l, "what", is_drop ? "drop" : "other");
	audit_int(&l, "count", (int64_t)n->omitted);
	audit_end(&l);
	n->omitted = 0;
}

/* Once it is spent, half of it is saved up before the next line: one line then tells of
 * many that were left out. */
static bool may_note(struct gate *g, enum vocabulary_from from, bool is_drop)
{
	struct gate_noted *n = &g->noted[from][!is_drop];
	uint64_t since = g->now > n->filled ? g->now - n->filled : 0;
	uint64_t saved = since > 3600000 ? UINT32_MAX : since * LIMIT_NOTED_RATE;

	n->filled = g->now;
	n->spent -= saved < n->spent ? saved : n->spent;
	if (n->spent > (uint64_t)1000 * (LIMIT_NOTED_BURST - 1))
		n->is_over = true;
	else if (n->spent <= (uint64_t)500 * LIMIT_NOTED_BURST)
		n->is_over = false;
	if (n->is_over) {
		n->omitted++;
		return false;
	}
	tell_omitted(g, from, is_drop);
	n->spent += 1000;
	return true;
}

static void note(struct gate *g, const char *event, enum vocabulary_from from,
		 const struct rpc *m, const char *why, const struct rewrite *rw)
{
	struct audit_line l;
	const char *text;
	size_t len;

	if (!may_note(g, from, !strcmp(event, "drop")))
		return;
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
	if (g->exempt)
		audit_string(&l, "pointer", g->exempt->pointer);
	if (rw && rw->redacted) {
		audit_string(&l, "class", rw->class);
		audit_int(&l, "count", (int64_t)rw->redacted);
	} else if (g->blamed && !rw) {
		audit_string(&l, "class", g->blamed);
	}
	if (rw && rw->hidden)
		audit_int(&l, "hidden", (int64_t)rw->hidden);
	audit_end(&l);
}

/* --- answers of our own -------------------------------------------------------------------- */

/* Refuse what `from` sent; a request is answered to it. */
static enum gate_outcome refuse(struct gate *g, enum vocabulary_from from, const struct rpc *m,
				int code, const char *words, const char *why)
{
	struct rpc_id id = rpc_id(&g->json, m->id);
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
	struct rpc_id id = rpc_id(&g->json, m->id);

	note(g, "deny", FROM_CLIENT, m, why, NULL);
	reply_tool_error(g->out[FROM_SERVER], &id, words, m->is_modern);
	return GATE_REFUSED;
}

/* --- passing on -------------------------------------------------------------------------------- */

static long write_message(struct gate *g, struct rewrite *rw, char *at, size_t size)
{
	struct findings *f = &g->findings;
	long len = rewrite_message(rw, at, size);

	/* Once more, now that it is known what each place of it holds. */
	if (len >= 0 && f->mirror && f->mirror->n) {
		f->is_mirrored = true;
		findings_begin(f);
		rw->next_hide = rw->hidden = 0;
		len = rewrite_message(rw, at, size);
		if (g->mirror.work > LIMIT_MIRROR_WORK)
			return -EPERM;
	}
	return len;
}

/* Return: 0 passed, or -EPERM, -ENOBUFS and nothing was written. */
static int pass(struct gate *g, enum vocabulary_from from, const struct rpc *m, struct rewrite *rw)
{
	struct sink *out = g->out[from];
	/* What is kept for answers of our own is not a message's to take. */
	size_t room = out->size - LIMIT_REPLIES;
	char *at;
	long len;

	sink_compact(out);
	at = sink_reserve(out, 1);
	rw->json = &g->json;
	rw->scan = g->scan;
	rw->findings = &g->findings;
	if (!at || out->tail >= room)
		return -ENOBUFS;
	gate_findings(g, from, m, g->released != NULL);
	len = write_message(g, rw, at, room - out->tail);
	if (len == -EPERM)
		g->blamed = rw->class;
	if (len < 0)
		return (int)len;
	if (out->fd >= 0)
		out->tail += (size_t)len;
	return 0;
}

/* Why it did not pass. */
static const char *stopped(const struct gate *g, int r)
{
	if (r != -EPERM)
		return "too large";
	if (g->findings.mirror && g->mirror.work > LIMIT_MIRROR_WORK)
		return "too many secrets in one result";
	return g->findings.is_blocked ? "a finding that the policy blocks" :
					"a secret where none can be replaced";
}

/* A line of the log about what passed although it was found, or was turned back. */
static void note_found(struct gate *g, const char *event, enum vocabulary_from from,
		       const struct rpc *m, const char *class, size_t count)
{
	const struct rewrite rw = { .class = class, .redacted = count };

	if (count)
		note(g, event, from, m, NULL, &rw);
}

/* One line for each exempt field that was used. */
static void note_exempt(struct gate *g, enum vocabulary_from from, const struct rpc *m)
{
	for (size_t i = 0; i < g->findings.n_exempt; i++) {
		const struct findings_exempt *e = &g->findings.exempt[i];

		g->exempt = e->by;
		note_found(g, "exempt", from, m, e->class, e->used);
		g->exempt = NULL;
	}
}

static enum gate_outcome passed(struct gate *g, enum vocabulary_from from, const struct rpc *m,
				const struct rewrite *rw, const char **ret_why)
{
	const struct findings *f = &g->findings;

	if (f->noted || f->exempted || f->restored) {
		note_found(g, "alert", from, m, f->noted_class, f->noted);
		note_exempt(g, from, m);
		note_found(g, "restore", from, m, "pseudonym", f->restored);
		*ret_why = f->restored ? "pseudonyms turned back" :
			   f->noted    ? "found and noted" :
					 "found in an exempt field";
	}
	if (!rw->redacted && !rw->hidden)
		return f->restored ? GATE_REDACTED : GATE_PASSED;
	*ret_why = rw->redacted ? "secrets redacted" : "entries hidden";
	note(g, rw->redacted ? "redact" : "hide", from, m, NULL, rw);
	return GATE_REDACTED;
}

/* --- requests ------------------------------------------------------------------------------------ */

/* A request of the server's that we answer in the client's place. */
static bool is_ours_to_answer(const struct gate *g, enum vocabulary_from from,
			      const struct rpc *m)
{
	const char *name;
	size_t len;

	text_of(g, m->method, &name, &len);
	return from == FROM_SERVER && answer_knows(name, len) &&
	       policy_decide_request(g->policy, name, len) == POLICY_REQUESTS_ANSWER;
}

static enum gate_outcome answer(struct gate *g, const struct rpc *m, const char **ret_why)
{
	struct rpc_id id = rpc_id(&g->json, m->id);
	const char *name;
	size_t len;

	text_of(g, m->method, &name, &len);
	*ret_why = "answered by policy";
	note(g, "answer", FROM_SERVER, m, *ret_why, NULL);
	answer_put(g->out[FROM_CLIENT], g->policy, &id, name, len);
	return GATE_REFUSED;
}

static enum gate_outcome refuse_by_rule(struct gate *g, enum vocabulary_from from,
					const struct rpc *m, const char *words, const char *why,
					const char **ret_why)
{
	*ret_why = why;
	if (json_is(&g->json, m->method, "tools/call"))
		return refuse_call(g, m, words, why);
	return refuse(g, from, m, CODE_REFUSED, words, why);
}

static struct rewrite rewrite_of(const struct gate *g)
{
	return (struct rewrite){ .hide = g->rules.hide, .n_hide = g->rules.n_hide };
}

/* Does it cost anything?  What a session needs to begin, and lists, do not. */
static bool is_counted(enum session_about about)
{
	return about == SESSION_TOOLS_CALL || about == SESSION_PROMPTS_GET ||
	       about == SESSION_RESOURCES_READ || about == SESSION_TASK_RESULT ||
	       about == SESSION_TASK_STATE;
}

/* NULL, or words for the client: a rate or a budget does not hold this request. */
static const char *count_request(struct gate *g, const struct rpc *m,
				 struct session_request *what)
{
	const char *tool = NULL;
	size_t len = 0;

	if (!g->rates || !is_counted(what->about))
		return NULL;
	if (what->about == SESSION_TOOLS_CALL)
		text_of(g, tool_name(g, m), &tool, &len);
	return rates_request(g->rates, tool, len,
			     rules_measure(&g->json, json_member(&g->json, m->params, "arguments")),
			     &what->ticket);
}

/* The era in which the method is looked up: of a request its own; a notification has
 * none of its own, and none but the modern ones make sense before a session. */
static enum vocabulary_era era_of(const struct gate *g, const struct rpc *m)
{
	if (m->kind == RPC_REQUEST)
		return m->is_modern ? VOCABULARY_MODERN : VOCABULARY_LEGACY;
	return g->session.state == SESSION_FRESH ? VOCABULARY_MODERN : VOCABULARY_ANY;
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
	if (!vocabulary_has(from, is_request, era_of(g, m), name, len)) {
		if (vocabulary_has(from, !is_request, VOCABULARY_ANY, name, len)) {
			*ret_code = CODE_INVALID;
			*ret_words = is_request ? "a notification with an id" : "a request without an id";
			return *ret_words;
		}
		if (policy_decide_method(g->policy, name, len) != POLICY_ALLOW)
			return "unknown method";
	}
	if (from == FROM_SERVER && is_request && !json_is(&g->json, m->method, "ping") &&
	    policy_decide_request(g->policy, name, len) != POLICY_REQUESTS_PASS &&
	    !is_ours_to_answer(g, from, m)) {
		*ret_code = CODE_REFUSED;
		*ret_words = "requests of the server are refused by policy";
		return "server request";
	}
	return NULL;
}

/* NULL, or why a request cannot be taken at this point of the session. */
static const char *judge_era(struct gate *g, enum vocabulary_from from, const struct rpc *m,
			     int *ret_code)
{
	bool is_fresh = g->session.state == SESSION_FRESH;

	*ret_code = CODE_PARAMS;
	if (m->era == RPC_ERA_BAD)
		return "the protocol version in _meta is missing or malformed";
	if (m->era == RPC_ERA_UNSUPPORTED)
		return "an unknown protocol version";
	*ret_code = CODE_INVALID;
	if (from == FROM_SERVER)
		return is_fresh || m->is_modern ? "a request of the server outside of a session" :
						  NULL;
	if (is_fresh && about_needs_session(&g->json, m))
		return "neither initialized nor with a protocol version of its own";
	return NULL;
}

/* Answer with the versions that we know; what was asked for only when it is harmless. */
static enum gate_outcome refuse_version(struct gate *g, const struct rpc *m, const char *why)
{
	static const char plain[] = "0123456789-.abcdefghijklmnopqrstuvwxyz";
	uint32_t version = json_member(&g->json, m->meta, "io.modelcontextprotocol/protocolVersion");
	struct rpc_id id = rpc_id(&g->json, m->id), text = rpc_id(&g->json, version);
	bool is_plain = text.is_string && text.len && text.len <= 16;

	for (size_t i = 0; is_plain && i < text.len; i++)
		is_plain = memchr(plain, text.text[i], sizeof(plain) - 1);
	note(g, "deny", FROM_CLIENT, m, why, NULL);
	reply_unsupported(g->out[FROM_SERVER], &id, is_plain ? text.text : NULL, text.len);
	return GATE_REFUSED;
}

/* A request with the id of an open one: that id is not ours to answer. */
static enum gate_outcome duplicate(struct gate *g, enum vocabulary_from from,
				   const struct rpc *m, const char **ret_why)
{
	struct rpc_id none = {0};

	*ret_why = "the id of an open request";
	note(g, "drop", from, m, *ret_why, NULL);
	if (from == FROM_SERVER)
		return GATE_DROPPED;
	reply_error(g->out[FROM_SERVER], &none, CODE_INVALID,
		    "a request with the id of an open one was dropped");
	return GATE_REFUSED;
}

/* Everything that is judged before the request is remembered.  NULL, or why not, and
 * *ret_code with *ret_words for the sender. */
static const char *judge_request(struct gate *g, enum vocabulary_from from, const struct rpc *m,
				 struct session_request *ret, struct rpc_id *ret_token,
				 int *ret_code, const char **ret_words)
{
	const char *why = judge_era(g, from, m, ret_code);

	*ret_words = why;
	if (!why)
		why = judge_method(g, from, m, ret_code, ret_words);
	if (why)
		return why;
	*ret_code = CODE_PARAMS;
	*ret_words = about_read(&g->json, m, &g->session, from, ret, ret_token);
	return *ret_words;
}

/* Remember it and pass it on, or neither.  NULL, or why not. */
static const char *ask(struct gate *g, enum vocabulary_from from, const struct rpc *m,
		       const struct session_request *what, const struct rpc_id *token,
		       struct rewrite *rw, int *ret_code)
{
	struct rpc_id id = rpc_id(&g->json, m->id);
	struct session_request undone;
	enum session_state before = g->session.state;
	int r = session_ask(&g->session, from, &id, what, token->text ? token : NULL);

	*ret_code = CODE_INVALID;
	if (r < 0)
		return r == -EBUSY ? "the progress token of an open request" :
				     "too many open requests";
	r = pass(g, from, m, rw);
	if (r == 0)
		return NULL;
	session_take(&g->session, from, &id, &undone, NULL);
	g->session.state = before;
	*ret_code = CODE_REFUSED;
	return stopped(g, r);
}

/* Does somebody else decide about the call?  NULL when it may pass now; else *ret is what
 * became of it. */
static const char *judge_approval(struct gate *g, const struct rpc *m, enum gate_outcome *ret)
{
	const char *words, *why;

	if (g->released || (!g->rules.needs_person && !policy_wants_pdp(g->policy)))
		return NULL;
	*ret = GATE_HELD;
	if (g->explains)
		return g->rules.needs_person ? "held until a person approves it" :
					       "held until the PDP permits it";
	switch (hold_call(g, m, &words, &why)) {
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

static enum gate_outcome request(struct gate *g, enum vocabulary_from from, const struct rpc *m,
				 const char **ret_why)
{
	struct rpc_id id = rpc_id(&g->json, m->id), token;
	const struct rules_refusal *refused;
	struct session_request what;
	enum gate_outcome outcome;
	struct rewrite rw;
	const char *words;
	int code;

	if (session_is_open(&g->session, from, &id) ||
	    (from == FROM_CLIENT && !g->released && hold_has(g, m)))
		return duplicate(g, from, m, ret_why);
	*ret_why = judge_request(g, from, m, &what, &token, &code, &words);
	if (*ret_why && from == FROM_SERVER && g->session.state == SESSION_FRESH) {
		/* In the modern era a client writes no responses: nobody reads one. */
		note(g, "drop", from, m, *ret_why, NULL);
		return GATE_DROPPED;
	}
	if (*ret_why && m->era == RPC_ERA_UNSUPPORTED && from == FROM_CLIENT)
		return refuse_version(g, m, *ret_why);
	if (*ret_why)
		return refuse(g, from, m, code, words, *ret_why);
	if (is_ours_to_answer(g, from, m))
		return answer(g, m, ret_why);
	refused = rules_message(&g->rules, &g->json, m, from);
	if (refused)
		return refuse_by_rule(g, from, m, refused->words, refused->why, ret_why);
	if (from == FROM_CLIENT && what.about == SESSION_TOOLS_CALL) {
		*ret_why = judge_approval(g, m, &outcome);
		if (*ret_why)
			return outcome;
	}
	words = from == FROM_CLIENT ? count_request(g, m, &what) : NULL;
	if (words)
		return refuse_by_rule(g, from, m, words, "rate", ret_why);
	rw = rewrite_of(g);
	*ret_why = ask(g, from, m, &what, &token, &rw, &code);
	if (*ret_why && what.about == SESSION_TOOLS_CALL && code == CODE_REFUSED)
		return refuse_call(g, m, "This tool call cannot be passed on as it is; trying "
					 "the same again will not help.", *ret_why);
	if (*ret_why)
		return refuse(g, from, m, code, *ret_why, *ret_why);
	if (what.about == SESSION_INITIALIZE) {
		g->session.takes_tasks = about_takes_tasks(&g->json, m);
		elicit_declared(g, m);
	}
	return passed(g, from, m, &rw, ret_why);
}

/* --- notifications --------------------------------------------------------------------------------- */

/* The state of a task is the answer of the request that started it. */
static const char *judge_state(struct gate *g, uint32_t state, enum session_about about,
			       struct rewrite *rw);

static enum gate_outcome notification(struct gate *g, enum vocabulary_from from,
				      const struct rpc *m, const char **ret_why)
{
	const struct rules_refusal *refused;
	struct rewrite rw = {0};
	struct notice notice;
	const char *words;
	int code, r;

	*ret_why = judge_method(g, from, m, &code, &words);
	/* The server has not seen a held call, and hears nothing of its end. */
	if (!*ret_why && from == FROM_CLIENT &&
	    json_is(&g->json, m->method, "notifications/cancelled") && hold_cancel(g, m)) {
		*ret_why = "it ends a held call";
		return GATE_DROPPED;
	}
	if (!*ret_why)
		*ret_why = notice_check(&g->json, m, &g->session, from, &notice);
	if (!*ret_why && notice.task_slot >= 0)
		*ret_why = judge_state(g, m->params, notice.task.about, &rw);
	if (*ret_why)
		return refuse(g, from, m, code, words, *ret_why);
	if (notice.task_slot < 0) {
		refused = rules_message(&g->rules, &g->json, m, from);
		if (refused)
			return refuse_by_rule(g, from, m, refused->words, refused->why, ret_why);
		rw = rewrite_of(g);
	}
	r = pass(g, from, m, &rw);
	if (r < 0) {
		*ret_why = stopped(g, r);
		return refuse(g, from, m, CODE_REFUSED, *ret_why, *ret_why);
	}
	notice_passed(&g->session, from, &notice);
	return passed(g, from, m, &rw, ret_why);
}

/* --- responses ------------------------------------------------------------------------------------ */

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
	*rw = rewrite_of(g);
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

static const char *judge_state(struct gate *g, uint32_t state, enum session_about about,
			       struct rewrite *rw)
{
	uint32_t result = json_member(&g->json, state, "result");
	const char *why = judge_asking(g, state);

	if (why || result == JSON_NONE)
		return why;
	if (g->json.nodes[result].type != JSON_TAPE_OBJECT)
		return "the result of a task is not an object";
	return judge_result(g, result, about, rw);
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
		why = judge_state(g, result, asked->task, rw);
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
	g->session.state = SESSION_OPEN;
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
	if (!why && handle != JSON_NONE)
		return start_task(g, asker, handle, task, asked, token);
	/* Only the modern era has it, and there it stands in place of the answer. */
	if (why || (asked->is_modern && json_is(&g->json, json_member(&g->json, m->result, "resultType"),
						"input_required")))
		return why;
	why = judge_result(g, m->result, asked->about, rw);
	return why || asked->about != SESSION_INITIALIZE ? why : judge_hello(g, m->result);
}

static const char *judge_error(struct gate *g, const struct rpc *m)
{
	struct rpc_id code = rpc_id(&g->json, json_member(&g->json, m->error, "code"));
	const char *why = shape_error(&g->json, m->error);

	/* 2025-11-25 asks for a visit to a page in an error. */
	if (!why && code.len == 6 && !memcmp(code.text, "-32042", 6) &&
	    policy_decide_request(g->policy, "elicitation/create", 18) != POLICY_REQUESTS_PASS)
		why = "server request";
	return why;
}

static enum gate_outcome withhold(struct gate *g, enum vocabulary_from from, const struct rpc *m,
				  const struct session_request *asked, const struct rewrite *rw,
				  const char *why)
{
	struct rpc_id id = rpc_id(&g->json, m->id);
	bool is_call = asked->about == SESSION_TOOLS_CALL ||
		       (asked->about == SESSION_TASK_RESULT && asked->task == SESSION_TOOLS_CALL);

	note(g, "block", from, m, why, rw);
	if (is_call && from == FROM_SERVER)
		reply_tool_error(g->out[from], &id, g->words ? g->words :
				 "The result of this tool call was withheld by policy; trying again "
				 "will not help.", asked->is_modern);
	else
		reply_error(g->out[from], &id, CODE_REFUSED,
			    g->words ? g->words : "the answer was withheld");
	return GATE_REFUSED;
}

static enum gate_outcome response(struct gate *g, enum vocabulary_from from,
				  const struct rpc *m, const char **ret_why)
{
	enum vocabulary_from asker = other(from);
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
		*ret_why = "an answer to no open request";
		note(g, "drop", from, m, *ret_why, NULL);
		return GATE_DROPPED;
	}
	*ret_why = m->kind == RPC_RESULT ? judge_answer(g, asker, m, &asked, &token, &rw) :
					   judge_error(g, m);
	if (!*ret_why && asker == FROM_CLIENT && g->rates) {
		g->words = rates_result(g->rates, &asked.ticket, rules_measure(&g->json, 0));
		*ret_why = g->words ? "rate" : NULL;
	}
	session_free_token(&g->session, asker, token);
	/* Without its answer there is no session. */
	if (asked.about == SESSION_INITIALIZE && (*ret_why || m->kind == RPC_ERROR) &&
	    g->session.state == SESSION_ASKED)
		g->session.state = SESSION_FRESH;
	r = *ret_why ? -EPERM : pass(g, from, m, &rw);
	if (r == 0)
		return passed(g, from, m, &rw, ret_why);
	if (!*ret_why)
		*ret_why = stopped(g, r);
	return withhold(g, from, m, &asked, &rw, *ret_why);
}

/* --- entry ------------------------------------------------------------------------------------------ */

static bool is_blank(const char *line, size_t len)
{
	while (len && (*line == ' ' || *line == '\t' || *line == '\r')) {
		line++;
		len--;
	}
	return !len;
}

enum gate_outcome gate_line(struct gate *g, enum vocabulary_from from, const char *line,
			    size_t len, const char **ret_why)
{
	struct unread u;
	struct rpc m;

	*ret_why = NULL;
	g->blamed = NULL;
	if (is_blank(line, len))
		return GATE_DROPPED;
	if (json_parse(&g->json, line, len) < 0) {
		*ret_why = g->json.error;
		return unread_line(g, from, line, len, *ret_why);
	}
	if (g->json.nodes[0].type == JSON_TAPE_ARRAY) {
		*ret_why = "a batch";
		return unread_batch(g, from);
	}
	rpc_read(&g->json, 0, &m);
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
	u = (struct unread){ rpc_id(&g->json, m.id), m.method != JSON_NONE,
			     m.result != JSON_NONE || m.error != JSON_NONE,
			     m.error != JSON_NONE && m.result == JSON_NONE };
	return unread_message(g, from, &u, CODE_INVALID, m.words);
}

void gate_overlong(struct gate *g, enum vocabulary_from from, const struct peek *peek)
{
	struct unread u = { peek_id(peek), peek->has_method, peek->has_answer, false };

	unread_message(g, from, &u, CODE_INVALID, "the message is too long");
}

bool gate_server_ended(struct gate *g)
{
	struct session_request ignored;
	struct rpc_id id;

	if (!hold_end(g, HOLD_SERVER_ENDED))
		return false;
	while (keymap_next(&g->session.side[FROM_CLIENT].ids, 0, &id) >= 0) {
		if (!sink_reserve(g->out[FROM_SERVER], REPLY_MAX))
			return false;
		reply_error(g->out[FROM_SERVER], &id, CODE_BROKEN, "the server ended");
		session_take(&g->session, FROM_CLIENT, &id, &ignored, NULL);
	}
	for (int i = 0; i < 4; i++)
		tell_omitted(g, i & 1 ? FROM_SERVER : FROM_CLIENT, i & 2);
	return true;
}

void gate_dropped(struct gate *g, enum vocabulary_from from, const char *words)
{
	note(g, "drop", from, NULL, words, NULL);
}

bool gate_owes(const struct gate *g)
{
	return session_owes(&g->session) || (g->ask && ask_waiting(g->ask) > 0);
}

void gate_findings(struct gate *g, enum vocabulary_from from, const struct rpc *m, bool is_frozen)
{
	struct findings *f = &g->findings;

	f->policy = g->policy;
	f->session = &g->found;
	f->json = &g->json;
	f->direction = from == FROM_CLIENT ? POLICY_TO_SERVER : POLICY_TO_CLIENT;
	f->turn_back = JSON_NONE;
	f->n_exempt = 0;
	f->mirror = NULL;
	f->is_mirrored = false;
	f->is_frozen = is_frozen;
	findings_begin(f);
	if (from == FROM_SERVER) {
		if (m->kind == RPC_RESULT &&
		    json_member(&g->json, m->result, "structuredContent") != JSON_NONE) {
			mirror_clear(&g->mirror);
			f->mirror = &g->mirror;
		}
	} else if (m->kind == RPC_REQUEST && policy_has_findings(g->policy) &&
		   json_is(&g->json, m->method, "tools/call")) {
		uint32_t arguments = json_member(&g->json, m->params, "arguments");

		findings_find_exempt(f, tool_name(g, m), arguments);
		if (g->found.pseudonyms && !is_frozen)
			f->turn_back = arguments;
	}
}
