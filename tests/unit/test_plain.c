/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "shims/pep/plain.h"

/* Into a room of exactly that size, before a page that cannot be written. */
static void copies(const char *text, size_t len)
{
	static char *end;
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t n;

	if (!end) {
		end = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_ptr_not_equal(end, MAP_FAILED);
		end += page;
		assert_int_equal(mprotect(end, page, PROT_NONE), 0);
	}
	n = plain_copy(end - len, text, len);
	assert_int_equal(n, plain_run_slow(text, len));
	assert_memory_equal(end - len, text, n);
}

/* Every byte at every place of a text of every length up to three steps, the text ending
 * where the next page cannot be read. */
static void the_fast_run_is_the_slow_run(void **state)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *area = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_ptr_not_equal(area, MAP_FAILED);
	assert_int_equal(mprotect(area + page, page, PROT_NONE), 0);
	for (size_t len = 0; len <= 50; len++) {
		char *text = area + page - len;

		memset(text, 'a', len);
		assert_int_equal(plain_run(text, len), len);
		for (size_t at = 0; at < len; at++) {
			for (int c = 0; c < 256; c++) {
				text[at] = (char)c;
				assert_int_equal(plain_run(text, len), plain_run_slow(text, len));
				copies(text, len);
			}
			text[at] = 'a';
		}
	}
	munmap(area, 2 * page);
}

static void what_json_says_in_another_way_ends_a_run(void **state)
{
	static const struct {
		const char *text;
		size_t len, run;
	} rows[] = {
		{ "", 0, 0 },		   { "abc", 3, 3 },	      { "ab\"c", 4, 2 },
		{ "ab\\c", 4, 2 },	   { "ab\nc", 4, 2 },	      { "ab\x7f" "c", 4, 2 },
		{ "ab\0c", 4, 2 },	   { "ab\x80" "c", 4, 2 },    { "ab\xff" "c", 4, 2 },
		{ " !#[]^~/", 8, 8 },	   { "abcdefghijklmno\"", 16, 15 },
		{ "abcdefghijklmnop\"", 17, 16 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(plain_run(rows[i].text, rows[i].len), rows[i].run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_fast_run_is_the_slow_run),
		cmocka_unit_test(what_json_says_in_another_way_ends_a_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
