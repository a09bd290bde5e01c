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
#include "shims/pep/gate.h"
#include "shims/pep/sink.h"

#define ROOM (LIMIT_REPLIES + (1 << 20))

static struct policy_rule rule_list[] = { { .match = (char[]){ "secret_*" }, .then = POLICY_DENY },
					  { .match = (char[]){ "*" }, .then = POLICY_ALLOW } };
static struct policy_rules rules = { rule_list, 2 };
static struct policy policy = { .messages = { .tools = &rules, .n_tools = 1,
					      .tokens = POLICY_TOKENS_REDACT,
					      .server_requests = POLICY_REQUESTS_PASS } };
static struct audit audit = { .fd = -1 };
static struct sink sinks[2];
static struct scan *scan;
static struct gate *gate;

static int set_up(void **state)
{
	(void)state;
	gate = calloc(1, sizeof(*gate));
	if (!gate || scan_open(NULL, 0, &scan, NULL) < 0)
		return -1;
	gate->json = (struct json){ .arena = malloc(1 << 20), .nodes = calloc(1 << 16, sizeof(struct json_node)),
				    .seen = malloc(4 * LIMIT_MEMBERS * 4), .size = 1 << 16 };
	gate->session.state = SESSION_OPEN;
	gate->policy = gate->rules.policy = &policy;
	gate->audit = &audit;
	gate->scan = scan;
	for (int i = 0; i < 2; i++) {
		sinks[i] = (struct sink){ .fd = 1, .buf = malloc(ROOM), .size = ROOM };
		gate->out[i] = &sinks[i];
	}
	policy.messages.server_requests = POLICY_REQUESTS_PASS;
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
	scan_close(scan);
	return 0;
}

static size_t lines_with(const char *text, const char *part)
{
	size_t n = 0;

	for (; (text = strstr(text, part)) != NULL; text++)
		n++;
	return n;
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

#define CLIENT(line) say(FROM_CLIENT, line)
#define SERVER(line) say(FROM_SERVER, line)
#define CALL(id, name) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"tools/call\",\"params\":{\"name\":\"" name "\"}}"

static void what_is_not_understood_does_not_pass(void **state)
{
	static const char *const lines[] = {
		"garbage", "[]", "[" CALL("1", "echo") "]", "1", "null", "{}", CALL("1", "a") CALL("2", "b"),
		"{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}",
		"{\"id\":1,\"method\":\"ping\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":1.0,\"method\":\"ping\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":9007199254740993,\"method\":\"ping\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":-0,\"method\":\"ping\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"Method\":\"tools/call\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"x\":1}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"result\":{}}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"method\":\"tools/call\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\\u0000\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"PING\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":[]}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"experimental/x\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"notifications/initialized\"}",
		"{\"jsonrpc\":\"2.0\",\"method\":\"tools/call\",\"params\":{\"name\":\"echo\"}}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"sampling/createMessage\",\"params\":{}}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"Name\":\"x\",\"name\":\"echo\"}}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":[\"echo\"]}}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"echo\",\"arguments\":\"{}\"}}",
		CALL("1", "secret_x"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		enum gate_outcome o = CLIENT(lines[i]);

		if ((o != GATE_REFUSED && o != GATE_DROPPED) || *out(FROM_CLIENT))
			fail_msg("passed: %s", lines[i]);
		if (gate_owes(gate))
			fail_msg("remembered: %s", lines[i]);
	}
	assert_int_equal(CLIENT(CALL("1", "echo")), GATE_PASSED);
	assert_string_equal(out(FROM_CLIENT), CALL("1", "echo") "\n");
}

static void a_refused_call_is_a_result_that_a_model_can_read(void **state)
{
	(void)state;
	CLIENT(CALL("\"7\"", "secret_x"));
	assert_non_null(strstr(out(FROM_SERVER), "\"id\":\"7\",\"result\":{\"content\""));
	assert_non_null(strstr(out(FROM_SERVER), "\"isError\":true"));
	assert_null(strstr(out(FROM_SERVER), "resultType"));
	assert_null(strstr(out(FROM_SERVER), "secret_"));
	CLIENT("{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"tools/call\",\"params\":{\"name\":\"secret_x\",\"_meta\":"
	       "{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"}}}");
	assert_non_null(strstr(out(FROM_SERVER), "\"resultType\":\"complete\""));
}

static void a_response_needs_its_request_once_and_by_type(void **state)
{
	(void)state;
	assert_int_equal(SERVER("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}"), GATE_DROPPED);
	assert_int_equal(CLIENT(CALL("1", "echo")), GATE_PASSED);
	assert_int_equal(SERVER("{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":{}}"), GATE_DROPPED);
	assert_int_equal(SERVER("{\"jsonrpc\":\"2.0\",\"id\":1.0,\"result\":{}}"), GATE_DROPPED);
	assert_int_equal(SERVER("{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":{}}"), GATE_DROPPED);
	assert_string_equal(out(FROM_SERVER), "");
	assert_int_equal(SERVER("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}"), GATE_PASSED);
	assert_int_equal(SERVER("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}"), GATE_DROPPED);
	assert_int_equal(CLIENT(CALL("1", "echo")), GATE_PASSED);
	/* An error with the id of an open request would be taken for its answer. */
	assert_int_equal(CLIENT(CALL("1", "echo")), GATE_REFUSED);
	assert_null(strstr(out(FROM_SERVER), "\"id\":1"));
	assert_non_null(strstr(out(FROM_SERVER), "\"id\":null"));
	assert_int_equal(CLIENT(CALL("1", "secret_x")), GATE_REFUSED);
	assert_null(strstr(out(FROM_SERVER), "\"id\":1"));
	assert_int_equal(SERVER("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}"), GATE_PASSED);
}

static void a_broken_answer_becomes_an_error_and_nobody_waits(void **state)
{
	(void)state;
	CLIENT(CALL("1", "echo"));
	SERVER("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{},\"x\":1}");
	assert_non_null(strstr(out(FROM_SERVER), "\"id\":1,\"error\""));
	assert_false(gate_owes(gate));
}

static void denied_tools_are_not_listed(void **state)
{
	(void)state;
	CLIENT("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}");
	assert_int_equal(SERVER("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"tools\":[{\"name\":\"secret_a\"},"
				"{\"name\":\"b\"},{\"name\":\"secret_c\"},{\"title\":\"none\"}],\"nextCursor\":\"x\"}}"),
			 GATE_REDACTED);
	assert_string_equal(out(FROM_SERVER), "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"tools\":"
					      "[{\"name\":\"b\"}],\"nextCursor\":\"x\"}}\n");
}

static void tokens_are_replaced_and_never_in_names(void **state)
{
	char token[64] = "gh", line[512];

	(void)state;
	strcat(token, "p_");
	for (size_t i = 4; i < 40; i++)
		token[i] = "aB3dE6gH9jK2"[i % 12];
	snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":"
		 "{\"name\":\"e\",\"arguments\":{\"t\":\"x %s\"}}}", token);
	assert_int_equal(CLIENT(line), GATE_REDACTED);
	assert_null(strstr(out(FROM_CLIENT), token));
	assert_non_null(strstr(out(FROM_CLIENT), "\"x [REDACTED:github-pat]\""));
	snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"a\":[{\"%s\":1}]}}", token);
	SERVER(line);
	assert_null(strstr(out(FROM_SERVER), token));
	assert_non_null(strstr(out(FROM_SERVER), "withheld"));
	snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"method\":\"ping\"}", token);
	assert_int_equal(CLIENT(line), GATE_REFUSED);
	assert_string_equal(out(FROM_CLIENT), "");
}

static void requests_of_the_server_pass_only_when_the_policy_says_so(void **state)
{
	static const char ask[] = "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"roots/list\"}";

	(void)state;
	assert_int_equal(SERVER(ask), GATE_PASSED);
	assert_int_equal(CLIENT("{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":{\"roots\":[]}}"), GATE_PASSED);
	policy.messages.server_requests = POLICY_REQUESTS_DENY;
	assert_int_equal(SERVER(ask), GATE_REFUSED);
	assert_string_equal(out(FROM_SERVER), "");
	assert_non_null(strstr(out(FROM_CLIENT), "\"error\""));
	assert_int_equal(SERVER("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}"), GATE_PASSED);
	CLIENT("{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"tools/call\",\"params\":{\"name\":\"echo\",\"_meta\":"
	       "{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"}}}");
	SERVER("{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{\"resultType\":\"input_required\",\"inputRequests\":{}}}");
	assert_null(strstr(out(FROM_SERVER), "inputRequests"));
}

static void too_many_open_requests_are_refused_and_none_is_forgotten(void **state)
{
	char line[128];

	(void)state;
	for (int i = 0; i < LIMIT_IN_FLIGHT; i++) {
		snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"ping\"}", i);
		assert_int_equal(CLIENT(line), GATE_PASSED);
	}
	assert_int_equal(CLIENT("{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"ping\"}"), GATE_REFUSED);
	assert_int_equal(SERVER("{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":{}}"), GATE_PASSED);
	assert_int_equal(CLIENT("{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"ping\"}"), GATE_PASSED);
}

/* Every id of a batch that could be open gets its error; of what is beyond, one tells. */
static void each_id_of_a_batch_is_answered(void **state)
{
	static char line[256 * 1024];

	(void)state;
	for (int over = 0; over < 2; over++) {
		int count = LIMIT_IN_FLIGHT + 100 * over;
		size_t n = 1;

		line[0] = '[';
		for (int i = 0; i < count; i++)
			n += (size_t)sprintf(line + n, "%s{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"ping\"}",
					     i ? "," : "", i);
		strcpy(line + n, "]");
		assert_int_equal(CLIENT(line), GATE_REFUSED);
		assert_string_equal(out(FROM_CLIENT), "");
		assert_int_equal(lines_with(out(FROM_SERVER), "\"error\""), LIMIT_IN_FLIGHT + over);
		assert_int_equal(lines_with(out(FROM_SERVER), "\"id\":null"), over);
		assert_non_null(strstr(out(FROM_SERVER), "\"id\":1023,"));
	}
	/* As many answers as can be waited for, in one line. */
	for (int i = 0; i < LIMIT_IN_FLIGHT; i++) {
		snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"ping\"}", i);
		assert_int_equal(CLIENT(line), GATE_PASSED);
	}
	line[0] = '[';
	for (size_t i = 0, n = 1; i < LIMIT_IN_FLIGHT; i++)
		n += (size_t)sprintf(line + n, "{\"jsonrpc\":\"2.0\",\"id\":%zu,\"result\":{}}%s", i,
				     i + 1 < LIMIT_IN_FLIGHT ? "," : "]");
	assert_int_equal(SERVER(line), GATE_DROPPED);
	assert_int_equal(lines_with(out(FROM_SERVER), "\"error\""), LIMIT_IN_FLIGHT);
	assert_false(gate_owes(gate));
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* As a string it is replaced; where that cannot be, the message stops. */
static void personal_data_is_replaced_when_the_policy_names_it(void **state)
{
	static const char text[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{"
				   "\"name\":\"a\",\"arguments\":{\"card\":\"4111111111111111\"}}}";
	static const char again[] = "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/call\",\"params\":{"
				    "\"name\":\"a\",\"arguments\":{\"card\":\"4111111111111111\"}}}";
	static const char number[] = "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{"
				     "\"name\":\"a\",\"arguments\":{\"card\":4111111111111111}}}";
	struct scan_config config = { .personal = scan_personal("pan") };
	struct policy_findings layer = { .personal = config.personal };

	(void)state;
	assert_int_equal(CLIENT(text), GATE_PASSED);
	scan_configure(scan, &config);
	policy.messages.findings = &layer;
	policy.messages.n_findings = 1;
	assert_int_equal(CLIENT(again), GATE_REDACTED);
	assert_non_null(strstr(out(FROM_CLIENT), "\"card\":\"[REDACTED:pan]\""));
	assert_int_equal(CLIENT(number), GATE_REFUSED);
	assert_null(strstr(out(FROM_CLIENT), "4111"));
	config.personal = layer.personal = scan_personal("iban");
	scan_configure(scan, &config);
	assert_int_equal(CLIENT(number), GATE_PASSED);
	policy.messages.n_findings = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_is_not_understood_does_not_pass),
		T(each_id_of_a_batch_is_answered),
		T(a_refused_call_is_a_result_that_a_model_can_read),
		T(a_response_needs_its_request_once_and_by_type),
		T(a_broken_answer_becomes_an_error_and_nobody_waits),
		T(denied_tools_are_not_listed),
		T(tokens_are_replaced_and_never_in_names),
		T(personal_data_is_replaced_when_the_policy_names_it),
		T(requests_of_the_server_pass_only_when_the_policy_says_so),
		T(too_many_open_requests_are_refused_and_none_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
