/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shims/pep/ask.h"

static struct ask *ask;
static struct ask_call *held;
static const char *words;

static int set_up(void **state)
{
	(void)state;
	ask = calloc(1, sizeof(*ask));
	if (!ask)
		return -1;
	*ask = (struct ask){ .server = "s", .session = "x", .timeout = 1000, .patience = 100,
			     .arena = malloc(LIMIT_HELD_BYTES) };
	return ask->arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	free(ask->arena);
	free(ask);
	return 0;
}

/* A call of that tool with those arguments, under that id. */
static enum ask_verdict add(const char *id, const char *tool, const char *arguments,
			    const char *token, int64_t now)
{
	struct ask_call f = { .wants_person = true, .tool_len = (uint32_t)strlen(tool),
			      .arguments_total = strlen(arguments) };
	char line[256];
	int len = snprintf(line, sizeof(line), "%s %s %s\n", id, tool, arguments);

	memcpy(f.tool, tool, f.tool_len);
	memcpy(f.id.text, id, strlen(id));
	f.id.len = (uint16_t)strlen(id);
	f.id.exists = true;
	if (token) {
		memcpy(f.token.text, token, strlen(token));
		f.token.len = (uint16_t)strlen(token);
		f.token.exists = true;
	}
	sha256(arguments, strlen(arguments), f.arguments_digest);
	return ask_add(ask, &f, line, (size_t)len, arguments, now, &held, &words);
}

/* What the broker is told next. */
static struct wire_ask told(void)
{
	static struct wire_ask a;

	if (ask_outgoing(ask, 0, &a))
		ask_told(ask, &a);
	return a;
}

static struct ask_call *answer(const struct wire_ask *q, enum wire_answer_kind kind, int64_t now,
			       bool *ret_taken)
{
	struct wire_answer a = { .kind = kind, .by_person = 1, .serial = q->serial };

	memcpy(a.digest, q->call.digest, sizeof(a.digest));
	return ask_answer(ask, &a, now, ret_taken, &words);
}

static void a_yes_releases_the_frozen_bytes_once(void **state)
{
	struct ask_call *c = NULL;
	struct wire_ask q;
	const char *line;
	bool taken;
	size_t len;

	(void)state;
	assert_int_equal(add("1", "t", "{}", NULL, 0), ASK_HELD);
	assert_int_equal(ask_due(ask, 1, &c), ASK_DUE_NOTHING);
	q = told();
	assert_int_equal(q.kind, WIRE_ASK_QUESTION);
	assert_null(answer(&q, WIRE_ANSWER_APPROVED, 5, &taken));
	assert_true(taken);
	assert_null(answer(&q, WIRE_ANSWER_APPROVED, 5, &taken));
	assert_false(taken);
	assert_int_equal(ask_due(ask, 5, &c), ASK_DUE_RELEASE);
	line = ask_line(ask, c, &len);
	assert_memory_equal(line, "1 t {}\n", len);
	ask_end(ask, c);
	assert_int_equal(ask_due(ask, 6, &c), ASK_DUE_NOTHING);
	assert_int_equal(ask_waiting(ask), 0);
	assert_false(ask_has_outgoing(ask));
	assert_int_equal(ask->used, 0);
}

static void an_answer_counts_only_for_its_question(void **state)
{
	static const enum wire_answer_kind kinds[] = { WIRE_ANSWER_APPROVED, WIRE_ANSWER_DENIED };
	struct wire_ask q, other;
	bool taken;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		add(i ? "3" : "1", "t", i ? "{\"a\":3}" : "{\"a\":1}", NULL, 0);
		q = told();
		add(i ? "4" : "2", "t", i ? "{\"a\":4}" : "{\"a\":2}", NULL, 0);
		/* Not sent yet: nobody can have answered it. */
		ask_outgoing(ask, 0, &other);
		assert_null(answer(&other, kinds[i], 1, &taken));
		assert_false(taken);
		other = told();
		other.serial = q.serial; /* the digest of one with the number of another */
		assert_null(answer(&other, kinds[i], 1, &taken));
		assert_false(taken);
		other = q;
		other.serial += 100;
		assert_null(answer(&other, kinds[i], 1, &taken));
		assert_false(taken);
		/* And the right one, too late. */
		assert_null(answer(&q, kinds[i], 1000, &taken));
		assert_false(taken);
		assert_int_equal(ask_waiting(ask), 2 * (i + 1));
	}
}

static void what_the_client_gives_up_cannot_be_approved(void **state)
{
	struct ask_call *c;
	struct wire_ask q;
	bool taken;

	(void)state;
	add("1", "t", "{}", NULL, 0);
	q = told();
	assert_false(ask_cancel(ask, "1", 1, true));
	assert_false(ask_cancel(ask, "2", 1, false));
	assert_true(ask_cancel(ask, "1", 1, false));
	assert_false(ask_cancel(ask, "1", 1, false));
	answer(&q, WIRE_ANSWER_APPROVED, 1, &taken);
	assert_false(taken);
	assert_int_equal(told().kind, WIRE_ASK_WITHDRAW);
	/* Approved, and cancelled before it was released. */
	add("1", "t", "{}", NULL, 0);
	q = told();
	answer(&q, WIRE_ANSWER_APPROVED, 1, &taken);
	assert_true(taken);
	assert_true(ask_cancel(ask, "1", 1, false));
	assert_int_equal(ask_due(ask, 1, &c), ASK_DUE_NOTHING);
	assert_int_equal(add("1", "t", "{}", NULL, 2), ASK_HELD);
}

static void time_ends_a_question(void **state)
{
	struct ask_call *c;
	struct wire_ask q;
	bool taken;

	(void)state;
	add("1", "t", "{}", "9", 0);
	q = told();
	assert_int_equal(ask_due(ask, 0, &c), ASK_DUE_PROGRESS);
	ask_progressed(c, 0);
	assert_int_equal(ask_due(ask, 999, &c), ASK_DUE_NOTHING);
	assert_int_equal(ask_next(ask), 1000);
	assert_int_equal(ask_due(ask, 1000, &c), ASK_DUE_EXPIRED);
	answer(&q, WIRE_ANSWER_APPROVED, 1000, &taken);
	assert_false(taken);
	ask_end(ask, c);
	assert_int_equal(told().kind, WIRE_ASK_WITHDRAW);
	assert_int_equal(ask_next(ask), -1);
}

static void a_client_without_progress_repeats_the_call(void **state)
{
	struct ask_call *c;
	struct wire_ask q;
	bool taken;

	(void)state;
	add("1", "t", "{}", NULL, 0);
	q = told();
	assert_int_equal(ask_due(ask, 100, &c), ASK_DUE_PATIENCE);
	ask_leave(ask, c);
	assert_int_equal(ask_waiting(ask), 0);
	assert_int_equal(ask->used, 0);
	/* Too early: it waits under the new id, and no second question is asked. */
	assert_int_equal(add("2", "t", "{}", NULL, 110), ASK_HELD);
	assert_false(ask_has_outgoing(ask));
	assert_int_equal(ask_due(ask, 210, &c), ASK_DUE_PATIENCE);
	ask_leave(ask, c);
	answer(&q, WIRE_ANSWER_APPROVED, 220, &taken);
	assert_true(taken);
	assert_int_equal(ask_due(ask, 220, &c), ASK_DUE_NOTHING);
	/* Not another call, not another tool: this one, once. */
	assert_int_equal(add("3", "t", "{\"a\":1}", NULL, 230), ASK_HELD);
	assert_int_equal(add("4", "u", "{}", NULL, 230), ASK_HELD);
	assert_int_equal(add("5", "t", "{}", NULL, 230), ASK_PASS);
	assert_int_equal(add("6", "t", "{}", NULL, 230), ASK_HELD);
}

static void a_kept_approval_does_not_outlive_its_question(void **state)
{
	struct ask_call *c;
	struct wire_ask q;
	bool taken;

	(void)state;
	add("1", "t", "{}", NULL, 0);
	q = told();
	ask_due(ask, 100, &c);
	ask_leave(ask, c);
	answer(&q, WIRE_ANSWER_APPROVED, 200, &taken);
	assert_int_equal(add("2", "t", "{}", NULL, 1000), ASK_HELD);
	assert_true(held->must_tell);
}

static void a_no_cools_down(void **state)
{
	struct wire_ask q;
	bool taken;

	(void)state;
	add("1", "t", "{}", NULL, 0);
	q = told();
	assert_non_null(answer(&q, WIRE_ANSWER_DENIED, 10, &taken));
	assert_int_equal(add("2", "t", "{}", NULL, 20), ASK_REFUSED);
	assert_int_equal(add("2", "t", "{\"a\":1}", NULL, 20), ASK_HELD);
	assert_int_equal(add("3", "t", "{}", NULL, 10 + LIMIT_COOLING), ASK_HELD);
	/* That nobody answered is not a person's no. */
	q = told();
	q = told();
	assert_non_null(answer(&q, WIRE_ANSWER_FAILED, 10 + LIMIT_COOLING, &taken));
	assert_int_equal(add("4", "t", "{}", NULL, 11 + LIMIT_COOLING), ASK_HELD);
}

static void floods_are_refused_and_the_table_never_forgets(void **state)
{
	char text[32], tool[8];
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "{\"a\":%d}", i);
		n += add("1", "t", text, NULL, 0) == ASK_HELD;
	}
	assert_int_equal(n, LIMIT_QUESTIONS_TOOL);
	for (int i = 0; i < 100; i++) {
		snprintf(tool, sizeof(tool), "t%d", i);
		n += add("1", tool, "{}", NULL, 0) == ASK_HELD;
	}
	assert_int_equal(n, LIMIT_QUESTIONS);
	assert_int_equal(add("2", "t", "{\"a\":1}", NULL, 0), ASK_REFUSED);
}

static void cancelled_questions_leave_nothing_behind(void **state)
{
	char id[16];

	(void)state;
	/* The broker takes nothing meanwhile. */
	for (int i = 0; i < 1000; i++) {
		snprintf(id, sizeof(id), "%d", i);
		if (add(id, "t", "{}", NULL, i * 2000) == ASK_HELD) {
			held->must_tell = false;
			ask_cancel(ask, id, strlen(id), false);
		}
	}
	assert_true(ask->n_withdrawn <= 2 * LIMIT_HELD);
	while (ask_has_outgoing(ask))
		assert_int_equal(told().kind, WIRE_ASK_WITHDRAW);
	assert_int_equal(add("x", "t", "{}", NULL, 2000000), ASK_HELD);
}

static void asking_and_taking_back_in_a_loop_ends(void **state)
{
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		n += add("1", "t", "{}", NULL, i) == ASK_HELD;
		ask_cancel(ask, "1", 1, false);
	}
	assert_int_equal(n, LIMIT_QUESTIONS_MINUTE);
	assert_int_equal(add("1", "t", "{}", NULL, 59999), ASK_REFUSED);
	assert_int_equal(add("1", "t", "{}", NULL, 60000), ASK_HELD);
}

static void bytes_stay_whole_while_others_come_and_go(void **state)
{
	char id[8], tool[8], arguments[64];

	(void)state;
	for (unsigned int round = 0; round < 400; round++) {
		unsigned int k = round * 7 % 13;

		snprintf(id, sizeof(id), "%u", k);
		if (ask_cancel(ask, id, strlen(id), false))
			continue;
		snprintf(tool, sizeof(tool), "t%u", k);
		snprintf(arguments, sizeof(arguments), "{\"a\":\"%.*s\"}", (int)(round % 40),
			 "0123456789012345678901234567890123456789");
		assert_int_equal(add(id, tool, arguments, NULL, round * 2000), ASK_HELD);
		held->must_tell = true; /* never told: nothing to withdraw */
		for (size_t i = 0; i < LIMIT_HELD; i++) {
			const struct ask_call *c = &ask->v[i];
			char begin[32];
			size_t len;
			const char *line;

			if (!c->state)
				continue;
			line = ask_line(ask, c, &len);
			snprintf(begin, sizeof(begin), "%.*s %.*s {", c->id.len, c->id.text,
				 (int)c->tool_len, c->tool);
			assert_memory_equal(line, begin, strlen(begin));
			assert_memory_equal(line + len - 1 - c->arguments_len, ask->arena + c->arguments_at,
					    c->arguments_len);
		}
	}
}

static void without_a_broker_everything_is_refused(void **state)
{
	(void)state;
	ask->is_closed = true;
	assert_int_equal(add("1", "t", "{}", NULL, 0), ASK_REFUSED);
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_yes_releases_the_frozen_bytes_once),
		T(an_answer_counts_only_for_its_question),
		T(what_the_client_gives_up_cannot_be_approved),
		T(time_ends_a_question),
		T(a_client_without_progress_repeats_the_call),
		T(a_kept_approval_does_not_outlive_its_question),
		T(a_no_cools_down),
		T(floods_are_refused_and_the_table_never_forgets),
		T(cancelled_questions_leave_nothing_behind),
		T(asking_and_taking_back_in_a_loop_ends),
		T(bytes_stay_whole_while_others_come_and_go),
		T(without_a_broker_everything_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
