/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/audit.h"
#include "common/call.h"
#include "policies/policy.h"
#include "shims/pep/bearer.h"
#include "shims/pep/gate.h"
#include "shims/pep/hold.h"
#include "shims/pep/reply.h"
#include "shims/pep/outlet.h"
#include "shims/pep/rewrite.h"
#include "shims/pep/rpc.h"
#include "shims/pep/sink.h"

static void note(struct gate *g, const char *event, const struct ask_call *c, const char *why)
{
	char hex[2 * SHA256_SIZE + 1];
	struct audit_line l;

	/* Of what a PDP alone decides, the broker writes the line that counts. */
	if (!c->wants_person && strcmp(event, "deny") != 0)
		return;
	call_hex(c->digest, hex);
	audit_begin(&l, g->audit, event);
	audit_text(&l, call_noun(c->kind), c->tool, c->tool_len);
	audit_string(&l, "digest", hex);
	if (g->rules.rule && !strcmp(event, "ask"))
		audit_string(&l, "rule", g->rules.rule);
	audit_int(&l, "question", (int64_t)c->serial);
	if (why)
		audit_string(&l, "why", why);
	audit_int(&l, "ms", (int64_t)g->now - c->asked_at);
	audit_end(&l);
}

/* --- freezing ------------------------------------------------------------------------------ */

/* Memory nobody needs now: the free end of the sink towards the server. */
struct scratch {
	char *at;
	size_t room;
};

static struct scratch scratch_of(const struct gate *g)
{
	struct sink *out = g->out[FROM_CLIENT];
	char *at = sink_reserve(out, 1);

	return (struct scratch){ at, at ? out->size - out->tail : 0 };
}

static struct ask_name name_of(const struct json *j, uint32_t node)
{
	struct ask_name n = {0};
	const char *text;
	size_t len;

	if (node == JSON_NONE || (j->nodes[node].type != JSON_TAPE_STRING &&
				  j->nodes[node].type != JSON_TAPE_NUMBER))
		return n;
	text = json_text(j, node, &len);
	if (len > sizeof(n.text))
		return n;
	memcpy(n.text, text, len);
	n.len = (uint16_t)len;
	n.exists = true;
	n.is_string = j->nodes[node].type == JSON_TAPE_STRING;
	return n;
}

/* Is it one of the names, NULL-terminated? */
static bool is_among(const struct json *j, uint32_t name, const char *const *names)
{
	for (; *names; names++)
		if (json_is(j, name, *names))
			return true;
	return false;
}

static int add_value(struct sha256 *s, struct rewrite *rw, uint32_t node, struct scratch to)
{
	long len = rewrite_value(rw, node, to.at, to.room);
	uint64_t size = (uint64_t)len;

	if (len < 0)
		return (int)len;
	sha256_add(s, &size, sizeof(size));
	sha256_add(s, to.at, (size_t)len);
	return 0;
}

/* Names and values of an object, but for those that never change what is done. */
static int add_members(struct sha256 *s, struct rewrite *rw, uint32_t object,
		       const char *const *but, struct scratch to)
{
	const struct json *j = rw->json;
	uint32_t at = object + 1;
	int r = 0;

	if (object == JSON_NONE || j->nodes[object].type != JSON_TAPE_OBJECT)
		return 0;
	for (uint32_t i = 0; i < j->nodes[object].len && r == 0; i++) {
		if (!is_among(j, at, but)) {
			r = add_value(s, rw, at, to);
			if (r == 0)
				r = add_value(s, rw, at + 1, to);
		}
		at = j->nodes[at + 1].next;
	}
	return r;
}

/* The member of params that the request is about. */
static const char *subject_of(enum call_kind kind)
{
	return kind == CALL_RESOURCE ? "uri" : "name";
}

/* Everything of a call but its tool and arguments that a server could act on. */
static int digest_rest(struct rewrite *rw, enum call_kind kind, const struct rpc *m,
		       struct scratch to, uint8_t ret[static SHA256_SIZE])
{
	const char *const own[] = { subject_of(kind), "arguments", "_meta", NULL };
	static const char *const plain[] = { "progressToken", "traceparent", "tracestate", NULL };
	struct sha256 s;
	int r;

	sha256_start(&s);
	r = add_members(&s, rw, m->params, own, to);
	if (r == 0)
		r = add_members(&s, rw, json_member(rw->json, m->params, "_meta"), plain, to);
	sha256_done(&s, ret);
	return r;
}

static int set_names(struct gate *g, const struct rpc *m, struct ask_call *f)
{
	const struct json *j = &g->json;
	uint32_t meta = json_member(j, m->params, "_meta");
	const char *tool;
	size_t len;

	tool = json_text(j, json_member(j, m->params, subject_of(f->kind)), &len);
	if (!len || len > sizeof(f->tool))
		return -ENOBUFS;
	memcpy(f->tool, tool, len);
	f->tool_len = (uint32_t)len;
	f->id = name_of(j, m->id);
	f->token = name_of(j, json_member(j, meta, "progressToken"));
	f->is_modern = m->is_modern;
	return 0;
}

/* The line that would leave, then its arguments behind it.  Return: 0, -EPERM, -ENOBUFS. */
static int freeze(struct gate *g, const struct rpc *m, struct ask_call *f, const char **ret_line,
		  size_t *ret_len, const char **ret_arguments, size_t *ret_redacted)
{
	struct rewrite rw = { .json = &g->json, .scan = g->scan, .findings = &g->findings,
			      .hide = g->rules.hide, .n_hide = g->rules.n_hide };
	uint32_t arguments = json_member(&g->json, m->params, "arguments");
	struct scratch to = scratch_of(g);
	long len;
	int r;

	outlet_findings(g, FROM_CLIENT, m, false);
	len = rewrite_message(&rw, to.at, to.room);

	*ret_redacted = rw.redacted;
	*ret_line = to.at;
	if (len < 0)
		return (int)len;
	*ret_len = (size_t)len;
	to.at += len;
	to.room -= (size_t)len;
	r = digest_rest(&rw, f->kind, m, to, f->rest_digest);
	if (r < 0)
		return r;
	*ret_arguments = to.at;
	len = arguments == JSON_NONE ? 0 : rewrite_value(&rw, arguments, to.at, to.room);
	if (len < 0)
		return (int)len;
	f->arguments_total = (uint64_t)len;
	sha256(to.at, (size_t)len, f->arguments_digest);
	return 0;
}

/* Milliseconds until a time (seconds since 1970); 0: it is over. */
static int64_t left_of(uint64_t until)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return until <= (uint64_t)now.tv_sec ? 0 :
	       until - (uint64_t)now.tv_sec > 86400 ? 86400000 :
						      (int64_t)(until - (uint64_t)now.tv_sec) * 1000;
}

enum ask_verdict hold_call(struct gate *g, const struct rpc *m,
			   const char **ret_words, const char **ret_why)
{
	const int kind = hold_kind(g, m);
	struct ask_call facts = { .kind = kind < 0 ? CALL_TOOL : (enum call_kind)kind,
				  .wants_person = g->rules.needs_person,
				  .wants_pdp = kind == CALL_TOOL && policy_wants_pdp(g->policy),
				  .has_pin = g->rules.pin != NULL }, *c;
	const char *line = NULL, *arguments = NULL;
	size_t len = 0, redacted = 0;
	enum ask_verdict verdict;
	int r;

	*ret_words = "This tool call needs the approval of a person and nobody can be asked; "
		     "trying again will not help.";
	*ret_why = "needs approval, and there is no channel";
	if (!g->ask || kind < 0)
		return ASK_REFUSED;
	*ret_words = "This tool call needs the approval of a person, and this client offers no "
		     "form to ask in; trying again will not help.";
	*ret_why = "needs approval, and the client has no form";
	if (g->is_form && (m->is_modern || !g->has_form))
		return ASK_REFUSED;
	if (facts.has_pin)
		memcpy(facts.pin, g->rules.pin, sizeof(facts.pin));
	/* A capability is judged for calls of tools alone. */
	if (kind == CALL_TOOL && g->bearer && g->bearer->until != UINT64_MAX)
		facts.deadline = (int64_t)g->now + left_of(g->bearer->until);
	r = set_names(g, m, &facts);
	if (r == 0)
		r = freeze(g, m, &facts, &line, &len, &arguments, &redacted);
	*ret_words = "This tool call cannot be held as it is; trying again will not help.";
	*ret_why = r != -EPERM		   ? "too large" :
		   g->findings.is_blocked ? "a finding that the policy blocks" :
					    "a secret where none can be replaced";
	if (r < 0)
		return ASK_REFUSED;
	verdict = ask_add(g->ask, &facts, line, len, arguments, (int64_t)g->now, &c, ret_words);
	*ret_why = "not asked";
	if (verdict == ASK_HELD) {
		note(g, "ask", c, redacted ? "secrets redacted" : NULL);
		*ret_why = "held until it is approved";
	} else if (verdict == ASK_PASS) {
		*ret_why = "approved before";
	}
	return verdict;
}

int hold_kind(const struct gate *g, const struct rpc *m)
{
	for (int kind = 0; kind < CALL_KINDS; kind++)
		if (json_is(&g->json, m->method, call_method((enum call_kind)kind)))
			return kind;
	return -1;
}

const char *hold_words(enum call_kind kind, const char *words)
{
	static const char *const of_tools[] = { "tool call", "calls of this tool", "calls were",
						"calls wait" },
		*const of_others[] = { "request", "requests of this one", "requests were", "requests wait" };
	static char out[512];
	size_t n = 0;

	if (kind == CALL_TOOL)
		return words;
	while (*words && n < sizeof(out) - 64) {
		size_t i = 0, all = sizeof(of_tools) / sizeof(*of_tools);

		while (i < all && strncmp(words, of_tools[i], strlen(of_tools[i])) != 0)
			i++;
		if (i == all) {
			out[n++] = *words++;
			continue;
		}
		n += (size_t)sprintf(out + n, "%s", of_others[i]);
		words += strlen(of_tools[i]);
	}
	out[n] = '\0';
	return out;
}

bool hold_has(const struct gate *g, const struct rpc *m)
{
	size_t len;
	const char *id = json_text(&g->json, m->id, &len);

	return g->ask && ask_find(g->ask, id, len, g->json.nodes[m->id].type == JSON_TAPE_STRING);
}

bool hold_cancel(struct gate *g, const struct rpc *m)
{
	uint32_t node = json_member(&g->json, m->params, "requestId");
	struct ask_name id = name_of(&g->json, node);
	struct ask_call *c;

	if (!g->ask || !id.exists)
		return false;
	c = ask_find(g->ask, id.text, id.len, id.is_string);
	if (!c)
		return false;
	note(g, "withdraw", c, "cancelled by the client");
	return ask_cancel(g->ask, id.text, id.len, id.is_string);
}

/* --- telling the client ------------------------------------------------------------------------ */

static struct rpc_id id_of(const struct ask_call *c)
{
	return (struct rpc_id){ c->id.text, c->id.len, c->id.is_string };
}

static void tell(struct gate *g, const struct ask_call *c, const char *words)
{
	struct rpc_id id = id_of(c);

	if (c->kind == CALL_TOOL)
		reply_tool_error(g->out[FROM_SERVER], &id, words, c->is_modern);
	else
		reply_error(g->out[FROM_SERVER], &id, CODE_REFUSED, hold_words(c->kind, words));
}

static void tell_pending(struct gate *g, struct ask_call *c)
{
	char code[CALL_CODE + 1], words[400];

	call_code(c->digest, code);
	snprintf(words, sizeof(words),
		 "This tool call waits for the approval of a person and was not executed yet. "
		 "Tell the user that approval %s is pending%s; when it is given, repeat exactly "
		 "the same call.", code, g->is_local ? " (mcp-confine approve)" : "");
	tell(g, c, words);
}

/* MCP, utilities/progress: the value grows with each.  Ours stay far below those that a
 * server will send for the same token once the call has reached it. */
static void tell_progress(struct gate *g, const struct ask_call *c)
{
	struct sink *out = g->out[FROM_SERVER];
	char token[LIMIT_ID * 6], code[CALL_CODE + 1], text[LIMIT_ID * 6 + 512];
	long len = rewrite_escape(c->token.text, c->token.len, token, sizeof(token));
	const char *quote = c->token.is_string ? "\"" : "";
	int n;

	if (len < 0)
		return;
	call_code(c->digest, code);
	n = snprintf(text, sizeof(text),
		     "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":"
		     "{\"progressToken\":%s%.*s%s,\"progress\":0.%06u,\"message\":"
		     "\"mcp-confine: waiting for approval %s%s\"}}\n",
		     quote, (int)len, token, quote, c->progress + 1, code,
		     g->is_local ? " (mcp-confine approve)" : "");
	sink_put(out, text, (size_t)n);
}

/* --- releasing ------------------------------------------------------------------------------------ */

/* Is what leaves what was asked about?  The frozen line must be what it is rewritten to. */
static bool is_unchanged(struct gate *g, const char *line, size_t len)
{
	struct rewrite rw = { .json = &g->json, .scan = g->scan, .findings = &g->findings };
	struct scratch to = scratch_of(g);
	struct rpc m;

	if (json_parse(&g->json, line, len - 1) < 0)
		return false;
	rpc_read(&g->json, 0, &m);
	outlet_findings(g, FROM_CLIENT, &m, true);
	return rewrite_message(&rw, to.at, to.room) == (long)len && !memcmp(to.at, line, len);
}

static void release(struct gate *g, struct ask_call *c)
{
	const char *line, *why = NULL;
	enum gate_outcome outcome;
	size_t len;

	line = ask_line(g->ask, c, &len);
	if (!is_unchanged(g, line, len)) {
		note(g, "deny", c, "it would not leave as it was approved");
		tell(g, c, "This tool call cannot be passed on; trying again will not help.");
		ask_end(g->ask, c);
		return;
	}
	g->released = c;
	outcome = gate_line(g, FROM_CLIENT, line, len - 1, &why);
	g->released = NULL;
	if (outcome == GATE_PASSED) {
		const struct sink *out = g->out[FROM_CLIENT];

		assert(out->fd < 0 || (sink_pending(out) >= len &&
				       !memcmp(out->buf + out->tail - len, line, len)));
	}
	note(g, outcome == GATE_PASSED ? "release" : "deny", c, why);
	ask_end(g->ask, c);
}

void hold_answer(struct gate *g, const struct wire_answer *answer)
{
	const char *words = NULL;
	struct ask_call *c;
	bool is_taken;

	if (!g->ask)
		return;
	c = ask_answer(g->ask, answer, (int64_t)g->now, &is_taken, &words);
	if (!is_taken) {
		struct audit_line l;

		audit_begin(&l, g->audit, "drop");
		audit_string(&l, "why", "an answer to no open question");
		audit_int(&l, "question", (int64_t)answer->serial);
		audit_end(&l);
	}
	if (!c)
		return;
	note(g, "deny", c, answer->by_person ? "a person said no" : "no approval");
	tell(g, c, words);
}

/* An answer of ours, and a whole call, must find room. */
static bool has_room(const struct gate *g)
{
	const struct sink *client = g->out[FROM_SERVER], *server = g->out[FROM_CLIENT];

	return sink_pending(client) <= client->size - LIMIT_REPLIES / 2 &&
	       sink_pending(server) <= LIMIT_REPLIES;
}

void hold_time(struct gate *g)
{
	struct ask_call *c = NULL;

	while (g->ask && has_room(g)) {
		switch (ask_due(g->ask, (int64_t)g->now, &c)) {
		case ASK_DUE_RELEASE:
			release(g, c);
			break;
		case ASK_DUE_EXPIRED:
			note(g, "deny", c, "nobody answered in time");
			tell(g, c, "Nobody approved this tool call in time. It was not executed.");
			ask_end(g->ask, c);
			break;
		case ASK_DUE_PATIENCE:
			note(g, "pending", c, "the client is told to repeat it");
			tell_pending(g, c);
			ask_leave(g->ask, c);
			break;
		case ASK_DUE_PROGRESS:
			tell_progress(g, c);
			ask_progressed(c, (int64_t)g->now);
			break;
		case ASK_DUE_NOTHING:
		default:
			return;
		}
	}
}

bool hold_end(struct gate *g, enum hold_end who)
{
	static const char *const why[] = { "the broker ended", "the client ended its stream",
					   "the server ended", "suspended", "revoked" };
	bool is_void = who == HOLD_SUSPENDED || who == HOLD_REVOKED;
	struct ask_call *c;

	if (!g->ask)
		return true;
	if (who == HOLD_BROKER_ENDED || who == HOLD_REVOKED)
		g->ask->is_closed = true;
	while ((c = ask_any_waiting(g->ask)) != NULL) {
		if (!sink_reserve(g->out[FROM_SERVER], REPLY_MAX))
			return false;
		note(g, "withdraw", c, why[who]);
		tell(g, c, is_void ? g->suspended : who == HOLD_BROKER_ENDED ?
				   "This tool call needs an approval and nobody can be asked." :
				   "This tool call was not executed: the session ends.");
		ask_end(g->ask, c);
	}
	if (is_void)
		ask_void(g->ask);
	return true;
}
