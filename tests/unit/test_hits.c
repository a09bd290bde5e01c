/* SPDX-License-Identifier: Apache-2.0 */
/* scan/hits.h: what is reported is in order, apart, and of whole characters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "scan/hits.h"
#include "scan/scan.h"

#define ROOM 4

static struct hit found[ROOM];
static struct scan_span spans[ROOM];

static void add(struct hits *h, size_t start, size_t end, const char *class)
{
	struct hit hit = { .start = start, .end = end, .class = class, .rank = HIT_CONTEXT };

	hits_add(h, &hit);
}

static void test_a_span_is_of_whole_characters(void **state)
{
	/* Each text, what a rule that counts bytes took of it, and what is reported. */
	static const struct {
		const char *text;
		size_t start, end, want_start, want_end;
	} rows[] = {
		{ "abcdef", 1, 3, 1, 3 },
		{ "ab\xcd\x97" "cd", 0, 3, 0, 4 },
		{ "ab\xcd\x97" "cd", 3, 5, 2, 5 },
		{ "ab\xcd\x97" "cd", 2, 4, 2, 4 },
		{ "\xe2\x80\x9cx\xe2\x80\x9d", 1, 5, 0, 7 },
		{ "\xf0\x9f\x98\x80z", 2, 3, 0, 4 },
		{ "z\xf0\x9f\x98\x80", 0, 2, 0, 5 },
		/* Not UTF-8, as a file may be: bounded, and within the text. */
		{ "\x80\x80\x80\x80\x80\x80\x80\x80", 4, 5, 1, 8 },
		{ "\x80\x80", 0, 1, 0, 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct hits h = { .v = found, .max = ROOM };

		add(&h, rows[i].start, rows[i].end, "x");
		assert_int_equal(hits_give(&h, rows[i].text, strlen(rows[i].text), spans, ROOM), 1);
		assert_int_equal(spans[0].start, rows[i].want_start);
		assert_int_equal(spans[0].end, rows[i].want_end);
	}
}

static void test_two_that_share_a_character_are_one(void **state)
{
	static const char text[] = "ab\xcd\x97" "cd";
	struct hits h = { .v = found, .max = ROOM };

	(void)state;
	add(&h, 0, 3, "x");
	add(&h, 3, 6, "y");
	assert_int_equal(hits_give(&h, text, 6, spans, ROOM), 1);
	assert_int_equal(spans[0].start, 0);
	assert_int_equal(spans[0].end, 6);
}

static void test_out_of_order_and_overlapping(void **state)
{
	struct hits h = { .v = found, .max = ROOM };

	(void)state;
	add(&h, 8, 10, "c");
	add(&h, 0, 2, "a");
	add(&h, 1, 4, "b");
	assert_int_equal(hits_give(&h, "0123456789", 10, spans, ROOM), 2);
	assert_int_equal(spans[0].start, 0);
	assert_int_equal(spans[0].end, 4);
	assert_int_equal(spans[1].start, 8);
}

static void test_without_room_the_rest_is_found(void **state)
{
	struct hits h = { .v = found, .max = ROOM };
	char text[64];

	(void)state;
	memset(text, 'a', sizeof(text));
	for (size_t i = 0; i < 2 * ROOM; i++) {
		if (!h.is_full)
			h.from = 4 * i;
		add(&h, 4 * i, 4 * i + 2, "x");
	}
	assert_int_equal(hits_give(&h, text, sizeof(text), spans, ROOM), ROOM);
	assert_int_equal(spans[0].end, 2);
	assert_int_equal(spans[ROOM - 1].end, sizeof(text));
}

/* A value is taken up to a bound of bytes, and the bound may fall into a character. */
static void test_a_bounded_value_ends_behind_a_character(void **state)
{
	char text[2048];
	struct scan *s;
	size_t len;

	(void)state;
	assert_int_equal(scan_open(NULL, 0, &s, NULL), 0);
	for (size_t fill = 1010; fill < 1030; fill++) {
		len = (size_t)snprintf(text, sizeof(text), "sig=");
		for (size_t i = 0; i < fill; i++)
			text[len++] = "aZ4kQ9xW"[i % 8];
		memcpy(text + len, "\xcd\x97" "3 and the rest", 16);
		len += 16;
		assert_int_equal(scan_text(s, NULL, 0, text, len, spans, ROOM), 1);
		assert_true(((unsigned char)text[spans[0].start] & 0xc0) != 0x80);
		assert_true(((unsigned char)text[spans[0].end] & 0xc0) != 0x80);
	}
	scan_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_span_is_of_whole_characters),
		cmocka_unit_test(test_two_that_share_a_character_are_one),
		cmocka_unit_test(test_out_of_order_and_overlapping),
		cmocka_unit_test(test_without_room_the_rest_is_found),
		cmocka_unit_test(test_a_bounded_value_ends_behind_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
