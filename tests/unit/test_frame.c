/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "shims/pep/frame.h"

/* Feed text in steps of `step` bytes; join what comes out with '|', errors as '!'. */
static void feed(struct frame *f, const char *text, size_t step, char *out)
{
	size_t left = strlen(text), n = 0, len;
	const char *line;

	while (left) {
		size_t room;
		char *at = frame_space(f, &room);
		size_t take = left < step ? left : step;
		int r;

		if (take > room)
			take = room;
		memcpy(at, text, take);
		frame_added(f, take);
		text += take;
		left -= take;
		while ((r = frame_next(f, &line, &len)) != 0) {
			if (r > 0) {
				memcpy(out + n, line, len);
				n += len;
			}
			out[n++] = r > 0 ? '|' : '!';
		}
	}
	out[n] = '\0';
}

static void lines_are_the_same_whatever_the_steps(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "a\nbc\n\nd", "a|bc||" },
		{ "a\r\nb\rc\n", "a|b\rc|" },
		{ "12345678\nx\n", "!x|" },
		{ "123456789012345678901234\nx\n", "!x|" },
		{ "1234567\nx\n", "1234567|x|" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t step = 1; step < 10; step++) {
			char buf[8], out[64];
			struct frame f = { .buf = buf, .size = sizeof(buf) };

			feed(&f, rows[i].in, step, out);
			assert_string_equal(out, rows[i].out);
		}
}

static void what_stands_behind_the_last_newline_comes_at_the_end(void **state)
{
	char buf[8], out[64];
	struct frame f = { .buf = buf, .size = sizeof(buf) };
	const char *line;
	size_t len;

	(void)state;
	feed(&f, "a\nbc", 3, out);
	assert_int_equal(frame_last(&f, &line, &len), 1);
	assert_memory_equal(line, "bc", len);
	assert_int_equal(frame_last(&f, &line, &len), 0);
	/* The rest of a line that was too long is no message. */
	feed(&f, "123456789", 3, out);
	assert_int_equal(frame_last(&f, &line, &len), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_the_same_whatever_the_steps),
		cmocka_unit_test(what_stands_behind_the_last_newline_comes_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
