/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "shims/pep/quoted.h"
#include "shims/pep/rewrite.h"

#define AREA 4096

/* Two rooms that end where nothing can be read or written. */
static char *text_end, *out_end;

static char *room(void)
{
	char *p = mmap(NULL, (size_t)2 * AREA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + AREA, AREA, PROT_NONE) < 0)
		return NULL;
	return p + AREA;
}

static int set_up(void **state)
{
	(void)state;
	text_end = room();
	out_end = room();
	return text_end && out_end && sysconf(_SC_PAGESIZE) == AREA ? 0 : -1;
}

/* --- a byte at a time --------------------------------------------------------------------- */

static int digits(const char *p, size_t left)
{
	int v = 0;

	if (left < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		const char *all = "0123456789abcdef0123456789ABCDEF", *at = p[i] ? strchr(all, p[i]) : NULL;

		if (!at)
			return -1;
		v = v * 16 + (int)((at - all) % 16);
	}
	return v;
}

static size_t utf8(uint32_t c, char *out)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 + (c >> 6));
		out[1] = (char)(0x80 + (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 + (c >> 12));
		out[1] = (char)(0x80 + (c >> 6 & 63));
		out[2] = (char)(0x80 + (c & 63));
		return 3;
	}
	out[0] = (char)(0xf0 + (c >> 18));
	out[1] = (char)(0x80 + (c >> 12 & 63));
	out[2] = (char)(0x80 + (c >> 6 & 63));
	out[3] = (char)(0x80 + (c & 63));
	return 4;
}

/* A letter by what it decodes to and what that encodes to: overlong forms, surrogates and
 * what is beyond Unicode do not come back the same. */
static size_t letter(const char *p, size_t left)
{
	const unsigned char *u = (const unsigned char *)p;
	size_t len = u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : u[0] >= 0xc0 ? 2 : 0;
	uint32_t c = len ? u[0] & (0x7fU >> len) : 0;
	char again[4];

	if (!len || len > left)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if (u[i] < 0x80 || u[i] > 0xbf)
			return 0;
		c = c << 6 | (u[i] & 63U);
	}
	if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000) || utf8(c, again) != len ||
	    memcmp(again, p, len) != 0)
		return 0;
	return len;
}

/* Return: bytes used with the quote, or 0; *ret_n is what was written to out. */
static size_t slow(const char *p, size_t left, char *out, size_t *ret_n)
{
	size_t i = 0, n = 0;

	while (i < left) {
		unsigned char c = (unsigned char)p[i];

		if (c == '"') {
			*ret_n = n;
			return i + 1;
		}
		if (c < 0x20)
			return 0;
		if (c >= 0x80) {
			size_t len = letter(p + i, left - i);

			if (!len)
				return 0;
			memcpy(out + n, p + i, len);
			n += len;
			i += len;
		} else if (c != '\\') {
			out[n++] = (char)c;
			i++;
		} else if (left - i >= 2 && p[i + 1] == 'u') {
			int v = digits(p + i + 2, left - i - 2), low;

			i += 6;
			if (v < 0 || (v >= 0xdc00 && v < 0xe000))
				return 0;
			if (v >= 0xd800 && v < 0xdc00) {
				if (i > left || left - i < 6 || p[i] != '\\' || p[i + 1] != 'u')
					return 0;
				low = digits(p + i + 2, left - i - 2);
				if (low < 0xdc00 || low >= 0xe000)
					return 0;
				v = 0x10000 + (v - 0xd800) * 1024 + (low - 0xdc00);
				i += 6;
			}
			n += utf8((uint32_t)v, out + n);
		} else {
			static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
			const char *at = left - i >= 2 && p[i + 1] ? strchr(from, p[i + 1]) : NULL;

			if (!at)
				return 0;
			out[n++] = to[at - from];
			i += 2;
		}
	}
	return 0;
}

/* --- both ----------------------------------------------------------------------------------- */

static void check(const char *text, size_t len)
{
	static char expected[AREA], again[7 * AREA];
	char *at = text_end - len, *out = out_end - len;
	struct quoted q;
	size_t n = 0, used = slow(text, len, expected, &n);
	const char *words, *says;
	long written;

	memcpy(at, text, len);
	words = quoted_read(at, len, out, &q);
	if (!words != (used != 0))
		fail_msg("%.*s: %s, expected %s", (int)len, text, words ? words : "read",
			 used ? "read" : "refused");
	if (words)
		return;
	says = q.is_decoded ? out : at;
	assert_int_equal(q.used, used);
	assert_int_equal(q.len, n);
	assert_memory_equal(says, expected, n);
	/* Canonical is what is written again as it was, and nothing else. */
	written = rewrite_escape(says, n, again, sizeof(again));
	assert_true(written >= 0);
	if (q.is_canonical != ((size_t)written == used - 1 && !memcmp(again, at, used - 1)))
		fail_msg("%.*s: canonical is %d", (int)len, text, q.is_canonical);
}

/* What can stand in a string, and what cannot. */
static const char *const parts[] = {
	"a", "word ", "sixteen letters!", "\\n", "\\\"", "\\\\", "\\/", "\\t\\b\\f\\r", "\\u0041", "\\u000a",
	"\\u000b", "\\u000B", "\\u001f", "\\u007f", "\\u007F", "\\u0085", "\\u009f", "\\u00a0", "\\u2028", "\\u2029",
	"\\u202a", "\\ud83d\\ude00", "\\uD83D\\uDE00", "\\u0022", "\\u005c", "\\u0000", "\x7f", "\xc2\x85",
	"\xc2\xa0", "\xc3\xa9", "\xdf\xbf", "\xe0\xa0\x80", "\xe2\x80\xa7", "\xe2\x80\xa8", "\xe2\x80\xa9",
	"\xe2\x80\xaa", "\xe3\x81\x84", "\xec\xbf\xbf", "\xed\x9f\xbf", "\xef\xbf\xbd", "\xf0\x9f\x98\x80",
	"\xf4\x8f\xbf\xbf", "a long run of letters that goes over more than one step of sixteen, and over two",
	/* not at all: */
	"\\x", "\\", "\\u12", "\\u00g0", "\\ud83d", "\\ude00", "\\ud83d\\u0041", "\n", "\x1f", "\x01", "\x80",
	"\xc3", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xe3\x81", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
	"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
};

#define PARTS (sizeof(parts) / sizeof(*parts))

/* Each at every place around the ends of a block, before and behind an escape. */
static void every_part_at_every_place(void **state)
{
	char text[400];

	(void)state;
	for (size_t i = 0; i < PARTS; i++)
		for (size_t before = 0; before < 150; before++)
			for (int form = 0; form < 4; form++) {
				size_t len = strlen(parts[i]), n = before;

				memset(text, 'x', sizeof(text));
				if (form & 1 && before >= 2)
					memcpy(text, "\\n", 2);
				memcpy(text + n, parts[i], len);
				n += len;
				if (form & 2)
					n += 90;
				text[n++] = '"';
				check(text, n);
				check(text, n - 1);
				check(text, n + (form & 2 ? 20 : 0));
			}
}

static void mixtures_of_them(void **state)
{
	uint32_t seed = 12345;
	char text[1200];

	(void)state;
	for (int round = 0; round < 40000; round++) {
		size_t n = 0, few = round % 3 ? 43 : PARTS;

		for (;;) {
			const char *part;

			seed = seed * 1103515245u + 12345u;
			part = parts[(seed >> 16) % few];
			if (n + strlen(part) > 300)
				break;
			memcpy(text + n, part, strlen(part));
			n += strlen(part);
			if ((seed >> 8) % 40 == 0)
				break;
		}
		text[n++] = '"';
		check(text, n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_part_at_every_place),
		cmocka_unit_test(mixtures_of_them),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
