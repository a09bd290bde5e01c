/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "common/err.h"
#include "launcher/bare.h"
#include "launcher/plan.h"
#include "launcher/tier.h"
#include "policies/load.h"
#include "policies/merge.h"
#include "policies/policy.h"

static void load(const char *word, struct policy *ret)
{
	struct err err = {0};
	char text[128];

	if (*word)
		snprintf(text, sizeof(text), "{\"version\":1,\"sandbox\":{\"minimum_tier\":\"%s\"}}",
			 word);
	else
		snprintf(text, sizeof(text), "{\"version\":1}");
	assert_int_equal(load_text(text, strlen(text), "test", "/home/x", ret, &err), 0);
}

static void the_strictest_layer_says_the_tier(void **state)
{
	static const struct {
		const char *strong, *weak;
		enum policy_tier result;
	} rows[] = {
		{ "", "", POLICY_TIER_FULL },
		{ "nouserns", "", POLICY_TIER_NOUSERNS },
		{ "", "nouserns", POLICY_TIER_NOUSERNS },
		{ "nouserns", "nouserns", POLICY_TIER_NOUSERNS },
		{ "full", "nouserns", POLICY_TIER_FULL },
		{ "nouserns", "full", POLICY_TIER_FULL },
		{ "full", "", POLICY_TIER_FULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct policy strong = {0}, weak = {0};
		struct err err = {0};

		load(rows[i].strong, &strong);
		load(rows[i].weak, &weak);
		assert_int_equal(merge_into(&strong, &weak, &err), 0);
		merge_defaults(&strong);
		if (strong.sandbox.minimum_tier != rows[i].result)
			fail_msg("%s over %s", rows[i].strong, rows[i].weak);
		policy_done(&strong);
	}
}

static void a_tier_of_another_name_is_refused(void **state)
{
	static const char *const words[] = { "none", "FULL", "", "nouserns " };

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		struct policy p = {0};
		struct err err = {0};
		char text[128];

		snprintf(text, sizeof(text), "{\"version\":1,\"sandbox\":{\"minimum_tier\":\"%s\"}}",
			 words[i]);
		assert_true(load_text(text, strlen(text), "test", "/", &p, &err) < 0);
	}
}

static void an_older_landlock_loses_more(void **state)
{
	const char *v[TIER_LOSSES];

	(void)state;
	assert_true(tier_losses(5, v) > tier_losses(6, v));
	assert_true(tier_losses(1, v) <= TIER_LOSSES);
	assert_true(tier_losses(99, v) > 0);
}

static void add(struct plan *p, enum plan_kind kind, const char *path, bool writes, bool runs)
{
	p->v[p->n++] = (struct plan_entry){ .kind = kind, .target = strdup(path),
					    .source = strdup(path), .why = "test",
					    .is_writable = writes, .is_executable = runs };
}

static void a_bare_plan_holds_paths_of_the_host_only(void **state)
{
	struct plan p = { .v = calloc(8, sizeof(struct plan_entry)) };
	struct err err = {0};

	(void)state;
	add(&p, PLAN_BIND, "/usr", false, true);
	add(&p, PLAN_TMPFS, "/tmp", true, false);
	add(&p, PLAN_PROC, "/proc", false, false);
	add(&p, PLAN_FILE, "/etc/hosts", false, false);
	add(&p, PLAN_BIND, "/srv/data", true, false);
	p.limits.processes = 7;
	assert_int_equal(strv_add(&p.env, "HOME=/home/x"), 0);
	assert_int_equal(bare_adapt(&p, "/nonexistent/private", &err), 0);
	for (size_t i = 0; i < p.n; i++) {
		assert_int_equal(p.v[i].kind, PLAN_BIND);
		assert_true(strcmp(p.v[i].target, "/tmp") != 0 && strcmp(p.v[i].target, "/proc") != 0);
	}
	assert_true(strv_has(&p.env, "HOME=/nonexistent/private/home"));
	assert_true(strv_has(&p.env, "TMPDIR=/nonexistent/private/tmp"));
	assert_false(strv_has(&p.env, "HOME=/home/x"));
	assert_int_equal(p.limits.processes, 0);
	plan_done(&p);
}

static void code_inside_what_is_writable_is_refused(void **state)
{
	static const struct {
		const char *code;
		bool is_refused;
	} rows[] = { { "/srv/data/node", true }, { "/srv/data", true }, { "/srv/database", false } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct plan p = { .v = calloc(4, sizeof(struct plan_entry)) };
		struct err err = {0};

		add(&p, PLAN_BIND, "/srv/data", true, false);
		add(&p, PLAN_BIND, rows[i].code, false, true);
		assert_int_equal(bare_adapt(&p, "/nonexistent/private", &err) < 0,
				 rows[i].is_refused);
		plan_done(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_strictest_layer_says_the_tier),
		cmocka_unit_test(a_tier_of_another_name_is_refused),
		cmocka_unit_test(an_older_landlock_loses_more),
		cmocka_unit_test(a_bare_plan_holds_paths_of_the_host_only),
		cmocka_unit_test(code_inside_what_is_writable_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
