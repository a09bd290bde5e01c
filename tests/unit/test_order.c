/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/call.h"
#include "common/err.h"
#include "shims/broker/order.h"

static struct order *order;
static struct order_question *q;

static int set_up(void **state)
{
	(void)state;
	order = calloc(1, sizeof(*order));
	if (order)
		*order = (struct order){ .server = "s", .session = "x" };
	return order ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	free(order);
	return 0;
}

static void seal(struct wire_ask *a)
{
	struct call call = { .kind = (enum call_kind)(a->call.kind % CALL_KINDS), .server = "s", .session = "x", .tool = a->call.tool,
			     .tool_len = a->call.tool_len, .pin = a->call.has_pin ? a->call.pin : NULL,
			     .serial = a->serial, .id = a->call.id, .id_len = a->call.id_len,
			     .id_is_string = a->call.id_is_string };

	memcpy(call.arguments, a->call.arguments_digest, SHA256_SIZE);
	memcpy(call.rest, a->call.rest_digest, SHA256_SIZE);
	call_digest(&call, a->call.digest);
}

static struct wire_ask question(uint64_t serial)
{
	struct wire_ask a = { .kind = WIRE_ASK_QUESTION, .wants_person = 1, .timeout = 1000,
			      .serial = serial };

	memcpy(a.call.tool, "write", 5);
	a.call.tool_len = 5;
	memcpy(a.call.arguments, "{\"a\":1}", 7);
	a.call.arguments_len = 7;
	a.call.arguments_total = 7;
	sha256("{\"a\":1}", 7, a.call.arguments_digest);
	memcpy(a.call.id, "7", 1);
	a.call.id_len = 1;
	seal(&a);
	return a;
}

static int take(const struct wire_ask *a)
{
	struct err err = {0};

	return order_take(order, a, 0, &q, &err);
}

static void a_question_is_opened_and_answered_once(void **state)
{
	struct wire_ask a = question(1);
	struct wire_answer answer;

	(void)state;
	assert_int_equal(take(&a), 1);
	assert_ptr_equal(order_find(order, a.call.digest), q);
	order_answer(q, WIRE_ANSWER_APPROVED, true, &answer);
	assert_int_equal(answer.serial, 1);
	assert_memory_equal(answer.digest, a.call.digest, SHA256_SIZE);
	assert_null(order_find(order, a.call.digest));
	assert_int_equal(take(&a), -EPROTO);
}

static void every_step_out_of_order_breaks_the_rules(void **state)
{
	/* A letter is a message: a question with a number, or the withdrawal of one. */
	static const struct {
		const char *steps;
		int last;
	} rows[] = {
		{ "q1", 1 },	      { "q1q2", 1 },	{ "q1q1", -EPROTO }, { "q2q1", -EPROTO },
		{ "q5q9", 1 },	      { "q1w1", 0 },	{ "w1", -EPROTO },   { "q1w2", -EPROTO },
		{ "q1w1w1", 0 },      { "q1w1q1", -EPROTO }, { "q1w0", -EPROTO }, { "q0", -EPROTO },
		{ "q1w1q2", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int r = 0;

		memset(order->v, 0, sizeof(order->v));
		order->last_serial = 0;
		for (const char *p = rows[i].steps; *p; p += 2) {
			struct wire_ask a = question((uint64_t)(p[1] - '0'));

			if (p[0] == 'w')
				a.kind = WIRE_ASK_WITHDRAW;
			r = take(&a);
		}
		if (r != rows[i].last)
			fail_msg("%s: %d", rows[i].steps, r);
	}
}

static void a_withdrawn_question_cannot_be_found(void **state)
{
	struct wire_ask a = question(1);

	(void)state;
	take(&a);
	a.kind = WIRE_ASK_WITHDRAW;
	assert_int_equal(take(&a), 0);
	assert_non_null(q);
	assert_null(order_find(order, a.call.digest));
	assert_int_equal(take(&a), 0);
	assert_null(q);
}

static void a_digest_must_be_of_what_is_shown(void **state)
{
	(void)state;
	for (int i = 0; i < 12; i++) {
		struct wire_ask a = question(1);
		bool seals = false;

		switch (i) {
		case 0: a.call.tool[0] = 'W'; break;
		case 1: a.call.arguments[5] = '2'; break;
		case 2: a.call.arguments[5] = '2'; seals = true; break;
		case 3: a.call.id[0] = '8'; break;
		case 4: a.call.id_is_string = 1; break;
		case 5: a.call.has_pin = 1; break;
		case 6: a.call.rest_digest[0]++; break;
		case 7: a.call.digest[31]++; break;
		case 8: a.call.arguments_total++; seals = true; break;
		case 9: a.call.tool_len = LIMIT_TOOL + 1; break;
		case 10: a.call.id_len = UINT32_MAX; break;
		case 11: a.call.arguments_len = WIRE_ARGUMENTS + 1; break;
		}
		if (seals)
			seal(&a);
		assert_int_equal(take(&a), -EPROTO);
	}
}

static void odd_numbers_break_the_rules(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++) {
		struct wire_ask a = question(1);

		switch (i) {
		case 0: a.kind = WIRE_ASK_NONE; break;
		case 1: a.kind = 7; break;
		case 2: a.wants_person = 0; break;
		case 3: a.wants_person = 2; break;
		case 4: a.timeout = 0; break;
		case 5: a.timeout = 3600001; break;
		case 6: a.call.tool_len = 0; break;
		case 7: a.call.kind = CALL_KINDS; break;
		}
		assert_int_equal(take(&a), -EPROTO);
	}
}

static void a_question_ends_at_its_deadline(void **state)
{
	struct wire_ask a = question(1);

	(void)state;
	assert_int_equal(order_next(order), -1);
	take(&a);
	assert_int_equal(order_next(order), 1000);
	assert_null(order_due(order, 999));
	assert_ptr_equal(order_due(order, 1000), q);
}

static void more_than_a_pep_keeps_is_a_lie(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= LIMIT_HELD; i++) {
		struct wire_ask a = question(i);

		assert_int_equal(take(&a), 1);
	}
	assert_int_equal(take(&(struct wire_ask){ .kind = WIRE_ASK_WITHDRAW, .serial = 3 }), 0);
	for (uint64_t i = LIMIT_HELD + 1; i <= LIMIT_HELD + 2; i++) {
		struct wire_ask a = question(i);

		assert_int_equal(take(&a), i == LIMIT_HELD + 1 ? 1 : -EPROTO);
	}
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_question_is_opened_and_answered_once),
		T(every_step_out_of_order_breaks_the_rules),
		T(a_withdrawn_question_cannot_be_found),
		T(a_digest_must_be_of_what_is_shown),
		T(odd_numbers_break_the_rules),
		T(a_question_ends_at_its_deadline),
		T(more_than_a_pep_keeps_is_a_lie),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
