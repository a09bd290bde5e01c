/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/limits.h"
#include "shims/pep/sink.h"

#define ROOM (MIB + 64 * KIB)

static struct sink sink;
static char *reads;
static size_t n_reads;
static int end = -1;

static void open_sink(bool is_socket)
{
	int fd[2];

	if (is_socket)
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	else
		assert_int_equal(pipe(fd), 0);
	end = fd[0];
	fcntl(end, F_SETFL, O_NONBLOCK);
	if (!is_socket)
		fcntl(fd[1], F_SETFL, O_NONBLOCK);
	sink = (struct sink){ .fd = fd[1], .is_socket = is_socket, .buf = malloc(ROOM), .size = ROOM };
	reads = malloc(4 * MIB);
	n_reads = 0;
	assert_non_null(sink.buf);
	assert_non_null(reads);
}

static void close_sink(void)
{
	close(sink.fd);
	close(end);
	free(sink.buf);
	free(reads);
}

static void take(size_t most)
{
	ssize_t n;

	while (most && (n = read(end, reads + n_reads, most)) > 0) {
		n_reads += (size_t)n;
		most -= (size_t)n;
	}
	sink.is_full = false;
}

static void is_read(const char *text)
{
	assert_int_equal(sink_flush(&sink), 0);
	take(4 * MIB - n_reads);
	assert_int_equal(n_reads, strlen(text));
	assert_memory_equal(reads, text, n_reads);
	assert_int_equal(sink_pending(&sink), 0);
	assert_null(sink.lent);
}

static void what_is_lent_keeps_its_place(void **state)
{
	static const char lines[] = "one\ntwo\nthree\n";
	size_t room;
	char *at;

	(void)state;
	for (int is_socket = 0; is_socket < 2; is_socket++) {
		open_sink(is_socket);
		/* Behind bytes of our own, in one piece with the next, before others. */
		sink_put(&sink, "own\n", 4);
		sink_lend(&sink, lines, 4);
		sink_lend(&sink, lines + 4, 4);
		assert_ptr_equal(sink.lent, lines);
		assert_int_equal(sink.lent_len, 8);
		sink_put_own(&sink, "reply\n", 6);
		assert_null(sink.lent);
		assert_int_equal(sink.own, 6);
		/* A line from elsewhere does not go on where the last one ended. */
		sink_lend(&sink, lines, 4);
		sink_lend(&sink, lines + 8, 6);
		at = sink_behind(&sink, &room);
		assert_non_null(sink.lent);
		memcpy(at, "written\n", 8);
		sink_took(&sink, 8);
		is_read("own\none\ntwo\nreply\none\nthree\nwritten\n");
		assert_int_equal(sink.own, 0);
		/* What was not taken in the end leaves no trace. */
		sink_lend(&sink, lines, 4);
		at = sink_behind(&sink, &room);
		memcpy(at, "refused", 7);
		sink_lend(&sink, lines + 4, 4);
		is_read("own\none\ntwo\nreply\none\nthree\nwritten\none\ntwo\n");
		close_sink();
	}
}

/* A peer that takes it in pieces, at any place between our bytes and lent ones. */
static void pieces_come_in_order(void **state)
{
	const size_t own = 700, lent = 3 * MIB / 2;
	char *line = malloc(lent), *before = malloc(own);

	(void)state;
	assert_non_null(line);
	assert_non_null(before);
	for (size_t i = 0; i < own; i++)
		before[i] = (char)('a' + i % 23);
	for (size_t i = 0; i < lent; i++)
		line[i] = (char)('A' + i % 19);
	for (int is_socket = 0; is_socket < 2; is_socket++)
		for (size_t step = 90001; step < 200000; step += 40009) {
			open_sink(is_socket);
			sink_put(&sink, before, own);
			sink_lend(&sink, line, lent);
			while (sink_pending(&sink)) {
				assert_int_equal(sink_flush(&sink), 0);
				/* Little enough is taken over in between. */
				if (sink.lent && sink_pending(&sink) < 200 * KIB)
					sink_settle(&sink);
				take(step);
			}
			take(4 * MIB - n_reads);
			assert_int_equal(n_reads, own + lent);
			assert_memory_equal(reads, before, own);
			assert_memory_equal(reads + own, line, lent);
			close_sink();
		}
	free(line);
	free(before);
}

static void a_full_peer_is_not_asked_again_until_somebody_says_so(void **state)
{
	static char line[256 * 1024];

	(void)state;
	open_sink(false);
	sink_lend(&sink, line, sizeof(line));
	assert_int_equal(sink_flush(&sink), 0);
	assert_true(sink.is_full);
	n_reads = 0;
	assert_true(read(end, reads, sizeof(line)) > 0);
	assert_int_equal(sink_flush(&sink), 0);
	assert_int_equal(read(end, reads, sizeof(line)), -1);
	sink.is_full = false;
	assert_int_equal(sink_flush(&sink), 0);
	assert_true(read(end, reads, sizeof(line)) > 0);
	close_sink();
}

static void a_closed_sink_keeps_nothing(void **state)
{
	(void)state;
	open_sink(false);
	sink_lend(&sink, "line\n", 5);
	close(sink.fd);
	sink.fd = -1;
	assert_int_equal(sink_flush(&sink), 0);
	assert_null(sink.lent);
	sink_lend(&sink, "line\n", 5);
	sink_put(&sink, "own\n", 4);
	assert_int_equal(sink_pending(&sink), 0);
	close_sink();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_lent_keeps_its_place),
		cmocka_unit_test(pieces_come_in_order),
		cmocka_unit_test(a_full_peer_is_not_asked_again_until_somebody_says_so),
		cmocka_unit_test(a_closed_sink_keeps_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
