/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/err.h"
#include "launcher/report.h"
#include "launcher/user.h"
#include "policies/assessment.h"
#include "policies/bundle.h"
#include "policies/policy.h"

static void a_date_is_a_day_that_exists(void **state)
{
	static const char *const bad[] = {
		"", "2026-1-01", "2026-01-1", "2026-13-01", "2026-00-01", "2026-01-00", "2026-01-32",
		"2025-02-29", "2100-02-29", "2026-04-31", "1970-01-01", "0000-01-01", "2026/01/01",
		"2026-01-01 ", " 2026-01-01", "2026-01-01T00", "+026-01-01", "20260101",
	};
	int32_t day;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (assessment_parse_date(bad[i], &day))
			fail_msg("%s", bad[i]);
	assert_true(assessment_parse_date("1971-01-01", &day));
	assert_int_equal(day, 365);
	assert_true(assessment_parse_date("2000-02-29", &day));
	assert_int_equal(day, 11016);
	assert_true(assessment_parse_date("9999-12-31", &day));
}

/* The C library counts the days as well. */
static void every_day_comes_back(void **state)
{
	(void)state;
	for (int32_t day = 365; day < 60000; day++) {
		time_t t = (time_t)day * 86400;
		char ours[ASSESSMENT_DATE], theirs[40];
		struct tm tm;
		int32_t back;

		assert_non_null(gmtime_r(&t, &tm));
		strftime(theirs, sizeof(theirs), "%Y-%m-%d", &tm);
		assessment_date(day, ours);
		assert_string_equal(ours, theirs);
		assert_true(assessment_parse_date(ours, &back));
		assert_int_equal(back, day);
	}
}

static int32_t day_of(const char *text)
{
	int32_t day = 0;

	assert_true(assessment_parse_date(text, &day));
	return day;
}

static void a_review_is_due_after_a_quarter(void **state)
{
	static const struct {
		const char *assessed, *due;
	} rows[] = {
		{ "2026-01-15", "2026-04-15" }, { "2026-11-30", "2027-02-28" },
		{ "2027-11-30", "2028-02-29" }, { "2026-12-31", "2027-03-31" },
		{ "2026-01-31", "2026-04-30" }, { "2026-10-01", "2027-01-01" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct assessment a = { .is_set = true, .decision = ASSESSMENT_ACCEPTED,
					.assessed = day_of(rows[i].assessed) };
		int32_t due = day_of(rows[i].due);

		assert_int_equal(assessment_due(&a), due);
		assert_int_equal(assessment_judge(&a, due), ASSESSMENT_CURRENT);
		assert_int_equal(assessment_judge(&a, due + 1), ASSESSMENT_OVERDUE);
		assert_int_equal(assessment_judge(&a, a.assessed), ASSESSMENT_CURRENT);
		assert_int_equal(assessment_judge(&a, a.assessed - 1), ASSESSMENT_AHEAD);
		a.decision = ASSESSMENT_REJECTED;
		assert_int_equal(assessment_judge(&a, due), ASSESSMENT_NOT_ALLOWED);
		a.is_set = false;
		assert_int_equal(assessment_judge(&a, due), ASSESSMENT_MISSING);
	}
}

#define ASSESSMENT(owner)                                                                       \
	"\"assessment\": {\"owner\": \"" owner "\", \"purpose\": \"p\", \"data\": \"d\", "      \
	"\"risks\": \"r\", \"decision\": \"accepted\", \"assessed\": \"2026-01-15\"}"
#define SERVER "{\"version\": 1, \"command\": [\"x\"]"

static void the_strongest_assessment_counts_whole(void **state)
{
	static const char strong[] = SERVER ", " ASSESSMENT("strong") "}",
			  weak[] = SERVER ", " ASSESSMENT("weak") "}";
	struct bundle b = {0};
	struct policy p;

	(void)state;
	assert_int_equal(bundle_add(&b, "strong", strong, strlen(strong), NULL), 0);
	assert_int_equal(bundle_add(&b, "weak", weak, strlen(weak), NULL), 0);
	assert_int_equal(bundle_merge(&b, "/root", &p, NULL), 0);
	assert_string_equal(p.assessment.owner, "strong");
	policy_done(&p);
	bundle_done(&b);
}

static void an_assessment_of_every_server_is_refused(void **state)
{
	static const char text[] = "[{\"origin\": \"o\", \"ceiling\": true, \"text\": \"{\\\"version\\\": 1, "
				   "\\\"assessment\\\": {\\\"owner\\\": \\\"o\\\", \\\"purpose\\\": \\\"p\\\", "
				   "\\\"data\\\": \\\"d\\\", \\\"risks\\\": \\\"r\\\", \\\"decision\\\": "
				   "\\\"accepted\\\", \\\"assessed\\\": \\\"2026-01-15\\\"}}\"}]";
	struct bundle b;
	struct policy p;
	struct err err = {0};

	(void)state;
	assert_int_equal(bundle_read(text, strlen(text), &b, NULL), 0);
	assert_true(bundle_merge(&b, "/root", &p, &err) < 0);
	assert_non_null(strstr(err.text, "that server's file"));
	bundle_done(&b);
}

/* --- whose it is -------------------------------------------------------------------------- */

static void put(const char *dir, const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/servers", dir);
	assert_int_equal(chmod(dir, 0755), 0);
	if (mkdir(path, 0755) < 0)
		assert_int_equal(access(path, W_OK), 0);
	snprintf(path, sizeof(path), "%s/servers/%s.json", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0644), 0);
}

static void drop(const char *dir)
{
	static const char *const names[] = { "/servers/both.json", "/servers/own.json", "/servers", "" };
	char path[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s%s", dir, names[i]);
		remove(path);
	}
}

static void a_user_does_not_assess_in_the_administrators_place(void **state)
{
	char admin[] = "/run/mcpc-admin-XXXXXX", config[] = "/run/mcpc-user-XXXXXX";
	char name[] = "tester", home[] = "/root";
	struct user user = { .name = name, .home = home, .config = config };
	struct report r = { .user = &user, .admin = admin, .now = INT64_C(1769500000000) };

	(void)state;
	/* Trusted is what is root's on the whole way. */
	if (getuid() != 0) {
		puts("skipped: what is root's on the whole way can be made by root alone");
		skip();
	}
	assert_non_null(mkdtemp(admin));
	assert_non_null(mkdtemp(config));
	put(admin, "both", SERVER "}");
	put(config, "both", SERVER ", " ASSESSMENT("user") "}");
	put(config, "own", SERVER ", " ASSESSMENT("user") "}");
	assert_int_equal(report_begin(&r, NULL), 0);
	assert_int_equal(report_add(&r, "own", true, NULL), 0);
	assert_int_equal(json_array_size(r.findings), 0);
	assert_int_equal(report_add(&r, "both", true, NULL), 0);
	assert_int_equal(json_array_size(r.findings), 1);
	assert_non_null(strstr(json_string_value(json_object_get(json_array_get(r.findings, 0), "finding")),
			       "no assessment"));
	report_done(&r);
	drop(admin);
	drop(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_date_is_a_day_that_exists),
		cmocka_unit_test(every_day_comes_back),
		cmocka_unit_test(a_review_is_due_after_a_quarter),
		cmocka_unit_test(the_strongest_assessment_counts_whole),
		cmocka_unit_test(an_assessment_of_every_server_is_refused),
		cmocka_unit_test(a_user_does_not_assess_in_the_administrators_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
