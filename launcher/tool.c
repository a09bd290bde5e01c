/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * What the program may do goes the way of a command line's options: the administrator's policy stands above it, and bounds it (or refuses it).  A
 * child of ours becomes the supervisor, which locks itself (wait.c); this process reads
 * two pipes until both end, and then reaps the child.  When this process dies, the
 * supervisor sees its client gone and ends the sandbox.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/audit.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/limits.h"
#include "launcher/commands.h"
#include "launcher/session.h"
#include "launcher/spawn.h"
#include "launcher/tool.h"
#include "launcher/wait.h"
#include "policies/options.h"

#define LINE 512

static volatile sig_atomic_t caught;
static volatile pid_t running;

static void catch(int sig)
{
	caught = sig;
	if (running > 0)
		kill(running, sig);
}

void tool_catch_signals(void)
{
	/* No SA_RESTART: a wait for an answer or for bytes ends. */
	const struct sigaction act = { .sa_handler = catch };
	static const int which[] = { SIGINT, SIGTERM, SIGHUP };

	for (size_t i = 0; i < sizeof(which) / sizeof(*which); i++)
		sigaction(which[i], &act, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int tool_interrupted(void)
{
	return caught;
}

void tool_done(struct tool *t)
{
	strv_done(&t->argv);
	strv_done(&t->read);
	strv_done(&t->write);
	strv_done(&t->connect);
	strv_done(&t->addresses);
	strv_done(&t->env);
}

/* --- its session ----------------------------------------------------------------------- */

static int find_policy(const struct tool *t, struct session *s, struct err *err)
{
	const struct bundle_places places = { SYSCONFDIR "/mcp-confine", s->user.config };
	/* The lists stay the tool's. */
	const struct options options = { .read = t->read, .write = t->write, .connect = t->connect,
					 .addresses = t->addresses, .has_room = true };
	int r = bundle_find_profile(&places, NULL, "default", &s->bundle, &s->profile, err);
	if (r == 0)
		r = options_add(&s->bundle, &options, err);
	return r < 0 ? r : bundle_merge(&s->bundle, s->user.home, &s->policy, err);
}

static int build(const struct tool *t, struct session *s, struct err *err)
{
	struct runtime_query q = { .argv = t->argv.v, .path = getenv("PATH") };
	char *no_environment[] = { NULL };
	int r = user_find(&s->user, err);

	/* Its staging directory lies where no server may write. */
	if (r == 0) {
		free(s->user.data);
		s->user.data = NULL;
		snprintf(s->name, sizeof(s->name), "%s", t->name);
		s->grant_option = "--host";
		r = session_make_id(s->id, err);
	}
	if (r == 0)
		r = find_policy(t, s, err);
	/* What the administrator's lists took away. */
	for (size_t i = 0; r == 0 && i < s->policy.notes.n; i++)
		say_note(s->policy.notes.v[i]);
	if (r == 0) {
		q.cwd = q.home = s->user.home;
		q.account_home = s->user.account_home;
		r = runtime_find(&q, &s->runtime, err);
	}
	if (r == 0)
		r = env_build(no_environment, &s->policy, &t->env, &s->runtime, &s->user, &s->env, err);
	if (r == 0)
		r = plan_build(&s->policy, &s->runtime, &s->user, s->user.home, NULL, &s->plan, err);
	if (r == 0 && strv_add_all(&s->plan.env, &s->env.server) < 0)
		r = err_errno(err, ENOMEM, "environment");
	if (r == 0)
		r = tier_choose(POLICY_TIER_FULL, &s->tier, err);
	return r;
}

/* In the child: from here on the supervisor.  Never returns. */
static _Noreturn void supervise(struct session *s, int out, int err_fd)
{
	struct keeper keeper;
	struct err err = {0};
	struct spawn spawn;
	struct audit log;
	int code = 125, signals, r;

	signals = wait_signals(&err);
	r = signals < 0 ? signals : keeper_start(s, &keeper, &err);
	if (r == 0) {
		r = spawn_tool(s, &keeper, out, err_fd, &spawn, &err);
		close(out);
		close(err_fd);
		audit_init(&log, keeper.log, s->policy.audit.required);
		if (r == 0) {
			spawn_watch(s, &keeper, &log, &spawn);
			r = wait_all(&spawn, signals, &code, &err);
		}
		keeper_end(&keeper);
	}
	if (r < 0)
		say_error(&err);
	_exit(code);
}

/* --- what it says ------------------------------------------------------------------------ */

struct reading {
	const struct tool *tool;
	char line[LINE];
	size_t len, relayed;
	char *out;
	size_t out_len;
};

static void say_line(struct reading *d)
{
	char text[LINE];

	d->line[d->len] = '\0';
	d->len = 0;
	if (d->tool->is_silent || !d->line[0] || d->relayed > LIMIT_STDERR_BURST)
		return;
	d->relayed += strlen(d->line);
	if (d->relayed > LIMIT_STDERR_BURST) {
		fprintf(stderr, "mcp-confine: %s: and more, which is not shown\n", d->tool->name);
		return;
	}
	fprintf(stderr, "mcp-confine: %s: %s\n", d->tool->name,
		err_printable(text, sizeof(text), d->line));
}

static void take_words(struct reading *d, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\n' || data[i] == '\r' || d->len == LINE - 1)
			say_line(d);
		if (data[i] != '\n' && data[i] != '\r')
			d->line[d->len++] = data[i];
	}
}

static int take_output(struct reading *d, const char *data, size_t len)
{
	size_t room = LIMIT_TOOL_OUT - d->out_len;
	char *grown;

	if (len > room)
		len = room;
	if (!len)
		return 0;
	grown = realloc(d->out, d->out_len + len + 1);
	if (!grown)
		return -ENOMEM;
	memcpy(grown + d->out_len, data, len);
	d->out = grown;
	d->out_len += len;
	d->out[d->out_len] = '\0';
	return 0;
}

static int read_all(struct reading *d, int out, int err_fd)
{
	struct pollfd p[] = { { out, POLLIN, 0 }, { err_fd, POLLIN, 0 } };
	char data[16384];

	while (p[0].fd >= 0 || p[1].fd >= 0) {
		if (poll(p, 2, -1) < 0) {
			if (errno != EINTR)
				return -errno;
			continue;
		}
		for (int i = 0; i < 2; i++) {
			ssize_t n = p[i].revents ? read(p[i].fd, data, sizeof(data)) : -2;

			if (n == 0 || (n == -1 && errno != EINTR))
				p[i].fd = -1;
			else if (n > 0 && i == 1)
				take_words(d, data, (size_t)n);
			else if (n > 0 && take_output(d, data, (size_t)n) < 0)
				return -ENOMEM;
		}
	}
	if (d->len)
		say_line(d);
	return 0;
}

/* --- the whole ---------------------------------------------------------------------------- */

static int run(struct session *s, struct reading *d, int *ret_code, struct err *err)
{
	int out[2], words[2], status = 0, r;
	sigset_t set, before;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) < 0)
		return err_errno(err, errno, "pipe");
	if (pipe2(words, O_CLOEXEC) < 0) {
		r = err_errno(err, errno, "pipe");
		close(out[0]);
		close(out[1]);
		return r;
	}
	fflush(NULL);
	/* A signal of this moment waits for whom it is meant: the child reads its own from a
	 * descriptor, and this process knows by then whom to tell. */
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, &before);
	pid = fork();
	if (pid == 0) {
		close(out[0]);
		close(words[0]);
		supervise(s, out[1], words[1]);
	}
	running = pid;
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(out[1]);
	close(words[1]);
	r = pid < 0 ? -errno : read_all(d, out[0], words[0]);
	close(out[0]);
	close(words[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	running = 0;
	*ret_code = WIFEXITED(status) ? WEXITSTATUS(status) : 125;
	return r < 0 ? err_errno(err, -r, "%s", s->name) : 0;
}

int tool_run(const struct tool *t, char **ret_out, int *ret_code, struct err *err)
{
	struct reading d = { .tool = t };
	struct session s = {0};
	int r = build(t, &s, err);

	*ret_code = 125;
	if (r < 0)
		err_wrap(err, "%s", t->name);
	if (r == 0)
		r = run(&s, &d, ret_code, err);
	session_done(&s);
	if (r == 0 && tool_interrupted())
		r = err_set(err, EINTR, "%s: interrupted", t->name);
	if (r == 0 && ret_out) {
		*ret_out = d.out ? d.out : calloc(1, 1);
		return *ret_out ? 0 : err_errno(err, ENOMEM, "%s", t->name);
	}
	free(d.out);
	return r;
}
