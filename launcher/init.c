/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/err.h"
#include "common/fd.h"
#include "common/limits.h"
#include "common/lock.h"
#include "common/shrink.h"
#include "common/wire.h"
#include "filters/filters.h"
#include "launcher/init.h"
#include "launcher/sweep.h"

/* Where the descriptors that init keeps come to lie; everything else is closed. */
enum { INIT_ORDER = 0, INIT_EXIT, INIT_SIGNALS, INIT_CHILDREN, INIT_FDS };

/* In the tier nouserns: what to do at the end.  Off where the pid namespace does it. */
static struct sweep sweep;

static int keep(int order, int exit)
{
	bool lists = sweep.is_on && !sweep.is_scoped;
	int children = lists ? fcntl(sweep.children, F_DUPFD, INIT_FDS) : -1, signals;
	sigset_t all;

	/* Out of the way first, so that no dup2 below overwrites a source. */
	order = fcntl(order, F_DUPFD, INIT_FDS);
	exit = fcntl(exit, F_DUPFD, INIT_FDS);
	sigfillset(&all);
	signals = signalfd(-1, &all, 0);
	if (order < 0 || exit < 0 || signals <= INIT_SIGNALS || (lists && children < 0))
		return -EBADF;
	if (dup2(order, INIT_ORDER) < 0 || dup2(exit, INIT_EXIT) < 0 ||
	    dup2(signals, INIT_SIGNALS) < 0 || (lists && dup2(children, INIT_CHILDREN) < 0) ||
	    fd_close_from(lists ? INIT_FDS : INIT_CHILDREN) < 0)
		return -errno;
	sweep.children = INIT_CHILDREN;
	return 0;
}

static void tell(int status)
{
	struct wire_exit e = {
		.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
		.code = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
	};

	sweep_all(&sweep);
	fd_write_all(INIT_EXIT, &e, sizeof(e));
	_exit(0);
}

/* Until the dialler has passed on what the server left in its socket; it ends by itself
 * when that is closed, unless a child of the server holds it. */
static void wait_for_dialler(pid_t dialler)
{
	kill(dialler, SIGTERM); /* which it takes when it has nothing left to do */
	for (int waited = 0; waited < LIMIT_FLUSH_GRACE; waited += 10) {
		if (waitpid(dialler, NULL, WNOHANG) != 0)
			return;
		poll(NULL, 0, 10);
	}
}

static void reap(pid_t server, pid_t dialler)
{
	static bool is_carrying = true;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		is_carrying = is_carrying && pid != dialler;
		if (pid != server)
			continue;
		if (dialler && is_carrying)
			wait_for_dialler(dialler);
		tell(status);
	}
}

static void obey(pid_t server)
{
	struct wire_order o;
	ssize_t n = read(INIT_ORDER, &o, sizeof(o));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	/* The launcher is gone, or wants an end of all. */
	if (n != (ssize_t)sizeof(o) || (sweep.is_on && o.signal == SIGKILL)) {
		sweep_all(&sweep);
		_exit(0);
	}
	kill(-server, o.signal);
}

_Noreturn void init_run(pid_t server, pid_t dialler, int order, int exit,
		       const struct sweep *bare)
{
	struct err err = {0};

	if (bare)
		sweep = *bare;
	if (keep(order, exit) < 0 ||
	    lock_enter(sweep.is_on ? &filter_init_bare : &filter_init, &err) < 0) {
		sweep_all(&sweep);
		_exit(125);
	}
	shrink();
	for (;;) {
		struct pollfd p[] = {
			{ .fd = INIT_ORDER, .events = POLLIN },
			{ .fd = INIT_SIGNALS, .events = POLLIN },
		};
		struct signalfd_siginfo info;

		if (poll(p, 2, -1) < 0 && errno != EINTR) {
			sweep_all(&sweep);
			_exit(125);
		}
		if (p[1].revents && read(INIT_SIGNALS, &info, sizeof(info)) > 0)
			reap(server, dialler);
		if (p[0].revents)
			obey(server);
	}
}
