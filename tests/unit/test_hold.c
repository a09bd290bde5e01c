/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/audit.h"
#include "common/limits.h"
#include "policies/policy.h"
#include "scan/scan.h"
#include "shims/pep/ask.h"
#include "shims/pep/elicit.h"
#include "shims/pep/gate.h"
#include "shims/pep/hold.h"
#include "shims/pep/sink.h"

#define ROOM (LIMIT_REPLIES + (1 << 20))

static char denied[] = "no_*", flagged[] = "w*", all[] = "*";
static struct policy_rule list[] = { { .match = denied, .then = POLICY_DENY },
				     { .match = flagged, .then = POLICY_APPROVE },
				     { .match = all, .then = POLICY_ALLOW } };
static struct policy_rules layer = { list, 3 };
static struct policy policy = { .messages = { .tools = &layer, .n_tools = 1,
					      .tokens = POLICY_TOKENS_REDACT,
					      .server_requests = POLICY_REQUESTS_PASS } };
static struct audit audit = { .fd = -1 };
static struct sink sinks[2];
static struct scan *scan;
static struct gate *gate;
static struct ask *ask;
static struct wire_ask question;

static int set_up(void **state)
{
	(void)state;
	gate = calloc(1, sizeof(*gate));
	ask = calloc(1, sizeof(*ask));
	if (!gate || !ask || scan_open(NULL, 0, &scan, NULL) < 0)
		return -1;
	*ask = (struct ask){ .server = "s", .session = "x", .timeout = 120000, .patience = 50000,
			     .arena = malloc(LIMIT_HELD_BYTES) };
	gate->json = (struct json){ .arena = malloc(1 << 20), .nodes = calloc(1 << 16, sizeof(struct json_node)),
				    .seen = malloc(4 * LIMIT_MEMBERS * 4), .size = 1 << 16 };
	gate->session.state = SESSION_OPEN;
	gate->policy = gate->rules.policy = &policy;
	gate->audit = &audit;
	gate->scan = scan;
	gate->ask = ask;
	for (int i = 0; i < 2; i++) {
		sinks[i] = (struct sink){ .fd = 1, .buf = malloc(ROOM), .size = ROOM };
		gate->out[i] = &sinks[i];
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++)
		free(sinks[i].buf);
	free(gate->json.arena);
	free(gate->json.nodes);
	free(gate->json.seen);
	free(gate);
	free(ask->arena);
	free(ask);
	scan_close(scan);
	return 0;
}

static enum gate_outcome say(enum vocabulary_from from, const char *line)
{
	const char *why;

	sinks[0].head = sinks[0].tail = sinks[1].head = sinks[1].tail = 0;
	return gate_line(gate, from, line, strlen(line), &why);
}

/* What went to the server ([FROM_CLIENT]) or the client, as a string. */
static const char *out(enum vocabulary_from from)
{
	sinks[from].buf[sinks[from].tail] = '\0';
	return sinks[from].buf;
}

/* The broker takes what waits for it, and answers the last question. */
static void hear(void)
{
	static struct wire_ask next;

	while (ask_outgoing(ask, (int64_t)gate->now, &next)) {
		ask_told(ask, &next);
		question = next;
	}
}

static void answer(enum wire_answer_kind kind)
{
	struct wire_answer a = { .kind = kind, .by_person = 1, .serial = question.serial };

	sinks[0].head = sinks[0].tail = sinks[1].head = sinks[1].tail = 0;
	memcpy(a.digest, question.call.digest, sizeof(a.digest));
	hold_answer(gate, &a);
	hold_time(gate);
}

#define CALL(id, tool, more) \
	"{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"tools/call\",\"params\":{\"name\":\"" tool "\"" more "}}"

static void a_flagged_call_waits_and_passes_as_it_was_frozen(void **state)
{
	(void)state;
	assert_int_equal(say(FROM_CLIENT, CALL("1", "w", ",\"arguments\":{ \"a\" : [1.10, \"\\u0041\"] }")), GATE_HELD);
	assert_string_equal(out(FROM_CLIENT), "");
	assert_string_equal(out(FROM_SERVER), "");
	assert_true(gate_owes(gate));
	/* The server cannot answer what it has not seen. */
	assert_int_equal(say(FROM_SERVER, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[]}}"), GATE_DROPPED);
	hear();
	assert_memory_equal(question.call.arguments, "{\"a\":[1.10,\"A\"]}", question.call.arguments_len);
	answer(WIRE_ANSWER_APPROVED);
	assert_string_equal(out(FROM_CLIENT), CALL("1", "w", ",\"arguments\":{\"a\":[1.10,\"A\"]}") "\n");
	answer(WIRE_ANSWER_APPROVED);
	assert_string_equal(out(FROM_CLIENT), "");
	assert_int_equal(say(FROM_SERVER, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[]}}"), GATE_PASSED);
	assert_false(gate_owes(gate));
}

/* What a policy says about findings holds for a held call: what the person is shown is what
 * the server gets. */
static void a_held_call_keeps_its_findings_and_its_pseudonyms(void **state)
{
	static char mail[] = "email", pat[] = "github-pat", tool[] = "w", pointer[] = "/secret";
	static char name_of_it[] = "secret", *segments[] = { name_of_it, NULL };
	struct policy_finding_rule rules[] = { { mail, POLICY_BOTH, POLICY_FINDING_PSEUDONYM },
					       { pat, POLICY_BOTH, POLICY_FINDING_REDACT } };
	struct policy_exemption exempt = { tool, pointer, { segments, 1 } };
	struct policy_findings findings = { .v = rules, .n = 2, .exempt = &exempt, .n_exempt = 1 };
	struct scan_config config = { .personal = scan_personal("email") };
	char name[PSEUDONYM_TEXT + 1] = {0}, line[512];
	size_t n;

	(void)state;
	scan_configure(scan, &config);
	policy.messages.findings = &findings;
	policy.messages.n_findings = 1;
	gate->found.pseudonyms = calloc(1, sizeof(struct pseudonyms));
	n = pseudonym_make(gate->found.pseudonyms, "email", "bob@corp.org", 12, true, name);
	name[n] = '\0';
	snprintf(line, sizeof(line), CALL("1", "w", ",\"arguments\":{\"to\":\"%s\",\"cc\":\"carol@corp.org\","
		 "\"secret\":\"%s\",\"x\":\"%s\"}"), name, "gh" "p_abcdefghijabcdefghijabcdefghijabcdef",
		 "gh" "p_abcdefghijabcdefghijabcdefghijabcdef");
	assert_int_equal(say(FROM_CLIENT, line), GATE_HELD);
	hear();
	/* Between the question and the answer nothing more is turned back. */
	for (size_t i = 0; i < gate->found.pseudonyms->n; i++)
		gate->found.pseudonyms->v[i].is_servers = true;
	answer(WIRE_ANSWER_APPROVED);
	assert_non_null(strstr(out(FROM_CLIENT), "{\"to\":\"bob@corp.org\",\"cc\":\"[EMAIL:"));
	assert_non_null(strstr(out(FROM_CLIENT), "\"secret\":\"ghp_abc"));
	assert_non_null(strstr(out(FROM_CLIENT), "\"x\":\"[REDACTED:github-pat]\""));
	assert_non_null(strstr(out(FROM_CLIENT), question.call.arguments_len ? "\"to\":" : ""));
	assert_memory_equal(strstr(out(FROM_CLIENT), "{\"to\""), question.call.arguments,
			    question.call.arguments_len);
	free(gate->found.pseudonyms);
	policy.messages.n_findings = 0;
}

static void every_no_is_told_and_nothing_reaches_the_server(void **state)
{
	static const enum wire_answer_kind kinds[] = { WIRE_ANSWER_DENIED, WIRE_ANSWER_EXPIRED,
						       WIRE_ANSWER_FAILED, (enum wire_answer_kind)77 };

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		char line[256];

		snprintf(line, sizeof(line), CALL("1", "w", ",\"arguments\":{\"n\":%zu}"), i);
		assert_int_equal(say(FROM_CLIENT, line), GATE_HELD);
		hear();
		answer(kinds[i]);
		assert_string_equal(out(FROM_CLIENT), "");
		assert_non_null(strstr(out(FROM_SERVER), "\"isError\":true"));
	}
	assert_int_equal(say(FROM_CLIENT, CALL("2", "no_w", "")), GATE_REFUSED);
	gate->ask = NULL;
	assert_int_equal(say(FROM_CLIENT, CALL("3", "w", "")), GATE_REFUSED);
}

static void a_policy_that_changed_its_mind_is_asked_again_at_the_release(void **state)
{
	(void)state;
	say(FROM_CLIENT, CALL("1", "w", ""));
	hear();
	list[1].then = POLICY_DENY;
	answer(WIRE_ANSWER_APPROVED);
	list[1].then = POLICY_APPROVE;
	assert_string_equal(out(FROM_CLIENT), "");
	assert_non_null(strstr(out(FROM_SERVER), "\"isError\":true"));
}

static void a_cancelled_call_leaves_no_trace_at_the_server(void **state)
{
	(void)state;
	say(FROM_CLIENT, CALL("\"x\"", "w", ""));
	hear();
	assert_int_equal(say(FROM_CLIENT, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":\"x\"}}"),
			 GATE_DROPPED);
	assert_string_equal(out(FROM_CLIENT), "");
	answer(WIRE_ANSWER_APPROVED);
	assert_string_equal(out(FROM_CLIENT), "");
	assert_false(gate_owes(gate));
}

static void the_id_of_a_held_call_is_taken(void **state)
{
	(void)state;
	say(FROM_CLIENT, CALL("1", "w", ""));
	assert_int_equal(say(FROM_CLIENT, CALL("1", "r", "")), GATE_REFUSED);
	assert_null(strstr(out(FROM_SERVER), "\"id\":1,"));
	assert_int_equal(say(FROM_CLIENT, CALL("\"1\"", "r", "")), GATE_PASSED);
	/* And the other way round. */
	assert_int_equal(say(FROM_CLIENT, CALL("2", "r", "")), GATE_PASSED);
	assert_int_equal(say(FROM_CLIENT, CALL("2", "w", "")), GATE_REFUSED);
	assert_int_equal(ask_waiting(ask), 1);
}

static void what_could_count_is_in_the_digest_and_what_cannot_is_not(void **state)
{
	static const struct {
		const char *line;
		bool is_same;
	} rows[] = {
		{ CALL("2", "w", ",\"arguments\":{}"), true },
		{ CALL("2", "w", ",\"arguments\":{},\"_meta\":{\"progressToken\":7,\"traceparent\":\"x\"}"), true },
		{ CALL("2", "w", ",\"arguments\":{},\"_meta\":{\"com.example/x\":1}"), false },
		{ CALL("2", "w", ",\"arguments\":{},\"task\":{}"), false },
		{ CALL("2", "w", ",\"arguments\":{\"a\":null}"), false },
		{ CALL("2", "w2", ",\"arguments\":{}"), false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		memset(ask->v, 0, sizeof(ask->v));
		ask->used = ask->n_withdrawn = ask->in_minute = 0;
		gate->session.takes_tasks = true;
		assert_int_equal(say(FROM_CLIENT, CALL("1", "w", ",\"arguments\":{}")), GATE_HELD);
		if (say(FROM_CLIENT, rows[i].line) != (rows[i].is_same ? GATE_REFUSED : GATE_HELD))
			fail_msg("%s", rows[i].line);
	}
}

static void secrets_are_neither_shown_nor_sent(void **state)
{
	char token[64] = "gh", line[256];

	(void)state;
	strcat(token, "p_");
	for (size_t i = 4; i < 40; i++)
		token[i] = "aB3dE6gH9jK2"[i % 12];
	snprintf(line, sizeof(line), CALL("1", "w", ",\"arguments\":{\"t\":\"%s\"}"), token);
	assert_int_equal(say(FROM_CLIENT, line), GATE_HELD);
	hear();
	assert_null(memmem(question.call.arguments, question.call.arguments_len, token, strlen(token)));
	answer(WIRE_ANSWER_APPROVED);
	assert_non_null(strstr(out(FROM_CLIENT), "[REDACTED:github-pat]"));
}

static void a_waiting_client_hears_of_it(void **state)
{
	(void)state;
	say(FROM_CLIENT, CALL("1", "w", ",\"_meta\":{\"progressToken\":\"t\\\"\"}"));
	hold_time(gate);
	assert_non_null(strstr(out(FROM_SERVER), "\"progressToken\":\"t\\\"\",\"progress\":0.000001,"));
	gate->now = LIMIT_PROGRESS;
	hold_time(gate);
	assert_non_null(strstr(out(FROM_SERVER), "\"progress\":0.000002,"));
	gate->now = 120000;
	hear();
	hold_time(gate);
	assert_non_null(strstr(out(FROM_SERVER), "in time"));
	assert_false(gate_owes(gate));
	/* Without a token: told to repeat it. */
	say(FROM_CLIENT, CALL("2", "w", ""));
	hear();
	gate->now += 50000;
	hold_time(gate);
	assert_non_null(strstr(out(FROM_SERVER), "repeat exactly the same call"));
	assert_false(gate_owes(gate));
	answer(WIRE_ANSWER_APPROVED);
	assert_string_equal(out(FROM_CLIENT), "");
	assert_int_equal(say(FROM_CLIENT, CALL("3", "w", "")), GATE_PASSED);
	assert_int_equal(say(FROM_CLIENT, CALL("4", "w", "")), GATE_HELD);
}

static void the_end_of_a_side_ends_what_waits(void **state)
{
	(void)state;
	for (int who = HOLD_BROKER_ENDED; who <= HOLD_SERVER_ENDED; who++) {
		ask->is_closed = false;
		assert_int_equal(say(FROM_CLIENT, CALL("1", "w", "")), GATE_HELD);
		hear();
		hold_end(gate, (enum hold_end)who);
		assert_non_null(strstr(out(FROM_SERVER), "\"id\":1,\"result\""));
		answer(WIRE_ANSWER_APPROVED);
		assert_string_equal(out(FROM_CLIENT), "");
		assert_int_equal(say(FROM_CLIENT, CALL("2", "w", "")), who == HOLD_BROKER_ENDED ? GATE_REFUSED : GATE_HELD);
		ask_cancel(ask, "2", 1, false);
	}
}

static void what_is_revoked_passes_nothing_and_no_approval_counts(void **state)
{
	static const char words[] = "revoked, it says";

	(void)state;
	for (int is_final = 0; is_final < 2; is_final++) {
		const struct wire_answer late = { .kind = WIRE_ANSWER_APPROVED, .serial = 1 };

		ask->is_closed = false;
		assert_int_equal(say(FROM_CLIENT, CALL("1", "a", "")), GATE_PASSED);
		assert_int_equal(say(FROM_CLIENT, CALL("2", "w", "")), GATE_HELD);
		hear();
		assert_true(gate_suspend(gate, words, is_final));
		assert_non_null(strstr(out(FROM_SERVER), "\"id\":2"));
		assert_non_null(strstr(out(FROM_SERVER), words));
		answer(WIRE_ANSWER_APPROVED);
		hold_answer(gate, &late);
		hold_time(gate);
		assert_string_equal(out(FROM_CLIENT), "");
		/* Calls are refused, whatever a rule says; the session itself goes on. */
		assert_int_equal(say(FROM_CLIENT, CALL("3", "a", "")), GATE_REFUSED);
		assert_non_null(strstr(out(FROM_SERVER), words));
		assert_int_equal(say(FROM_CLIENT, "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"resources/read\","
						  "\"params\":{\"uri\":\"file:///a\"}}"), GATE_REFUSED);
		assert_string_equal(out(FROM_CLIENT), "");
		assert_int_equal(say(FROM_CLIENT, "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"ping\"}"), GATE_PASSED);
		assert_int_equal(say(FROM_CLIENT, CALL("6", "w", "")), is_final ? GATE_REFUSED : GATE_HELD);
		assert_true(gate_suspend(gate, words, is_final));
		/* An answer to what passed before is one. */
		assert_int_equal(say(FROM_SERVER, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[]}}"), GATE_PASSED);
		assert_int_equal(say(FROM_SERVER, "{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{}}"), GATE_PASSED);
		assert_true(gate_suspend(gate, NULL, false));
		assert_int_equal(say(FROM_CLIENT, CALL("7", "a", "")), GATE_PASSED);
		assert_int_equal(say(FROM_SERVER, "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"content\":[]}}"), GATE_PASSED);
	}
}

static void a_yes_that_is_kept_is_void_too(void **state)
{
	(void)state;
	gate->now = 1000;
	assert_int_equal(say(FROM_CLIENT, CALL("1", "w", "")), GATE_HELD);
	hear();
	/* Its client is told to repeat it, and the yes comes meanwhile. */
	gate->now = 60000;
	hold_time(gate);
	answer(WIRE_ANSWER_APPROVED);
	assert_true(gate_suspend(gate, "suspended", false));
	assert_true(gate_suspend(gate, NULL, false));
	assert_int_equal(say(FROM_CLIENT, CALL("2", "w", "")), GATE_HELD);
	assert_string_equal(out(FROM_CLIENT), "");
}

static void a_form_is_answered_under_its_own_id_only(void **state)
{
	static const char *const ids[] = { "\"mcp-confine:0000000000000007:1\"", "\"mcp-confine:0000000000000008:1\"",
					   "\"mcp-confine:0000000000000007:2\"", "\"mcp-confine:0000000000000007:\"",
					   "\"mcp-confine:0000000000000007:1x\"" };
	char line[256];

	(void)state;
	gate->is_form = gate->has_form = true;
	gate->form_prefix = 7;
	say(FROM_CLIENT, CALL("1", "w", ",\"arguments\":{\"a\":\"\xe2\x80\xae\\n\"}"));
	elicit_tell(gate);
	assert_non_null(strstr(out(FROM_SERVER), "\"id\":\"mcp-confine:0000000000000007:1\",\"method\":\"elicitation/create\""));
	assert_non_null(strstr(out(FROM_SERVER), "\\\\xe2\\\\x80\\\\xae"));
	assert_int_equal(json_parse(&gate->json, out(FROM_SERVER), strlen(out(FROM_SERVER)) - 1), 0);
	for (size_t i = sizeof(ids) / sizeof(*ids); i-- > 0;) {
		snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{\"action\":\"accept\",\"content\":{\"approve\":true}}}",
			 ids[i]);
		assert_int_equal(say(FROM_CLIENT, line), GATE_DROPPED);
		hold_time(gate);
		assert_int_equal(strlen(out(FROM_CLIENT)) > 0, i == 0);
	}
	gate->has_form = false;
	assert_int_equal(say(FROM_CLIENT, CALL("2", "w", "")), GATE_REFUSED);
}

/* Prompts and resources wait as calls do; what is not held refuses. */
static void prompts_and_resources_are_held_as_well(void **state)
{
	static const struct {
		const char *method, *params, *other, *subject, *result;
		enum call_kind kind;
	} rows[] = {
		{ "prompts/get", "{\"name\":\"w1\",\"arguments\":{\"a\":\"b\"}}", "{\"name\":\"other\"}", "w1",
		  "{\"messages\":[]}", CALL_PROMPT },
		{ "resources/read", "{\"uri\":\"work://a/%62\"}", "{\"uri\":\"x://a\"}", "work://a/%62",
		  "{\"contents\":[]}", CALL_RESOURCE },
	};
	struct policy with = policy;
	char line[512], then[1024];

	(void)state;
	with.messages.prompts = with.messages.resources = &layer;
	with.messages.n_prompts = with.messages.n_resources = 1;
	gate->policy = gate->rules.policy = &with;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":\"r\",\"method\":\"%s\",\"params\":%s}",
			 rows[i].method, rows[i].params);
		snprintf(then, sizeof(then), "%s\n", line);
		assert_int_equal(say(FROM_CLIENT, line), GATE_HELD);
		assert_string_equal(out(FROM_CLIENT), "");
		hear();
		assert_int_equal(question.call.kind, rows[i].kind);
		assert_int_equal(question.wants_pdp, 0);
		assert_int_equal(question.call.tool_len, strlen(rows[i].subject));
		assert_memory_equal(question.call.tool, rows[i].subject, question.call.tool_len);
		answer(WIRE_ANSWER_APPROVED);
		assert_string_equal(out(FROM_CLIENT), then);
		/* Judged as the answer of that request, and not of another. */
		snprintf(then, sizeof(then), "{\"jsonrpc\":\"2.0\",\"id\":\"r\",\"result\":%s}", rows[i].result);
		assert_int_equal(say(FROM_SERVER, then), GATE_PASSED);
		/* A no is an error, and cools down. */
		assert_int_equal(say(FROM_CLIENT, line), GATE_HELD);
		hear();
		answer(WIRE_ANSWER_DENIED);
		assert_string_equal(out(FROM_CLIENT), "");
		assert_string_equal(out(FROM_SERVER), "{\"jsonrpc\":\"2.0\",\"id\":\"r\",\"error\":{\"code\":1403,"
				    "\"message\":\"mcp-confine: A person denied this request. Do not repeat it.\"}}\n");
		assert_int_equal(say(FROM_CLIENT, line), GATE_REFUSED);
		assert_non_null(strstr(out(FROM_SERVER), "denied this request"));
		/* What the rules let through does not wait. */
		snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":\"q\",\"method\":\"%s\",\"params\":%s}",
			 rows[i].method, rows[i].other);
		assert_int_equal(say(FROM_CLIENT, line), GATE_PASSED);
		snprintf(then, sizeof(then), "{\"jsonrpc\":\"2.0\",\"id\":\"q\",\"result\":%s}", rows[i].result);
		say(FROM_SERVER, then);
	}
	/* The same name, of another kind, is another question. */
	assert_int_equal(say(FROM_CLIENT, CALL("1", "w1", ",\"arguments\":{\"a\":\"b\"}")), GATE_HELD);
	/* Everything that could count is in the digest. */
	for (int i = 0; i < 2; i++) {
		snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"resources/read\",\"params\":"
			 "{\"uri\":\"work://b\",\"name\":\"%d\"}}", 10 + i, i);
		assert_int_equal(say(FROM_CLIENT, line), GATE_HELD);
	}
	assert_int_equal(say(FROM_CLIENT, line), GATE_REFUSED);
	assert_int_equal(say(FROM_CLIENT, "{\"jsonrpc\":\"2.0\",\"id\":20,\"method\":\"resources/subscribe\","
				  "\"params\":{\"uri\":\"work://a\"}}"), GATE_REFUSED);
	snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":21,\"method\":\"prompts/get\",\"params\":{}}");
	assert_int_equal(say(FROM_CLIENT, line), GATE_REFUSED);
	/* Cancelled: the server hears nothing of it. */
	assert_int_equal(say(FROM_CLIENT, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\","
				  "\"params\":{\"requestId\":10}}"), GATE_DROPPED);
	assert_string_equal(out(FROM_CLIENT), "");
	gate->ask = NULL;
	assert_int_equal(say(FROM_CLIENT, "{\"jsonrpc\":\"2.0\",\"id\":22,\"method\":\"resources/read\","
				  "\"params\":{\"uri\":\"work://c\"}}"), GATE_REFUSED);
	assert_non_null(strstr(out(FROM_SERVER), "\"code\":1403"));
	assert_non_null(strstr(out(FROM_SERVER), "This request needs the approval of a person"));
	gate->policy = gate->rules.policy = &policy;
}

static void a_uri_too_long_to_be_shown_is_not_held(void **state)
{
	struct policy with = policy;
	char line[1024], uri[LIMIT_TOOL + 16];

	(void)state;
	with.messages.resources = &layer;
	with.messages.n_resources = 1;
	gate->policy = gate->rules.policy = &with;
	for (int over = 0; over < 2; over++) {
		memset(uri, 'a', sizeof(uri));
		memcpy(uri, "w:", 2);
		uri[LIMIT_TOOL + over] = '\0';
		snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"resources/read\","
			 "\"params\":{\"uri\":\"%s\"}}", over, uri);
		assert_int_equal(say(FROM_CLIENT, line), over ? GATE_REFUSED : GATE_HELD);
	}
	gate->policy = gate->rules.policy = &policy;
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_flagged_call_waits_and_passes_as_it_was_frozen),
		T(a_held_call_keeps_its_findings_and_its_pseudonyms),
		T(every_no_is_told_and_nothing_reaches_the_server),
		T(a_policy_that_changed_its_mind_is_asked_again_at_the_release),
		T(a_cancelled_call_leaves_no_trace_at_the_server),
		T(the_id_of_a_held_call_is_taken),
		T(what_could_count_is_in_the_digest_and_what_cannot_is_not),
		T(secrets_are_neither_shown_nor_sent),
		T(a_waiting_client_hears_of_it),
		T(the_end_of_a_side_ends_what_waits),
		T(what_is_revoked_passes_nothing_and_no_approval_counts),
		T(a_yes_that_is_kept_is_void_too),
		T(a_form_is_answered_under_its_own_id_only),
		T(prompts_and_resources_are_held_as_well),
		T(a_uri_too_long_to_be_shown_is_not_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
