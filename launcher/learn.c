/* SPDX-License-Identifier: Apache-2.0 */
/*
 * learn - run a server as `run` does, and propose the smallest policy for what it missed
 *
 * Theory of operation
 *
 * The session is built as ever.  A child becomes its launcher (run_session), which starts
 * the watching process beside the others (watch.h) and then locks itself as ever.  This
 * process stays outside: it reads the records until the last writer is gone, judges each
 * path (proposal.h), and prints.  It grants nothing, and writes no file but the one that
 * --out names, which must not exist.
 *
 * It stands between the client and the launcher by its process only: the streams are
 * inherited, signals are passed on, and the client's end is told to the launcher.  With
 * --initialize a third process is the client: initialize, tools/list, end of stream.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/sys.h"
#include "launcher/cli.h"
#include "launcher/commands.h"
#include "launcher/proposal.h"
#include "launcher/run.h"
#include "launcher/session.h"
#include "launcher/surface.h"
#include "launcher/wait.h"

/* Granted by --names: the network's resolver answers, and nothing is at that name
 * (RFC 6761 section 6.4). */
#define NOWHERE "learn.invalid:443"

struct learn {
	struct cli cli;
	struct session s;
	struct proposal p;
	pid_t launcher, client; /* 0: no client of ours */
	int records, signals, parent;
	char buffer[8 * (sizeof(struct watch_record) + WATCH_TEXT)];
	size_t len, n_records;
};

/* --- what is asked for ------------------------------------------------------------------ */

static int check(const struct cli *c, struct err *err)
{
	if (c->listen || c->dry_run || c->has_timing)
		return err_set(err, EINVAL,
			       "learn: --listen, --dry-run and --timing are options of run alone");
	if (!c->does_initialize && isatty(0))
		return err_set(err, ENOTTY, "stdin is a terminal: put learn where run stands in the "
					    "client's configuration, or add --initialize to begin a session here");
	if (c->out && access(c->out, F_OK) == 0)
		return err_set(err, EEXIST, "--out %s: exists, and is not overwritten; name another file",
			       c->out);
	return 0;
}

static int build(struct learn *l, int argc, char **argv, struct err *err)
{
	cleanup_free char *cwd = getcwd(NULL, 0);
	int r = fd_have_stdio(err);

	if (r == 0 && fd_cloexec_from(3) < 0)
		r = err_errno(err, errno, "close_range");
	if (r == 0)
		r = cli_parse(argc, argv, cwd ? cwd : "/", &l->cli, err);
	if (r == 0)
		r = check(&l->cli, err);
	if (r == 0 && l->cli.with_names && strv_add(&l->cli.options.connect, NOWHERE) < 0)
		r = err_errno(err, ENOMEM, "--names");
	if (r == 0)
		r = session_build(&l->cli, true, &l->s, err);
	if (r == 0 && l->s.tier.is != POLICY_TIER_FULL)
		r = err_set(err, ENOTSUP, "learn needs the tier full: without a root of its own a server's "
			    "refusals are not those of its policy; mend it: mcp-confine status");
	return r;
}

/* --- processes ------------------------------------------------------------------------ */

static _Noreturn void be_launcher(struct learn *l, const int in[2], const int out[2])
{
	struct err err = {0};
	int code = 125;

	/* A key that is pressed at the terminal is for the process outside, which tells us. */
	setsid();
	if (in[0] >= 0 && (dup2(in[0], 0) < 0 || dup2(out[1], 1) < 0))
		_exit(125);
	for (int i = 0; i < 2; i++) {
		if (in[i] >= 0)
			close(in[i]);
		if (out[i] >= 0)
			close(out[i]);
	}
	close(l->records);
	close(l->signals);
	for (size_t i = 0; i < l->s.plan.notes.n; i++)
		say_note(l->s.plan.notes.v[i]);
	if (run_session(&l->cli, &l->s, &code, &err) < 0)
		say_error(&err);
	session_done(&l->s);
	exit(code);
}

static _Noreturn void be_client(int in, int out)
{
	struct err err = {0};
	size_t tools;
	int r = surface_talk(in, out, &tools, &err);

	if (r < 0) {
		err_wrap(&err, "learn --initialize");
		say_error(&err);
	}
	_exit(r < 0);
}

static int start(struct learn *l, struct err *err)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, records[2];
	int r = l->signals = wait_signals(err);

	if (r < 0)
		return r;
	l->parent = sys_pidfd_open(getppid(), 0);
	if (pipe2(records, O_CLOEXEC) < 0 ||
	    (l->cli.does_initialize && (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)))
		return err_errno(err, errno, "pipe");
	l->records = records[0];
	l->s.records = records[1];
	fflush(NULL);
	l->launcher = fork();
	if (l->launcher == 0)
		be_launcher(l, in, out);
	close(records[1]);
	l->s.records = 0;
	if (l->launcher > 0 && l->cli.does_initialize) {
		l->client = fork();
		if (l->client == 0) {
			close(in[0]);
			close(out[1]);
			close(l->records);
			be_client(in[1], out[0]);
		}
	}
	for (int i = 0; i < 2 && l->cli.does_initialize; i++) {
		close(in[i]);
		close(out[i]);
	}
	return l->launcher < 0 || l->client < 0 ? err_errno(err, errno, "fork") : 0;
}

/* Who holds the client's pipes would hide the server's end from it. */
static int let_go(const struct learn *l, struct err *err)
{
	cleanup_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (l->cli.does_initialize)
		return 0;
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		return err_errno(err, errno, "let go of the client's streams");
	return 0;
}

/* --- records -------------------------------------------------------------------------- */

/* Whole records of the buffer.  Return: 0 or -errno. */
static int take_records(struct learn *l)
{
	size_t at = 0;
	int r = 0;

	while (r == 0 && l->len - at >= sizeof(struct watch_record)) {
		char text[WATCH_TEXT + 1];
		struct watch_record rec;

		memcpy(&rec, l->buffer + at, sizeof(rec));
		if (rec.len > WATCH_TEXT)
			return -EBADMSG;
		if (l->len - at - sizeof(rec) < rec.len)
			break;
		memcpy(text, l->buffer + at + sizeof(rec), rec.len);
		text[rec.len] = '\0';
		at += sizeof(rec) + rec.len;
		l->n_records++;
		r = proposal_add(&l->p, &l->s, &rec, text);
	}
	memmove(l->buffer, l->buffer + at, l->len - at);
	l->len -= at;
	return r;
}

static void pass_signals(struct learn *l)
{
	struct signalfd_siginfo info;

	while (read(l->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		kill(l->launcher, (int)info.ssi_signo);
}

static int collect(struct learn *l, struct err *err)
{
	for (;;) {
		struct pollfd p[] = {
			{ .fd = l->records, .events = POLLIN },
			{ .fd = l->signals, .events = POLLIN },
			{ .fd = l->parent, .events = POLLIN },
		};
		ssize_t n;
		int r;

		if (poll(p, 3, -1) < 0 && errno != EINTR)
			return err_errno(err, errno, "poll");
		if (p[1].revents)
			pass_signals(l);
		if (p[2].revents) {
			close(l->parent);
			l->parent = -1;
			kill(l->launcher, SIGTERM);
		}
		if (!p[0].revents)
			continue;
		n = read(l->records, l->buffer + l->len, sizeof(l->buffer) - l->len);
		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return err_errno(err, errno, "read the records");
		l->len += n > 0 ? (size_t)n : 0;
		r = take_records(l);
		if (r < 0)
			return err_errno(err, -r, "read the records");
	}
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 125;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* --- the end ---------------------------------------------------------------------------- */

static int write_out(const char *path, const json_t *policy, struct err *err)
{
	cleanup_free char *text = json_dumps(policy, JSON_INDENT(2));
	cleanup_close int fd = text ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
					   0600) : -1;

	if (!text)
		return err_errno(err, ENOMEM, "the proposal");
	if (fd < 0)
		return err_errno(err, errno, "--out %s", path);
	if (fd_write_all(fd, text, strlen(text)) < 0 || fd_write_all(fd, "\n", 1) < 0)
		return err_errno(err, errno, "write %s", path);
	return 0;
}

static int report(struct learn *l, struct err *err)
{
	/* A client reads stdout: there are messages in it. */
	FILE *out = l->cli.does_initialize ? stdout : stderr;
	json_auto_t *policy = NULL;
	int r = proposal_add_log(&l->p, &l->s, err);

	if (r == 0 && proposal_settle(&l->p, &l->s) < 0)
		r = err_errno(err, ENOMEM, "the proposal");
	for (size_t i = 0; i < l->s.policy.sandbox.network.connect.n; i++)
		if (!strcmp(l->s.policy.sandbox.network.connect.v[i], NOWHERE))
			strv_remove(&l->s.policy.sandbox.network.connect, i);
	if (r == 0 && proposal_has_grants(&l->p))
		r = proposal_policy(&l->p, &l->s, &l->cli, &policy, err);
	if (r < 0)
		return r;
	if (l->cli.as_json) {
		json_auto_t *whole = proposal_json(&l->p, &l->s, policy);

		if (!whole || json_dumpf(whole, out, JSON_INDENT(2) | JSON_ENSURE_ASCII) < 0)
			return err_errno(err, ENOMEM, "the proposal");
		fputc('\n', out);
	} else {
		proposal_print(out, &l->p, &l->s, policy);
	}
	return l->cli.out && policy ? write_out(l->cli.out, policy, err) : 0;
}

static int learn(struct learn *l, int argc, char **argv, int *ret_code, struct err *err)
{
	int r = build(l, argc, argv, err), client = 0;

	*ret_code = l->s.exit_code ? l->s.exit_code : 125;
	if (r == 0)
		r = start(l, err);
	if (r == 0)
		r = let_go(l, err);
	if (r == 0)
		r = collect(l, err);
	/* Nobody reads any more: who watches ends, and everything that it traces. */
	if (r < 0 && l->launcher > 0)
		kill(l->launcher, SIGTERM);
	if (l->records >= 0)
		close(l->records);
	if (l->launcher > 0)
		*ret_code = wait_for(l->launcher);
	if (l->client > 0)
		client = wait_for(l->client);
	if (r < 0)
		return r;
	/* It was never executed: why has been said. */
	if (!l->n_records && *ret_code >= 125 && *ret_code <= 127)
		return 0;
	if (client && !*ret_code)
		*ret_code = 1;
	return report(l, err);
}

int learn_main(int argc, char **argv)
{
	static struct learn l = { .records = -1, .signals = -1, .parent = -1 };
	struct err err = {0};
	int code;

	if (learn(&l, argc, argv, &code, &err) < 0) {
		say_error(&err);
		code = code ? code : 125;
	}
	proposal_done(&l.p);
	session_done(&l.s);
	cli_done(&l.cli);
	return code;
}
