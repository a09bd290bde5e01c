/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/limits.h"
#include "common/sys.h"
#include "common/wire.h"
#include "launcher/arguments.h"
#include "launcher/broker.h"
#include "launcher/cause.h"
#include "launcher/commands.h"
#include "launcher/delegation.h"
#include "launcher/egress.h"
#include "launcher/enter.h"
#include "launcher/logged.h"
#include "launcher/mounts.h"
#include "launcher/ns.h"
#include "launcher/pins.h"
#include "launcher/pipes.h"
#include "launcher/rates.h"
#include "launcher/secrets.h"
#include "launcher/session.h"
#include "launcher/spawn.h"
#include "launcher/start.h"
#include "launcher/timing.h"
#include "launcher/wait.h"
#include "launcher/watch.h"
#include "policies/policy.h"

/* --- the pep -------------------------------------------------------------------------- */

/* Beside us (a build tree, a tarball) or where it was installed.  No search path. */
int spawn_open_program(const char *name, struct err *err)
{
	cleanup_free char *installed = NULL;
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 32);
	char *slash;
	int fd;

	if (len < 0)
		return err_errno(err, errno, "read /proc/self/exe");
	self[len] = '\0';
	slash = strrchr(self, '/');
	snprintf(slash + 1, sizeof(self) - (size_t)(slash + 1 - self), "%s", name);
	if (asprintf(&installed, LIBEXECDIR "/%s", name) < 0)
		return err_errno(err, ENOMEM, "open %s", name);
	fd = open(self, O_PATH | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		fd = open(installed, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "open %s, beside mcp-confine or in " LIBEXECDIR, name);
	return fd;
}

int spawn_open_pep(struct err *err)
{
	return spawn_open_program("mcp-confine-pep", err);
}

int spawn_open_policy(const struct session *s, struct err *err)
{
	cleanup_free char *text = NULL;
	size_t len;
	int r = bundle_write(&s->bundle, &text, &len, err);

	return r < 0 ? r : fd_sealed("policy", text, len, err);
}

static int open_secrets(const struct session *s, struct err *err)
{
	cleanup_free void *data = NULL;
	size_t len, count;
	int r = secrets_digest(&s->env.known, &s->env.injected, &data, &len, &count, err);

	if (r == 0)
		token_give_keys(s, data, len);
	return r < 0 ? r : fd_sealed("secrets", data, len, err);
}

struct pep_fds {
	int program, policy, secrets, rates;
	int broker, remote; /* the program and its configuration, or -1: none is needed */
	int warrant, calls; /* of capabilities, or -1 */
	struct pins_files pins;
	char name[96]; /* of the pins and rates */
	char client[PATH_MAX];
};

#define PEP_FDS_NONE { -1, -1, -1, -1, -1, -1, -1, -1, { -1, -1, -1 }, "", "" }

static void pep_fds_close(struct pep_fds *f)
{
	int *all[] = { &f->program, &f->policy, &f->secrets, &f->rates, &f->broker, &f->remote,
		       &f->warrant, &f->calls };

	pins_close(&f->pins);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (*all[i] >= 0)
			close(*all[i]);
		*all[i] = -1;
	}
}

static int pep_fds_open(const struct session *s, struct pep_fds *f, struct err *err)
{
	*f = (struct pep_fds)PEP_FDS_NONE;
	rates_client(f->client, sizeof(f->client));
	pins_name(s, f->name, sizeof(f->name));
	if (broker_is_needed(&s->policy) && (f->broker = broker_open(s, &f->remote, err)) < 0) {
		pep_fds_close(f);
		return -err->code;
	}
	if ((f->program = spawn_open_pep(err)) < 0 || (f->policy = spawn_open_policy(s, err)) < 0 ||
	    (f->secrets = open_secrets(s, err)) < 0 ||
	    (s->policy.messages.pin != POLICY_PIN_OFF &&
	     pins_open(&s->user, f->name, &f->pins, err) < 0) ||
	    delegation_open(s, &f->warrant, &f->calls, err) < 0 ||
	    (s->policy.messages.n_rates && (f->rates = rates_open(&s->user, err)) < 0)) {
		pep_fds_close(f);
		return -err->code;
	}
	return 0;
}

struct pep_start {
	const struct session *s;
	const struct pep_fds *f;
	const struct pipes *p;
	int audit;
};

/* In the child, on this process's memory (ns_vfork): the descriptors that the command line
 * names survive the exec. */
static int pep_exec(void *arg)
{
	const struct pep_start *start = arg;
	const struct session *s = start->s;
	const struct pep_fds *f = start->f;
	const struct pipes *p = start->p;
	const int audit = start->audit;
	const struct {
		const char *name;
		int fd;
	} given[] = {
		{ "--policy-fd", f->policy },	    { "--secrets-fd", f->secrets },
		{ "--audit-fd", audit },	    { "--server-in", p->in[1] },
		{ "--server-out", p->out[0] },	    { "--server-err", p->err[0] },
		{ "--event-fd", p->event[1] },	    { "--lifeline-fd", p->lifeline[0] },
		{ "--broker-fd", p->broker[0] },
		{ "--pins-log", f->pins.log },	    { "--pins-append", f->pins.append },
		{ "--pins-count", f->pins.count },  { "--rates-fd", f->rates },
		{ "--warrant-fd", f->warrant },	    { "--calls-fd", f->calls },
		{ "--live-fd", s->token.live > 0 ? s->token.live : -1 },
	};
	struct strv argv = {0};
	struct err err = {0};
	char *env[] = { NULL };
	sigset_t none;
	int r = strv_add(&argv, "mcp-confine-pep");

	for (size_t i = 0; i < sizeof(given) / sizeof(*given) && r == 0; i++) {
		if (given[i].fd < 0)
			continue;
		r = fd_place(given[i].fd, given[i].fd, &err);
		if (r == 0)
			r = strv_add(&argv, given[i].name);
		if (r == 0)
			r = strv_addf(&argv, "%d", given[i].fd);
	}
	if (r == 0)
		r = strv_add(&argv, "--home") | strv_add(&argv, s->user.home) |
		    strv_add(&argv, "--server") | strv_add(&argv, s->name) |
		    strv_add(&argv, "--pins-name") | strv_add(&argv, f->name) |
		    strv_add(&argv, "--client") | strv_add(&argv, f->client) |
		    strv_add(&argv, "--session") | strv_add(&argv, s->id);
	if (r < 0)
		_exit(125);
	/* A signal to the client's process group is the launcher's to answer. */
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	syscall(SYS_execveat, f->program, "", argv.v, env, AT_EMPTY_PATH);
	_exit(125);
}

/* --- both ------------------------------------------------------------------------------- */

static int open_parent(struct err *err)
{
	int fd = sys_pidfd_open(getppid(), 0);

	/* A parent outside of our pid namespace is 0: then only the pipes tell. */
	if (fd < 0 && errno != EINVAL && errno != ESRCH && errno != ENOSYS && errno != EPERM)
		return err_errno(err, errno, "pidfd_open of the client");
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		say_note("pidfd_open is refused here: a client that is killed while another process "
			 "holds its pipe is noticed only when that ends");
	return fd < 0 ? -1 : fd;
}

static int start_pep(const struct session *s, const struct pep_fds *f, const struct pipes *p,
		     int audit, struct spawn *ret, struct err *err)
{
	struct pep_start start = { s, f, p, audit };

	ret->pep = ns_vfork(pep_exec, &start, &ret->pep_fd);
	timing_mark("launcher", "pep executed");
	return ret->pep < 0 ? err_errno(err, errno, "fork with a pidfd") : 0;
}

static int start_broker(const struct session *s, const struct pep_fds *f,
			const struct pipes *p, int audit, struct spawn *ret, struct err *err)
{
	if (f->broker < 0)
		return 0;
	ret->broker = fork();
	if (ret->broker == 0)
		broker_exec(s, f->broker, f->remote, p->broker[1], p->standing[1], audit);
	if (ret->broker < 0)
		return err_errno(err, errno, "fork");
	ret->broker_fd = sys_pidfd_open(ret->broker, 0);
	return ret->broker_fd < 0 ? err_errno(err, errno, "pidfd_open") : 0;
}

/* A sandbox that is still to be put in a scope starts nothing before that. */
static void wait_for_place(int gate)
{
	char byte;
	ssize_t n;

	if (gate < 0)
		return;
	do
		n = read(gate, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		_exit(125);
	close(gate);
}

static int place_sandbox(struct session *s, pid_t pid, const int gate[2], struct err *err)
{
	const struct policy_limits *limits = &s->policy.sandbox.limits;
	char words[CGROUP_WHY + 160];
	int r;

	if (!cgroup_is_placed_later(&s->cgroup))
		return 0;
	r = cgroup_place(limits, s->id, pid, &s->cgroup, err);
	if (r < 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return r;
	}
	if (!s->cgroup.is_possible) {
		cgroup_words(limits, &s->cgroup, words, sizeof(words));
		say_note(words);
	}
	timing_mark("launcher", "the user's service manager asked for a scope");
	r = fd_write_all(gate[1], "", 1);
	return r < 0 ? err_errno(err, -r, "begin the sandbox") : 0;
}

static int start_watch(const struct session *s, int *ret, struct err *err)
{
	return s->records > 0 ? watch_start(s->records, ret, err) : 0;
}

/*
 * Before anything of the server runs: the service provider that can revoke it says that it
 * is not revoked.  Milliseconds for that: its own time, and a second.
 */
static int await_provider(const struct session *s, const struct pipes *p, struct err *err)
{
	struct pollfd ready = { p->standing[0], POLLIN, 0 };
	struct wire_standing said = {0};
	int n;

	if (!policy_wants_scim(&s->policy))
		return 0;
	do
		n = poll(&ready, 1, LIMIT_PROVIDER + 1000);
	while (n < 0 && errno == EINTR);
	if (n != 1 || read(p->standing[0], &said, sizeof(said)) != (ssize_t)sizeof(said))
		return err_set(err, EACCES, "%s: not started, since mcp-confine-broker-net does not "
			       "say whether it is revoked (revocation.scim)", s->name);
	said.why[sizeof(said.why) - 1] = '\0';
	if (said.kind == WIRE_STANDING_GOOD)
		return 0;
	return err_set(err, EACCES, said.kind == WIRE_STANDING_REVOKED ?
		       "%s: not started: revoked by %s" :
		       "%s: not started, since it is not known whether it is revoked: %s",
		       s->name, said.why);
}

static int start_sandbox(struct session *s, struct pipes *p, mode_t mask, int watch,
			 struct spawn *ret, struct err *err)
{
	const struct start start = {
		.watch = watch,
		.plan = &s->plan,	  .user = &s->user,	  .umask = mask,
		.server_in = p->in[0],	  .server_out = p->out[1], .server_err = p->err[1],
		.report = p->report[1],	  .exit = p->exit[1],	  .order = p->order[0],
		.egress = ret->control,	  .built = p->built[1],
	};
	const int cgroup = s->cgroup.name[0] ? s->cgroup.dir : -1;
	int gate[2] = { -1, -1 }, r;
	pid_t pid;

	if (cgroup_is_placed_later(&s->cgroup) && pipe2(gate, O_CLOEXEC) < 0)
		return err_errno(err, errno, "pipe");
	pid = s->plan.is_bare ? ns_fork_into(0, cgroup, &ret->init_fd) :
				ns_clone(cgroup, &ret->init_fd, err);
	if (pid == 0) {
		if (gate[1] >= 0)
			close(gate[1]);
		/* The other ends: who holds them would hide the others' end of file. */
		close(p->order[1]);
		close(p->lifeline[1]);
		close(p->report[0]);
		close(p->exit[0]);
		close(p->in[1]);
		close(p->out[0]);
		close(p->err[0]);
		close(p->event[1]);
		if (s->token.lifeline > 0)
			close(s->token.lifeline);
		arguments_forget(s->name);
		close(p->broker[0]);
		close(p->broker[1]);
		if (s->records > 0)
			close(s->records);
		wait_for_place(gate[0]);
		close(p->standing[0]);
		close(p->standing[1]);
		if (s->plan.is_bare)
			enter_bare(&start);
		enter_run(&start);
	}
	if (pid < 0) {
		r = err->code ? -err->code : err_errno(err, errno, "fork");
	} else {
		r = place_sandbox(s, pid, gate, err);
		ret->init = r == 0 ? pid : 0;
	}
	pipes_close_pair(gate);
	if (r < 0)
		return r;
	/* Only pid 1 holds it open now. */
	close(p->built[1]);
	p->built[1] = -1;
	/* Without this call nothing could be ended: better not to go on. */
	if (sys_pidfd_send_signal(ret->init_fd, 0) < 0)
		return cause_set(err, CAUSE_CALL, errno, "pidfd_send_signal");
	timing_mark("launcher", "sandbox forked");
	return 0;
}

/* The client's streams are the pep's now. */
static int let_stdio_go(struct err *err)
{
	cleanup_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		return err_errno(err, errno, "let go of the client's streams");
	return 0;
}

/* Pid 1 waits for it before it lets the server run. */
static int let_go(const struct pipes *p, struct err *err)
{
	const struct wire_order go = { .signal = 0 };
	int r = fd_write_all(p->order[1], &go, sizeof(go));

	return r < 0 ? err_errno(err, -r, "let the server run") : 0;
}

void spawn_done(struct spawn *s)
{
	int *all[] = { &s->pep_fd,   &s->init_fd, &s->egress_fd, &s->control, &s->client, &s->event, &s->lifeline,
		       &s->order, &s->report, &s->exit,  &s->standing, &s->broker_fd };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (*all[i] >= 0)
			close(*all[i]);
		*all[i] = -1;
	}
}

void spawn_watch(const struct session *s, const struct keeper *keeper, struct audit *log,
		 struct spawn *w)
{
	const struct policy_revocation *p = &s->policy.revocation;
	int64_t now = wait_now();

	w->watch = keeper->watch;
	w->log = log;
	w->is_log_required = s->policy.audit.required;
	w->name = s->name;
	w->may = (struct standing){ .deny_after = (int64_t)p->deny_after * 1000,
				    .kill_after = (int64_t)p->kill_after * 1000 };
	standing_use(&w->may, STANDING_LISTS, false, now);
	if (policy_wants_scim(&s->policy) && w->broker_fd >= 0)
		standing_use(&w->may, STANDING_PROVIDER, true, now);
}

/* Kill what was started; all are our children and die at once. */
static void undo(struct spawn *s)
{
	const pid_t all[] = { s->pep, s->egress, s->broker, s->init };

	/* Reaped too: their numbers may be somebody else's from here on. */
	sweep_all(&s->sweep);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all) && !s->sweep.is_on; i++) {
		if (all[i] <= 0)
			continue;
		kill(all[i], SIGKILL);
		waitpid(all[i], NULL, 0);
	}
	spawn_done(s);
}

/* What the supervisor keeps of the pipes; the rest is the others', and closed. */
static void keep(struct spawn *w, struct pipes *p)
{
	w->event = take_fd(&p->event[0]);
	w->lifeline = take_fd(&p->lifeline[1]);
	w->order = take_fd(&p->order[1]);
	w->report = take_fd(&p->report[0]);
	w->exit = take_fd(&p->exit[0]);
	w->standing = take_fd(&p->standing[0]);
	pipes_close(p);
}

int spawn_tool(struct session *s, struct keeper *keeper, int out, int err_fd,
	       struct spawn *ret, struct err *err)
{
	struct spawn w = { .pep_fd = -1, .init_fd = -1, .egress_fd = -1,
			   .control = -1, .client = -1, .event = -1,
			   .lifeline = -1, .order = -1, .report = -1, .exit = -1, .standing = -1, .watch = -1,
			   .broker_fd = -1 };
	mode_t mask = umask(077);
	struct pipes p;
	int r = pipes_open(&p, false, err);

	if (r < 0)
		return r;
	r = pipes_replace(&p, out, err_fd, err);
	if (r == 0) {
		w.client = open_parent(err);
		r = err->code ? -err->code : 0;
	}
	if (r == 0)
		r = egress_start(s, keeper->egress, &w.egress, &w.egress_fd, &w.control, err);
	if (r == 0)
		r = start_sandbox(s, &p, mask, -1, &w, err);
	if (r == 0)
		r = let_go(&p, err);
	if (r == 0)
		r = let_stdio_go(err);
	keep(&w, &p);
	keeper_handed_over(keeper);
	if (r < 0) {
		undo(&w);
		return r;
	}
	*ret = w;
	return 0;
}

/*
 * Two processors have enough to do while the sandbox is built: its mounts, and its network
 * namespace.  The pep takes less time than the server to start, so it is not in their way
 * and starts behind them.  Whatever keeps the sandbox from standing is told elsewhere.
 */
static void await_built(const struct pipes *p)
{
	struct pollfd built = { .fd = p->built[0] };

	poll(&built, 1, LIMIT_BUILD_PATIENCE); /* POLLHUP is always told */
}

/* What the session needs beside the sandbox; the order is from what must be there before
 * the server runs to what may start while it does. */
static int start_others(const struct session *s, const struct pep_fds *f, const struct pipes *p,
			const struct keeper *keeper, struct audit *log, struct spawn *ret,
			struct err *err)
{
	int r = s->plan.is_bare ? 0 : mounts_check_sources(&s->plan, err);

	if (r == 0)
		r = start_broker(s, f, p, keeper->broker, ret, err);
	if (r == 0)
		r = await_provider(s, p, err);
	if (r == 0)
		r = logged_start(log, s, err);
	if (r == 0)
		r = let_go(p, err);
	if (r == 0)
		await_built(p);
	if (r == 0)
		r = start_pep(s, f, p, keeper->pep, ret, err);
	return r < 0 ? r : let_stdio_go(err);
}

int spawn_all(struct session *s, struct keeper *keeper, struct audit *log, struct spawn *ret,
	      struct err *err)
{
	struct spawn w = { .pep_fd = -1, .init_fd = -1, .egress_fd = -1,
			   .control = -1, .client = -1, .event = -1,
			   .lifeline = -1, .order = -1, .report = -1, .exit = -1, .standing = -1, .watch = -1,
			   .broker_fd = -1 };
	cleanup_close int watch = -1;
	struct pep_fds fds = PEP_FDS_NONE;
	mode_t mask = umask(077);
	struct pipes p;
	int r = pipes_open(&p, broker_is_needed(&s->policy), err);

	if (r < 0)
		return r;
	/* Who started a listener is not its client: that one's end is the connection's. */
	w.client = s->is_dialled ? -1 : open_parent(err);
	r = w.client == -1 ? -err->code : 0;
	if (r == 0 && s->plan.is_bare)
		r = sweep_open(&w.sweep, err);
	if (r == 0)
		r = egress_start(s, keeper->egress, &w.egress, &w.egress_fd, &w.control, err);
	if (r == 0)
		r = start_watch(s, &watch, err);
	if (r == 0)
		r = start_sandbox(s, &p, mask, watch, &w, err);
	/* The sandbox takes longest to build: nothing that can wait comes before it. */
	if (r == 0)
		r = pep_fds_open(s, &fds, err);
	if (r == 0)
		r = start_others(s, &fds, &p, keeper, log, &w, err);
	timing_mark("launcher", "others started");
	keep(&w, &p);
	keeper_handed_over(keeper);
	pep_fds_close(&fds);
	if (r < 0) {
		undo(&w);
		return r;
	}
	*ret = w;
	return 0;
}
