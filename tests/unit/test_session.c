/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "shims/pep/session.h"

static struct session s;

static int set_up(void **state)
{
	(void)state;
	memset(&s, 0, sizeof(s));
	s.secret[0] = 0x0123456789abcdef;
	return 0;
}

static struct rpc_id number(int n, char *text)
{
	return (struct rpc_id){ text, (size_t)snprintf(text, 16, "%d", n), false };
}

static struct rpc_id string(const char *text)
{
	return (struct rpc_id){ text, strlen(text), true };
}

static int ask(enum vocabulary_from from, struct rpc_id id, enum session_about about)
{
	struct session_request r = { .about = about, .task_slot = -1, .may_be_task = true };

	return session_ask(&s, from, &id, &r, NULL);
}

static int take(enum vocabulary_from asker, struct rpc_id id)
{
	struct session_request r;

	return session_take(&s, asker, &id, &r, NULL);
}

static int start_task(const char *name, uint64_t ttl, uint64_t now)
{
	struct session_request r = { .about = SESSION_TOOLS_LIST };
	struct rpc_id id = string(name);

	return session_start_task(&s, FROM_CLIENT, &id, &r, -1, ttl, now);
}

static int find_task(const char *name, struct session_task *ret)
{
	struct rpc_id id = string(name);

	return session_find_task(&s, FROM_CLIENT, &id, ret);
}

static void ids_are_matched_by_type_and_text_and_direction(void **state)
{
	char text[16];

	(void)state;
	assert_int_equal(ask(FROM_CLIENT, number(1, text), SESSION_OTHER), 0);
	assert_int_equal(ask(FROM_CLIENT, number(1, text), SESSION_OTHER), -EEXIST);
	assert_int_equal(ask(FROM_CLIENT, string("1"), SESSION_OTHER), 0);
	assert_int_equal(ask(FROM_SERVER, number(1, text), SESSION_OTHER), 0);
	assert_int_equal(take(FROM_CLIENT, string("01")), 0);
	assert_int_equal(take(FROM_CLIENT, string("1")), 1);
	assert_int_equal(take(FROM_CLIENT, string("1")), 0);
	assert_int_equal(take(FROM_CLIENT, number(1, text)), 1);
	assert_int_equal(take(FROM_CLIENT, number(1, text)), 0);
	assert_int_equal(take(FROM_SERVER, number(1, text)), 1);
	assert_int_equal(ask(FROM_CLIENT, string(""), SESSION_OTHER), 0);
	assert_int_equal(take(FROM_CLIENT, string("")), 1);
	assert_int_equal(take(FROM_CLIENT, (struct rpc_id){0}), 0);
}

static void a_full_table_refuses_and_forgets_nothing(void **state)
{
	char text[16];

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < LIMIT_IN_FLIGHT; i++)
			assert_int_equal(ask(FROM_CLIENT, number(i * 7919, text), SESSION_OTHER), 0);
		assert_int_equal(ask(FROM_CLIENT, string("more"), SESSION_OTHER), -ENOSPC);
		assert_int_equal(ask(FROM_SERVER, string("more"), SESSION_OTHER), 0);
		assert_int_equal(take(FROM_SERVER, string("more")), 1);
		for (int i = 0; i < LIMIT_IN_FLIGHT; i++)
			assert_int_equal(take(FROM_CLIENT, number(i * 7919, text)), 1);
	}
	assert_int_equal(s.side[FROM_CLIENT].ids.n, 0);
}

static void buckets_stay_short_when_a_peer_does_not_know_the_secret(void **state)
{
	char text[16];
	unsigned int longest = 0;

	(void)state;
	for (int i = 0; i < LIMIT_IN_FLIGHT; i++)
		assert_int_equal(ask(FROM_CLIENT, number(i << 16, text), SESSION_OTHER), 0);
	for (size_t b = 0; b < 2 * KEYMAP_SIZE; b++) {
		unsigned int n = 0;

		for (unsigned int at = s.side[0].ids.bucket[b]; at; at = s.side[0].ids.v[at - 1].next)
			n++;
		longest = n > longest ? n : longest;
	}
	assert_in_range(longest, 1, 8);
}

static void a_token_lives_as_long_as_its_request_or_its_task(void **state)
{
	struct session_request r = { .about = SESSION_TOOLS_CALL, .task_slot = -1 };
	struct rpc_id id = string("a"), other = string("b"), token = string("t"), task = string("k");
	struct session_task found;
	int slot, held;

	(void)state;
	assert_int_equal(session_ask(&s, FROM_CLIENT, &id, &r, &token), 0);
	assert_int_equal(session_ask(&s, FROM_CLIENT, &other, &r, &token), -EBUSY);
	assert_false(session_is_open(&s, FROM_CLIENT, &other));
	assert_true(session_has_token(&s, FROM_CLIENT, &token));
	assert_false(session_has_token(&s, FROM_SERVER, &token));
	assert_int_equal(session_take(&s, FROM_CLIENT, &id, &r, &held), 1);
	assert_int_equal(session_start_task(&s, FROM_CLIENT, &task, &r, held, 5, 0), 0);
	assert_true(session_has_token(&s, FROM_CLIENT, &token));
	slot = session_find_task(&s, FROM_CLIENT, &task, &found);
	session_end_task(&s, FROM_CLIENT, slot, found.serial + 1);
	assert_true(session_has_token(&s, FROM_CLIENT, &token));
	session_end_task(&s, FROM_CLIENT, slot, found.serial);
	assert_false(session_has_token(&s, FROM_CLIENT, &token));
	session_end_task(&s, FROM_CLIENT, slot, found.serial);
	/* An id that is in use gives the token back. */
	assert_int_equal(session_ask(&s, FROM_CLIENT, &id, &r, NULL), 0);
	assert_int_equal(session_ask(&s, FROM_CLIENT, &id, &r, &token), -EEXIST);
	assert_false(session_has_token(&s, FROM_CLIENT, &token));
}

static void tasks_are_forgotten_by_time_and_when_finished_and_only_for_room(void **state)
{
	struct session_task found;
	char name[16];
	int slot;

	(void)state;
	/* One that never ends, one that is over at 100, the rest at 1000. */
	assert_int_equal(start_task("forever", UINT64_MAX, 50), 0);
	assert_int_equal(start_task("short", 50, 50), 0);
	assert_int_equal(start_task("short", 50, 50), -EEXIST);
	for (int i = 2; i < KEYMAP_SIZE; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		assert_int_equal(start_task(name, 950, 50), 0);
	}
	assert_int_equal(start_task("new", 950, 99), -ENOSPC);
	assert_true(find_task("short", &found) >= 0);
	assert_int_equal(start_task("new", 950, 100), 0);
	assert_int_equal(find_task("short", &found), -ENOENT);
	/* Finished ones go when nothing is over; what runs stays. */
	slot = find_task("t7", &found);
	assert_int_equal(found.about, SESSION_TOOLS_LIST);
	session_end_task(&s, FROM_CLIENT, slot, found.serial);
	assert_true(find_task("t7", &found) >= 0);
	assert_int_equal(start_task("newer", 950, 101), 0);
	assert_int_equal(find_task("t7", &found), -ENOENT);
	/* The slot is another task's now: the old serial ends nothing. */
	session_end_task(&s, FROM_CLIENT, slot, found.serial);
	assert_true(find_task("newer", &found) >= 0);
	assert_false(found.is_done);
	assert_true(find_task("forever", &found) >= 0);
	/* All but the one without an end are over. */
	assert_int_equal(start_task("last", 1, 5000), 0);
	assert_int_equal(s.side[FROM_CLIENT].tasks.n, 2);
	assert_int_equal(start_task("end", UINT64_MAX, UINT64_MAX), 0);
}

static void a_subscription_is_no_debt_and_initialize_is_not_cancelled(void **state)
{
	struct rpc_id sub = string("sub"), init = string("i");

	(void)state;
	assert_int_equal(ask(FROM_CLIENT, sub, SESSION_LISTEN), 0);
	assert_false(session_owes(&s));
	assert_true(session_listens(&s, &sub));
	assert_int_equal(s.state, SESSION_FRESH);
	assert_int_equal(ask(FROM_CLIENT, init, SESSION_INITIALIZE), 0);
	assert_int_equal(s.state, SESSION_ASKED);
	assert_true(session_owes(&s));
	assert_true(session_may_cancel(&s, FROM_CLIENT, &sub));
	assert_false(session_may_cancel(&s, FROM_CLIENT, &init));
	assert_false(session_may_cancel(&s, FROM_SERVER, &sub));
	assert_int_equal(take(FROM_CLIENT, sub), 1);
	assert_false(session_listens(&s, &sub));
	assert_int_equal(take(FROM_CLIENT, init), 1);
	assert_false(session_owes(&s));
}

static void cancelled_ids_are_kept_as_long_as_there_is_room(void **state)
{
	char text[16];

	(void)state;
	for (int i = 0; i < 2 * KEYMAP_SIZE + 3; i++) {
		struct rpc_id id;

		snprintf(text, sizeof(text), "c%d", i);
		id = string(text);
		assert_int_equal(ask(FROM_CLIENT, id, SESSION_OTHER), 0);
		session_cancel(&s, FROM_CLIENT, &id);
		assert_false(session_is_open(&s, FROM_CLIENT, &id));
		assert_true(session_is_cancelled(&s, FROM_CLIENT, &id));
		assert_false(session_is_cancelled(&s, FROM_SERVER, &id));
	}
	for (int i = 0; i < 2 * KEYMAP_SIZE + 3; i++) {
		struct rpc_id id;

		snprintf(text, sizeof(text), "c%d", i);
		id = string(text);
		assert_int_equal(session_is_cancelled(&s, FROM_CLIENT, &id), i >= KEYMAP_SIZE + 3);
		session_answer_late(&s, FROM_CLIENT, &id);
		assert_false(session_is_cancelled(&s, FROM_CLIENT, &id));
	}
}

#define T(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(ids_are_matched_by_type_and_text_and_direction),
		T(a_full_table_refuses_and_forgets_nothing),
		T(buckets_stay_short_when_a_peer_does_not_know_the_secret),
		T(a_token_lives_as_long_as_its_request_or_its_task),
		T(tasks_are_forgotten_by_time_and_when_finished_and_only_for_room),
		T(a_subscription_is_no_debt_and_initialize_is_not_cancelled),
		T(cancelled_ids_are_kept_as_long_as_there_is_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
