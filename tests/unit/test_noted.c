/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/limits.h"
#include "common/noted.h"

static size_t take(struct noted *n, size_t times, int64_t now, uint64_t *ret_omitted)
{
	size_t written = 0;

	*ret_omitted = 0;
	for (size_t i = 0; i < times; i++) {
		uint64_t omitted = 0;

		written += noted_take(n, now, &omitted);
		*ret_omitted += omitted;
	}
	return written;
}

static void a_flood_is_cut_and_told_of_later(void **state)
{
	const int64_t half = 1000 * LIMIT_NOTED_BURST / LIMIT_NOTED_RATE / 2;
	struct noted n = {0};
	uint64_t omitted;

	(void)state;
	assert_int_equal(take(&n, 5000, 7000, &omitted), LIMIT_NOTED_BURST);
	assert_int_equal(omitted, 0);
	assert_int_equal(take(&n, 1, 7000 + half - 100, &omitted), 0);
	assert_int_equal(take(&n, 1, 7000 + half, &omitted), 1);
	assert_int_equal(omitted, 5000 - LIMIT_NOTED_BURST + 1);
	assert_int_equal(take(&n, 1, 7000 + half, &omitted), 1);
	assert_int_equal(omitted, 0);
}

static void slow_lines_are_all_written_and_time_never_runs_back(void **state)
{
	struct noted n = {0};
	uint64_t omitted;

	(void)state;
	for (int64_t i = 0; i < 5000; i++)
		assert_int_equal(take(&n, 1, i * 1000 / LIMIT_NOTED_RATE, &omitted), 1);
	assert_int_equal(take(&n, LIMIT_NOTED_BURST + 1, INT64_MAX, &omitted), LIMIT_NOTED_BURST);
	assert_int_equal(take(&n, 9, 0, &omitted), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flood_is_cut_and_told_of_later),
		cmocka_unit_test(slow_lines_are_all_written_and_time_never_runs_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
