/* SPDX-License-Identifier: Apache-2.0 */
/* Records on their way to the keeper, and what its receipts mean. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/audit.h"
#include "common/trail.h"
#include "common/wire.h"

static int keeper;

static void start(struct audit *log)
{
	const struct timeval short_time = { .tv_usec = 20000 };
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &short_time, sizeof(short_time));
	audit_init(log, pair[0], true);
	keeper = pair[1];
	assert_true(log->is_socket);
}

static void stop(struct audit *log)
{
	close(log->fd);
	close(keeper);
}

static void say(struct audit *log, const char *text)
{
	struct audit_line l;

	audit_begin(&l, log, "deny");
	audit_text(&l, "tool", text, strlen(text));
	audit_int(&l, "ms", -5);
	audit_end(&l);
}

static void receipt(uint64_t n, int error)
{
	const struct wire_receipt r = { .n = n, .error = error };

	assert_int_equal(write(keeper, &r, sizeof(r)), sizeof(r));
}

static void a_record_is_one_packet_that_the_keeper_takes(void **state)
{
	char packet[LIMIT_AUDIT_LINE + 1], longest[LIMIT_AUDIT_LINE];
	struct audit_line l;
	struct audit log;
	ssize_t n;

	(void)state;
	start(&log);
	say(&log, "a\"\n\xff");
	n = recv(keeper, packet, sizeof(packet), 0);
	assert_int_equal(n, strlen("{\"event\":\"deny\",\"tool\":\"a\\u0022\\u000a\\u00ff\",\"ms\":-5}"));
	assert_int_equal(trail_check_record(packet, (size_t)n), 0);
	/* What does not fit is cut and marked, and still one record. */
	memset(longest, 1, sizeof(longest));
	audit_begin(&l, &log, "deny");
	for (int i = 0; i < 10; i++)
		audit_text(&l, (const char *[]){ "a", "b", "c", "d", "e", "f", "g", "h", "i", "j" }[i],
			   longest, sizeof(longest));
	audit_end(&l);
	n = recv(keeper, packet, sizeof(packet), 0);
	assert_true(n > 0 && n <= (ssize_t)LIMIT_AUDIT_LINE);
	assert_int_equal(trail_check_record(packet, (size_t)n), 0);
	assert_non_null(memmem(packet, (size_t)n, "\"cut\":true}", 11));
	stop(&log);
}

static void nothing_is_waited_for_when_nothing_was_sent(void **state)
{
	struct audit log;

	(void)state;
	start(&log);
	assert_false(audit_is_open(&log));
	assert_int_equal(audit_settle(&log), 0);
	stop(&log);
}

static void a_receipt_counts_for_all_before_it(void **state)
{
	struct audit log;

	(void)state;
	start(&log);
	for (int i = 0; i < 3; i++)
		say(&log, "x");
	assert_true(audit_is_open(&log));
	receipt(2, 0);
	receipt(3, 0);
	assert_int_equal(audit_settle(&log), 0);
	assert_false(audit_is_open(&log));
	stop(&log);
}

static void what_was_not_kept_is_told_once(void **state)
{
	struct audit log;

	(void)state;
	start(&log);
	say(&log, "x");
	say(&log, "x");
	receipt(1, ENOSPC);
	receipt(2, 0);
	assert_int_equal(audit_settle(&log), -ENOSPC);
	assert_int_equal(audit_settle(&log), 0);
	stop(&log);
}

static void a_keeper_that_is_silent_gone_or_mad_kept_nothing(void **state)
{
	struct audit log;

	(void)state;
	start(&log);
	say(&log, "x");
	assert_int_equal(audit_settle(&log), -ETIMEDOUT);
	say(&log, "x");
	receipt(7, 0);
	assert_int_equal(audit_settle(&log), -EPIPE);
	say(&log, "x");
	receipt(1, 0);
	assert_int_equal(audit_settle(&log), -EPIPE);
	say(&log, "x");
	assert_int_equal(write(keeper, "short", 5), 5);
	assert_int_equal(audit_settle(&log), -EPIPE);
	say(&log, "x");
	close(keeper);
	assert_true(audit_settle(&log) < 0);
	close(log.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_one_packet_that_the_keeper_takes),
		cmocka_unit_test(nothing_is_waited_for_when_nothing_was_sent),
		cmocka_unit_test(a_receipt_counts_for_all_before_it),
		cmocka_unit_test(what_was_not_kept_is_told_once),
		cmocka_unit_test(a_keeper_that_is_silent_gone_or_mad_kept_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
