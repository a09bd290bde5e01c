/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/err.h"
#include "common/fd.h"
#include "common/lock.h"
#include "common/wire.h"
#include "filters/filters.h"
#include "launcher/init.h"

/* Where the descriptors that init keeps come to lie; everything else is closed. */
enum { INIT_ORDER = 0, INIT_EXIT, INIT_SIGNALS, INIT_FDS };

static int keep(int order, int exit)
{
	sigset_t all;
	int signals;

	/* Out of the way of 0, 1, 2 first, so that no dup2 below overwrites a source. */
	order = dup(order);
	exit = dup(exit);
	sigfillset(&all);
	signals = signalfd(-1, &all, 0);
	if (order < INIT_FDS || exit < INIT_FDS || signals < INIT_FDS)
		return -EBADF;
	if (dup2(order, INIT_ORDER) < 0 || dup2(exit, INIT_EXIT) < 0 ||
	    dup2(signals, INIT_SIGNALS) < 0 || fd_close_from(INIT_FDS) < 0)
		return -errno;
	return 0;
}

static void tell(int status)
{
	struct wire_exit e = {
		.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
		.code = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
	};

	fd_write_all(INIT_EXIT, &e, sizeof(e));
	_exit(0);
}

static void reap(pid_t server)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == server)
			tell(status);
}

static void obey(pid_t server)
{
	struct wire_order o;
	ssize_t n = read(INIT_ORDER, &o, sizeof(o));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n != (ssize_t)sizeof(o))
		_exit(0);
	kill(-server, o.signal);
}

_Noreturn void init_run(pid_t server, int order, int exit)
{
	struct err err = {0};

	if (keep(order, exit) < 0 || lock_enter(&filter_init, &err) < 0)
		_exit(125);
	for (;;) {
		struct pollfd p[] = {
			{ .fd = INIT_ORDER, .events = POLLIN },
			{ .fd = INIT_SIGNALS, .events = POLLIN },
		};
		struct signalfd_siginfo info;

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			_exit(125);
		if (p[1].revents && read(INIT_SIGNALS, &info, sizeof(info)) > 0)
			reap(server);
		if (p[0].revents)
			obey(server);
	}
}
