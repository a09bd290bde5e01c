/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "policies/revoked.h"

static const struct revoked_subject subject = {
	.server = "github", .package = "@x/server-github", .agent = "agent-1",
	.spiffe_id = "spiffe://example.org/agent", .client = "/usr/bin/ide", .user = "alice",
	.uid = "1000",
};

static void lists_say_what_they_say(void **state)
{
	static const struct {
		const char *text;
		int is; /* 1 revoked, 0 not, -1 not understood */
		size_t line;
	} rows[] = {
		{ "", 0, 0 },
		{ "\n\n# all\n   \t\n", 0, 0 },
		{ "all\n", 1, 1 },
		{ "  all   because\n", 1, 1 },
		{ "# x\nserver github leaked a key\n", 1, 2 },
		{ "server @x/server-github\n", 1, 1 },
		{ "server gitlab\nserver githu\nserver github2\nserver GitHub\n", 0, 0 },
		{ "agent agent-1\n", 1, 1 },
		{ "agent spiffe://example.org/agent\n", 1, 1 },
		{ "agent /usr/bin/ide\n", 1, 1 },
		{ "agent github\nserver agent-1\nuser agent-1\n", 0, 0 },
		{ "user alice\n", 1, 1 },
		{ "user\t1000\tleft\n", 1, 1 },
		{ "user bob\nserver other\nuser alice\n", 1, 3 },
		/* What is not understood allows nothing, and hides nothing. */
		{ "all", -1, 0 },
		{ "server github", -1, 0 },
		{ "server x\nserver", -1, 0 },
		{ "server\n", -1, 0 },
		{ "server  \n", -1, 0 },
		{ "user\n", -1, 0 },
		{ "ALL\n", -1, 0 },
		{ "every\n", -1, 0 },
		{ "servergithub\n", -1, 0 },
		{ "server github\nwhat is this\n", -1, 0 },
		{ "all\r\n", -1, 0 },
		{ "server git\x1bhub\n", -1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct revoked_entry e;
		struct err err = {0};
		int r = revoked_find(rows[i].text, strlen(rows[i].text), &subject, &e, &err);

		if ((r < 0 ? -1 : r) != rows[i].is || (r > 0 && e.line != rows[i].line) ||
		    (r < 0 && !err.text[0]))
			fail_msg("%s: %d %s", rows[i].text, r, err.text);
	}
}

static void a_byte_that_is_null_is_none_of_a_name(void **state)
{
	static const char text[] = "server git\0hub\n";
	struct revoked_entry e;
	struct err err = {0};

	(void)state;
	assert_true(revoked_find(text, sizeof(text) - 1, &subject, &e, &err) < 0);
}

static void what_is_not_known_is_not_meant(void **state)
{
	static const char text[] = "agent (null)\nserver x\nuser x\n";
	const struct revoked_subject nobody = {0};
	struct revoked_entry e;
	struct err err = {0};

	(void)state;
	assert_int_equal(revoked_find(text, sizeof(text) - 1, &nobody, &e, &err), 0);
	assert_int_equal(revoked_find("all\n", 4, &nobody, &e, &err), 1);
}

static void lists_have_an_end(void **state)
{
	size_t n = REVOKED_LINES + 1;
	char *text = malloc(2 * n + REVOKED_LINE);
	struct revoked_entry e;
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < n; i++)
		memcpy(text + 2 * i, "#\n", 2);
	assert_int_equal(revoked_find(text, 2 * (n - 1), &subject, &e, &err), 0);
	assert_true(revoked_find(text, 2 * n, &subject, &e, &err) < 0);
	memset(text, '#', REVOKED_LINE);
	text[REVOKED_LINE] = '\n';
	err_clear(&err);
	assert_true(revoked_find(text, REVOKED_LINE + 1, &subject, &e, &err) < 0);
	free(text);
}

static void names_that_can_stand_in_a_list(void **state)
{
	char longest[REVOKED_NAME + 2];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[REVOKED_NAME] = '\0';
	assert_true(revoked_is_name("github") && revoked_is_name("@a/b") && revoked_is_name(longest));
	longest[REVOKED_NAME] = 'a';
	longest[REVOKED_NAME + 1] = '\0';
	assert_false(revoked_is_name(longest));
	assert_false(revoked_is_name("") || revoked_is_name("a b") || revoked_is_name("a\nall") ||
		     revoked_is_name("#a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_say_what_they_say),
		cmocka_unit_test(a_byte_that_is_null_is_none_of_a_name),
		cmocka_unit_test(what_is_not_known_is_not_meant),
		cmocka_unit_test(lists_have_an_end),
		cmocka_unit_test(names_that_can_stand_in_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
