/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens are put together at run time: none stands in the tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/strv.h"
#include "launcher/secrets.h"
#include "shims/pep/scan.h"
#include "shims/pep/scan_formats.h"

static const char *charset(enum scan_charset set)
{
	switch (set) {
	case SET_HEX:
		return "0a1b2c3d4e5f";
	case SET_B32:
		return "ABC2DEF3GHI4";
	case SET_B62:
	case SET_B64U:
	case SET_WIDE:
		break;
	}
	return "aB3dE6gH9jK2";
}

static size_t make(const struct scan_format *f, size_t body, char *out)
{
	size_t n = (size_t)sprintf(out, "%s", f->literal);

	for (size_t i = 0; i < body; i++)
		out[n++] = charset(f->set)[i % 12];
	out[n] = '\0';
	return n;
}

static size_t count(const struct scan *s, const char *text)
{
	struct scan_span spans[8];

	return scan_text(s, NULL, 0, text, strlen(text), spans, 8);
}

static void every_format_is_found_whole_and_not_when_a_character_is_missing(void **state)
{
	static char token[4096], text[8192];
	struct scan *s;

	(void)state;
	assert_int_equal(scan_open(NULL, 0, &s, NULL), 0);
	for (size_t i = 0; i < scan_n_formats; i++) {
		const struct scan_format *f = &scan_formats[i];
		struct scan_span spans[4];
		size_t len = make(f, f->min, token);

		snprintf(text, sizeof(text), "key: \"%s\", next", token);
		if (scan_text(s, NULL, 0, text, strlen(text), spans, 4) != 1 || spans[0].start != 6 ||
		    spans[0].end != 6 + len)
			fail_msg("%s %s: not found whole", f->class, f->literal);
		make(f, f->min - 1U, token);
		snprintf(text, sizeof(text), "key: \"%s\", next", token);
		if (count(s, text))
			fail_msg("%s %s: found though too short", f->class, f->literal);
	}
	scan_close(s);
}

static void shapes_are_found_and_their_neighbours_are_not(void **state)
{
	static const struct {
		const char *text;
		size_t n;
	} rows[] = {
		{ "postgres://u:s3cr3tpw@h/db", 1 },	 { "postgres://u@h/db", 0 },
		{ "https://u:${PASSWORD}@h", 0 },	 { "https://h/a:b@c", 0 },
		{ "Authorization: Bearer abcdef0123456789abcdef", 1 },
		{ "Authorization: Bearer <your token here>", 0 },
		{ "the bearer of this letter1234", 0 },
		{ "-----BEGIN RSA PRIVATE KEY-----\nMIIx\n-----END RSA PRIVATE KEY-----", 1 },
		{ "-----BEGIN OPENSSH PRIVATE KEY-----\ncut", 1 },
		{ "-----BEGIN PUBLIC KEY-----\nMIIx\n-----END PUBLIC KEY-----", 0 },
		{ "[REDACTED:github-pat] [REDACTED:environment]", 0 },
		{ "3f786850e387550fdab836ed7e6dc881de23001b", 0 },
		{ "123e4567-e89b-12d3-a456-426614174000", 0 },
		{ "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP", 0 },
	};
	struct scan *s;

	(void)state;
	assert_int_equal(scan_open(NULL, 0, &s, NULL), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (count(s, rows[i].text) != rows[i].n)
			fail_msg("%s: %zu, expected %zu", rows[i].text, count(s, rows[i].text), rows[i].n);
	scan_close(s);
}

static void want_of_room_never_lets_a_secret_pass(void **state)
{
	static char token[128], text[1024];
	struct scan_span spans[2];
	struct scan *s;

	(void)state;
	make(&scan_formats[0], 36, token);
	snprintf(text, sizeof(text), "%s %s %s %s end", token, token, token, token);
	assert_int_equal(scan_open(NULL, 0, &s, NULL), 0);
	assert_int_equal(scan_text(s, NULL, 0, text, strlen(text), spans, 2), 2);
	assert_int_equal(spans[1].end, strlen(text));
	scan_close(s);
}

static void which_values_are_secret(void **state)
{
	static const struct {
		const char *name, *value;
		bool is_secret;
	} rows[] = {
		{ "GITHUB_TOKEN", "hunter2hunter2", true }, { "GITHUB_TOKEN", "short", false },
		{ "DB_PASSWORD", "correcthorse", true },    { "SSH_AUTH_SOCK", "/tmp/ssh-abc/agent.1", false },
		{ "API_KEY", "abc123def456", true },	    { "KEYBOARD", "pc105intl", true },
		{ "XKB_KEY_LAYOUT", "german", false },	    { "NODE_ENV", "production", false },
		{ "DATABASE_URL", "postgres://u:pw1@h/d", true }, { "HOMEPAGE", "https://example.org/a1B2", false },
		{ "BLOB", "aB3dE6gH9jK2mN5pQ8sT", true },   { "PATH", "/usr/local/bin:/usr/bin:/bin", false },
		{ "INVOCATION_ID", "5f2b9c1e7d3a4b6c8e0f1a2b3c4d5e6f", false },
		{ "DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/user/1000/bus", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (secrets_is_secret(rows[i].name, rows[i].value) != rows[i].is_secret)
			fail_msg("%s=%s", rows[i].name, rows[i].value);
}

static void a_known_value_is_found_in_every_encoding(void **state)
{
	static const char *const texts[] = {
		"x hunter2+hunter2/hunter2 y", /* as it is */
		"68756e746572322b68756e746572322f68756e74657232",
		"68756E746572322B68756E746572322F68756E74657232",
		"a=hunter2%2Bhunter2%2Fhunter2&b",
		"aHVudGVyMitodW50ZXIyL2h1bnRlcjI=",	 /* base64 */
		"eGh1bnRlcjIraHVudGVyMi9odW50ZXIy",	 /* base64 of x + it */
		"eHhodW50ZXIyK2h1bnRlcjIvaHVudGVyMg==", /* base64 of xx + it */
	};
	struct strv entries = {0};
	size_t len, known;
	struct scan *s;
	void *data;

	(void)state;
	assert_int_equal(strv_add(&entries, "MY_SECRET=hunter2+hunter2/hunter2"), 0);
	assert_int_equal(strv_add(&entries, "SHORT_TOKEN=abcd1234"), 0);
	assert_int_equal(secrets_digest(&entries, &data, &len, &known, NULL), 0);
	assert_int_equal(known, 2);
	assert_null(memmem(data, len, "hunter2+", 8));
	assert_int_equal(scan_open(data, len, &s, NULL), 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (!count(s, texts[i]))
			fail_msg("not found: %s", texts[i]);
	assert_int_equal(count(s, "hunter2+hunter2/hunter3"), 0);
	/* A short value is taken only as a whole word. */
	assert_int_equal(count(s, "is abcd1234."), 1);
	assert_int_equal(count(s, "xabcd12345"), 0);
	scan_close(s);
	assert_int_not_equal(scan_open(data, len - 1, &s, NULL), 0);
	free(data);
	strv_done(&entries);
}

/* Where each place had to look through the rest, this took an hour. */
static void what_could_begin_anywhere_is_looked_through_once(void **state)
{
	static const char *const begins[] = { "-eyJ", "-ops_eyJ", "-ghs_", "://a:", "Basic ", "-----BEGIN " };
	size_t len = 4 << 20;
	char *text = malloc(len + 1);
	struct scan *s;

	(void)state;
	assert_non_null(text);
	assert_int_equal(scan_open(NULL, 0, &s, NULL), 0);
	alarm(300);
	for (size_t i = 0; i < sizeof(begins) / sizeof(*begins); i++) {
		for (size_t at = 0, n = strlen(begins[i]); at < len; at++)
			text[at] = begins[i][at % n];
		text[len] = '\0';
		/* The end of a run may be as long as a token is. */
		assert_true(count(s, text) <= 1);
	}
	alarm(0);
	scan_close(s);
	free(text);
}

static void a_token_is_found_in_and_behind_a_run_that_was_looked_through(void **state)
{
	char text[1024], token[256];
	struct scan *s;

	(void)state;
	assert_int_equal(scan_open(NULL, 0, &s, NULL), 0);
	/* The first reading of the run begins behind the second one's, and the other way. */
	make(&scan_formats[0], scan_formats[0].min, token);
	snprintf(text, sizeof(text), "-eyJ-eyJ-%s", token);
	assert_int_equal(count(s, text), 1);
	snprintf(text, sizeof(text), "-eyJ-%s.eyJ-%s", token, token);
	assert_int_equal(count(s, text), 1); /* one token of two parts holds both */
	snprintf(text, sizeof(text), "-eyJ- %s -eyJ- %s", token, token);
	assert_int_equal(count(s, text), 2);
	scan_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_could_begin_anywhere_is_looked_through_once),
		cmocka_unit_test(a_token_is_found_in_and_behind_a_run_that_was_looked_through),
		cmocka_unit_test(every_format_is_found_whole_and_not_when_a_character_is_missing),
		cmocka_unit_test(shapes_are_found_and_their_neighbours_are_not),
		cmocka_unit_test(want_of_room_never_lets_a_secret_pass),
		cmocka_unit_test(which_values_are_secret),
		cmocka_unit_test(a_known_value_is_found_in_every_encoding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
