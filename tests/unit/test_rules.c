/* SPDX-License-Identifier: Apache-2.0 */
/* Rules, from a policy document to what leaves the gate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/audit.h"
#include "common/err.h"
#include "common/limits.h"
#include "common/meter.h"
#include "policies/load.h"
#include "policies/merge.h"
#include "policies/policy.h"
#include "shims/pep/gate.h"
#include "shims/pep/sink.h"

#define ROOM (LIMIT_REPLIES + (1 << 20))

static struct policy policy;
static struct audit audit = { .fd = -1 };
static struct sink sinks[2];
static struct gate *gate;

static int set_up(void **state)
{
	(void)state;
	gate = calloc(1, sizeof(*gate));
	if (!gate)
		return -1;
	gate->json = (struct json){ .arena = malloc(1 << 20), .nodes = calloc(1 << 16, sizeof(struct json_node)),
				    .seen = malloc(4 * LIMIT_MEMBERS * 4), .size = 1 << 16 };
	gate->policy = gate->rules.policy = &policy;
	gate->audit = &audit;
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
	policy_done(&policy);
	return 0;
}

static void begin(void);

static void use(const char *messages)
{
	char text[4096];
	struct err err = {0};

	policy_done(&policy);
	begin();
	snprintf(text, sizeof(text), "{\"version\":1,\"messages\":{%s}}", messages);
	if (load_text(text, strlen(text), "t", "/home/u", &policy, &err) < 0)
		fail_msg("%s", err.text);
	merge_defaults(&policy);
}

static enum gate_outcome say(enum vocabulary_from from, const char *line)
{
	const char *why;

	sinks[0].head = sinks[0].tail = sinks[1].head = sinks[1].tail = 0;
	return gate_line(gate, from, line, strlen(line), &why);
}

/* A new session, and nothing is open in it. */
static void begin(void)
{
	memset(&gate->session, 0, sizeof(gate->session));
	gate->session.state = SESSION_OPEN;
}

static const char *out(enum vocabulary_from from)
{
	sinks[from].buf[sinks[from].tail] = '\0';
	return sinks[from].buf;
}

#define META "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\",\"io.modelcontextprotocol/clientCapabilities\":{\"extensions\":{\"io.modelcontextprotocol/tasks\":{}}}}"

static bool is_modern;

/* A request of the client's, in a session of its own. */
static bool asks(const char *method, const char *params)
{
	char line[4096];

	snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":{%s%s%s}", method,
		 is_modern ? META : "", is_modern && params[1] != '}' ? "," : "", params + 1);
	begin();
	say(FROM_CLIENT, line);
	is_modern = false;
	return *out(FROM_CLIENT) != '\0';
}

struct row {
	const char *params;
	bool passes;
};

static void check(const char *method, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_modern = !strcmp(method, "subscriptions/listen"), asks(method, rows[i].params) != rows[i].passes)
			fail_msg("%s %s: %s", method, rows[i].params, rows[i].passes ? "refused" : "passed");
}

#define CHECK(method, rows) check(method, rows, sizeof(rows) / sizeof(*(rows)))
#define A(name, arguments) "{\"name\":\"" name "\",\"arguments\":" arguments "}"

static void an_allowed_argument_is_certain(void **state)
{
	static const struct row rows[] = {
		{ A("read", "{\"path\":\"/home/u/src/a\"}"), true },
		{ A("read", "{\"path\":\"/home/u/src\"}"), true },
		{ A("read", "{\"path\":\"/home/u//src/./a/\"}"), true },
		{ A("read", "{\"path\":\"/home/u/src2\"}"), false },
		{ A("read", "{\"path\":\"/home/u/src/../.ssh\"}"), false },
		{ A("read", "{\"path\":\"/home/u/src/..\"}"), false },
		{ A("read", "{\"path\":\"/home/u/src/%2e%2e/x\"}"), false },
		{ A("read", "{\"path\":\"/home/u/src\\\\..\\\\x\"}"), false },
		{ A("read", "{\"path\":\"/home/u/src/a\\u0000\"}"), false },
		{ A("read", "{\"path\":\"src/a\"}"), false },
		{ A("read", "{\"path\":\"~/src/a\"}"), false },
		{ A("read", "{\"path\":\"file:///home/u/src/a\"}"), false },
		{ A("read", "{\"path\":[\"/home/u/src/a\"]}"), false },
		{ A("read", "{\"path\":\"/home/u/src/a\",\"Path\":\"/etc/shadow\"}"), false },
		{ A("read", "{\"path\":\"/home/u/src/a\",\"path \":\"/etc/shadow\"}"), false },
		{ A("read", "{\"Path\":\"/home/u/src/a\"}"), false },
		{ A("read", "{}"), false },
		{ "{\"name\":\"read\"}", false },
		{ A("read", "\"{\\\"path\\\":\\\"/home/u/src\\\"}\""), false },
		{ A("many", "{\"paths\":[\"/home/u/src/a\",\"/home/u/src/b\"]}"), true },
		{ A("many", "{\"paths\":[\"/home/u/src/a\",\"/etc/shadow\"]}"), false },
		{ A("many", "{\"paths\":[]}"), false },
		{ A("many", "{\"paths\":\"/home/u/src/a\"}"), false },
		{ A("add", "{\"n\":1}"), true },	   { A("add", "{\"n\":10}"), true },
		{ A("add", "{\"n\":0}"), false },	   { A("add", "{\"n\":11}"), false },
		{ A("add", "{\"n\":1e1}"), true },   { A("add", "{\"n\":1e2}"), false },
		{ A("add", "{\"n\":10.0000000000000000000000001}"), false },
		{ A("add", "{\"n\":0.99999999999999999999}"), false },
		{ A("add", "{\"n\":-1}"), false },   { A("add", "{\"n\":100e-1}"), true },
		{ A("add", "{\"n\":\"5\"}"), false },
		{ A("mode", "{\"m\":\"fast\"}"), true },   { A("mode", "{\"m\":\"FAST\"}"), false },
		{ A("mode", "{\"m\":2}"), true },	   { A("mode", "{\"m\":2.0}"), true },
		{ A("mode", "{\"m\":\"2\"}"), false },    { A("mode", "{\"m\":true}"), false },
		{ A("mode", "{\"m\":null}"), false },
		{ A("say", "{\"to\":{\"a/b\":[0,\"team-x\"]}}"), true },
		{ A("say", "{\"to\":{\"a/b\":[\"team-x\"]}}"), false },
		{ A("say", "{\"to\":{\"a/b\":[0,\"x\"]}}"), false },
		{ A("say", "{\"to\":\"{\\\"a/b\\\":[0,\\\"team-x\\\"]}\"}"), false },
	};

	(void)state;
	use("\"tools\":[{\"match\":\"read\",\"then\":\"allow\",\"arguments\":{\"/path\":{\"under\":\"~/src\"}}},"
	    "{\"match\":\"many\",\"then\":\"allow\",\"arguments\":{\"/paths/*\":{\"under\":[\"/x\",\"~/src\"]}}},"
	    "{\"match\":\"add\",\"then\":\"allow\",\"arguments\":{\"/n\":{\"min\":1,\"max\":10}}},"
	    "{\"match\":\"mode\",\"then\":\"allow\",\"arguments\":{\"/m\":{\"equals\":[\"fast\",2]}}},"
	    "{\"match\":\"say\",\"then\":\"allow\",\"arguments\":{\"/to/a~1b/1\":{\"prefix\":\"team-\"}}}]");
	CHECK("tools/call", rows);
}

static void a_denied_argument_is_denied_in_doubt(void **state)
{
	static const struct row rows[] = {
		{ A("write", "{\"path\":\"/tmp/x\"}"), true },
		{ A("write", "{\"path\":\"/etc/x\"}"), false },
		{ A("write", "{\"path\":\"/etc\"}"), false },
		{ A("write", "{\"path\":\"//etc/x\"}"), false },
		{ A("write", "{\"path\":\"/./etc/x\"}"), false },
		{ A("write", "{\"path\":\"/tmp/../etc/x\"}"), false },
		{ A("write", "{\"path\":\"etc/x\"}"), false },
		{ A("write", "{\"path\":[\"/etc/x\"]}"), false },
		{ A("write", "{\"path\":5}"), false },
		{ A("write", "{\"path\":\"/tmp/x\",\"to\":{\"path\":\"/tmp/x\"}}"), true },
		{ A("write", "{\"path\":\"/tmp/x\",\"to\":{\"path\":\"/etc/x\"}}"), false },
		{ A("write", "{\"path\":\"/tmp/x\",\"to\":[{\"path\":\"/etc/x\"}]}"), false },
		{ A("write", "{\"PATH\":\"/etc/x\"}"), false },
		{ A("write", "{}"), true },
		{ A("write", "{\"path\":\"/tmp/x\",\"force\":true}"), false },
		{ A("write", "{\"path\":\"/tmp/x\",\"force\":false}"), false },
		{ A("write", "{\"path\":\"/tmp/x\",\"force\":null}"), false },
		{ A("write", "{\"path\":\"/tmp/x\",\"files\":[\"a.txt\"]}"), true },
		{ A("write", "{\"path\":\"/tmp/x\",\"files\":[\"a.txt\",\"b.key\"]}"), false },
		{ A("write", "{\"path\":\"/tmp/x\",\"files\":[[\"b.txt\"]]}"), false },
	};

	(void)state;
	use("\"tools\":[{\"match\":\"*\",\"then\":\"deny\",\"arguments\":{\"/path\":{\"under\":\"/etc\"}}},"
	    "{\"match\":\"*\",\"then\":\"deny\",\"arguments\":{\"/force\":{\"present\":true}}},"
	    "{\"match\":\"*\",\"then\":\"deny\",\"arguments\":{\"/to/path\":{\"under\":\"/etc\"}}},"
	    "{\"match\":\"*\",\"then\":\"deny\",\"arguments\":{\"/files/*\":{\"glob\":\"*.key\"}}},"
	    "{\"match\":\"*\",\"then\":\"allow\"}]");
	CHECK("tools/call", rows);
}

/* Numbers as the server's doubles see them: what rounds to the denied one is in doubt. */
static void a_denied_number_is_denied_in_any_spelling(void **state)
{
	static const struct row rows[] = {
		{ A("pay", "{\"to\":41}"), true },  { A("pay", "{\"to\":42}"), false },
		{ A("pay", "{\"to\":42.0}"), false }, { A("pay", "{\"to\":4.2e1}"), false },
		{ A("pay", "{\"to\":42.00000000000000000001}"), false },
		{ A("pay", "{\"to\":41.99999999999999999999}"), false },
		{ A("pay", "{\"to\":42.0001}"), true },
		{ A("pay", "{\"to\":9007199254740993}"), false },
		{ A("pay", "{\"to\":9007199254740992}"), false },
		{ A("pay", "{\"to\":9007199254740995}"), true },
		{ A("pay", "{\"to\":0}"), false },  { A("pay", "{\"to\":-0}"), false },
		{ A("pay", "{\"to\":1e-400}"), false }, { A("pay", "{\"to\":1e400}"), true },
		{ A("pay", "{\"to\":1,\"sum\":99}"), true },
		{ A("pay", "{\"to\":1,\"sum\":100}"), false },
		{ A("pay", "{\"to\":1,\"sum\":99.999999999999999999}"), false },
		{ A("pay", "{\"to\":1,\"sum\":1e400}"), false },
	};

	(void)state;
	use("\"tools\":[{\"match\":\"pay\",\"then\":\"deny\",\"arguments\":{\"/to\":{\"equals\":[42,9007199254740993,0]}}},"
	    "{\"match\":\"pay\",\"then\":\"deny\",\"arguments\":{\"/sum\":{\"min\":100}}},"
	    "{\"match\":\"*\",\"then\":\"allow\"}]");
	CHECK("tools/call", rows);
}

static void every_condition_of_a_rule_must_hold(void **state)
{
	static const struct row rows[] = {
		{ A("t", "{\"a\":1,\"b\":2}"), true },
		{ A("t", "{\"a\":1}"), false },
		{ A("t", "{\"a\":1,\"b\":3}"), false },
		{ A("t", "{\"a\":1,\"b\":2,\"c\":0}"), false },
	};

	(void)state;
	use("\"tools\":[{\"match\":\"t\",\"then\":\"allow\",\"arguments\":{\"/a\":{\"equals\":1},"
	    "\"/b\":{\"equals\":2},\"/c\":{\"present\":false}}}]");
	CHECK("tools/call", rows);
}

static void what_needs_approval_is_refused_with_words(void **state)
{
	(void)state;
	use("\"tools\":[{\"match\":\"delete_*\",\"then\":\"approve\"},{\"match\":\"*\",\"then\":\"allow\"}]");
	assert_false(asks("tools/call", A("delete_x", "{}")));
	assert_non_null(strstr(out(FROM_SERVER), "approval of a person"));
	assert_true(asks("tools/call", A("get_x", "{}")));
}

static void prompts_and_resources_have_rules_too(void **state)
{
	static const struct row prompts[] = { { A("ok", "{\"a\":\"1\"}"), true },
					      { A("ok", "{\"a\":\"2\"}"), false },
					      { A("no", "{\"a\":\"1\"}"), false },
					      { "{}", false } };
	static const struct row reads[] = { { "{\"uri\":\"file:///ok/a\"}", true },
					    { "{\"uri\":\"file:///no/a\"}", false },
					    { "{\"uri\":\"file:///ok/../no/a\"}", false },
					    { "{\"uri\":[\"file:///ok/a\"]}", false },
					    { "{}", false } };
	static const struct row listens[] = {
		{ "{\"notifications\":{\"toolsListChanged\":true}}", true },
		{ "{\"notifications\":{\"resourceSubscriptions\":[\"file:///ok/a\"]}}", true },
		{ "{\"notifications\":{\"resourceSubscriptions\":[\"file:///ok/a\",\"file:///no\"]}}", false },
		{ "{\"notifications\":{\"resourceSubscriptions\":\"file:///ok/a\"}}", false },
		{ "{\"notifications\":{\"resourcesubscriptions\":[\"file:///no/a\"]}}", false },
	};
	static const struct row completions[] = {
		{ "{\"ref\":{\"type\":\"ref/prompt\",\"name\":\"ok\"},\"argument\":{}}", true },
		{ "{\"ref\":{\"type\":\"ref/prompt\",\"name\":\"no\"},\"argument\":{}}", false },
		{ "{\"ref\":{\"type\":\"ref/resource\",\"uri\":\"file:///ok/{x}\"},\"argument\":{}}", true },
		{ "{\"ref\":{\"type\":\"ref/resource\",\"uri\":\"file:///no/{x}\"},\"argument\":{}}", false },
		{ "{\"argument\":{}}", false },
		{ "{\"ref\":{\"type\":\"ref/prompt\",\"name\":\"ok\",\"Name\":\"no\"},\"argument\":{}}", false },
		{ "{\"ref\":{\"type\":\"ref/prompt\",\"name\":\"ok\",\"Type\":\"ref/resource\",\"uri\":\"file:///no/a\"},\"argument\":{}}", false },
	};

	(void)state;
	use("\"prompts\":[{\"match\":\"ok\",\"then\":\"allow\",\"arguments\":{\"/a\":{\"equals\":\"1\"}}}],"
	    "\"resources\":[{\"match\":\"file:///ok/*\",\"then\":\"allow\"}]");
	CHECK("prompts/get", prompts);
	CHECK("resources/read", reads);
	CHECK("resources/subscribe", reads);
	CHECK("subscriptions/listen", listens);
	CHECK("completion/complete", completions);
	say(FROM_SERVER, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/resources/updated\",\"params\":{\"uri\":\"file:///ok/a\"}}");
	assert_true(*out(FROM_SERVER));
	say(FROM_SERVER, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/resources/updated\",\"params\":{\"uri\":\"file:///no/a\"}}");
	assert_false(*out(FROM_SERVER));
}

static void without_rules_any_uri_passes(void **state)
{
	(void)state;
	use("");
	assert_true(asks("resources/read", "{\"uri\":\"file:///a/../b\"}"));
	use("\"resources\":[{\"match\":\"*\",\"then\":\"allow\"}]");
	assert_true(asks("resources/read", "{\"uri\":\"file:///a/../b\"}"));
	use("\"resources\":[{\"match\":\"file:///b\",\"then\":\"deny\"},{\"match\":\"*\",\"then\":\"allow\"}]");
	assert_false(asks("resources/read", "{\"uri\":\"file:///a/../b\"}"));
}

static void what_a_server_drops_from_a_uri_is_no_way_around_a_rule(void **state)
{
	static const struct row rows[] = {
		{ "{\"uri\":\"file:///b\"}", false },	  { "{\"uri\":\"file:///b#x\"}", false },
		{ "{\"uri\":\"file:///b?x\"}", false },	  { "{\"uri\":\"file:///b?\"}", false },
		{ "{\"uri\":\"file:///b%3Fx\"}", true },  { "{\"uri\":\"file:///b%23\"}", true },
		{ "{\"uri\":\"file:///c?x#y\"}", true },  { "{\"uri\":\"docs://a/secret#x\"}", false },
		{ "{\"uri\":\"docs://a/secret?x\"}", true }, /* a query says which one */
		{ "{\"uri\":\"docs://a/b#x\"}", true },   { "{\"uri\":\"docs://a/c#x\"}", false },
	};

	(void)state;
	use("\"resources\":[{\"match\":\"file:///b\",\"then\":\"deny\"},{\"match\":\"docs://a/secret\",\"then\":\"deny\"},"
	    "{\"match\":\"docs://a/c#x\",\"then\":\"deny\"},{\"match\":\"*\",\"then\":\"allow\"}]");
	CHECK("resources/read", rows);
	use("\"resources\":[{\"match\":\"docs://a/b#x\",\"then\":\"allow\"},{\"match\":\"file:///d/*\",\"then\":\"allow\"}]");
	assert_true(asks("resources/read", "{\"uri\":\"docs://a/b#x\"}"));
	assert_false(asks("resources/read", "{\"uri\":\"docs://a/b#y\"}"));
	assert_true(asks("resources/read", "{\"uri\":\"file:///d/e#L1\"}"));
	assert_false(asks("resources/read", "{\"uri\":\"file:///e#/d/\"}"));
}

static void lists_show_what_may_pass_and_keep_their_cursor(void **state)
{
	static const struct {
		const char *method, *result, *left;
	} rows[] = {
		{ "tools/list", "{\"tools\":[{\"name\":\"a\"},{\"name\":\"n\"},{\"name\":\"c\"},{\"x\":1},3],\"nextCursor\":\"2\"}",
		  "{\"tools\":[{\"name\":\"a\"},{\"name\":\"c\"}],\"nextCursor\":\"2\"}" },
		{ "tools/list", "{\"nextCursor\":\"2\",\"tools\":[{\"name\":\"n\"}]}", "{\"nextCursor\":\"2\",\"tools\":[]}" },
		{ "tools/list", "{\"tools\":[{\"name\":\"a\",\"Name\":\"n\"}]}", "{\"tools\":[]}" },
		{ "prompts/list", "{\"prompts\":[{\"name\":\"no\"},{\"name\":\"ok\"}]}", "{\"prompts\":[{\"name\":\"ok\"}]}" },
		{ "resources/list", "{\"resources\":[{\"uri\":\"file:///no\"},{\"uri\":\"file:///ok/1\"},{\"uri\":\"file:///ok/%2e%2e/2\"}]}",
		  "{\"resources\":[{\"uri\":\"file:///ok/1\"}]}" },
		{ "resources/templates/list", "{\"resourceTemplates\":[{\"uriTemplate\":\"file:///{x}\"},{\"uriTemplate\":\"db://{x}\"}]}",
		  "{\"resourceTemplates\":[{\"uriTemplate\":\"file:///{x}\"}]}" },
		{ "tools/list", "{\"tools\":[],\"Tools\":[{\"name\":\"n\"}]}", NULL },
		{ "tools/list", "{\"tools\":{\"name\":\"n\"}}", NULL },
		{ "resources/list", "{}", NULL },
	};
	char line[1024];

	(void)state;
	use("\"tools\":[{\"match\":\"n\",\"then\":\"deny\"},{\"match\":\"c\",\"then\":\"allow\",\"arguments\":{\"/x\":{\"equals\":1}}},"
	    "{\"match\":\"a\",\"then\":\"approve\"}],\"prompts\":[{\"match\":\"ok\",\"then\":\"allow\"}],"
	    "\"resources\":[{\"match\":\"file:///ok/*\",\"then\":\"allow\"}]");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_true(asks(rows[i].method, "{}"));
		snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":%s}", rows[i].result);
		say(FROM_SERVER, line);
		snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":%s}\n", rows[i].left ? rows[i].left : "");
		if (rows[i].left ? strcmp(out(FROM_SERVER), line) != 0 : !strstr(out(FROM_SERVER), "\"error\""))
			fail_msg("%s: %s", rows[i].result, out(FROM_SERVER));
	}
}

#define ASK(method) "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"" method "\",\"params\":{}}"

static void requests_of_the_server_are_denied_answered_or_passed(void **state)
{
	(void)state;
	use("\"server_requests\":{\"sampling\":\"deny\",\"elicitation\":\"pass\",\"roots\":\"answer\"},\"roots\":[\"/a b\",\"~/x\"]");
	say(FROM_SERVER, ASK("sampling/createMessage"));
	assert_false(*out(FROM_SERVER));
	assert_non_null(strstr(out(FROM_CLIENT), "\"id\":3,\"error\":{\"code\":1403"));
	say(FROM_SERVER, ASK("roots/list"));
	assert_false(*out(FROM_SERVER));
	assert_string_equal(out(FROM_CLIENT), "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"roots\":[{\"uri\":\"file:///a%20b\"},"
					      "{\"uri\":\"file:///home/u/x\"}]}}\n");
	say(FROM_SERVER, ASK("elicitation/create"));
	assert_true(*out(FROM_SERVER));
	use("\"server_requests\":\"answer\"");
	begin();
	say(FROM_SERVER, ASK("sampling/createMessage"));
	assert_false(*out(FROM_SERVER));
	assert_non_null(strstr(out(FROM_CLIENT), "\"code\":-1"));
	say(FROM_SERVER, ASK("elicitation/create"));
	assert_string_equal(out(FROM_CLIENT), "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"action\":\"decline\"}}\n");
	say(FROM_SERVER, ASK("tasks/list"));
	assert_false(*out(FROM_SERVER));
	assert_non_null(strstr(out(FROM_CLIENT), "\"error\""));
}

static void requests_inside_a_result_are_held_against_the_same_rules(void **state)
{
#define RESULT(requests) "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"resultType\":\"input_required\",\"inputRequests\":" requests "}}"
	static const struct {
		const char *line;
		bool passes;
	} rows[] = {
		{ RESULT("{\"k\":{\"method\":\"elicitation/create\"}}"), true },
		{ RESULT("{\"k\":{\"method\":\"elicitation/create\"},\"l\":{\"method\":\"sampling/createMessage\"}}"), false },
		{ RESULT("{\"k\":{\"method\":\"roots/list\"}}"), false },
		{ RESULT("{\"k\":{\"Method\":\"sampling/createMessage\",\"method\":\"elicitation/create\"}}"), false },
		{ RESULT("{\"k\":{}}"), false },
		{ RESULT("[]"), false },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"resultType\":\"task\",\"taskId\":\"t\",\"status\":\"working\",\"inputRequests\":{\"k\":{\"method\":\"roots/list\"}}}}", false },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"resultType\":\"task\",\"taskId\":\"t\",\"status\":\"working\"}}", true },
	};

	(void)state;
	use("\"server_requests\":{\"sampling\":\"deny\",\"roots\":\"answer\"}");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		is_modern = true;
		assert_true(asks("tools/call", A("x", "{}")));
		say(FROM_SERVER, rows[i].line);
		if (!strstr(out(FROM_SERVER), "withheld") != rows[i].passes)
			fail_msg("%s: %s", rows[i].line, out(FROM_SERVER));
	}
}

static void roots_outside_of_the_policy_are_left_out(void **state)
{
	(void)state;
	use("\"roots\":[\"/home/u/src\"]");
	say(FROM_SERVER, ASK("roots/list"));
	assert_true(*out(FROM_SERVER));
	say(FROM_CLIENT, "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"roots\":[{\"uri\":\"file:///home/u/.ssh\"},"
			 "{\"uri\":\"file:///home/u/src/a\",\"name\":\"A\"},{\"uri\":\"file:///home/u/src/../.ssh\"},{\"name\":\"x\"}]}}");
	assert_string_equal(out(FROM_CLIENT), "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"roots\":"
					      "[{\"uri\":\"file:///home/u/src/a\",\"name\":\"A\"}]}}\n");
	is_modern = true;
	assert_false(asks("tools/call", "{\"name\":\"x\",\"inputResponses\":{\"k\":{\"Roots\":[{\"uri\":\"file:///\"}]}}}"));
	assert_true(asks("tools/call", "{\"name\":\"x\",\"inputResponses\":{\"k\":{\"roots\":[{\"uri\":\"file:///\"},{\"uri\":\"file:///home/u/src\"}]}}}"));
	assert_non_null(strstr(out(FROM_CLIENT), "\"roots\":[{\"uri\":\"file:///home/u/src\"}]"));
}

static void sizes_are_bounded(void **state)
{
	char line[8192];

	(void)state;
	use("\"limits\":{\"result\":2048,\"arguments\":64}");
	assert_true(asks("tools/call", A("x", "{\"a\":\"0123456789\"}")));
	say(FROM_SERVER, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[]}}");
	assert_null(strstr(out(FROM_SERVER), "larger"));
	assert_false(asks("tools/call", A("x", "{\"a\":\"0123456789012345678901234567890123456789012345678901234567890123456789\"}")));
	assert_true(asks("tools/call", A("x", "{}")));
	snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"%04000d\"}]}}", 1);
	say(FROM_SERVER, line);
	assert_non_null(strstr(out(FROM_SERVER), "larger than the policy allows"));
	assert_true(strlen(out(FROM_SERVER)) < 512);
}

static uint64_t no_time(void)
{
	return METER_SECOND;
}

/* The tool's name is in the request that started the task, its result comes elsewhere. */
static void a_result_is_charged_to_its_tool_through_a_task_as_well(void **state)
{
	static const uint64_t seed[2] = { 1, 2 };
	static const char *const ways[] = { /* begin, end, and what is asked */
		"{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":", "}", "result",
		"{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"taskId\":\"t\",\"status\":\"completed\",\"result\":", "}}", "get",
		"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tasks/status\",\"params\":{\"taskId\":\"t\",\"status\":\"completed\",\"result\":", "}}", "get",
	};
	static struct meter meter;
	static struct rates rates;
	char line[4096];

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		const char *const *way = &ways[i / 2 * 3];

		use(i / 2 == 1 ? "\"rate\":{\"per\":\"tool\",\"result_bytes\":\"1K/day\"}" :
				 "\"rate\":{\"match\":\"a\",\"result_bytes\":\"1K/day\"}");
		meter_init(&meter, seed);
		rates_init(&rates, &policy, &audit, "s", "c", &meter);
		rates.uptime = no_time;
		gate->rates = &rates;
		say(FROM_CLIENT, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"a\",\"task\":{}}}");
		say(FROM_SERVER, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"task\":{\"taskId\":\"t\",\"status\":\"working\"}}}");
		assert_non_null(strstr(out(FROM_SERVER), "working"));
		snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tasks/%s\",\"params\":{\"taskId\":\"t\"}}", way[2]);
		say(FROM_CLIENT, line);
		assert_non_null(strstr(out(FROM_CLIENT), "tasks/"));
		snprintf(line, sizeof(line), "%s{\"content\":[{\"type\":\"text\",\"text\":\"%0*d\"}]}%s", way[0], i % 2 ? 1200 : 20, 7, way[1]);
		say(FROM_SERVER, line);
		assert_int_equal(i % 2 == 0, strstr(out(FROM_SERVER), "0007") != NULL);
	}
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_allowed_argument_is_certain),
		T(a_denied_argument_is_denied_in_doubt),
		T(a_denied_number_is_denied_in_any_spelling),
		T(every_condition_of_a_rule_must_hold),
		T(what_needs_approval_is_refused_with_words),
		T(prompts_and_resources_have_rules_too),
		T(what_a_server_drops_from_a_uri_is_no_way_around_a_rule),
		T(without_rules_any_uri_passes),
		T(lists_show_what_may_pass_and_keep_their_cursor),
		T(requests_of_the_server_are_denied_answered_or_passed),
		T(requests_inside_a_result_are_held_against_the_same_rules),
		T(roots_outside_of_the_policy_are_left_out),
		T(sizes_are_bounded),
		T(a_result_is_charged_to_its_tool_through_a_task_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
