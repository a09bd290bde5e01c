/* SPDX-License-Identifier: Apache-2.0 */
/* Rates and budgets on a clock of the test's own, and by processes side by side. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/audit.h"
#include "common/err.h"
#include "common/meter.h"
#include "launcher/rates.h"
#include "launcher/user.h"
#include "shims/pep/rates.h"

#define S METER_SECOND
#define DAYS(n) ((n) * METER_DAY)

static const uint8_t boots[2][16] = { { 1 }, { 2 } };
static const uint64_t seed[2] = { 1, 2 };
static struct meter *meter;
static uint64_t uptime;
static struct audit audit = { .fd = -1 };

static uint64_t clock_of_test(void)
{
	return uptime;
}

static int set_up(void **state)
{
	(void)state;
	meter = mmap(NULL, sizeof(*meter), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (meter == MAP_FAILED)
		return -1;
	meter_init(meter, seed);
	meter_set_clock(meter, boots[0], DAYS(20000), 100 * S);
	uptime = 100 * S;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return munmap(meter, sizeof(*meter));
}

static struct meter_result take(const struct meter_limit *l, uint64_t cost)
{
	return meter_take(meter, meter_now(meter, uptime), "x", 1, l, cost);
}

static void a_rate_holds_a_period_and_fills_evenly(void **state)
{
	const struct meter_limit l = { 60, 60 * S };
	struct meter_result r;

	(void)state;
	for (int i = 0; i < 60; i++)
		assert_true(take(&l, 1).is_taken);
	r = take(&l, 1);
	assert_false(r.is_taken);
	assert_int_equal(r.wait, S);
	assert_int_equal(r.before, 100);
	uptime += S - 1;
	assert_false(take(&l, 1).is_taken);
	uptime += 1;
	assert_true(take(&l, 1).is_taken);
	assert_false(take(&l, 1).is_taken);
	uptime += 600 * S;
	assert_false(take(&l, 61).is_taken);
	assert_int_equal(take(&l, 61).wait, METER_NEVER);
	assert_true(take(&l, 60).is_taken);
	assert_false(take(&l, 1).is_taken);
}

static void large_and_tiny_amounts_keep_their_measure(void **state)
{
	const struct meter_limit bytes = { 50ULL << 30, S }, one = { 1, 3600 * S };

	(void)state;
	assert_true(take(&bytes, 50ULL << 29).is_taken);
	assert_true(take(&bytes, (50ULL << 29) - 1).is_taken);
	assert_false(take(&bytes, 1ULL << 20).is_taken);
	assert_true(take(&one, 1).is_taken);
	assert_int_equal(take(&one, 1).wait, 3600 * S);
	assert_false(take(&one, UINT64_MAX).is_taken);
}

static void a_budget_of_a_day_ends_with_the_day(void **state)
{
	const struct meter_limit l = { 100, METER_DAY };

	(void)state;
	assert_true(take(&l, 99).is_taken);
	assert_false(take(&l, 2).is_taken);
	assert_int_equal(take(&l, 2).wait, METER_NEVER);
	assert_true(take(&l, 1).is_taken);
	uptime += METER_DAY - S;
	assert_false(take(&l, 1).is_taken);
	uptime += S;
	assert_true(take(&l, 100).is_taken);
	assert_false(take(&l, 1).is_taken);
	assert_false(take(&l, UINT64_MAX).is_taken);
}

static void a_clock_set_back_gives_nothing_back(void **state)
{
	const struct meter_limit day = { 10, METER_DAY }, rate = { 10, 3600 * S };

	(void)state;
	uptime += 10 * S;
	assert_true(take(&day, 10).is_taken);
	assert_true(take(&rate, 10).is_taken);
	/* The same boot: what the wall clock says does not matter any more. */
	meter_set_clock(meter, boots[0], DAYS(19000), uptime);
	assert_false(take(&day, 1).is_taken);
	meter_set_clock(meter, boots[0], DAYS(30000), uptime);
	assert_false(take(&day, 1).is_taken);
	assert_false(take(&rate, 1).is_taken);
	/* Another boot, with the clock back by years. */
	uptime = S;
	meter_set_clock(meter, boots[1], DAYS(10000), uptime);
	assert_false(take(&day, 1).is_taken);
	assert_false(take(&rate, 1).is_taken);
	assert_true(meter_now(meter, uptime) >= DAYS(20000) + 8 * S);
	/* Another one, with the clock right: the time has gone on. */
	meter_set_clock(meter, boots[0], DAYS(20001), uptime);
	assert_true(take(&day, 1).is_taken);
	assert_true(take(&rate, 1).is_taken);
}

static void buckets_stand_apart_and_a_full_table_refuses(void **state)
{
	const struct meter_limit l = { 1, 60 * S };
	size_t taken = 0, refused = 0;
	uint64_t now = meter_now(meter, uptime);

	(void)state;
	for (uint32_t i = 0; i < 2 * METER_SLOTS; i++) {
		struct meter_result r = meter_take(meter, now, &i, sizeof(i), &l, 1);

		taken += r.is_taken;
		refused += !r.is_taken;
		/* Twice from one bucket never. */
		assert_false(meter_take(meter, now, &i, sizeof(i), &l, 1).is_taken);
	}
	assert_true(taken <= METER_SLOTS && taken > METER_SLOTS / 2 && refused >= METER_SLOTS);
	/* What is idle makes room. */
	now += 61 * S;
	for (uint32_t i = 0; i < METER_SLOTS / 2; i++) {
		uint32_t name = i + 3 * METER_SLOTS;

		assert_true(meter_take(meter, now, &name, sizeof(name), &l, 1).is_taken);
	}
}

static void what_is_given_back_can_be_taken_again(void **state)
{
	const struct meter_limit limits[] = { { 10, 60 * S }, { 10, METER_DAY } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_true(take(&limits[i], 10).is_taken);
		meter_give(meter, meter_now(meter, uptime), "x", 1, &limits[i], 4);
		assert_false(take(&limits[i], 5).is_taken);
		assert_true(take(&limits[i], 4).is_taken);
		meter_give(meter, meter_now(meter, uptime), "x", 1, &limits[i], 1000000);
		assert_false(take(&limits[i], 11).is_taken);
	}
}

static void processes_side_by_side_never_take_too_much(void **state)
{
	const struct meter_limit l = { 5000, METER_DAY };
	_Atomic uint64_t *taken = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child[4];

	(void)state;
	assert_ptr_not_equal(taken, MAP_FAILED);
	for (int i = 0; i < 4; i++) {
		child[i] = fork();
		if (child[i] == 0) {
			for (int n = 0; n < 4000; n++)
				atomic_fetch_add(taken, take(&l, 1).is_taken);
			_exit(0);
		}
		assert_true(child[i] > 0);
	}
	for (int i = 0; i < 4; i++) {
		int status;

		assert_int_equal(waitpid(child[i], &status, 0), child[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(atomic_load(taken), 5000);
	munmap(taken, 4096);
}

/* --- the file ----------------------------------------------------------------------------- */

static void the_file_is_checked(void **state)
{
	char dir[] = "/tmp/mcp-confine-test.XXXXXX", path[64], command[64];
	struct user user = { .uid = getuid(), .state = dir };
	struct err err = {0};
	uint32_t version = 2;
	uint64_t offset, again;
	int fd, other;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/rates", dir);
	fd = rates_open(&user, &err);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &offset, 8, offsetof(struct meter, offset)), 8);
	assert_true(offset > DAYS(10000));
	/* It is opened again as it is. */
	other = rates_open(&user, &err);
	assert_int_equal(pread(other, &again, 8, offsetof(struct meter, offset)), 8);
	assert_int_equal(offset, again);
	close(other);
	assert_int_equal(pwrite(fd, &version, 4, offsetof(struct meter, version)), 4);
	assert_int_equal(rates_open(&user, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "another version (2)"));
	assert_non_null(strstr(err.text, "move it away"));
	err = (struct err){0};
	assert_int_equal(ftruncate(fd, 100), 0);
	assert_int_equal(rates_open(&user, &err), -EBADMSG);
	err = (struct err){0};
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_true(rates_open(&user, &err) < 0);
	close(fd);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
}

/* --- the pep ------------------------------------------------------------------------------- */

static struct policy_rate list[4];
static struct policy policy = { .messages = { .rates = list } };

static struct rates rates_for(const char *server, const char *client)
{
	struct rates r;

	rates_init(&r, &policy, &audit, server, client, meter);
	r.uptime = clock_of_test;
	return r;
}

static const char *call(struct rates *r, const char *tool, uint64_t bytes, struct rates_ticket *t)
{
	return rates_request(r, RATES_CALL, tool, tool ? strlen(tool) : 0, bytes, t);
}

static void each_scope_has_its_own_counter(void **state)
{
	struct rates a = rates_for("a", "ide"), b = rates_for("b", "ide"), c = rates_for("a", "cli");
	struct rates_ticket t;

	(void)state;
	policy.messages.n_rates = 1;
	list[0] = (struct policy_rate){ .per = POLICY_PER_SERVER, .amount = 1, .seconds = 60 };
	assert_null(call(&a, "x", 0, &t));
	assert_non_null(call(&c, "y", 0, &t));
	assert_null(call(&b, "x", 0, &t));
	list[0].per = POLICY_PER_CLIENT;
	assert_null(call(&a, "x", 0, &t));
	assert_non_null(call(&b, "x", 0, &t));
	assert_null(call(&c, "x", 0, &t));
	list[0].per = POLICY_PER_TOOL;
	assert_null(call(&a, "x", 0, &t));
	assert_non_null(call(&c, "x", 0, &t));
	assert_null(call(&a, "y", 0, &t));
	assert_null(call(&b, "x", 0, &t));
	list[0].match = (char[]){ "z*" };
	assert_null(call(&a, "x", 0, &t));
	assert_null(call(&a, "x", 0, &t));
	assert_null(call(&a, "z1", 0, &t));
	assert_non_null(call(&a, "z1", 0, &t));
	/* What is no call counts for no tool and no number of calls. */
	assert_null(call(&a, NULL, 0, &t));
	assert_null(call(&a, NULL, 0, &t));
}

static void words_tell_when_to_try_again_where_that_is_harmless(void **state)
{
	struct rates r = rates_for("w", "c");
	struct rates_ticket t;

	(void)state;
	policy.messages.n_rates = 1;
	list[0] = (struct policy_rate){ .amount = 1, .seconds = 60 };
	assert_null(call(&r, "x", 0, &t));
	assert_string_equal(call(&r, "x", 0, &t), "Too many calls; try again in 60 seconds.");
	list[0].seconds = 86400;
	assert_null(call(&r, "x", 0, &t));
	assert_non_null(strstr(call(&r, "x", 0, &t), "will not help"));
}

static void answers_are_charged_and_one_that_does_not_fit_is_withheld(void **state)
{
	struct rates r = rates_for("s", "c");
	struct rates_ticket t;

	(void)state;
	policy.messages.n_rates = 2;
	list[0] = (struct policy_rate){ .metric = POLICY_METRIC_RESULT_BYTES, .amount = 1000, .seconds = 86400 };
	list[1] = (struct policy_rate){ .metric = POLICY_METRIC_TOKENS, .amount = 200, .seconds = 86400 };
	assert_null(call(&r, "x", 0, &t));
	assert_null(rates_result(&r, &t, 700));
	assert_null(call(&r, "x", 0, &t));
	/* Not in the bytes that are left; and then the tokens are not taken either. */
	assert_non_null(rates_result(&r, &t, 400));
	assert_null(rates_result(&r, &t, 90));
	/* 1 + 175 + 1 + 23 tokens are gone: none is left for a question. */
	assert_non_null(call(&r, "x", 0, &t));
	list[1].amount = 300;
	assert_null(call(&r, NULL, 0, &t));
	assert_int_equal(t.counts, 3);
	assert_null(call(&r, "x", 1000, &t));
	assert_non_null(call(&r, "x", 1000, &t));
}

static void one_that_refuses_takes_nothing_from_the_others(void **state)
{
	struct rates r = rates_for("o", "c");
	struct rates_ticket t;

	(void)state;
	policy.messages.n_rates = 2;
	list[0] = (struct policy_rate){ .amount = 5, .seconds = 86400 };
	list[1] = (struct policy_rate){ .per = POLICY_PER_TOOL, .amount = 1, .seconds = 86400 };
	assert_null(call(&r, "x", 0, &t));
	for (int i = 0; i < 50; i++)
		assert_non_null(call(&r, "x", 0, &t));
	for (char name = 'a'; name < 'e'; name++)
		assert_null(call(&r, (char[]){ name, '\0' }, 0, &t));
	assert_non_null(call(&r, "f", 0, &t));
}

static void alerts_are_written_once_when_they_are_crossed(void **state)
{
	char text[8192] = "";
	struct rates r = rates_for("l", "c");
	struct rates_ticket t;
	int fd = memfd_create("audit", 0);
	size_t n = 0;

	(void)state;
	audit.fd = fd;
	policy.messages.n_rates = 1;
	list[0] = (struct policy_rate){ .amount = 10, .seconds = 86400, .alert = 80 };
	for (int i = 0; i < 10; i++)
		assert_null(call(&r, "x", 0, &t));
	assert_true(pread(fd, text, sizeof(text) - 1, 0) > 0);
	for (const char *p = text; (p = strstr(p, "\"rate-alert\"")); p++)
		n++;
	assert_int_equal(n, 1);
	assert_non_null(strstr(text, "\"percent\":80"));
	audit.fd = -1;
	close(fd);
}

/* A budget of 1000 bytes and one of 100 tokens, with `used` bytes and no token gone. */
static struct rates budget(const char *server, uint64_t used)
{
	struct rates r = rates_for(server, "c");
	struct rates_ticket t;

	policy.messages.n_rates = 2;
	list[0] = (struct policy_rate){ .metric = POLICY_METRIC_RESULT_BYTES, .amount = 1000, .seconds = 86400 };
	list[1] = (struct policy_rate){ .metric = POLICY_METRIC_TOKENS, .amount = 100, .seconds = 86400 };
	if (used)
		assert_null(rates_unasked(&r, false, used, &t));
	return r;
}

static void notifications_use_up_a_budget_of_bytes(void **state)
{
	struct rates r = budget("n", 0);
	struct rates_ticket t;

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_null(rates_unasked(&r, false, 100, &t));
	assert_non_null(rates_unasked(&r, false, 1, &t));
	assert_non_null(call(&r, "x", 0, &t));
	/* No model reads them. */
	list[0].amount = 2000;
	assert_null(call(&r, "x", 380, &t));
}

static void what_a_server_asks_of_the_model_costs_tokens_both_ways(void **state)
{
	struct rates r = budget("m", 0);
	struct rates_ticket t;

	(void)state;
	assert_null(rates_unasked(&r, true, 200, &t)); /* 50 tokens */
	assert_int_equal(t.counts, 3);
	rates_answered(&r, &t, 4000); /* happened: 1000 tokens, and no byte to the client */
	assert_non_null(rates_unasked(&r, true, 4, &t));
	assert_null(rates_unasked(&r, false, 800, &t));
	assert_non_null(rates_unasked(&r, false, 1, &t));
}

static void lists_are_counted_and_pass_while_anything_is_left(void **state)
{
	struct rates r = budget("t", 990);
	struct rates_ticket t, late;

	(void)state;
	assert_null(rates_request(&r, RATES_LIST, NULL, 0, 0, &t));
	assert_null(rates_request(&r, RATES_LIST, NULL, 0, 0, &late));
	assert_int_equal(t.counts, 1);
	assert_null(rates_result(&r, &t, 5000));
	/* Overdrawn: neither the answer on its way nor another question. */
	assert_non_null(rates_result(&r, &late, 10));
	assert_non_null(rates_request(&r, RATES_LIST, NULL, 0, 0, &t));
	assert_non_null(call(&r, "x", 0, &t));
}

static void a_greeting_passes_without_anything_left_but_not_at_any_length(void **state)
{
	struct rates r = budget("g", 1000);
	struct rates_ticket t;

	(void)state;
	assert_non_null(rates_request(&r, RATES_LIST, NULL, 0, 0, &t));
	assert_null(rates_request(&r, RATES_GREETING, NULL, 0, 0, &t));
	assert_null(rates_result(&r, &t, LIMIT_GREETING));
	assert_non_null(rates_result(&r, &t, LIMIT_GREETING + 1));
}

static void a_rate_that_is_overdrawn_flows_in_again(void **state)
{
	const struct meter_limit minute = { 60, 60 * METER_SECOND };
	struct meter_result m;

	(void)state;
	m = meter_force(meter, DAYS(1), "f", 1, &minute, 120);
	assert_true(m.is_taken);
	assert_int_equal(m.after, 200);
	m = meter_take(meter, DAYS(1), "f", 1, &minute, 1);
	assert_false(m.is_taken);
	assert_int_equal(m.wait, 61 * METER_SECOND);
	assert_true(meter_take(meter, DAYS(1) + 61 * METER_SECOND, "f", 1, &minute, 1).is_taken);
	/* Nothing wraps, however much is forced. */
	for (int i = 0; i < 8; i++)
		meter_force(meter, DAYS(1), "f", 1, &minute, UINT64_MAX);
	assert_false(meter_take(meter, DAYS(300), "f", 1, &minute, 1).is_taken);
	for (int i = 0; i < 8; i++)
		meter_force(meter, DAYS(1), "d", 1, &(struct meter_limit){ 60, METER_DAY }, UINT64_MAX);
	assert_false(meter_take(meter, DAYS(1), "d", 1, &(struct meter_limit){ 60, METER_DAY }, 1).is_taken);
}

static void an_alert_is_told_once_in_a_period(void **state)
{
	char text[16384] = "";
	struct rates r = rates_for("a1", "c");
	struct rates_ticket t;
	int fd = memfd_create("audit", 0);
	size_t n = 0;

	(void)state;
	audit.fd = fd;
	policy.messages.n_rates = 1;
	list[0] = (struct policy_rate){ .amount = 10, .seconds = 60, .alert = 50 };
	for (int i = 0; i < 5; i++)
		assert_null(call(&r, "x", 0, &t));
	/* Down by one and up again, for less than a minute. */
	for (int i = 0; i < 9; i++) {
		uptime += 6 * METER_SECOND;
		assert_null(call(&r, "x", 0, &t));
	}
	uptime += 18 * METER_SECOND;
	for (int i = 0; i < 3; i++)
		assert_null(call(&r, "x", 0, &t));
	assert_true(pread(fd, text, sizeof(text) - 1, 0) > 0);
	for (const char *p = text; (p = strstr(p, "\"rate-alert\"")); p++)
		n++;
	assert_int_equal(n, 2);
	audit.fd = -1;
	close(fd);
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_rate_holds_a_period_and_fills_evenly),
		T(large_and_tiny_amounts_keep_their_measure),
		T(a_budget_of_a_day_ends_with_the_day),
		T(a_clock_set_back_gives_nothing_back),
		T(buckets_stand_apart_and_a_full_table_refuses),
		T(what_is_given_back_can_be_taken_again),
		T(processes_side_by_side_never_take_too_much),
		T(the_file_is_checked),
		T(each_scope_has_its_own_counter),
		T(words_tell_when_to_try_again_where_that_is_harmless),
		T(answers_are_charged_and_one_that_does_not_fit_is_withheld),
		T(one_that_refuses_takes_nothing_from_the_others),
		T(alerts_are_written_once_when_they_are_crossed),
		T(an_alert_is_told_once_in_a_period),
		T(notifications_use_up_a_budget_of_bytes),
		T(what_a_server_asks_of_the_model_costs_tokens_both_ways),
		T(lists_are_counted_and_pass_while_anything_is_left),
		T(a_greeting_passes_without_anything_left_but_not_at_any_length),
		T(a_rate_that_is_overdrawn_flows_in_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
