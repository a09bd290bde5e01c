/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a finding: from the policy's text to the bytes that leave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/audit.h"
#include "common/err.h"
#include "launcher/secrets.h"
#include "policies/bundle.h"
#include "policies/policy.h"
#include "scan/scan.h"
#include "shims/pep/gate.h"
#include "shims/pep/mirror.h"
#include "shims/pep/sink.h"

#define ROOM ((size_t)1 << 20)
#define PAT "gh" "p_abcdefghijabcdefghijabcdefghijabcdef"
#define JWT "ey" "JhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.ey" "JzdWIiOiIxMjM0NTY3ODkwIn0." \
	"kR3dT9vQ2xLmN8pZ4wYbC7hJ1sF6gA5eUoWqXiVrKtM"
#define MAIL "bob@corp.org"
#define CARD "4111 1111 1111 1111"
#define KNOWN "Zk3vQ9xLm2Wp7RtYb5Nc"

static struct policy policy;
static struct audit audit = { .fd = -1 };
static struct sink sinks[2];
static struct scan *scan;
static struct gate *gate;
static struct pseudonyms *names;
static int next_id;

/* A session under these layers, from the strongest. */
static void begin(const char *const *layers, size_t n)
{
	struct scan_config config = {0};
	struct bundle b = {0};
	struct err err = {0};
	struct json json = gate->json;

	policy_done(&policy);
	for (size_t i = 0; i < n; i++) {
		char text[2048];

		snprintf(text, sizeof(text), "{\"version\":1,\"messages\":{%s}}", layers[i]);
		assert_int_equal(bundle_add(&b, "layer", text, strlen(text), &err), 0);
	}
	if (bundle_merge(&b, "/", &policy, &err) < 0)
		fail_msg("%s", err.text);
	bundle_done(&b);
	config.personal_only = !policy_looks_for(&policy, &config.personal);
	scan_configure(scan, &config);
	memset(gate, 0, sizeof(*gate));
	gate->json = json;
	gate->policy = gate->rules.policy = &policy;
	gate->scan = config.personal_only && !config.personal ? NULL : scan;
	gate->audit = &audit;
	gate->session.state = SESSION_OPEN;
	if (policy_has_pseudonyms(&policy)) {
		memset(names, 0, sizeof(*names));
		names->key[0] = 1;
		gate->found.pseudonyms = names;
	}
	for (int i = 0; i < 2; i++)
		gate->out[i] = &sinks[i];
}

#define BEGIN(...)                                                         \
	do {                                                               \
		const char *const layers[] = { __VA_ARGS__ };              \
		begin(layers, sizeof(layers) / sizeof(*layers));           \
	} while (0)

static int set_up(void **state)
{
	static char known[] = "A_TOKEN=" KNOWN;
	struct strv entries = { .v = (char *[]){ known, NULL }, .n = 1 };
	size_t len, n;
	void *data;

	(void)state;
	gate = calloc(1, sizeof(*gate));
	names = calloc(1, sizeof(*names));
	assert_int_equal(secrets_digest(&entries, &(struct strv){0}, &data, &len, &n, NULL), 0);
	assert_int_equal(scan_open(data, len, &scan, NULL), 0);
	free(data);
	gate->json = (struct json){ .arena = malloc(ROOM), .nodes = calloc(1 << 16, sizeof(struct json_node)),
				    .seen = malloc(4 * LIMIT_MEMBERS * 4), .size = 1 << 16 };
	for (int i = 0; i < 2; i++)
		sinks[i] = (struct sink){ .fd = 1, .buf = malloc(ROOM), .size = ROOM };
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
	free(names);
	scan_close(scan);
	policy_done(&policy);
	return 0;
}

static enum gate_outcome line(enum vocabulary_from from, const char *text)
{
	const char *why;

	sinks[0].head = sinks[0].tail = sinks[1].head = sinks[1].tail = 0;
	return gate_line(gate, from, text, strlen(text), &why);
}

static const char *out(enum vocabulary_from from)
{
	struct sink *s = &sinks[from];

	s->buf[s->tail] = '\0';
	return s->buf + s->head;
}

/* A call with these arguments: what reaches the server, "" for nothing. */
static const char *call(const char *tool, const char *arguments)
{
	char text[4096];

	snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tools/call\",\"params\":{"
		 "\"name\":\"%s\",\"arguments\":%s}}", ++next_id, tool, arguments);
	line(FROM_CLIENT, text);
	return out(FROM_CLIENT);
}

/* The result of a call: what reaches the client. */
static const char *result(const char *members)
{
	static char text[65536];

	call("any", "{}");
	snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":{%s}}", next_id, members);
	line(FROM_SERVER, text);
	return out(FROM_SERVER);
}

static const char *text_result(const char *words)
{
	char text[4096];

	snprintf(text, sizeof(text), "\"content\":[{\"type\":\"text\",\"text\":\"%s\"}]", words);
	return result(text);
}

#define HAS(text, part) assert_non_null(strstr(text, part))
#define HAS_NOT(text, part) assert_null(strstr(text, part))

/* --- actions -------------------------------------------------------------------------------- */

static void each_action_in_each_direction(void **state)
{
	enum { PASSES, REDACTED, NAMED, BLOCKED };
	static const struct {
		const char *layer, *value, *mark;
		int to_client, to_server;
	} rows[] = {
		{ "\"names\":\"strict\"", PAT, "[REDACTED:github-pat]", REDACTED, REDACTED },
		{ "\"names\":\"strict\"", MAIL, "", PASSES, PASSES },
		{ "\"tokens\":\"off\"", PAT, "", PASSES, PASSES },
		{ "\"pii\":[\"email\"]", MAIL, "[REDACTED:email]", REDACTED, REDACTED },
#define RULE(match, direction, then) \
	"\"findings\":[{\"match\":\"" match "\",\"direction\":\"" direction "\",\"then\":\"" then "\"}]"
		{ RULE("github-pat", "both", "alert"), PAT, "", PASSES, PASSES },
		{ RULE("github-pat", "to_client", "alert"), PAT, "[REDACTED:github-pat]", PASSES, REDACTED },
		{ RULE("github-*", "to_server", "alert"), PAT, "[REDACTED:github-pat]", REDACTED, PASSES },
		{ RULE("github-pat", "both", "block"), PAT, "", BLOCKED, BLOCKED },
		{ RULE("github-pat", "to_client", "block"), PAT, "[REDACTED:github-pat]", BLOCKED, REDACTED },
		{ RULE("*", "to_server", "block"), PAT, "[REDACTED:github-pat]", REDACTED, BLOCKED },
		{ "\"tokens\":\"off\"," RULE("github-pat", "to_client", "redact"), PAT,
		  "[REDACTED:github-pat]", REDACTED, PASSES },
		{ RULE("email", "both", "redact"), MAIL, "[REDACTED:email]", REDACTED, REDACTED },
		{ RULE("email", "to_client", "pseudonym"), MAIL, "[EMAIL:", NAMED, PASSES },
		{ RULE("email", "to_server", "pseudonym"), MAIL, "[EMAIL:", PASSES, NAMED },
		{ RULE("email", "both", "pseudonym"), MAIL, "[EMAIL:", NAMED, NAMED },
		{ RULE("email", "to_server", "block"), MAIL, "", PASSES, BLOCKED },
		{ RULE("email", "both", "alert"), MAIL, "", PASSES, PASSES },
		{ RULE("pan", "both", "block"), CARD, "", BLOCKED, BLOCKED },
		{ RULE("pan", "both", "block"), MAIL, "", PASSES, PASSES },
		/* In one layer a rule goes before the words, and the first of them decides. */
		{ "\"pii\":[\"all\"]," RULE("email", "both", "pseudonym"), MAIL, "[EMAIL:", NAMED, NAMED },
		{ "\"pii\":[\"all\"]," RULE("email", "both", "pseudonym"), CARD, "[REDACTED:pan]", REDACTED,
		  REDACTED },
		{ RULE("*", "both", "pseudonym"), PAT, "[REDACTED:github-pat]", REDACTED, REDACTED },
		/* What may reach the server and not the model, and the reverse. */
		{ "\"names\":\"strict\"", KNOWN, "[REDACTED:environment]", REDACTED, REDACTED },
		{ RULE("environment", "to_server", "alert"), KNOWN, "[REDACTED:environment]", REDACTED, PASSES },
		{ RULE("environment", "to_client", "alert"), KNOWN, "[REDACTED:environment]", PASSES, REDACTED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char words[256], arguments[512];

		snprintf(words, sizeof(words), "see %s, ok", rows[i].value);
		snprintf(arguments, sizeof(arguments), "{\"x\":\"%s\"}", words);
		for (int to_server = 0; to_server < 2; to_server++) {
			int wanted = to_server ? rows[i].to_server : rows[i].to_client;
			const char *text;
			bool is_there;

			BEGIN(rows[i].layer);
			text = to_server ? call("t", arguments) : text_result(words);
			is_there = strstr(text, rows[i].value);
			if (is_there != (wanted == PASSES) ||
			    (wanted != PASSES && wanted != BLOCKED && !strstr(text, rows[i].mark)) ||
			    (wanted == BLOCKED && !strstr(text, to_server ? "" : "withheld")) ||
			    (wanted == BLOCKED && to_server && *text))
				fail_msg("row %zu, %s: %s", i, to_server ? "to the server" : "to the client", text);
		}
	}
}

static void a_rule_that_cannot_hold_is_refused(void **state)
{
	static const char *const bad[] = {
		"\"findings\":{}", "\"findings\":[1]", "\"findings\":[{}]",
		RULE("emial", "both", "redact"), RULE("email", "both", "drop"), RULE("email", "up", "alert"),
		RULE("github-pat", "both", "pseudonym"), RULE("environment", "both", "pseudonym"),
		"\"findings\":[{\"match\":\"email\",\"then\":\"alert\",\"else\":1}]",
		"\"exempt\":[{\"tool\":\"set_*\",\"pointer\":\"/value\"}]",
		"\"exempt\":[{\"tool\":\"set\",\"pointer\":\"/values/*\"}]",
		"\"exempt\":[{\"tool\":\"set\",\"pointer\":\"value\"}]",
		"\"exempt\":[{\"tool\":\"set\",\"pointer\":\"\"}]", "\"exempt\":[{\"tool\":\"set\"}]",
		"\"exempt\":[{\"tool\":\"set\",\"pointer\":\"/v\",\"direction\":\"to_client\"}]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct bundle b = {0};
		struct policy p;
		struct err err = {0};
		char text[512];

		snprintf(text, sizeof(text), "{\"version\":1,\"messages\":{%s}}", bad[i]);
		assert_int_equal(bundle_add(&b, "x", text, strlen(text), &err), 0);
		if (bundle_merge(&b, "/", &p, &err) >= 0)
			fail_msg("%s is taken", bad[i]);
		bundle_done(&b);
	}
}

static void the_strictest_of_what_is_in_a_span_decides(void **state)
{
	static const char text[] = "0123456789";
	struct scan_span span = { .start = 0, .end = 10, .class = "github-pat" };
	struct findings_work w;
	struct findings f = { .policy = &policy, .direction = POLICY_TO_CLIENT, .turn_back = JSON_NONE };

	(void)state;
	BEGIN("\"findings\":[{\"match\":\"github-pat\",\"then\":\"alert\"},{\"match\":\"email\",\"then\":"
	      "\"redact\"},{\"match\":\"pan\",\"then\":\"block\"}]");
	w.n_texts = 0;
	assert_int_equal(findings_value(&f, 0, false, text, 10, &span, 1, &w), 0);
	span.others[0] = "email";
	assert_int_equal(findings_value(&f, 0, false, text, 10, &span, 1, &w), 1);
	span.others[1] = "pan";
	assert_int_equal(findings_value(&f, 0, false, text, 10, &span, 1, &w), -EPERM);
	assert_true(f.is_blocked);
	/* What reaches to the end for want of room holds more than is named. */
	span = (struct scan_span){ .start = 0, .end = 10, .class = "github-pat", .is_mixed = true };
	assert_int_equal(findings_value(&f, 0, false, text, 10, &span, 1, &w), 1);
}

/* Names and numbers cannot be replaced. */
static void names_and_numbers_stop_the_message_unless_it_may_pass(void **state)
{
	(void)state;
	BEGIN(RULE("pan", "both", "redact"));
	assert_string_equal(call("t", "{\"card\":4111111111111111}"), "");
	assert_string_equal(call("t", "{\"" PAT "\":1}"), "");
	BEGIN(RULE("pan", "both", "alert"));
	HAS(call("t", "{\"card\":4111111111111111}"), "4111111111111111");
	BEGIN(RULE("github-pat", "both", "alert"));
	HAS(call("t", "{\"" PAT "\":1}"), PAT);
}

/* --- pseudonyms ----------------------------------------------------------------------------- */

/* The pseudonym in a line. */
static void name_of(const char *text, char ret[PSEUDONYM_TEXT])
{
	const char *at = strstr(text, "[EMAIL:"), *end = at ? strchr(at, ']') : NULL;

	assert_non_null(end);
	memcpy(ret, at, (size_t)(end - at) + 1);
	ret[end - at + 1] = '\0';
}

static void a_pseudonym_is_the_same_within_a_session_only(void **state)
{
	char a[PSEUDONYM_TEXT], b[PSEUDONYM_TEXT], c[PSEUDONYM_TEXT], d[PSEUDONYM_TEXT];

	(void)state;
	BEGIN(RULE("email", "both", "pseudonym"));
	name_of(text_result("from " MAIL), a);
	name_of(text_result("to <" MAIL ">!"), b);
	name_of(text_result("alice@corp.org"), c);
	assert_string_equal(a, b);
	assert_string_not_equal(a, c);
	assert_int_equal(strlen(a), strlen("[EMAIL:7f3a]"));
	name_of(call("t", "{\"x\":\"" MAIL "\"}"), b);
	assert_string_equal(a, b);
	BEGIN(RULE("email", "both", "pseudonym"));
	names->key[0] = 2;
	name_of(text_result("from " MAIL), d);
	assert_string_not_equal(a, d);
}

static void a_pseudonym_goes_back_only_where_it_came_from(void **state)
{
	char a[PSEUDONYM_TEXT], client[PSEUDONYM_TEXT], text[512];

	(void)state;
	BEGIN(RULE("email", "both", "pseudonym"));
	name_of(text_result("from " MAIL), a);
	name_of(call("t", "{\"x\":\"carol@corp.org\"}"), client);
	snprintf(text, sizeof(text), "{\"to\":\"%s\",\"cc\":[\"x %s y %s\"],\"n\":\"%s\"}", a, a, a, client);
	HAS(call("t", text), "{\"to\":\"" MAIL "\",\"cc\":[\"x " MAIL " y " MAIL "\"],\"n\":\"[EMAIL:");
	/* What came from the client is not told to the server under a name it can look up. */
	HAS_NOT(out(FROM_CLIENT), "carol@");
	/* Not in a name, not in parts, not in another case, not another class. */
	snprintf(text, sizeof(text), "{\"%s\":1}", a);
	HAS_NOT(call("t", text), MAIL);
	snprintf(text, sizeof(text), "{\"a\":\"%.*s\",\"b\":\"%s\",\"c\":\"[email:%s\",\"d\":\"[PAN:%s\"}",
		 (int)strlen(a) - 1, a, a + 1, a + 7, a + 7);
	HAS_NOT(call("t", text), MAIL);
	/* Not elsewhere in a request, nor in another one, nor back to the client. */
	snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"prompts/get\",\"params\":"
		 "{\"name\":\"p\",\"arguments\":{\"x\":\"%s\"}}}", ++next_id, a);
	assert_int_equal(line(FROM_CLIENT, text), GATE_PASSED);
	HAS_NOT(out(FROM_CLIENT), MAIL);
	HAS(out(FROM_CLIENT), a);
	HAS_NOT(text_result(a), MAIL);
	/* A session later it is a name of nobody. */
	BEGIN(RULE("email", "both", "pseudonym"));
	snprintf(text, sizeof(text), "{\"to\":\"%s\"}", a);
	HAS_NOT(call("t", text), MAIL);
}

/* Nothing goes to the server that the policy keeps from it. */
static void a_pseudonym_does_not_go_around_a_stricter_rule(void **state)
{
	char a[PSEUDONYM_TEXT], text[256];

	(void)state;
	BEGIN("\"findings\":[{\"match\":\"email\",\"direction\":\"to_client\",\"then\":\"pseudonym\"},"
	      "{\"match\":\"email\",\"direction\":\"to_server\",\"then\":\"redact\"}]");
	name_of(text_result(MAIL), a);
	snprintf(text, sizeof(text), "{\"to\":\"%s\"}", a);
	HAS(call("t", text), a);
	HAS_NOT(out(FROM_CLIENT), MAIL);
}

static void a_full_table_redacts_and_keeps_what_it_has(void **state)
{
	char a[PSEUDONYM_TEXT], b[PSEUDONYM_TEXT], mail[64];
	size_t n = 0, eight = 0;

	(void)state;
	memset(names, 0, sizeof(*names));
	for (unsigned int i = 0; i < LIMIT_PSEUDONYMS; i++) {
		char again[PSEUDONYM_TEXT];

		snprintf(mail, sizeof(mail), "m%u@corp.org", i);
		n = pseudonym_make(names, "email", mail, strlen(mail), true, a);
		assert_true(n > 0);
		eight += n == strlen("[EMAIL:12345678]");
		assert_int_equal(pseudonym_make(names, "email", mail, strlen(mail), false, again), n);
		assert_memory_equal(a, again, n);
	}
	/* Some share four digits: they have eight. */
	assert_true(eight > 0 && eight < LIMIT_PSEUDONYMS / 4);
	assert_int_equal(pseudonym_make(names, "email", MAIL, strlen(MAIL), true, b), 0);
	assert_int_equal(pseudonym_make(names, "email", mail, strlen(mail), true, b), n);
	for (unsigned int i = 0; i < LIMIT_PSEUDONYMS; i++) {
		const struct pseudonym *p;
		size_t start, end;

		snprintf(mail, sizeof(mail), "m%u@corp.org", i);
		n = pseudonym_make(names, "email", mail, strlen(mail), true, a);
		p = pseudonym_find(names, a, n, 0, &start, &end);
		assert_non_null(p);
		assert_int_equal(end - start, n);
		assert_int_equal(p->len, strlen(mail));
		assert_memory_equal(p->text, mail, p->len);
	}
	memset(b, 'x', sizeof(b));
	assert_int_equal(pseudonym_make(names, "email", (char[LIMIT_PSEUDONYM + 1]){ 'a' },
					LIMIT_PSEUDONYM + 1, true, b), 0);
}

static void no_room_for_a_pseudonym_is_redacted(void **state)
{
	(void)state;
	BEGIN(RULE("email", "both", "pseudonym"));
	names->n = LIMIT_PSEUDONYMS;
	HAS(text_result(MAIL), "[REDACTED:email]");
}

/* --- exemptions ----------------------------------------------------------------------------- */

#define EXEMPT "\"exempt\":[{\"tool\":\"set_secret\",\"pointer\":\"/value\"}]"

static void an_exemption_is_for_one_field_of_one_tool_to_the_server(void **state)
{
	(void)state;
	BEGIN(EXEMPT);
	HAS(call("set_secret", "{\"value\":\"" PAT "\"}"), PAT);
	assert_int_equal(gate->findings.exempted, 1);
	HAS_NOT(call("set_secret", "{\"value\":[\"" PAT "\"]}"), PAT);
	HAS_NOT(call("set_secret", "{\"value\":{\"value\":\"" PAT "\"}}"), PAT);
	HAS_NOT(call("set_secret", "{\"other\":\"" PAT "\"}"), PAT);
	HAS_NOT(call("set_secret", "{\"value\":\"a\",\"Value\":\"" PAT "\"}"), PAT);
	HAS_NOT(call("set_secrets", "{\"value\":\"" PAT "\"}"), PAT);
	HAS_NOT(call("SET_SECRET", "{\"value\":\"" PAT "\"}"), PAT);
	/* What comes back is no argument, and a known value is nobody's to send. */
	HAS_NOT(result("\"content\":[],\"structuredContent\":{\"value\":\"" PAT "\"}"), PAT);
	HAS_NOT(call("set_secret", "{\"value\":\"" KNOWN "\"}"), KNOWN);
}

static void an_exemption_lifts_what_its_layer_says_and_no_more(void **state)
{
	static const struct {
		const char *layers[2];
		bool passes;
	} rows[] = {
		{ { "\"names\":\"strict\"", EXEMPT }, true },
		{ { EXEMPT, "\"names\":\"strict\"" }, true },
		{ { "\"tokens\":\"redact\"," EXEMPT, "\"names\":\"strict\"" }, true },
		{ { "\"tokens\":\"redact\"", EXEMPT }, false },
		{ { EXEMPT, "\"tokens\":\"redact\"" }, false },
		{ { RULE("github-pat", "to_server", "redact"), EXEMPT }, false },
		{ { RULE("github-pat", "to_client", "redact"), EXEMPT }, true },
		{ { RULE("github-pat", "to_server", "alert"), EXEMPT }, true },
		{ { RULE("github-pat", "both", "block") "," EXEMPT, "\"names\":\"strict\"" }, false },
		{ { "\"tokens\":\"redact\"," EXEMPT, "\"tokens\":\"redact\"," EXEMPT }, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		begin(rows[i].layers, 2);
		if (!strstr(call("set_secret", "{\"value\":\"" PAT "\"}"), PAT) == rows[i].passes)
			fail_msg("row %zu: %s", i, out(FROM_CLIENT));
	}
}

/* --- layers --------------------------------------------------------------------------------- */

static uint64_t seed = 0x2545f4914f6cdd1dULL;

static unsigned int roll(unsigned int n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned int)(seed >> 33) % n;
}

static void make_layer(char *text, size_t size)
{
	static const char *const globs[] = { "*", "email", "github-*", "pan", "e*", "jwt", "environment" };
	static const char *const then[] = { "block", "redact", "alert", "alert" };
	static const char *const directions[] = { "to_client", "to_server", "both" };
	static const char *const heads[] = { "\"names\":\"any\"", "\"tokens\":\"redact\"", "\"tokens\":\"off\"",
					     "\"pii\":[\"email\"]" };
	size_t n = (size_t)snprintf(text, size, "%s,\"findings\":[", heads[roll(4)]);
	unsigned int rules = roll(4);

	for (unsigned int i = 0; i < rules; i++)
		n += (size_t)snprintf(text + n, size - n, "%s{\"match\":\"%s\",\"direction\":\"%s\",\"then\":\"%s\"}",
				      i ? "," : "", globs[roll(7)], directions[roll(3)], then[roll(4)]);
	n += (size_t)snprintf(text + n, size - n, "]");
	if (roll(2))
		snprintf(text + n, size - n, "," EXEMPT);
}

static void take(const char *const *layers, size_t n, struct policy *ret)
{
	struct bundle b = {0};
	struct err err = {0};

	for (size_t i = 0; i < n; i++) {
		char text[2048];

		snprintf(text, sizeof(text), "{\"version\":1,\"messages\":{%s}}", layers[i]);
		assert_int_equal(bundle_add(&b, "layer", text, strlen(text), &err), 0);
	}
	if (bundle_merge(&b, "/", ret, &err) < 0)
		fail_msg("%s", err.text);
	bundle_done(&b);
}

/* Both say something, or the default holds: then the merged policy is not laxer than
 * the strictest of the two.  A layer's say is what it decides where the default is not. */
static void layers_only_tighten(void **state)
{
	static const char *const classes[] = { "email", "pan", "github-pat", "jwt", "environment", "password" };

	(void)state;
	for (int i = 0; i < 4000; i++) {
		char a[1024], b[1024];
		const char *const both[] = { a, b }, *const back[] = { b, a };
		struct policy one[2], merged, turned;

		make_layer(a, sizeof(a));
		make_layer(b, sizeof(b));
		take(both, 1, &one[0]);
		take(both + 1, 1, &one[1]);
		take(both, 2, &merged);
		take(back, 2, &turned);
		for (size_t c = 0; c < sizeof(classes) / sizeof(*classes); c++)
			for (int d = POLICY_TO_CLIENT; d <= POLICY_TO_SERVER; d++) {
				enum policy_direction direction = (enum policy_direction)d;
				enum policy_finding m = policy_decide_finding(&merged, classes[c], direction, 0);
				bool is_personal = scan_personal(classes[c]);

				assert_int_equal(m, policy_decide_finding(&turned, classes[c], direction, 0));
				for (int k = 0; k < 2; k++) {
					enum policy_finding says =
						policy_decide_finding(&one[k], classes[c], direction, 0);
					/* It may be the default, which the other one may lift. */
					bool may_be_default =
						says == (is_personal ? POLICY_FINDING_PASS : POLICY_FINDING_REDACT);

					if (!may_be_default && m > says)
						fail_msg("%s: %s with %s", classes[c], a, b);
					/* An exemption of one layer is none for the other. */
					if (!may_be_default && says <= POLICY_FINDING_REDACT &&
					    policy_decide_finding(&merged, classes[c], direction, k ? 1 : 2) > says)
						fail_msg("%s, exempt: %s with %s", classes[c], a, b);
				}
			}
		policy_done(&one[0]);
		policy_done(&one[1]);
		policy_done(&merged);
		policy_done(&turned);
	}
}

/* --- two places that say the same ------------------------------------------------------------ */

static void a_result_and_its_text_say_the_same(void **state)
{
	(void)state;
	BEGIN("\"names\":\"strict\"");
	/* In one of them the name of the member tells, in the other nothing does. */
	HAS_NOT(result("\"content\":[{\"type\":\"text\",\"text\":\"it is Hq7Zp2Lw9Xc4Vb8N, ok\"}],"
		       "\"structuredContent\":{\"password\":\"Hq7Zp2Lw9Xc4Vb8N\"}"),
		"Hq7Zp2Lw9Xc4Vb8N");
	HAS(out(FROM_SERVER), "it is [REDACTED:password], ok");
	HAS_NOT(result("\"content\":[{\"type\":\"text\",\"text\":\"password=Hq7Zp2Lw9Xc4Vb8N\"}],"
		       "\"structuredContent\":{\"x\":\"Hq7Zp2Lw9Xc4Vb8N\"}"),
		"Hq7Zp2Lw9Xc4Vb8N");
	/* Escaped in the text as JSON in JSON is. */
	HAS_NOT(result("\"content\":[{\"type\":\"text\",\"text\":\"{\\\"v\\\":\\\"Hq7\\\\\\\"Zp2Lw9X\\\"}\"}],"
		       "\"structuredContent\":{\"password\":\"Hq7\\\"Zp2Lw9X\"}"),
		"Zp2Lw9X");
	/* Without structuredContent the text is by itself, and words are whole. */
	HAS(text_result("it is Hq7Zp2Lw9Xc4Vb8N, ok"), "Hq7Zp2Lw9Xc4Vb8N");
	HAS(result("\"content\":[{\"type\":\"text\",\"text\":\"aHq7Zp2Lw9Xc4Vb8N\"}],"
		   "\"structuredContent\":{\"password\":\"Hq7Zp2Lw9Xc4Vb8N\"}"),
	    "aHq7Zp2Lw9Xc4Vb8N");
}

static void pseudonyms_are_equal_in_a_result_and_its_text(void **state)
{
	char a[PSEUDONYM_TEXT];
	const char *text;

	(void)state;
	BEGIN(RULE("email", "both", "pseudonym"));
	text = result("\"content\":[{\"type\":\"text\",\"text\":\"{\\\"to\\\":\\\"" MAIL "\\\"}\"}],"
		      "\"structuredContent\":{\"to\":\"" MAIL "\"}");
	name_of(text, a);
	HAS_NOT(text, MAIL);
	HAS(strstr(text, a) + 1, a);
}

/* More than there is room for in one string: the rest is covered, and nothing is left. */
static void a_text_full_of_them_is_covered(void **state)
{
	static char members[32768];
	size_t n = 0;

	(void)state;
	BEGIN("\"names\":\"strict\"");
	n += (size_t)snprintf(members, sizeof(members), "\"content\":[{\"type\":\"text\",\"text\":\"");
	for (int i = 0; i < 300; i++)
		n += (size_t)snprintf(members + n, sizeof(members) - n, "it is Hq7Zp2Lw9Xc4Vb8N, ");
	snprintf(members + n, sizeof(members) - n, "\"}],\"structuredContent\":{\"password\":\"Hq7Zp2Lw9Xc4Vb8N\"}");
	HAS_NOT(result(members), "Hq7Zp2Lw9Xc4Vb8N");
}

/* Made to be slow: what cannot be compared in time does not pass. */
static void a_result_made_to_be_slow_is_withheld(void **state)
{
	static struct mirror m;
	static char value[65536], text[1 << 20];
	struct scan_span span = { .end = sizeof(value), .class = "password" };
	size_t start, end;

	(void)state;
	memset(value, 'a', sizeof(value));
	value[sizeof(value) - 1] = 'b';
	memset(text, 'a', sizeof(text));
	mirror_clear(&m);
	mirror_add(&m, value, &span);
	assert_null(mirror_find(&m, text, sizeof(text), 0, &start, &end));
	assert_true(m.work > LIMIT_MIRROR_WORK && m.work < 2 * LIMIT_MIRROR_WORK);
	mirror_clear(&m);
	assert_int_equal(m.work, 0);
	BEGIN("\"names\":\"strict\"");
	gate->mirror.work = 0;
	HAS(result("\"content\":[],\"structuredContent\":{\"password\":\"Hq7Zp2Lw9Xc4Vb8N\"}"), "REDACTED");
}

/* --- what the protocol carries ---------------------------------------------------------------- */

static const char *list(const char *cursor)
{
	char text[512];

	snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tools/list\",\"params\":{"
		 "\"cursor\":\"%s\"}}", ++next_id, cursor);
	line(FROM_CLIENT, text);
	return out(FROM_CLIENT);
}

static const char *listed(const char *members)
{
	char text[512];

	list("1");
	snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":{\"tools\":[]%s}}", next_id, members);
	line(FROM_SERVER, text);
	return out(FROM_SERVER);
}

static void a_cursor_of_the_server_goes_and_comes_back(void **state)
{
	(void)state;
	BEGIN("\"names\":\"strict\"");
	HAS(listed(",\"nextCursor\":\"" JWT "\""), JWT);
	HAS(list(JWT), JWT);
	/* Another token there is one, and this one by that name elsewhere. */
	assert_string_equal(list(PAT), "");
	HAS_NOT(listed(",\"nextCursor\":\"" PAT "\""), PAT);
	HAS_NOT(listed(",\"x\":{\"nextCursor\":\"" JWT "\"}"), JWT);
	HAS_NOT(listed(",\"nextCursor\":\"" KNOWN "\""), KNOWN);
	assert_string_equal(list(KNOWN), "");
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_action_in_each_direction),
		T(a_rule_that_cannot_hold_is_refused),
		T(the_strictest_of_what_is_in_a_span_decides),
		T(names_and_numbers_stop_the_message_unless_it_may_pass),
		T(a_pseudonym_is_the_same_within_a_session_only),
		T(a_pseudonym_goes_back_only_where_it_came_from),
		T(a_pseudonym_does_not_go_around_a_stricter_rule),
		T(a_full_table_redacts_and_keeps_what_it_has),
		T(no_room_for_a_pseudonym_is_redacted),
		T(an_exemption_is_for_one_field_of_one_tool_to_the_server),
		T(an_exemption_lifts_what_its_layer_says_and_no_more),
		T(layers_only_tighten),
		T(a_result_and_its_text_say_the_same),
		T(pseudonyms_are_equal_in_a_result_and_its_text),
		T(a_text_full_of_them_is_covered),
		T(a_result_made_to_be_slow_is_withheld),
		T(a_cursor_of_the_server_goes_and_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
