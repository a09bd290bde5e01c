/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/limits.h"
#include "scan/scan.h"
#include "shims/pep/sink.h"
#include "shims/pep/stderr.h"

static char buf[8 * LIMIT_STDERR_LINE + 8 * KIB + 1];
static struct sink out;
static struct stderr_relay relay;
static struct scan *scan;

static int set_up(void **state)
{
	(void)state;
	out = (struct sink){ .fd = 1, .buf = buf, .size = sizeof(buf) - 1 };
	stderr_init(&relay, scan, "files", &out, 1000);
	return 0;
}

static const char *said(void)
{
	buf[out.tail] = '\0';
	out.head = out.tail = 0;
	return buf;
}

static void a_line_is_named_and_its_controls_are_gone(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "plain text\t1", "[files] plain text\t1\n" },
		{ "\x1b[31mred\x1b[0m", "[files] red\n" },
		{ "\x1b]0;title\x07shown", "[files] shown\n" },
		{ "\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "[files] link\n" },
		{ "\x1b]52;c;cGFzdGU=", "[files] \n" },
		{ "\x1bPq#0\x1b\\x", "[files] x\n" },
		{ "\x1b", "[files] \n" },
		{ "a\rb\bc\x7f", "[files] a?b?c?\n" },
		{ "a\nb", "[files] a?b\n" },
		{ "\xc2\x9b" "31m", "[files] ??31m\n" },
		{ "\xe2\x80\xae" "txt.exe", "[files] ???txt.exe\n" },
		{ "\xe2\x80\xa8x\xe2\x80\x8b", "[files] ???x???\n" },
		{ "\xf3\xa0\x81\x81", "[files] ????\n" },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "[files] \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\n" },
		{ "\xff\xc0\xaf\xed\xa0\x80\xe0\x80\x80\xf4\x90\x80\x80", "[files] ?????????????\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		stderr_line(&relay, rows[i].in, strlen(rows[i].in), 1000);
		assert_string_equal(said(), rows[i].out);
	}
	relay.name = "x\x1b[2J\ny";
	stderr_line(&relay, "z", 1, 1000);
	assert_string_equal(said(), "[x?y] z\n");
}

static void a_token_is_replaced(void **state)
{
	char line[64] = "see gh";

	(void)state;
	strcat(line, "p_");
	for (size_t i = 8; i < 44; i++)
		line[i] = "aB3dE6gH9jK2"[i % 12];
	stderr_line(&relay, line, 44, 1000);
	assert_string_equal(said(), "[files] see [REDACTED:github-pat]\n");
}

static void a_flood_is_cut_and_one_line_says_by_how_much(void **state)
{
	static char line[1000];
	size_t passed = 0, dropped = 0;
	char words[128];

	(void)state;
	memset(line, 'x', sizeof(line));
	for (int i = 0; i < 2000; i++) {
		stderr_line(&relay, line, sizeof(line), 1000);
		passed += out.tail != 0;
		dropped += out.tail == 0;
		out.head = out.tail = 0;
	}
	assert_int_equal(passed, LIMIT_STDERR_BURST / sizeof(line));
	/* Not a word before half of it is saved up; then one line, also when nothing comes. */
	stderr_tell(&relay, 1100, false);
	assert_int_equal(out.tail, 0);
	assert_in_range(stderr_wait(&relay, 1100), 1, 2000);
	stderr_tell(&relay, 1100 + (uint64_t)stderr_wait(&relay, 1100), false);
	snprintf(words, sizeof(words), "[files] (%zu lines, %zu bytes of diagnostics dropped)\n", dropped,
		 dropped * sizeof(line));
	assert_string_equal(said(), words);
	assert_int_equal(stderr_wait(&relay, 4000), -1);
	stderr_line(&relay, "z", 1, 4000);
	assert_string_equal(said(), "[files] z\n");
}

static void what_nobody_reads_is_dropped_and_told_at_the_end(void **state)
{
	(void)state;
	out.tail = out.size;
	stderr_line(&relay, "lost", 4, 1000);
	assert_int_equal(out.tail, out.size);
	assert_int_equal(stderr_wait(&relay, 1000), -1);
	out.head = out.tail = 0;
	relay.is_over = true;
	stderr_tell(&relay, 1000, true);
	assert_string_equal(said(), "[files] (1 lines, 4 bytes of diagnostics dropped)\n");
}

#define T(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_line_is_named_and_its_controls_are_gone),
		T(a_token_is_replaced),
		T(a_flood_is_cut_and_one_line_says_by_how_much),
		T(what_nobody_reads_is_dropped_and_told_at_the_end),
	};
	int r = scan_open(NULL, 0, &scan, NULL) < 0;

	return r ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
