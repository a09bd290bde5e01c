/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "shims/remote/scim.h"

#define GOOD WIRE_STANDING_GOOD
#define UNKNOWN WIRE_STANDING_UNKNOWN
#define REVOKED WIRE_STANDING_REVOKED

static void answers_mean_what_they_say(void **state)
{
	static const struct {
		long status;
		const char *body;
		bool is_json, absent_is_live, asked_tag;
		enum wire_standing_kind is;
	} rows[] = {
		{ 200, "{\"active\":true}", true, false, false, GOOD },
		{ 200, "{\"active\":true,\"x\":[1]}", true, false, true, GOOD },
		{ 200, "{\"active\":false}", true, true, false, REVOKED },
		{ 200, "{\"id\":\"x\"}", true, true, false, GOOD },
		{ 200, "{\"id\":\"x\"}", true, false, false, REVOKED },
		{ 200, "{\"Active\":true}", true, false, false, REVOKED },
		{ 200, "{\"active\":\"true\"}", true, true, false, UNKNOWN },
		{ 200, "{\"active\":1}", true, true, false, UNKNOWN },
		{ 200, "{\"active\":null}", true, true, false, UNKNOWN },
		{ 200, "{\"active\":true,\"active\":false}", true, true, false, UNKNOWN },
		{ 200, "{\"active\":true}", false, true, false, UNKNOWN },
		{ 200, "[]", true, true, false, UNKNOWN },
		{ 200, "", true, true, false, UNKNOWN },
		{ 200, "{\"active\":true} x", true, true, false, UNKNOWN },
		{ 304, "", false, true, true, GOOD },
		{ 304, "", false, true, false, UNKNOWN },
		{ 404, "{}", true, true, true, REVOKED },
		{ 410, "", false, true, true, REVOKED },
		{ 201, "{\"active\":true}", true, true, false, UNKNOWN },
		{ 204, "", false, true, true, UNKNOWN },
		{ 301, "{\"active\":true}", true, true, true, UNKNOWN },
		{ 401, "{\"active\":true}", true, true, true, UNKNOWN },
		{ 403, "", true, true, true, UNKNOWN },
		{ 429, "", true, true, true, UNKNOWN },
		{ 500, "{\"active\":false}", true, true, true, UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct http_reply reply = { .status = rows[i].status, .is_json = rows[i].is_json,
						  .body = rows[i].body, .len = strlen(rows[i].body) };
		char why[256];
		enum wire_standing_kind is =
			scim_judge(&reply, rows[i].absent_is_live, rows[i].asked_tag, why);

		if (is != rows[i].is || (is != GOOD) != (why[0] != '\0'))
			fail_msg("row %zu: %d, %s", i, is, why);
	}
}

static void without_an_answer_nothing_is_known(void **state)
{
	const struct http_reply reply = { .failure = "Timeout was reached", .status = 200, .is_json = true,
					  .body = "{\"active\":true}", .len = 15 };
	char why[256];

	(void)state;
	assert_int_equal(scim_judge(&reply, true, true, why), UNKNOWN);
	assert_non_null(strstr(why, "Timeout"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_mean_what_they_say),
		cmocka_unit_test(without_an_answer_nothing_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
