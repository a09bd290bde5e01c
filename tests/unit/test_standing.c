/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "launcher/standing.h"

static struct standing make(bool with_provider)
{
	struct standing s = { .deny_after = 30000, .kill_after = 50000 };

	standing_use(&s, STANDING_LISTS, false, 0);
	if (with_provider)
		standing_use(&s, STANDING_PROVIDER, true, 0);
	return s;
}

static void lists_that_say_nothing_new_hold(void **state)
{
	struct standing s = make(false);

	(void)state;
	assert_int_equal(standing_now(&s, 10000000), STANDING_LIVE);
	assert_int_equal(standing_next(&s, 10000000), -1);
}

static void revoked_is_at_once_and_for_ever(void **state)
{
	(void)state;
	for (int i = 0; i < STANDING_SOURCES; i++) {
		struct standing s = make(true);

		standing_hear(&s, (enum standing_source)i, STANDING_REVOKED, 5);
		assert_int_equal(standing_now(&s, 5), STANDING_ENDED);
		standing_hear(&s, (enum standing_source)i, STANDING_GOOD, 6);
		assert_int_equal(standing_now(&s, 6), STANDING_ENDED);
	}
}

static void a_provider_that_is_silent_is_denied_then_killed(void **state)
{
	struct standing s = make(true);

	(void)state;
	assert_int_equal(standing_next(&s, 0), 30000);
	assert_int_equal(standing_now(&s, 29999), STANDING_LIVE);
	assert_int_equal(standing_now(&s, 30000), STANDING_DENIED);
	assert_int_equal(standing_next(&s, 30000), 50000);
	assert_int_equal(standing_now(&s, 49999), STANDING_DENIED);
	assert_int_equal(standing_now(&s, 50000), STANDING_ENDED);
	/* No policy can ask for more, so the worst case is below a minute. */
	assert_true(s.kill_after < 60000);
}

static void that_it_does_not_know_makes_no_word_younger(void **state)
{
	struct standing s = make(true);

	(void)state;
	standing_hear(&s, STANDING_PROVIDER, STANDING_GOOD, 10000);
	for (int64_t t = 12000; t < 60000; t += 2000)
		standing_hear(&s, STANDING_PROVIDER, STANDING_UNKNOWN, t);
	assert_int_equal(standing_now(&s, 39999), STANDING_LIVE);
	assert_int_equal(standing_now(&s, 40000), STANDING_DENIED);
	assert_int_equal(standing_now(&s, 60000), STANDING_ENDED);
	/* Before that, a good word lets calls pass again. */
	standing_hear(&s, STANDING_PROVIDER, STANDING_GOOD, 45000);
	assert_int_equal(standing_now(&s, 45000), STANDING_LIVE);
	assert_int_equal(standing_next(&s, 45000), 75000);
}

static void a_list_that_cannot_be_read_held_until_then(void **state)
{
	struct standing s = make(false);

	(void)state;
	standing_hear(&s, STANDING_LISTS, STANDING_UNKNOWN, 1000000);
	standing_hear(&s, STANDING_LISTS, STANDING_UNKNOWN, 1020000);
	assert_int_equal(standing_now(&s, 1029999), STANDING_LIVE);
	assert_int_equal(standing_now(&s, 1030000), STANDING_DENIED);
	assert_int_equal(standing_now(&s, 1050000), STANDING_ENDED);
	standing_hear(&s, STANDING_LISTS, STANDING_GOOD, 1040000);
	assert_int_equal(standing_now(&s, 2000000), STANDING_LIVE);
}

static void the_worst_source_counts(void **state)
{
	struct standing s = make(true);

	(void)state;
	standing_hear(&s, STANDING_PROVIDER, STANDING_GOOD, 0);
	standing_hear(&s, STANDING_LISTS, STANDING_UNKNOWN, 5000);
	standing_hear(&s, STANDING_PROVIDER, STANDING_GOOD, 36000);
	assert_int_equal(standing_now(&s, 36000), STANDING_DENIED);
	assert_int_equal(standing_next(&s, 36000), 55000);
	assert_int_equal(standing_now(&s, 55000), STANDING_ENDED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_that_say_nothing_new_hold),
		cmocka_unit_test(revoked_is_at_once_and_for_ever),
		cmocka_unit_test(a_provider_that_is_silent_is_denied_then_killed),
		cmocka_unit_test(that_it_does_not_know_makes_no_word_younger),
		cmocka_unit_test(a_list_that_cannot_be_read_held_until_then),
		cmocka_unit_test(the_worst_source_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
