/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/limits.h"
#include "launcher/dial.h"

/* The file system tells nobody when a listener begins: between bind and listen a
 * connection is refused.  So it is tried again, at most this often. */
#define RETRY_MS 10

/* One direction: what was read from `from` and is not yet written to `to`. */
struct half {
	int from, to; /* from -1: at its end */
	size_t len, at;
	char buf[64 * 1024];
};

static int connect_to(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(to.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(to.sun_path, path, strlen(path) + 1);
	for (int waited = 0;; waited += RETRY_MS) {
		const struct timespec pause = { 0, RETRY_MS * 1000000L };
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
			return fd;
		close(fd);
		if ((errno != ENOENT && errno != ECONNREFUSED) || waited >= LIMIT_DIAL)
			return -1;
		nanosleep(&pause, NULL);
	}
}

/* Return: false when this direction has ended and all of it was passed on. */
static bool move(struct half *h, bool can_read, bool can_write)
{
	ssize_t n;

	if (h->at == h->len && can_read && h->from >= 0) {
		n = read(h->from, h->buf, sizeof(h->buf));
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			h->from = -1;
		h->at = 0;
		h->len = n > 0 ? (size_t)n : 0;
		can_write = n > 0;
	}
	if (h->at < h->len && can_write) {
		n = write(h->to, h->buf + h->at, h->len - h->at);
		if (n > 0)
			h->at += (size_t)n;
		else if (n < 0 && errno != EAGAIN && errno != EINTR)
			return false;
	}
	return h->from >= 0 || h->at < h->len;
}

static void carry(int server)
{
	static struct half in, out;
	bool in_open = true, out_open = true;

	in.from = 0;
	in.to = out.from = server;
	out.to = 1;
	while (out_open) {
		bool in_waits = in.at < in.len, out_waits = out.at < out.len;
		struct pollfd p[] = {
			{ in_open && !in_waits ? in.from : -1, POLLIN, 0 },
			{ in_open && in_waits ? server : -1, POLLOUT, 0 },
			{ !out_waits ? out.from : -1, POLLIN, 0 },
			{ out_waits ? 1 : -1, POLLOUT, 0 },
		};

		if (poll(p, 4, -1) < 0 && errno != EINTR)
			return;
		if (in_open && (p[0].revents || p[1].revents)) {
			in_open = move(&in, p[0].revents != 0, p[1].revents != 0);
			if (!in_open)
				shutdown(server, SHUT_WR);
		}
		if (p[2].revents || p[3].revents)
			out_open = move(&out, p[2].revents != 0, p[3].revents != 0);
	}
}

_Noreturn void dial_run(const char *path)
{
	const struct timespec linger = { LIMIT_EOF_GRACE / 1000, 0 };
	sigset_t term;
	int server;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	server = connect_to(path);
	if (server < 0) {
		dprintf(2, "mcp-confine: no MCP server on %s: %s; sandbox.socket must name a Unix "
			   "socket that the server listens on (never a TCP port)\n",
			path, strerror(errno));
		_exit(1);
	}
	for (int fd = 0; fd < 2; fd++)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	fcntl(server, F_SETFL, fcntl(server, F_GETFL) | O_NONBLOCK);
	carry(server);
	/* Our end would be the session's, and TERM for a server that is just leaving by
	 * itself with an exit code of its own.  Init ends the wait when it is gone. */
	sigprocmask(SIG_UNBLOCK, &term, NULL);
	nanosleep(&linger, NULL);
	_exit(0);
}
