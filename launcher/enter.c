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
 * In the tier nouserns the first process is a plain child and no mount is made: the
 * plan's entries are Landlock rules on the host's own paths, and a third filter keeps
 * from the server what a namespace would have kept from it.
 *
 * Nothing recovers: a failing step is reported to the launcher in one struct and the
 * process exits 125, which ends the namespaces.
 */
#include <dirent.h>
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
#include "common/layer.h"
#include "common/lock.h"
#include "common/nolinks.h"
#include "common/sys.h"
#include "common/wire.h"
#include "filters/filters.h"
#include "launcher/aside.h"
#include "launcher/cause.h"
#include "launcher/dial.h"
#include "launcher/enter.h"
#include "launcher/init.h"
#include "launcher/limits.h"
#include "launcher/mounts.h"
#include "launcher/net.h"
#include "launcher/ns.h"
#include "launcher/plan.h"
#include "launcher/start.h"
#include "launcher/sweep.h"
#include "launcher/timing.h"
#include "launcher/user.h"
#include "launcher/walk.h"
#include "launcher/watch.h"

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

	if (fd < 0 && errno == ENOENT && layer_is_out("mount"))
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, errno, "open %s", path);
	return landlock_add(ruleset, abi, fd, S_ISDIR(st.st_mode), grant, err);
}

/* Is path a mount of the host's, or on the way to one? */
static bool leads_to_bind(const struct plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->n; i++)
		if ((plan->v[i].kind == PLAN_BIND || plan->v[i].kind == PLAN_OVERLAY) &&
		    walk_is_below(plan->v[i].target, path))
			return true;
	return false;
}

/*
 * "new_names": "deny": what is in the directory may change, and only the directories in
 * it may get something new.  Landlock's rules reach down through mounts: a right given
 * to a directory is given to all that is mounted below it, so what leads to a directory
 * of the host's gets none here, and is met again with a rule of its own.
 */
static int add_old_names(int ruleset, int abi, const struct plan *plan,
			 const struct plan_entry *e, struct err *err)
{
	DIR *d = opendir(e->target);
	int r = d ? add_rule(ruleset, abi, e->target,
			     e->kind == PLAN_TMPFS ? LANDLOCK_READ : LANDLOCK_CHANGE, err) :
		    err_errno(err, errno, "open %s", e->target);

	for (struct dirent *entry; d && r == 0 && (entry = readdir(d));) {
		cleanup_free char *below = NULL;
		struct stat st;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
		    fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISDIR(st.st_mode))
			continue;
		if (asprintf(&below, "%s/%s", e->target, entry->d_name) < 0)
			r = err_errno(err, ENOMEM, "rules");
		else if (!leads_to_bind(plan, below))
			r = add_rule(ruleset, abi, below, LANDLOCK_WRITE, err);
	}
	if (d)
		closedir(d);
	return r;
}

/* So that a home in which nothing new can be made still has where programs write. */
static int make_home(const struct plan *plan, struct err *err)
{
	static const char *const names[] = { ".cache", ".config", ".local", ".npm", "tmp" };

	for (size_t i = 0; i < plan->n; i++)
		for (size_t j = 0; j < sizeof(names) / sizeof(*names); j++) {
			cleanup_free char *path = NULL;

			if (plan->v[i].kind != PLAN_TMPFS || plan->v[i].is_alone)
				continue;
			if (asprintf(&path, "%s/%s", plan->v[i].target, names[j]) < 0)
				return err_errno(err, ENOMEM, "home");
			if (mkdir(path, 0700) < 0 && errno != EEXIST)
				return err_errno(err, errno, "make %s", path);
		}
	return 0;
}

/* Without mounts the rule is all there is: it must be on what the plan pinned. */
static int add_pinned(int ruleset, int abi, const struct plan_entry *e, struct err *err)
{
	cleanup_close int fd = nolinks_open(AT_FDCWD, e->source, O_PATH);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, errno, "open %s", e->source);
	if (st.st_dev != e->dev || st.st_ino != e->ino)
		return err_set(err, ESTALE, "%s: replaced while it was being granted; try again",
			       e->source);
	return landlock_add(ruleset, abi, fd, e->is_dir, (enum landlock_grant)plan_grant(e), err);
}

/*
 * Of the server's own /proc/PID what runtimes ask for; its children have none of it.
 * Never the directory: below it lie net (every connection of the host) and mountinfo.
 */
static int add_self(int ruleset, int abi, struct err *err)
{
	static const char *const names[] = { "stat",   "statm",	 "status", "maps",   "smaps",
					     "cmdline", "comm",	  "cgroup", "limits", "auxv",
					     "io",     "fd",	 "fdinfo", "environ", "oom_score_adj" };
	int r = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && r == 0; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/%d/%s", (int)getpid(), names[i]);
		/* Some are not in every kernel. */
		if (access(path, F_OK) == 0)
			r = add_rule(ruleset, abi, path, LANDLOCK_READ, err);
	}
	return r;
}

/* The ruleset of a plan without namespaces: nothing, but for what it names. */
static int collect_bare(const struct plan *plan, int ruleset, int abi, struct err *err)
{
	int r = add_self(ruleset, abi, err);

	for (size_t i = 0; i < plan->n && r == 0; i++)
		r = add_pinned(ruleset, abi, &plan->v[i], err);
	return r;
}

/*
 * /etc is a directory of our own root, in which stands what the plan puts there and
 * nothing else: where it may be read, each file and directory of it may.  One rule for all
 * of them, unless the plan has more than that in store for /etc itself.
 */
static bool is_etc_whole(const struct plan *plan)
{
	if (layer_is_out("mount"))
		return false;
	for (size_t i = 0; i < plan->n; i++)
		if (!strcmp(plan->v[i].target, "/etc") && plan->v[i].kind != PLAN_DIR)
			return false;
	return true;
}

/* The ruleset of the plan: names everywhere, content only where it says so. */
static int collect_rules(const struct plan *plan, int abi, struct err *err)
{
	cleanup_close int ruleset = landlock_open(abi, true, err);
	const bool is_etc = is_etc_whole(plan);
	int r;

	if (ruleset < 0)
		return ruleset;
	if (plan->is_bare) {
		r = collect_bare(plan, ruleset, abi, err);
		return r < 0 ? r : take_fd(&ruleset);
	}
	r = add_rule(ruleset, abi, "/", LANDLOCK_LIST, err);
	if (r == 0 && plan->no_new_names)
		r = make_home(plan, err);
	if (r == 0 && is_etc)
		r = add_rule(ruleset, abi, "/etc", LANDLOCK_READ, err);
	for (size_t i = 0; i < plan->n && r == 0; i++) {
		int grant = plan_grant(&plan->v[i]);

		if (is_etc && grant == LANDLOCK_READ && walk_is_below(plan->v[i].target, "/etc"))
			continue;
		if (grant == LANDLOCK_WRITE && plan->v[i].is_dir && plan->no_new_names)
			r = add_old_names(ruleset, abi, plan, &plan->v[i], err);
		else if (grant >= 0)
			r = add_rule(ruleset, abi, plan->v[i].target,
				     (enum landlock_grant)grant, err);
	}
	if (plan->socket && r == 0) {
		cleanup_free char *dir = strdup(plan->socket);

		if (!dir)
			return err_errno(err, ENOMEM, "socket");
		*strrchr(dir, '/') = '\0';
		r = add_rule(ruleset, abi, dir, LANDLOCK_SOCKET, err);
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
	r = layer_is_out("limits") ? 0 : limits_enter(&s->plan->limits, err);
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
		return cause_set(err, CAUSE_LANDLOCK, landlock_errno(), "Landlock");
	ruleset = collect_rules(plan, abi, err);
	if (ruleset < 0)
		return ruleset;
	timing_mark("server", "Landlock rules collected");
	r = layer_is_out("capabilities") || layer_is_out("no-new-privs") ? layer_privileges(err) :
									   lock_privileges(err);
	timing_mark("server", "privileges dropped");
	if (r == 0 && !layer_is_out("landlock"))
		r = landlock_enter(ruleset, err);
	if (r == 0 && plan->is_bare)
		r = lock_syscalls(&filter_server_bare, err);
	if (r == 0 && plan->no_sockets && !plan->is_bare)
		r = lock_syscalls(&filter_server_no_sockets, err);
	if (r == 0 && !layer_is_out("arguments"))
		r = lock_syscalls(plan->network.n_destinations ? &filter_server_arguments_net :
							 &filter_server_arguments, err);
	if (r == 0 && !layer_is_out("calls"))
		r = lock_syscalls(&filter_server_calls, err);
	return r;
}

/* On the memory of pid 1, which stands still meanwhile (ns_vfork). */
static int become_server(void *arg)
{
	const struct start *s = arg;
	const struct plan *plan = s->plan;
	struct err err = {0};
	int fd, r = prepare(s, &err);

	timing_mark("server", "limits and descriptors");
	if (r < 0)
		report(s, EXIT_OURS, &err);
	fd = nolinks_open(AT_FDCWD, plan->program, O_PATH);
	if (fd < 0) {
		err_errno(&err, errno, "open %s", plan->program);
		report(s, EXIT_CANNOT_EXECUTE, &err);
	}
	if (confine(plan, &err) < 0)
		report(s, EXIT_OURS, &err);
	timing_mark("server", "confined; exec next");
	/* Behind every layer: what is watched is the server, and nothing of ours. */
	if (s->watch >= 0 && watch_await(s->watch, &err) < 0)
		report(s, EXIT_OURS, &err);
	syscall(SYS_execveat, fd, "", plan->argv.v, plan->env.v, AT_EMPTY_PATH);
	err_errno(&err, errno, "execute %s", plan->program);
	report(s, EXIT_CANNOT_EXECUTE, &err);
}

/*
 * A server that listens keeps its standard streams out of the messages: it reads nothing
 * and what it prints are words.  The pep's pipes are the dialler's, which lives in the
 * same sandbox, under the same layers, and is the one thing of ours there.
 */
static pid_t start_dialler(const struct start *s, struct err *err)
{
	pid_t pid = fork();

	if (pid < 0)
		return err_errno(err, errno, "fork");
	if (pid)
		return pid;
	/* The report is the server's until its exec; these words go its stderr's way. */
	if (prepare(s, err) < 0 || fd_close_from(3) < 0 || confine(s->plan, err) < 0) {
		dprintf(2, "mcp-confine: confine the dialler: %s\n", err->text);
		_exit(EXIT_OURS);
	}
	dial_run(s->plan->socket);
}

static int become_listener(void *arg)
{
	const struct start *s = arg;
	struct start own = *s;
	struct err err = {0};

	own.server_in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	own.server_out = s->server_err;
	if (own.server_in < 0) {
		err_errno(&err, errno, "open /dev/null");
		report(s, EXIT_OURS, &err);
	}
	return become_server(&own);
}

/* --- pid 1 ------------------------------------------------------------------------------ */

/* No network, or the one that the policy names. */
static int enter_network(const struct start *s, struct aside *aside, struct err *err)
{
	int r = aside_enter(aside, err);

	timing_mark("init", "network and ipc namespaces entered");
	if (r == 0 && !layer_is_out("network"))
		r = s->egress < 0 ? net_isolate(err) : net_open(&s->plan->network, s->egress, err);
	timing_mark("init", "network checked");
	return r;
}

static int build(const struct start *s, struct err *err)
{
	struct aside aside;
	int r;

	timing_mark("init", "namespaces");
	r = layer_is_out("user") ? 0 : ns_map(s->user->uid, s->user->gid, err);
	timing_mark("init", "identity map");
	if (r == 0)
		r = aside_begin(&aside, err);
	/* A network is opened through the host's /proc, and that is gone later. */
	if (r == 0 && s->egress >= 0)
		r = enter_network(s, &aside, err);
	if (r == 0 && !layer_is_out("limits"))
		r = limits_prefer(err);
	if (r == 0 && !layer_is_out("uts"))
		r = ns_rename(err);
	if (r == 0 && !layer_is_out("mount"))
		r = mounts_enter(s->plan, err);
	if (r == 0 && !layer_is_out("mount") && !layer_is_out("verify"))
		r = mounts_verify(s->plan, err);
	timing_mark("init", "mount table verified");
	if (r == 0 && s->egress < 0)
		r = enter_network(s, &aside, err);
	/* From here on pid 1 cannot be traced, also before it has locked itself. */
	if (r == 0)
		r = lock_memory(err);
	return r;
}

/*
 * Nothing of the server's runs before the launcher has started all the others and has
 * written the start into the log; should it not come to that, this ends here.
 */
static void await_go(const struct start *s)
{
	struct wire_order o;
	ssize_t n;

	do
		n = read(s->order, &o, sizeof(o));
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(o) || o.signal)
		_exit(EXIT_OURS);
}

_Noreturn void enter_run(const struct start *s)
{
	struct start own = *s;
	struct err err = {0};
	pid_t pid, dialler = 0;
	sigset_t all;

	/* Should the launcher die before init reads its lifeline. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	setsid();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	umask(022);
	if (build(s, &err) < 0)
		report(s, EXIT_OURS, &err);
	close(s->built);
	await_go(s);
	pid = ns_vfork(s->plan->socket ? become_listener : become_server, &own, NULL);
	if (pid < 0) {
		err_errno(&err, errno, "fork");
		report(s, EXIT_OURS, &err);
	}
	if (s->plan->socket) {
		dialler = start_dialler(s, &err);
		if (dialler < 0)
			report(s, EXIT_OURS, &err);
	}
	init_run(pid, dialler, s->order, s->exit, NULL);
}

/*
 * No pid namespace: this process is a subreaper instead, and its end must not come
 * before it has killed what the server left.  So it takes no death signal from the
 * launcher (its lifeline tells); the server takes one from it.
 */
_Noreturn void enter_bare(const struct start *s)
{
	struct sweep sweep = {0};
	struct start own = *s;
	struct err err = {0};
	pid_t self = getpid(), pid;
	sigset_t all;

	setsid();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	umask(022);
	if (sweep_open(&sweep, &err) < 0 || lock_memory(&err) < 0)
		report(s, EXIT_OURS, &err);
	close(s->built);
	await_go(s);
	pid = fork();
	if (pid < 0) {
		err_errno(&err, errno, "fork");
		report(s, EXIT_OURS, &err);
	}
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		if (getppid() != self)
			_exit(EXIT_OURS);
		become_server(&own);
	}
	init_run(pid, 0, s->order, s->exit, &sweep);
}
