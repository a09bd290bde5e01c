/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/limits.h"
#include "shims/pep/json.h"
#include "shims/pep/rewrite.h"

static struct json json;

static int set_up(void **state)
{
	(void)state;
	json = (struct json){ .arena = malloc(1 << 20), .nodes = calloc(1 << 16, sizeof(struct json_node)),
			      .seen = malloc(4 * LIMIT_MEMBERS * 4), .size = 1 << 16, .seed = { 7 } };
	return json.arena && json.nodes && json.seen ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	free(json.arena);
	free(json.nodes);
	free(json.seen);
	return 0;
}

static void parse_accepts_json_and_refuses_its_neighbours(void **state)
{
	static const struct {
		const char *text;
		int r;
	} rows[] = {
		{ "{\"a\":1}", 0 },	       { "{\"a\":1,}", -EBADMSG },
		{ "[1,2]", 0 },		       { "[1,2", -EBADMSG },
		{ "[]", 0 },		       { "[,]", -EBADMSG },
		{ "{}", 0 },		       { "{}{}", -EBADMSG },
		{ " \t\r{} ", 0 },	       { "\v{}", -EBADMSG },
		{ "-0.5e+3", 0 },	       { "+1", -EBADMSG },
		{ "0", 0 },		       { "01", -EBADMSG },
		{ "1.0", 0 },		       { "1.", -EBADMSG },
		{ "null", 0 },		       { "NaN", -EBADMSG },
		{ "true", 0 },		       { "True", -EBADMSG },
		{ "\"\\u0041\"", 0 },	       { "\"\\u00g1\"", -EBADMSG },
		{ "\"\\ud83d\\ude00\"", 0 },   { "\"\\ud83d\"", -EBADMSG },
		{ "\"\xc3\xa9\"", 0 },	       { "\"\xc3\"", -EBADMSG },
		{ "\"\xf0\x9f\x98\x80\"", 0 }, { "\"\xf5\x80\x80\x80\"", -EBADMSG },
		{ "\"\xed\x9f\xbf\"", 0 },     { "\"\xed\xa0\x80\"", -EBADMSG },
		{ "\"\xc2\x80\"", 0 },	       { "\"\xc0\xaf\"", -EBADMSG },
		{ "\"a\"", 0 },		       { "\"a\nb\"", -EBADMSG },
		{ "\"\\/\"", 0 },	       { "\"\\x\"", -EBADMSG },
		{ "{\"a\":1,\"b\":2}", 0 },    { "{\"a\":1,\"a\":2}", -EBADMSG },
		{ "{\"ab\":1,\"b\":2}", 0 },   { "{\"a\":1,\"\\u0061\":2}", -EBADMSG },
		{ "{\"a\":\"\\u0000\"}", 0 },  { "{\"a\\u0000\":1}", -EBADMSG },
		{ "{\"a\":{\"c\":1},\"c\":1}", 0 }, { "{\"a\":{\"c\":1,\"c\":1}}", -EBADMSG },
		{ "[1 ]", 0 },		       { "[1 2]", -EBADMSG },
		{ "{\"a\" : 1}", 0 },	       { "{\"a\" 1}", -EBADMSG },
		{ "\"x\"", 0 },		       { "\"x", -EBADMSG },
		{ "1", 0 },		       { "", -EBADMSG },
		{ "[[]]", 0 },		       { "[[]", -EBADMSG },
		{ "{\"a\":[]}", 0 },	       { "{\"a\":[}", -EBADMSG },
		{ "[]", 0 },		       { "\xef\xbb\xbf[]", -EBADMSG },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int r = json_parse(&json, rows[i].text, strlen(rows[i].text));

		if (r != rows[i].r)
			fail_msg("%s: %d, expected %d", rows[i].text, r, rows[i].r);
	}
}

static void parse_refuses_what_is_nested_too_deep(void **state)
{
	char text[2 * LIMIT_DEPTH + 4];

	(void)state;
	memset(text, '[', LIMIT_DEPTH);
	memset(text + LIMIT_DEPTH, ']', LIMIT_DEPTH);
	assert_int_equal(json_parse(&json, text, 2 * LIMIT_DEPTH), 0);
	memset(text, '[', LIMIT_DEPTH + 1);
	memset(text + LIMIT_DEPTH + 1, ']', LIMIT_DEPTH + 1);
	assert_int_equal(json_parse(&json, text, 2 * LIMIT_DEPTH + 2), -EMSGSIZE);
}

static void parse_refuses_more_values_than_the_tape_holds(void **state)
{
	static char text[1 << 18];

	(void)state;
	memset(text, ',', sizeof(text));
	for (size_t i = 1; i < sizeof(text); i += 2)
		text[i] = '0';
	text[0] = '[';
	text[sizeof(text) - 1] = ']';
	assert_int_equal(json_parse(&json, text, sizeof(text)), -EMSGSIZE);
}

static void member_finds_the_value_of_that_name_only(void **state)
{
	static const char text[] = "{\"a\":{\"b\":1},\"bb\":2,\"b\":\"x\"}";

	(void)state;
	assert_int_equal(json_parse(&json, text, sizeof(text) - 1), 0);
	assert_true(json_is(&json, json_member(&json, 0, "b"), "x"));
	assert_int_equal(json_member(&json, 0, "c"), JSON_NONE);
	assert_int_equal(json_member(&json, json_member(&json, 0, "bb"), "b"), JSON_NONE);
}

static void rewriting_is_canonical_and_stable(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ " { \"a\" : [ 1.50 , -0 ] }", "{\"a\":[1.50,-0]}\n" },
		{ "\"\\u0041\\/\\u00e9\"", "\"A/\xc3\xa9\"\n" },
		{ "\"\xe2\x80\xa8\xc2\x85\x7f\"", "\"\\u2028\\u0085\\u007f\"\n" },
		{ "\"\\n\\u0001\\\"\\\\\"", "\"\\n\\u0001\\\"\\\\\"\n" },
		{ "{\"b\":1,\"a\":2}", "{\"b\":1,\"a\":2}\n" },
		{ "\"\\u0000\"", "\"\\u0000\"\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rewrite rw = { .json = &json };
		char once[256], twice[256];
		long n, m;

		assert_int_equal(json_parse(&json, rows[i].in, strlen(rows[i].in)), 0);
		n = rewrite_message(&rw, once, sizeof(once));
		assert_int_equal(n, strlen(rows[i].out));
		assert_memory_equal(once, rows[i].out, (size_t)n);
		assert_int_equal(json.is_canonical, (size_t)n == strlen(rows[i].in) + 1 &&
							    !memcmp(once, rows[i].in, (size_t)n - 1));
		assert_int_equal(json_parse(&json, once, (size_t)n - 1), 0);
		assert_true(json.is_canonical);
		m = rewrite_message(&rw, twice, sizeof(twice));
		assert_int_equal(n, m);
		assert_memory_equal(once, twice, (size_t)n);
	}
}

static uint32_t fnv(uint32_t h, const char *text)
{
	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 16777619u;
	return h;
}

static void block(uint32_t n, char out[static 9])
{
	for (size_t i = 0; i < 8; i++, n = n * 1103515245u + 12345u)
		out[i] = (char)('a' + (n >> 16) % 26);
	out[8] = '\0';
}

/* Two blocks of letters that bring FNV-1a from this state to the same next one. */
static uint32_t find_pair(uint32_t state, char a[static 9], char b[static 9])
{
	enum { SIZE = 1 << 19 };
	static uint32_t seen[SIZE];

	memset(seen, 0xff, sizeof(seen));
	for (uint32_t n = 0; n < SIZE - 1; n++) {
		uint32_t h, slot;

		block(n, b);
		h = fnv(state, b);
		for (slot = h % SIZE; seen[slot] != UINT32_MAX; slot = (slot + 1) % SIZE) {
			block(seen[slot], a);
			if (fnv(state, a) == h && strcmp(a, b) != 0)
				return h;
		}
		seen[slot] = n;
	}
	fail_msg("no pair was found");
	return 0;
}

/* The lowest byte of a seed decides whether names fall together in FNV-1a: a peer needs
 * 256 guesses.  The table of an object says how far from its place each name stands. */
static void names_that_are_made_to_fall_together_do_not(void **state)
{
	enum { BITS = 11, N = 1 << BITS };
	static char pairs[BITS][2][9], text[N * (8 * BITS + 8)];
	uint32_t h = (2166136261u ^ (uint32_t)json.seed[0]) & 0xff;
	size_t n = 0, longest = 0;

	(void)state;
	for (size_t i = 0; i < BITS; i++)
		h = find_pair(h, pairs[i][0], pairs[i][1]);
	for (size_t i = 0; i < N; i++) {
		text[n++] = i ? ',' : '{';
		text[n++] = '"';
		for (size_t k = 0; k < BITS; k++, n += 8)
			memcpy(text + n, pairs[k][i >> k & 1], 8);
		n += (size_t)sprintf(text + n, "\":1");
	}
	text[n++] = '}';
	assert_int_equal(json_parse(&json, text, n), 0);
	for (size_t i = 0, run = 0; i < 2 * N; i++) {
		run = json.seen[i] == JSON_NONE ? 0 : run + 1;
		longest = run > longest ? run : longest;
	}
	assert_true(longest < 256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(parse_accepts_json_and_refuses_its_neighbours, set_up, tear_down),
		cmocka_unit_test_setup_teardown(parse_refuses_what_is_nested_too_deep, set_up, tear_down),
		cmocka_unit_test_setup_teardown(parse_refuses_more_values_than_the_tape_holds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(member_finds_the_value_of_that_name_only, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_that_are_made_to_fall_together_do_not, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rewriting_is_canonical_and_stable, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
