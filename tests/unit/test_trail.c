/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "common/trail.h"

static const struct trail_who who = { .server = "s", .session = "0123", .user = "u\xc3\xa4\"\n" };

static void records_are_flat_and_have_no_name_of_ours(void **state)
{
	static const char *const good[] = {
		"{\"event\":\"deny\"}",
		"{\"event\":\"deny\",\"tool\":\"a\\u000a\",\"ms\":-12,\"cut\":true}",
		"{\"event\":\"rate\",\"n\":18446744073709551615}",
	};
	static const char *const bad[] = {
		"", "{", "{}", "[]", "{\"event\":\"x\"", "{\"event\":\"x\"}}", "{\"event\":\"x\"}\n",
		"{ \"event\":\"x\"}", "{\"event\":\"x\",}", "{\"why\":\"x\",\"event\":\"y\"}",
		"{\"event\":\"x\",\"event\":\"y\"}", "{\"event\":\"x\",\"seq\":1}",
		"{\"event\":\"x\",\"prev\":\"\"}", "{\"event\":\"x\",\"by\":\"broker\"}",
		"{\"event\":\"x\",\"session\":\"y\"}", "{\"event\":\"x\",\"a\":{}}",
		"{\"event\":\"x\",\"a\":[]}", "{\"event\":\"x\",\"a\":false}", "{\"event\":\"x\",\"a\":1.5}",
		"{\"event\":\"x\",\"a\":01}", "{\"event\":\"x\",\"a\":-}", "{\"event\":\"x\",\"a\":\"\\n\"}",
		"{\"event\":\"x\",\"a\":\"\\u00\"}", "{\"event\":\"x\",\"a\":\"\\u00AF\"}",
		"{\"event\":\"x\",\"A\":1}", "{\"event\":\"x\",\"\":1}", "{\"event\":\"x\",\"a\":\"\xc3\xa4\"}",
		"{\"event\":\"x\",\"a\":\"\t\"}", "{\"event\":\"x\",\"a\":111111111111111111111}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (trail_check_record(good[i], strlen(good[i])) < 0)
			fail_msg("refused: %s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (trail_check_record(bad[i], strlen(bad[i])) == 0)
			fail_msg("taken: %s", bad[i]);
}

static void a_line_says_who_and_carries_the_hash_of_the_one_before(void **state)
{
	static const char record[] = "{\"event\":\"deny\",\"tool\":\"t\"}";
	static const char first[] =
		"{\"seq\":1,\"time\":\"2024-02-29T12:00:00.005Z\",\"server\":\"s\",\"session\":\"0123\","
		"\"user\":\"u\\u00c3\\u00a4\\u0022\\u000a\",\"by\":\"pep\",\"event\":\"deny\",\"tool\":\"t\","
		"\"prev\":\"0000000000000000000000000000000000000000000000000000000000000000\"}\n";
	struct trail_head head = {0};
	char text[TRAIL_LINE], hex[TRAIL_HEX];
	uint8_t hash[SHA256_SIZE];
	struct trail_line l;
	size_t len = trail_make(&head, &who, "pep", 1709208000005, record, sizeof(record) - 1, text);

	(void)state;
	assert_int_equal(len, sizeof(first) - 1);
	assert_memory_equal(text, first, len);
	assert_int_equal(head.seq, 1);
	sha256(text, len - 1, hash);
	assert_memory_equal(hash, head.hash, SHA256_SIZE);
	len = trail_make(&head, &who, "pep", 0, record, sizeof(record) - 1, text);
	assert_int_equal(trail_read(text, len - 1, &l), 0);
	assert_int_equal(l.seq, 2);
	assert_memory_equal(l.prev, hash, SHA256_SIZE);
	trail_hex(hash, hex);
	assert_true(trail_is(&l, "prev", hex));
	assert_true(trail_is(&l, "event", "deny"));
	assert_false(trail_is(&l, "event", "den"));
	assert_null(trail_find(&l, "agent"));
	/* The newline is not part of it, and nothing else may be behind it. */
	assert_int_equal(trail_read(text, len, &l), -EBADMSG);
}

static void the_longest_record_and_the_longest_names_fit(void **state)
{
	static char name[2000], record[LIMIT_AUDIT_LINE], text[TRAIL_LINE];
	const struct trail_who all = { name, name, name, name, name, name };
	struct trail_head head = { .seq = 999999999999999998 };
	struct trail_line l;
	size_t len;

	(void)state;
	memset(name, '\x01', sizeof(name) - 1);
	len = (size_t)snprintf(record, sizeof(record), "{\"event\":\"x\",\"a\":\"");
	memset(record + len, 'a', sizeof(record) - len - 2);
	memcpy(record + sizeof(record) - 2, "\"}", 2);
	assert_int_equal(trail_check_record(record, sizeof(record)), 0);
	len = trail_make(&head, &all, "egress", INT64_MAX, record, sizeof(record), text);
	assert_true(len < TRAIL_LINE);
	assert_int_equal(trail_read(text, len - 1, &l), 0);
	assert_true(trail_is(&l, "by", "egress"));
	assert_non_null(trail_find(&l, "server"));
}

static void times_are_of_the_calendar(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 951782399999, "2000-02-28T23:59:59.999Z" },
		{ 951782400000, "2000-02-29T00:00:00.000Z" },
		{ 4107542400000, "2100-03-01T00:00:00.000Z" },
		{ -5, "1970-01-01T00:00:00.000Z" },
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		trail_time(rows[i].ms, text);
		assert_string_equal(text, rows[i].text);
	}
}

/* --- checking ---------------------------------------------------------------------------- */

#define N 5

struct log {
	char line[N + 4][TRAIL_LINE];
	size_t len[N + 4], n;
};

static void add(struct log *log, struct trail_head *head, const char *record)
{
	log->len[log->n] = trail_make(head, &who, "pep", 1000 * (int64_t)log->n, record,
				      strlen(record), log->line[log->n]) - 1;
	log->n++;
}

static void fill(struct log *log)
{
	struct trail_head head = {0};

	log->n = 0;
	for (int i = 0; i < N; i++)
		add(log, &head, i == 2 ? "{\"event\":\"lost\",\"count\":17}" : "{\"event\":\"deny\"}");
}

/* Return: 0, or the number of the line that is wrong, from 1; -1: the end. */
static int check(const struct log *log, struct trail_check *c)
{
	struct err err = {0};

	*c = (struct trail_check){ .has_begun = true };
	for (size_t i = 0; i < log->n; i++)
		if (trail_check_line(c, log->line[i], log->len[i], &err) < 0) {
			assert_int_equal(err.code, EBADMSG);
			return (int)i + 1;
		}
	return trail_check_end(c, &err) < 0 ? -1 : 0;
}

static void every_changed_byte_is_found(void **state)
{
	static struct log log;
	struct trail_check c;

	(void)state;
	fill(&log);
	assert_int_equal(check(&log, &c), 0);
	assert_int_equal(c.lines, N);
	assert_int_equal(c.lost, 17);
	for (size_t i = 0; i + 1 < N; i++)
		for (size_t at = 0; at < log.len[i]; at++) {
			log.line[i][at] ^= 1;
			assert_int_not_equal(check(&log, &c), 0);
			log.line[i][at] ^= 1;
		}
	/* Of the last line only what makes it none: the rest is for who knows its hash. */
	log.line[N - 1][0] = 'x';
	assert_int_equal(check(&log, &c), -1);
}

static void a_line_that_is_missing_moved_or_twice_is_found(void **state)
{
	static struct log log;
	struct trail_check c;

	(void)state;
	for (size_t i = 0; i + 1 < N; i++) {
		fill(&log);
		memmove(log.line[i], log.line[i + 1], (N - 1 - i) * TRAIL_LINE);
		memmove(&log.len[i], &log.len[i + 1], (N - 1 - i) * sizeof(size_t));
		log.n--;
		assert_int_equal(check(&log, &c), i + 1);
	}
	fill(&log);
	memcpy(log.line[3], log.line[2], TRAIL_LINE);
	log.len[3] = log.len[2];
	assert_int_equal(check(&log, &c), 4);
}

static void a_torn_line_must_be_named_by_the_next(void **state)
{
	static const char piece[] = "{\"seq\":6,\"ti", other[] = "{\"seq\":6,\"tj";
	struct trail_head head = {0};
	static struct log log;
	struct trail_check c;
	char record[256];
	size_t len;

	(void)state;
	for (int is_named = 0; is_named < 3; is_named++) {
		log.n = 0;
		head = (struct trail_head){0};
		add(&log, &head, "{\"event\":\"deny\"}");
		memcpy(log.line[1], piece, sizeof(piece));
		log.len[1] = sizeof(piece) - 1;
		log.n = 2;
		len = trail_torn(is_named == 1 ? other : piece, sizeof(piece) - 1, record);
		assert_int_equal(trail_check_record(record, len), 0);
		if (!is_named) {
			add(&log, &head, "{\"event\":\"deny\"}");
			assert_int_equal(check(&log, &c), 3);
			continue;
		}
		log.len[2] = trail_make(&head, &who, "keeper", 0, record, len, log.line[2]) - 1;
		log.n = 3;
		assert_int_equal(check(&log, &c), is_named == 1 ? 3 : 0);
		if (is_named == 2)
			assert_int_equal(c.torn, 1);
	}
	/* Nobody but the keeper names one. */
	head = (struct trail_head){0};
	log.n = 0;
	add(&log, &head, "{\"event\":\"deny\"}");
	memcpy(log.line[1], piece, sizeof(piece));
	log.len[1] = sizeof(piece) - 1;
	log.n = 2;
	add(&log, &head, record);
	assert_int_equal(check(&log, &c), 3);
	log.n = 2;
	assert_int_equal(check(&log, &c), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_flat_and_have_no_name_of_ours),
		cmocka_unit_test(a_line_says_who_and_carries_the_hash_of_the_one_before),
		cmocka_unit_test(the_longest_record_and_the_longest_names_fit),
		cmocka_unit_test(times_are_of_the_calendar),
		cmocka_unit_test(every_changed_byte_is_found),
		cmocka_unit_test(a_line_that_is_missing_moved_or_twice_is_found),
		cmocka_unit_test(a_torn_line_must_be_named_by_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
