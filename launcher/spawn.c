/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/audit.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/sys.h"
#include "launcher/arguments.h"
#include "launcher/broker.h"
#include "launcher/cause.h"
#include "launcher/commands.h"
#include "launcher/enter.h"
#include "launcher/ns.h"
#include "launcher/pins.h"
#include "launcher/proxy.h"
#include "launcher/rates.h"
#include "launcher/secrets.h"
#include "launcher/session.h"
#include "launcher/spawn.h"
#include "launcher/start.h"
#include "launcher/timing.h"
#include "launcher/watch.h"

/* Every pipe of one start; [0] is read, [1] written. */
struct pipes {
	int in[2], out[2], err[2];	   /* the server's */
	int event[2], lifeline[2];	   /* the pep's */
	int order[2], report[2], exit[2];  /* init's */
	int broker[2];			   /* a socket: [0] the pep's end, [1] the broker's */
};

static void close_pair(int fds[2])
{
	for (int i = 0; i < 2; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
}

static void pipes_close(struct pipes *p)
{
	int *all[] = { p->in,	    p->out,   p->err,	 p->event,
		       p->lifeline, p->order, p->report, p->exit, p->broker };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		close_pair(all[i]);
}

static int pipes_open(struct pipes *p, bool with_broker, struct err *err)
{
	int *all[] = { p->in,	    p->out,   p->err,	 p->event,
		       p->lifeline, p->order, p->report, p->exit };

	memset(p, 0xff, sizeof(*p)); /* every descriptor -1 */
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (pipe2(all[i], O_CLOEXEC) < 0) {
			int r = err_errno(err, errno, "pipe");

			pipes_close(p);
			return r;
		}
	if (with_broker && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p->broker) < 0) {
		int r = err_errno(err, errno, "socketpair");

		pipes_close(p);
		return r;
	}
	return 0;
}

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

	return r < 0 ? r : fd_sealed("secrets", data, len, err);
}

static int open_audit(const struct session *s, struct err *err)
{
	cleanup_free char *dir = NULL, *path = NULL;
	int r = user_state(&s->user, NULL, &dir, err);

	if (r < 0)
		return r;
	if (asprintf(&path, "%s/audit.jsonl", dir) < 0)
		return err_errno(err, ENOMEM, "audit file");
	return audit_open(path, err);
}

struct pep_fds {
	int program, policy, secrets, audit, rates;
	int broker, remote; /* the program and its configuration, or -1: none is needed */
	struct pins_files pins;
	char name[96]; /* of the pins and rates */
	char client[PATH_MAX];
};

static void pep_fds_close(struct pep_fds *f)
{
	int *all[] = { &f->program, &f->policy, &f->secrets, &f->audit, &f->rates, &f->broker, &f->remote };

	pins_close(&f->pins);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (*all[i] >= 0)
			close(*all[i]);
		*all[i] = -1;
	}
}

static int pep_fds_open(const struct session *s, struct pep_fds *f, struct err *err)
{
	*f = (struct pep_fds){ -1, -1, -1, -1, -1, -1, -1, { -1, -1, -1 }, "", "" };
	rates_client(f->client, sizeof(f->client));
	pins_name(s, f->name, sizeof(f->name));
	if (broker_is_needed(&s->policy) && (f->broker = broker_open(s, &f->remote, err)) < 0) {
		pep_fds_close(f);
		return -err->code;
	}
	if ((f->program = spawn_open_pep(err)) < 0 || (f->policy = spawn_open_policy(s, err)) < 0 ||
	    (f->secrets = open_secrets(s, err)) < 0 || (f->audit = open_audit(s, err)) < 0 ||
	    (s->policy.messages.pin != POLICY_PIN_OFF &&
	     pins_open(&s->user, f->name, &f->pins, err) < 0) ||
	    (s->policy.messages.n_rates && (f->rates = rates_open(&s->user, err)) < 0)) {
		pep_fds_close(f);
		return -err->code;
	}
	return 0;
}

/* In the child: the descriptors that the command line names survive the exec. */
static _Noreturn void pep_exec(const struct session *s, const struct pep_fds *f,
			       const struct pipes *p)
{
	const struct {
		const char *name;
		int fd;
	} given[] = {
		{ "--policy-fd", f->policy },	    { "--secrets-fd", f->secrets },
		{ "--audit-fd", f->audit },	    { "--server-in", p->in[1] },
		{ "--server-out", p->out[0] },	    { "--server-err", p->err[0] },
		{ "--event-fd", p->event[1] },	    { "--lifeline-fd", p->lifeline[0] },
		{ "--broker-fd", p->broker[0] },
		{ "--pins-log", f->pins.log },	    { "--pins-append", f->pins.append },
		{ "--pins-count", f->pins.count },  { "--rates-fd", f->rates },
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

/* --- the egress process ----------------------------------------------------------------- */

/* In the child: what it is given survives the exec, and nothing else. */
static _Noreturn void egress_exec(const struct session *s, int program, int grants, int control,
				  int audit)
{
	struct strv argv = {0};
	struct err err = {0};
	char *env[] = { NULL };
	sigset_t none;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), r;

	/* It never sees the client's streams. */
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		_exit(125);
	r = fd_place(grants, grants, &err) | fd_place(control, control, &err) |
	    fd_place(audit, audit, &err);
	if (r == 0)
		r = strv_add(&argv, "mcp-confine-egress") | strv_add(&argv, "--grants-fd") |
		    strv_addf(&argv, "%d", grants) | strv_add(&argv, "--control-fd") |
		    strv_addf(&argv, "%d", control) | strv_add(&argv, "--audit-fd") |
		    strv_addf(&argv, "%d", audit) | strv_add(&argv, "--server") |
		    strv_add(&argv, s->name) | strv_add(&argv, "--session") |
		    strv_add(&argv, s->id);
	if (r == 0 && s->grant_option)
		r = strv_add(&argv, "--grant-option") | strv_add(&argv, s->grant_option);
	if (r < 0)
		_exit(125);
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	syscall(SYS_execveat, program, "", argv.v, env, AT_EMPTY_PATH);
	_exit(125);
}

/* The plan's network, and what the proxy is told: nobody but the egress process gets that. */
static int seal_grants(const struct session *s, struct err *err)
{
	struct wire_egress *w = malloc(sizeof(*w));
	const char *credentials = s->policy.sandbox.network.proxy_credentials;
	int r = 0;

	if (!w)
		return err_errno(err, ENOMEM, "network");
	*w = s->plan.network;
	if (w->proxy.port && credentials)
		r = proxy_authorization(credentials, w->authorization, err);
	if (r == 0)
		r = fd_sealed("network", w, sizeof(*w), err);
	explicit_bzero(w, sizeof(*w));
	free(w);
	return r;
}

static int start_egress(const struct session *s, int audit, struct spawn *ret, struct err *err)
{
	cleanup_close int program = -1, grants = -1, control = -1;
	int pair[2];

	if (!s->plan.network.n_destinations)
		return 0;
	program = spawn_open_program("mcp-confine-egress", err);
	if (program < 0)
		return program;
	grants = seal_grants(s, err);
	if (grants < 0)
		return grants;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(err, errno, "socketpair");
	ret->control = pair[0];
	control = pair[1];
	ret->egress = ns_fork(0, &ret->egress_fd);
	if (ret->egress == 0)
		egress_exec(s, program, grants, control, audit);
	return ret->egress < 0 ? err_errno(err, errno, "fork with a pidfd") : 0;
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
		     struct spawn *ret, struct err *err)
{
	ret->pep = ns_fork(0, &ret->pep_fd);
	if (ret->pep == 0)
		pep_exec(s, f, p);
	if (ret->pep < 0)
		return err_errno(err, errno, "fork with a pidfd");
	/* Without this call nothing could be ended: better not to begin. */
	if (sys_pidfd_send_signal(ret->pep_fd, 0) < 0)
		return cause_set(err, CAUSE_CALL, errno, "pidfd_send_signal");
	return 0;
}

static int start_broker(const struct session *s, const struct pep_fds *f,
			const struct pipes *p, struct spawn *ret, struct err *err)
{
	if (f->broker < 0)
		return 0;
	ret->broker = fork();
	if (ret->broker == 0)
		broker_exec(s, f->broker, f->remote, p->broker[1], f->audit);
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

static int start_sandbox(struct session *s, const struct pipes *p, mode_t mask, int watch,
			 struct spawn *ret, struct err *err)
{
	const struct start start = {
		.watch = watch,
		.plan = &s->plan,	  .user = &s->user,	  .umask = mask,
		.server_in = p->in[0],	  .server_out = p->out[1], .server_err = p->err[1],
		.report = p->report[1],	  .exit = p->exit[1],	  .order = p->order[0],
		.egress = ret->control,
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
		arguments_forget(s->name);
		close(p->broker[0]);
		close(p->broker[1]);
		if (s->records > 0)
			close(s->records);
		wait_for_place(gate[0]);
		if (s->plan.is_bare)
			enter_bare(&start);
		enter_run(&start);
	}
	if (pid < 0) {
		r = err->code ? -err->code : err_errno(err, errno, "fork");
	} else {
		r = place_sandbox(s, pid, gate, err);
		ret->init = pid;
	}
	close_pair(gate);
	return r;
}

/* The client's streams are the pep's now. */
static int let_go_of_stdio(struct err *err)
{
	cleanup_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		return err_errno(err, errno, "let go of the client's streams");
	return 0;
}

void spawn_done(struct spawn *s)
{
	int *all[] = { &s->pep_fd,   &s->init_fd, &s->egress_fd, &s->control, &s->client, &s->event, &s->lifeline,
		       &s->order, &s->report, &s->exit,  &s->audit, &s->broker_fd };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (*all[i] >= 0)
			close(*all[i]);
		*all[i] = -1;
	}
}

/* Kill what was started; all are our children and die at once. */
static void undo(struct spawn *s)
{
	const pid_t all[] = { s->pep, s->egress, s->broker };

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
	pipes_close(p);
}

/* The program's ends of its three streams become these. */
static int replace_streams(struct pipes *p, int out, int err_fd, struct err *err)
{
	const int given[] = { open("/dev/null", O_RDONLY | O_CLOEXEC),
			      fcntl(out, F_DUPFD_CLOEXEC, 3), fcntl(err_fd, F_DUPFD_CLOEXEC, 3) };
	int *ends[] = { &p->in[0], &p->out[1], &p->err[1] };

	for (size_t i = 0; i < 3; i++) {
		close(*ends[i]);
		*ends[i] = given[i];
	}
	for (size_t i = 0; i < 3; i++)
		if (given[i] < 0)
			return err_errno(err, EMFILE, "streams of the program");
	return 0;
}

int spawn_tool(struct session *s, int out, int err_fd, struct spawn *ret,
	       struct err *err)
{
	struct spawn w = { .pep_fd = -1, .init_fd = -1, .egress_fd = -1,
			   .control = -1, .client = -1, .event = -1,
			   .lifeline = -1, .order = -1, .report = -1, .exit = -1, .audit = -1,
			   .broker_fd = -1 };
	mode_t mask = umask(077);
	struct pipes p;
	int r = pipes_open(&p, false, err);

	if (r < 0)
		return r;
	r = replace_streams(&p, out, err_fd, err);
	if (r == 0)
		r = w.audit = open_audit(s, err);
	if (r >= 0) {
		w.client = open_parent(err);
		r = err->code ? -err->code : 0;
	}
	if (r == 0)
		r = start_egress(s, w.audit, &w, err);
	if (r == 0)
		r = start_sandbox(s, &p, mask, -1, &w, err);
	if (r == 0)
		r = let_go_of_stdio(err);
	keep(&w, &p);
	if (r < 0) {
		undo(&w);
		return r;
	}
	*ret = w;
	return 0;
}

int spawn_all(struct session *s, struct spawn *ret, struct err *err)
{
	struct spawn w = { .pep_fd = -1, .init_fd = -1, .egress_fd = -1,
			   .control = -1, .client = -1, .event = -1,
			   .lifeline = -1, .order = -1, .report = -1, .exit = -1, .audit = -1,
			   .broker_fd = -1 };
	cleanup_close int watch = -1;
	mode_t mask = umask(077);
	struct pep_fds fds;
	struct pipes p;
	int r;

	r = pep_fds_open(s, &fds, err);
	timing_mark("launcher", "policy, secrets and log opened");
	if (r < 0)
		return r;
	r = pipes_open(&p, fds.broker >= 0, err);
	if (r < 0) {
		pep_fds_close(&fds);
		return r;
	}
	/* Who started a listener is not its client: that one's end is the connection's. */
	w.client = s->is_dialled ? -1 : open_parent(err);
	r = w.client == -1 ? -err->code : 0;
	if (r == 0 && s->plan.is_bare)
		r = sweep_open(&w.sweep, err);
	if (r == 0)
		r = start_broker(s, &fds, &p, &w, err);
	if (r == 0)
		r = start_pep(s, &fds, &p, &w, err);
	timing_mark("launcher", "pep forked");
	if (r == 0)
		r = start_egress(s, fds.audit, &w, err);
	if (r == 0)
		r = start_watch(s, &watch, err);
	if (r == 0)
		r = start_sandbox(s, &p, mask, watch, &w, err);
	if (r == 0)
		r = let_go_of_stdio(err);
	keep(&w, &p);
	w.audit = take_fd(&fds.audit);
	pep_fds_close(&fds);
	if (r < 0) {
		undo(&w);
		return r;
	}
	*ret = w;
	return 0;
}
