/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers only tighten: for random layers and random questions, what the merged policy
 * decides is never laxer than what any layer decides alone.  The generator is seeded, so
 * a failure names the documents.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "policies/bundle.h"
#include "policies/policy.h"

#define ROUNDS 4000

static uint64_t seed = 0x9e3779b97f4a7c15ULL;

static unsigned int roll(unsigned int n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned int)(seed >> 33) % n;
}

struct text {
	char v[8192];
	size_t n;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	t->n += (size_t)vsnprintf(t->v + t->n, sizeof(t->v) - t->n, fmt, ap);
	va_end(ap);
	assert_true(t->n < sizeof(t->v));
}

#define PICK(list) ((list)[roll(sizeof(list) / sizeof(*(list)))])

static const char *const names[] = { "a", "ab", "abc", "b", "x_y" };
static const char *const uris[] = { "file:///a", "file:///a/b", "FILE:///a/%62", "file:///a/../b",
				    "http://h/x", "/a", "demo:q" };
static const char *const methods[] = { "sampling/createMessage", "elicitation/create", "roots/list",
				       "tasks/get", "x/y", "x/z" };

static void rules(struct text *t, const char *name, bool is_uri)
{
	static const char *const globs[] = { "*", "a*", "?", "*b", "ab", "x_*" };
	static const char *const uri_globs[] = { "*", "file:///a*", "file:///a/*", "http://*", "demo:?" };
	static const char *const then[] = { "deny", "approve", "allow", "allow" };
	static const char *const wheres[] = {
		"\"/p\":{\"under\":\"/a\"}", "\"/p\":{\"prefix\":\"/\"}", "\"/n\":{\"min\":2}",
		"\"/n\":{\"max\":3}", "\"/p\":{\"present\":false}", "\"/n\":{\"equals\":[1,\"2\"]}",
		"\"/l/*\":{\"glob\":\"a*\"}",
	};
	unsigned int n = roll(4);

	add(t, ",\"%s\":[", name);
	for (unsigned int i = 0; i < n; i++) {
		add(t, "%s{\"match\":\"%s\",\"then\":\"%s\"", i ? "," : "",
		    is_uri ? PICK(uri_globs) : PICK(globs), PICK(then));
		if (!is_uri && roll(2))
			add(t, ",\"arguments\":{%s}", PICK(wheres));
		add(t, "}");
	}
	add(t, "]");
}

static struct text layer(void)
{
	static const char *const words[] = { "deny", "answer", "pass" };
	static const char *const roots[] = { "[]", "[\"/a\"]", "[\"/a/b\",\"/c\"]", "[\"/\"]" };
	static const char *const pins[] = { "strict", "tofu", "off" };
	static const char *const then[] = { "deny", "approve", "allow" };
	static const char *const passed[] = { "[]", "[\"x/*\"]", "[\"x/y\"]", "[\"*\"]" };
	struct text t = {0};

	add(&t, "{\"version\":1,\"messages\":{\"tokens\":\"redact\"");
	if (roll(3))
		rules(&t, "tools", false);
	if (roll(2))
		rules(&t, "prompts", false);
	if (roll(2))
		rules(&t, "resources", true);
	if (roll(2))
		add(&t, ",\"roots\":%s", PICK(roots));
	if (roll(2))
		add(&t, ",\"methods\":%s", PICK(passed));
	if (roll(3) == 0)
		add(&t, ",\"deny_methods\":%s", PICK(passed));
	/* What a layer does not say is another one's to say: here each says it. */
	add(&t, ",\"pin\":\"%s\",\"names\":\"%s\",\"descriptions\":\"%s\"", PICK(pins),
	    roll(2) ? "strict" : "any", roll(2) ? "hide" : "flag");
	if (roll(2))
		add(&t, ",\"annotations\":{\"not_read_only\":\"%s\",\"open_world\":\"%s\"}", PICK(then),
		    PICK(then));
	if (roll(2))
		add(&t, ",\"rate\":{\"per\":\"%s\",\"calls\":\"%u/min\",\"alert\":%u}",
		    roll(2) ? "tool" : "client", 1 + roll(3), 1 + roll(90));
	if (roll(2))
		add(&t, ",\"limits\":{\"result\":%u}", 1024 + roll(9));
	switch (roll(3)) {
	case 0:
		add(&t, ",\"server_requests\":\"%s\"", PICK(words));
		break;
	case 1:
		add(&t, ",\"server_requests\":{\"sampling\":\"%s\",\"roots\":\"%s\"}", PICK(words),
		    PICK(words));
		break;
	default:
		break;
	}
	add(&t, "}}");
	return t;
}

static struct policy load(const struct text *const *layers, size_t n)
{
	struct bundle b = {0};
	struct policy p = {0};
	struct err err = {0};

	for (size_t i = 0; i < n; i++)
		assert_int_equal(bundle_add(&b, "t", layers[i]->v, layers[i]->n, &err), 0);
	if (bundle_merge(&b, "/home/u", &p, &err) < 0)
		fail_msg("%s: %s", err.text, layers[0]->v);
	bundle_done(&b);
	return p;
}

/* Random arguments, the same for every policy that is asked. */
struct call {
	struct policy_call call;
	struct where_value p, n, l;
};

static enum policy_truth call_test(const struct policy_call *self, const struct policy_where *w)
{
	const struct call *c = (const void *)self; /* its first member */
	char name = w->segments.v[0][0];

	return where_test(w, name == 'p' ? &c->p : name == 'n' ? &c->n : &c->l);
}

static struct where_value value(void)
{
	static const struct where_value values[] = {
		{ WHERE_ABSENT, NULL, 0 },   { WHERE_NULL, NULL, 0 },	  { WHERE_TRUE, NULL, 0 },
		{ WHERE_STRING, "/a/b", 4 }, { WHERE_STRING, "/a/../b", 7 }, { WHERE_STRING, "2", 1 },
		{ WHERE_STRING, "abc", 3 },  { WHERE_NUMBER, "1", 1 },	  { WHERE_NUMBER, "2.5", 3 },
		{ WHERE_CONTAINER, NULL, 0 },
	};

	return PICK(values);
}

/* The smallest rate in force. */
static unsigned int least_amount(const struct policy *p)
{
	unsigned int least = 1000;

	for (size_t i = 0; i < p->messages.n_rates; i++)
		if (p->messages.rates[i].amount < least)
			least = (unsigned int)p->messages.rates[i].amount;
	return least;
}

/* The strictest of the layers alone, and the merged one. */
#define COMPARE(what, ask)                                                               \
	do {                                                                             \
		const struct policy *q = &one[0];                                        \
		int a = (int)(ask), b, c;                                                \
										         \
		q = &one[1];                                                             \
		b = (int)(ask);                                                          \
		q = &merged;                                                             \
		c = (int)(ask);                                                          \
		if (c > a || c > b)                                                      \
			fail_msg("%s: %d and %d became %d\n%s\n%s", what, a, b, c,        \
				 texts[0].v, texts[1].v);                                \
		lax += c > 0;                                                            \
		total++;                                                                 \
	} while (0)

static void what_is_merged_is_never_laxer_than_a_layer(void **state)
{
	size_t lax = 0, total = 0;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		const struct text texts[2] = { layer(), layer() };
		const struct text *both[2] = { &texts[0], &texts[1] }, *second = &texts[1];
		struct policy one[2] = { load(both, 1), load(&second, 1) }, merged = load(both, 2);
		const struct call call = { { call_test }, value(), value(), value() };
		const unsigned int hints = roll(8);
		const char *name = PICK(names), *uri = PICK(uris), *method = PICK(methods);

		COMPARE(name, policy_decide_tool(q, name, strlen(name), &call.call));
		COMPARE(name, policy_decide_tool(q, name, strlen(name), NULL));
		COMPARE(name, policy_decide_prompt(q, name, strlen(name), &call.call));
		COMPARE(uri, policy_decide_resource(q, uri, strlen(uri)));
		COMPARE(uri, policy_decide_template(q, uri, strlen(uri)));
		COMPARE(uri, policy_decide_root(q, uri, strlen(uri)));
		COMPARE(method, policy_decide_request(q, method, strlen(method)));
		/* A layer without the list says nothing. */
		COMPARE(method, !q->messages.has_methods ||
					policy_decide_method(q, method, strlen(method)) == POLICY_ALLOW);
		COMPARE(method, !policy_denies_method(q, method, strlen(method)));
		COMPARE("hints", policy_decide_hints(q, hints));
		COMPARE("pin", q->messages.pin);
		COMPARE("names", q->messages.names);
		COMPARE("descriptions", q->messages.descriptions);
		COMPARE("calls in a minute", least_amount(q));
		COMPARE("result", q->messages.max_result ? q->messages.max_result : 4096);
		policy_done(&one[0]);
		policy_done(&one[1]);
		policy_done(&merged);
	}
	/* A merge that refuses everything would pass too. */
	assert_true(lax > total / 4 && lax < total);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_merged_is_never_laxer_than_a_layer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
