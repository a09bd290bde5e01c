/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay - run a command and pass whole lines between it and us, looking at nothing
 *
 * usage: relay CMD [ARG...]
 *
 * The yardstick of bench_pipe: what one process on the pipe costs that reads, waits for
 * the end of each line, and writes.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOM 65536

struct way {
	int in, out;
	char *buf;
	size_t size, len, done, ready; /* ready: up to the end of the last whole line */
};

static void fill(struct way *w)
{
	ssize_t n;
	char *end;

	if (w->done) {
		memmove(w->buf, w->buf + w->done, w->len - w->done);
		w->len -= w->done;
		w->ready -= w->done;
		w->done = 0;
	}
	if (w->size - w->len < ROOM) {
		w->size = w->size ? w->size * 2 : 4 * ROOM;
		w->buf = realloc(w->buf, w->size);
		if (!w->buf)
			_exit(1);
	}
	n = read(w->in, w->buf + w->len, w->size - w->len);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		w->in = -1;
		w->ready = w->len;
		return;
	}
	end = memrchr(w->buf + w->len, '\n', (size_t)n);
	w->len += (size_t)n;
	if (end)
		w->ready = (size_t)(end + 1 - w->buf);
}

static void flush(struct way *w)
{
	ssize_t n;

	while (w->out >= 0 && w->done < w->ready) {
		n = write(w->out, w->buf + w->done, w->ready - w->done);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0)
			_exit(0);
		w->done += (size_t)n;
	}
	if (w->in < 0 && w->out >= 0) {
		close(w->out);
		w->out = -1;
	}
}

int main(int argc, char **argv)
{
	int to[2], from[2];

	if (argc < 2 || pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0)
		return 2;
	if (fork() == 0) {
		dup2(to[0], 0);
		dup2(from[1], 1);
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	struct way up = { .in = 0, .out = to[1] }, down = { .in = from[0], .out = 1 };
	int writes[] = { to[1], 1 };

	for (size_t i = 0; i < 2; i++)
		fcntl(writes[i], F_SETFL, fcntl(writes[i], F_GETFL) | O_NONBLOCK);
	while (down.out >= 0) {
		struct way *ways[] = { &up, &down };
		struct pollfd p[4];

		for (size_t i = 0; i < 2; i++) {
			int is_full = ways[i]->ready > ways[i]->done;

			p[2 * i] = (struct pollfd){ is_full ? -1 : ways[i]->in, POLLIN, 0 };
			p[2 * i + 1] = (struct pollfd){ is_full ? ways[i]->out : -1, POLLOUT, 0 };
		}
		if (poll(p, 4, -1) < 0)
			return 1;
		for (size_t i = 0; i < 2; i++) {
			if (p[2 * i].revents)
				fill(ways[i]);
			flush(ways[i]);
		}
	}
	return 0;
}
