/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * Two processes come down here.  The first is pid 1 of the new namespaces.  It holds
 * every capability over them (and none outside), maps the user to itself, checks the
 * network, builds and verifies the root, and forks.  It then becomes init (init.c).
 *
 * The second becomes the server.  In this order, because each step forbids an earlier
 * one: session, keyring, limits, standard descriptors, working directory; the Landlock
 * rules are collected while paths can still be opened; capabilities go, and are read
 * back; Landlock; the two seccomp filters, the one on arguments first since the list
 * of calls then decides whether another filter may be added; exec by descriptor.
 *
 * Nothing recovers: a failing step is reported to the launcher in one struct and the
 * process exits 125, which ends the namespaces.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/landlock.h"
#include "common/lock.h"
#include "common/sys.h"
#include "common/wire.h"
#include "filters/filters.h"
#include "launcher/enter.h"
#include "launcher/init.h"
#include "launcher/limits.h"
#include "launcher/mounts.h"
#include "launcher/net.h"
#include "launcher/ns.h"
#include "launcher/plan.h"
#include "launcher/start.h"
#include "launcher/timing.h"
#include "launcher/user.h"

#define EXIT_OURS 125
#define EXIT_CANNOT_EXECUTE 126

/* keyctl(2) without libkeyutils. */
#define KEYCTL_JOIN_SESSION_KEYRING_ 1

static _Noreturn void report(const struct start *s, int code, const struct err *err)
{
	struct wire_report r = { .exit_code = code };

	snprintf(r.text, sizeof(r.text), "%s", err->text);
	fd_write_all(s->report, &r, sizeof(r));
	_exit(EXIT_OURS);
}

/* --- the server's process ------------------------------------------------------------ */

static int add_rule(int ruleset, int abi, const char *path, enum landlock_grant grant,
		    struct err *err)
{
	cleanup_close int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, errno, "open %s", path);
	return landlock_add(ruleset, abi, fd, S_ISDIR(st.st_mode), grant, err);
}

/* The ruleset of the plan: names everywhere, content only where it says so. */
static int collect_rules(const struct plan *plan, int abi, struct err *err)
{
	cleanup_close int ruleset = landlock_open(abi, true, err);
	int r;

	if (ruleset < 0)
		return ruleset;
	r = add_rule(ruleset, abi, "/", LANDLOCK_LIST, err);
	for (size_t i = 0; i < plan->n && r == 0; i++) {
		int grant = plan_grant(&plan->v[i]);

		if (grant >= 0)
			r = add_rule(ruleset, abi, plan->v[i].target,
				     (enum landlock_grant)grant, err);
	}
	for (uint32_t i = 0; i < plan->network.n_destinations && r == 0; i++)
		r = landlock_add_port(ruleset, abi, plan->network.destinations[i].port, err);
	return r < 0 ? r : take_fd(&ruleset);
}

static int place_stdio(const struct start *s, struct err *err)
{
	int r = fd_place(s->server_in, 0, err);

	if (r == 0)
		r = fd_place(s->server_out, 1, err);
	if (r == 0)
		r = fd_place(s->server_err, 2, err);
	if (r == 0 && fd_cloexec_from(3) < 0)
		r = err_errno(err, errno, "close_range");
	return r;
}

/* Dispositions and mask as a new process expects them, whatever we were given. */
static void reset_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int prepare(const struct start *s, struct err *err)
{
	int r;

	setsid();
	/* A session keyring of its own; ENOSYS is a kernel without keyrings. */
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING_, NULL) < 0 && errno != ENOSYS &&
	    errno != EPERM)
		return err_errno(err, errno, "leave the session keyring");
	r = limits_enter(&s->plan->limits, err);
	if (r == 0)
		r = place_stdio(s, err);
	if (r < 0)
		return r;
	if (chdir(s->plan->cwd) < 0 && chdir(s->user->home) < 0)
		return err_errno(err, errno, "enter %s", s->plan->cwd);
	umask(s->umask);
	reset_signals();
	return 0;
}

static int confine(const struct plan *plan, struct err *err)
{
	cleanup_close int ruleset = -1;
	int abi = landlock_abi(), r;

	if (!abi)
		return err_set(err, ENOSYS,
			       "no Landlock in this kernel, or not in its list of security modules; "
			       "boot with lsm=landlock,... (mcp-confine status)");
	ruleset = collect_rules(plan, abi, err);
	if (ruleset < 0)
		return ruleset;
	timing_mark("server", "Landlock rules collected");
	r = lock_privileges(err);
	timing_mark("server", "privileges dropped");
	if (r == 0)
		r = landlock_enter(ruleset, err);
	if (r == 0)
		r = lock_syscalls(plan->network.n_destinations ? &filter_server_arguments_net :
							 &filter_server_arguments, err);
	if (r == 0)
		r = lock_syscalls(&filter_server_calls, err);
	return r;
}

static _Noreturn void become_server(const struct start *s)
{
	const struct plan *plan = s->plan;
	struct err err = {0};
	int fd, r = prepare(s, &err);

	timing_mark("server", "limits and descriptors");
	if (r < 0)
		report(s, EXIT_OURS, &err);
	fd = sys_openat2(AT_FDCWD, plan->program, O_PATH | O_CLOEXEC, 0,
			 RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
	if (fd < 0) {
		err_errno(&err, errno, "open %s", plan->program);
		report(s, EXIT_CANNOT_EXECUTE, &err);
	}
	if (confine(plan, &err) < 0)
		report(s, EXIT_OURS, &err);
	timing_mark("server", "confined; exec next");
	syscall(SYS_execveat, fd, "", plan->argv.v, plan->env.v, AT_EMPTY_PATH);
	err_errno(&err, errno, "execute %s", plan->program);
	report(s, EXIT_CANNOT_EXECUTE, &err);
}

/* --- pid 1 ------------------------------------------------------------------------------ */

static int build(const struct start *s, struct err *err)
{
	int r;

	timing_mark("init", "namespaces");
	r = ns_map(s->user->uid, s->user->gid, err);
	timing_mark("init", "identity map");
	if (r == 0)
		r = s->egress < 0 ? net_isolate(err) : net_open(&s->plan->network, s->egress, err);
	timing_mark("init", "network checked");
	if (r == 0)
		r = ns_rename(err);
	if (r == 0)
		r = mounts_enter(s->plan, err);
	timing_mark("init", "root built and entered");
	if (r == 0)
		r = mounts_verify(s->plan, err);
	timing_mark("init", "mount table verified");
	/* From here on pid 1 cannot be traced, also before it has locked itself. */
	if (r == 0)
		r = lock_memory(err);
	return r;
}

_Noreturn void enter_run(const struct start *s)
{
	struct err err = {0};
	sigset_t all;
	pid_t pid;

	/* Should the launcher die before init reads its lifeline. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	setsid();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	umask(022);
	if (build(s, &err) < 0)
		report(s, EXIT_OURS, &err);
	pid = fork();
	if (pid < 0) {
		err_errno(&err, errno, "fork");
		report(s, EXIT_OURS, &err);
	}
	if (pid == 0)
		become_server(s);
	init_run(pid, s->order, s->exit);
}
