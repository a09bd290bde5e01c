/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "common/secrets.h"
#include "policies/policy.h"
#include "scan/scan.h"
#include "shims/pep/about.h"
#include "shims/pep/answer.h"
#include "shims/pep/bearer.h"
#include "shims/pep/elicit.h"
#include "shims/pep/gate.h"
#include "shims/pep/hold.h"
#include "shims/pep/notice.h"
#include "shims/pep/outlet.h"
#include "shims/pep/peek.h"
#include "shims/pep/reply.h"
#include "shims/pep/response.h"
#include "shims/pep/rewrite.h"
#include "shims/pep/rpc.h"
#include "shims/pep/sink.h"
#include "shims/pep/unread.h"

/* --- answers of our own -------------------------------------------------------------------- */

/* Refuse what `from` sent; a request is answered to it. */
static enum gate_outcome refuse(struct gate *g, enum vocabulary_from from, const struct rpc *m,
				int code, const char *words, const char *why)
{
	struct rpc_id id = rpc_id(&g->json, m->id);
	bool is_response = m->kind == RPC_RESULT || m->kind == RPC_ERROR;

	outlet_note(g, m->kind == RPC_REQUEST ? "deny" : "drop", from, m, why, NULL);
	/* Answers go to who asks: never to a response, and to a notification only when it
	 * is the client's own malformed message. */
	if (is_response || m->kind == RPC_NOTIFICATION)
		return GATE_DROPPED;
	if (from == FROM_SERVER && m->kind != RPC_REQUEST)
		return GATE_DROPPED;
	reply_error(g->out[outlet_other(from)], &id, code, words);
	return GATE_REFUSED;
}

static enum gate_outcome refuse_call(struct gate *g, const struct rpc *m, const char *words,
				     const char *why)
{
	struct rpc_id id = rpc_id(&g->json, m->id);

	outlet_note(g, "deny", FROM_CLIENT, m, why, NULL);
	reply_tool_error(g->out[FROM_SERVER], &id, words, m->is_modern);
	return GATE_REFUSED;
}

/* --- requests ------------------------------------------------------------------------------------ */

/* A request of the server's that we answer in the client's place. */
static bool is_ours_to_answer(const struct gate *g, enum vocabulary_from from,
			      const struct rpc *m)
{
	const char *name;
	size_t len;

	outlet_text(g, m->method, &name, &len);
	return from == FROM_SERVER && answer_knows(name, len) &&
	       policy_decide_request(g->policy, name, len) == POLICY_REQUESTS_ANSWER;
}

static enum gate_outcome answer(struct gate *g, const struct rpc *m, const char **ret_why)
{
	struct rpc_id id = rpc_id(&g->json, m->id);
	const char *name;
	size_t len;

	outlet_text(g, m->method, &name, &len);
	*ret_why = "answered by policy";
	outlet_note(g, "answer", FROM_SERVER, m, *ret_why, NULL);
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

/* What it is held to. */
static enum rates_kind rates_kind(const struct gate *g, const struct rpc *m,
				  enum session_about about)
{
	switch (about) {
	case SESSION_INITIALIZE:
	case SESSION_DISCOVER:
		return RATES_GREETING;
	case SESSION_TOOLS_LIST:
	case SESSION_PROMPTS_LIST:
	case SESSION_RESOURCES_LIST:
	case SESSION_TEMPLATES_LIST:
	case SESSION_LISTEN:
		return RATES_LIST;
	case SESSION_PLAIN:
		return json_is(&g->json, m->method, "ping") ? RATES_GREETING : RATES_LIST;
	case SESSION_OTHER:
	case SESSION_TOOLS_CALL:
	case SESSION_PROMPTS_GET:
	case SESSION_RESOURCES_READ:
	case SESSION_COMPLETE:
	case SESSION_TASK_STATE:
	case SESSION_TASK_RESULT:
	case SESSION_ROOTS_LIST:
		break;
	}
	return RATES_CALL;
}

/* About how many bytes it brings the server: its arguments, or all that a method brings
 * which has none; a resource is named and brings nothing. */
static uint64_t measure_request(const struct gate *g, const struct rpc *m,
				enum session_about about)
{
	const struct json *j = &g->json;

	if (about == SESSION_OTHER || about == SESSION_COMPLETE)
		return rules_measure(j, m->params);
	return rules_measure(j, json_member(j, m->params, "arguments")) +
	       rules_measure(j, json_member(j, m->params, "inputResponses"));
}

/* Does it have the server do something?  What a session needs to begin, and lists, do not. */
static bool is_work(enum session_about about)
{
	return about == SESSION_TOOLS_CALL || about == SESSION_PROMPTS_GET ||
	       about == SESSION_RESOURCES_READ || about == SESSION_TASK_RESULT ||
	       about == SESSION_TASK_STATE;
}

/* NULL, or words for the client: a rate or a budget does not hold this request. */
static const char *count_request(struct gate *g, const struct rpc *m,
				 struct session_request *what)
{
	const struct rates_ticket started = what->ticket;
	const char *tool = NULL, *words;
	size_t len = 0;

	if (!g->rates)
		return NULL;
	if (what->about == SESSION_TOOLS_CALL)
		outlet_text(g, outlet_tool(g, m), &tool, &len);
	words = rates_request(g->rates, rates_kind(g, m, what->about), tool, len,
			      measure_request(g, m, what->about), &what->ticket);
	/* The result of a task is the answer of the call that started it. */
	if (what->task_slot >= 0) {
		what->ticket.tool = started.tool;
		what->ticket.counts |= started.counts;
	}
	return words;
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

	outlet_text(g, m->method, &name, &len);
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
	if (policy_denies_method(g->policy, name, len)) {
		*ret_code = CODE_REFUSED;
		*ret_words = "this method is refused by policy; trying again will not help";
		return "method";
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
	outlet_note(g, "deny", FROM_CLIENT, m, why, NULL);
	reply_unsupported(g->out[FROM_SERVER], &id, is_plain ? text.text : NULL, text.len);
	return GATE_REFUSED;
}

/* A request with the id of an open one: that id is not ours to answer. */
static enum gate_outcome duplicate(struct gate *g, enum vocabulary_from from,
				   const struct rpc *m, const char **ret_why)
{
	struct rpc_id none = {0};

	*ret_why = "the id of an open request";
	outlet_note(g, "drop", from, m, *ret_why, NULL);
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
	r = outlet_pass(g, from, m, rw);
	if (r == 0)
		return NULL;
	session_take(&g->session, from, &id, &undone, NULL);
	g->session.state = before;
	*ret_code = r == -EPIPE ? CODE_BROKEN : CODE_REFUSED;
	return outlet_words(g, r);
}

/* Does somebody else decide about the call?  NULL when it may pass now; else *ret is what
 * became of it. */
static const char *judge_approval(struct gate *g, const struct rpc *m, enum gate_outcome *ret)
{
	bool is_call = json_is(&g->json, m->method, "tools/call");
	const char *words, *why;

	if (g->released || (!g->rules.needs_person && !(is_call && policy_wants_pdp(g->policy))))
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
	*ret = is_call ? refuse_call(g, m, words, why) :
			 refuse(g, FROM_CLIENT, m, CODE_REFUSED,
				hold_words((enum call_kind)hold_kind(g, m), words), why);
	return why;
}

/* Leave the capability out: it is for us, and a secret. */
static void hide_capability(struct gate *g, const struct rpc *m)
{
	uint32_t node = bearer_find(&g->json, m);
	size_t at = g->rules.n_hide;

	if (node == JSON_NONE || at == LIMIT_HIDDEN)
		return;
	for (; at > 0 && g->rules.hide[at - 1] > node; at--)
		g->rules.hide[at] = g->rules.hide[at - 1];
	g->rules.hide[at] = node;
	g->rules.n_hide++;
}

/* NULL, or why the capability of the call or of the session does not allow it.  A call
 * that was held was judged when it came, and waits no longer than its capability is good
 * for (hold.c). */
static const char *judge_capability(struct gate *g, const struct rpc *m)
{
	struct timespec now;

	if (!g->bearer || g->explains)
		return NULL;
	clock_gettime(CLOCK_REALTIME, &now);
	if (g->released)
		return bearer_is_over(g->bearer, (uint64_t)now.tv_sec) ? "the session's capability has expired" :
									 NULL;
	return bearer_judge(g->bearer, &g->json, m, (uint64_t)now.tv_sec);
}

/* Name and version as the client gives them: told to a PDP as its own claim. */
static void remember_client(struct gate *g, const struct rpc *m)
{
	static const char *const parts[] = { "name", "version" };
	uint32_t info = json_member(&g->json, m->params, "clientInfo");

	if (!g->ask)
		return;
	g->ask->client_len = 0;
	for (size_t i = 0; i < 2; i++) {
		uint32_t node = json_member(&g->json, info, parts[i]), at = g->ask->client_len;
		size_t len = 0;
		const char *text = node != JSON_NONE && g->json.nodes[node].type == JSON_TAPE_STRING ?
					   json_text(&g->json, node, &len) : "";

		/* Printable ASCII, or it is left out: who reads it must not be fooled. */
		for (size_t k = 0; k < len; k++)
			if (text[k] < ' ' || text[k] > '~')
				len = 0;
		if (!len || len + 1 > WIRE_CLIENT - at)
			continue;
		if (at)
			g->ask->client[at++] = ' ';
		memcpy(g->ask->client + at, text, len);
		g->ask->client_len = at + (uint32_t)len;
	}
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
	code = CODE_INVALID;
	words = "the id of a cancelled request, whose answer may still come";
	*ret_why = session_is_cancelled(&g->session, from, &id) ? words :
		   judge_request(g, from, m, &what, &token, &code, &words);
	if (*ret_why && from == FROM_SERVER && g->session.state == SESSION_FRESH) {
		/* In the modern era a client writes no responses: nobody reads one. */
		outlet_note(g, "drop", from, m, *ret_why, NULL);
		return GATE_DROPPED;
	}
	if (*ret_why && m->era == RPC_ERA_UNSUPPORTED && from == FROM_CLIENT)
		return refuse_version(g, m, *ret_why);
	if (*ret_why)
		return refuse(g, from, m, code, words, *ret_why);
	if (is_ours_to_answer(g, from, m))
		return answer(g, m, ret_why);
	refused = rules_message(&g->rules, &g->json, m, from);
	if (refused && g->rules.code)
		return refuse(g, from, m, g->rules.code, refused->words, *ret_why = refused->why);
	if (refused)
		return refuse_by_rule(g, from, m, refused->words, refused->why, ret_why);
	if (from == FROM_CLIENT) {
		hide_capability(g, m);
		if (what.about == SESSION_TOOLS_CALL)
			*ret_why = judge_capability(g, m);
		if (*ret_why)
			return refuse_call(g, m, "This tool call is not covered by the capability that it was "
						 "made with; trying the same again will not help.", *ret_why);
		*ret_why = judge_approval(g, m, &outcome);
		if (*ret_why)
			return outcome;
	}
	words = from == FROM_CLIENT && is_work(what.about) ? g->suspended : NULL;
	if (words)
		return refuse_by_rule(g, from, m, words, "suspended", ret_why);
	words = from == FROM_CLIENT ? count_request(g, m, &what) :
		g->rates	    ? rates_unasked(g->rates, true, rules_measure(&g->json, 0),
						    &what.ticket) :
				      NULL;
	if (words)
		return refuse_by_rule(g, from, m, words, "rate", ret_why);
	rw = outlet_rewrite(g);
	what.asked_at = g->now;
	*ret_why = ask(g, from, m, &what, &token, &rw, &code);
	if (*ret_why && what.about == SESSION_TOOLS_CALL && code == CODE_REFUSED)
		return refuse_call(g, m, "This tool call cannot be passed on as it is; trying "
					 "the same again will not help.", *ret_why);
	if (*ret_why)
		return refuse(g, from, m, code, *ret_why, *ret_why);
	if (what.about == SESSION_TOOLS_CALL && outlet_records_calls(g))
		outlet_called(g, m);
	if (what.about == SESSION_INITIALIZE) {
		g->session.takes_tasks = about_takes_tasks(&g->json, m);
		elicit_declared(g, m);
		remember_client(g, m);
	}
	return outlet_passed(g, from, m, &rw, ret_why);
}

/* --- notifications --------------------------------------------------------------------------------- */

/* NULL, or why what the server tells must not pass: it is charged by itself; the state of
 * a task that brings the result along as the answer is. */
static const char *count_notification(struct gate *g, const struct rpc *m, const struct notice *n)
{
	bool is_result = n->task_slot >= 0 &&
			 json_member(&g->json, m->params, "result") != JSON_NONE;
	uint64_t bytes = rules_measure(&g->json, 0);
	struct rates_ticket ignored;
	const char *words = !g->rates ? NULL :
			    is_result ? rates_result(g->rates, &n->task.ticket, bytes) :
					rates_unasked(g->rates, false, bytes, &ignored);

	return words ? "rate" : NULL;
}

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
		*ret_why = response_state(g, m->params, notice.task.about, notice.task.is_modern, &rw);
	if (*ret_why)
		return refuse(g, from, m, code, words, *ret_why);
	if (notice.task_slot < 0) {
		refused = rules_message(&g->rules, &g->json, m, from);
		if (refused)
			return refuse_by_rule(g, from, m, refused->words, refused->why, ret_why);
		if (from == FROM_CLIENT)
			hide_capability(g, m);
		rw = outlet_rewrite(g);
	}
	if (from == FROM_SERVER)
		*ret_why = count_notification(g, m, &notice);
	if (*ret_why)
		return refuse(g, from, m, CODE_REFUSED, *ret_why, *ret_why);
	r = outlet_pass(g, from, m, &rw);
	if (r < 0) {
		*ret_why = outlet_words(g, r);
		return refuse(g, from, m, CODE_REFUSED, *ret_why, *ret_why);
	}
	notice_passed(&g->session, from, &notice);
	return outlet_passed(g, from, m, &rw, ret_why);
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

/* Take in what became known since: as a whole, or at the next message. */
static void learn(struct gate *g)
{
	static char copy[SECRETS_LIVE];
	uint32_t seq, len;

	if (!g->live || !g->scan)
		return;
	seq = atomic_load(&g->live->seq);
	if (seq == g->live_seq || (seq & 1))
		return;
	len = g->live->len;
	if (len > sizeof(copy))
		return;
	memcpy(copy, g->live->data, len);
	atomic_thread_fence(memory_order_acquire);
	if (atomic_load(&g->live->seq) != seq)
		return;
	g->live_seq = seq;
	scan_set_live(g->scan, copy, len);
}

enum gate_outcome gate_line(struct gate *g, enum vocabulary_from from, const char *line,
			    size_t len, const char **ret_why)
{
	struct unread u;
	struct rpc m;

	*ret_why = NULL;
	g->blamed = NULL;
	learn(g);
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
		return response_judge(g, from, &m, ret_why);
	case RPC_INVALID:
		break;
	}
	*ret_why = m.words;
	u = unread_of(&g->json, &m);
	return unread_message(g, from, &u, CODE_INVALID, m.words);
}

void gate_overlong(struct gate *g, enum vocabulary_from from, const struct peek *peek)
{
	struct unread u = { peek_id(peek), peek->has_version, peek->has_method, peek->has_answer,
			    false };

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
		reply_error(g->out[FROM_SERVER], &id, CODE_BROKEN,
			    g->suspended ? g->suspended : "the server ended");
		session_take(&g->session, FROM_CLIENT, &id, &ignored, NULL);
	}
	for (int i = 0; i < 4; i++)
		outlet_omitted(g, i & 1 ? FROM_SERVER : FROM_CLIENT, i & 2);
	return true;
}

bool gate_suspend(struct gate *g, const char *words, bool is_final)
{
	g->suspended = words;
	if (!words)
		return true;
	return hold_end(g, is_final ? HOLD_REVOKED : HOLD_SUSPENDED);
}

void gate_dropped(struct gate *g, enum vocabulary_from from, const char *words)
{
	outlet_note(g, "drop", from, NULL, words, NULL);
}

bool gate_owes(const struct gate *g)
{
	return session_owes(&g->session) || (g->ask && ask_waiting(g->ask) > 0);
}
