/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The parts, and what their end means:
 *
 *   client (pidfd)   gone: TERM to the server, KILL after a grace
 *   client's stream  the pep tells: when no answer is owed any more, the server has
 *                    LIMIT_EOF_GRACE to end by itself, then TERM, then KILL; the grace
 *                    of one that does not run yet begins when it does
 *   signal to us     forwarded to the server's group, KILL after a grace; a second one
 *                    kills at once
 *   pep (pidfd)      ended well: the client does not read any more, or the server
 *                    closed its stdout and may still be ending; both as the end of
 *                    stream; ended badly: everything is killed, 125
 *   broker (pidfd)   its end is a no to what waits for approval; nothing else ends
 *   egress (pidfd)   the server has no network any more, and goes on; said once
 *   keeper           tells what is revoked (standing.h): calls are refused, or the sandbox
 *                    is killed at once; its end, and that of a broker that asks whether
 *                    the agent is revoked, do the same
 *   init (pidfd)     the sandbox is gone; the pep passes on what the server left in its
 *                    pipes and ends by itself
 *
 * Should this process be killed, `order` and `lifeline` close with it, and init and
 * pep end.  Init's end takes every process of its pid namespace along (pid_namespaces(7)).
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/audit.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/limits.h"
#include "common/lock.h"
#include "common/shrink.h"
#include "common/sys.h"
#include "common/wire.h"
#include "filters/filters.h"
#include "launcher/revocation.h"
#include "launcher/spawn.h"
#include "launcher/timing.h"
#include "launcher/wait.h"

static const int forwarded[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };

struct waiting {
	struct spawn *s;
	bool has_exit;	   /* init told how the server ended */
	bool has_report;   /* the sandbox could not be made */
	struct wire_exit exit;
	struct wire_report report;
	int pep_status;
	bool is_idle;	   /* the client's stream ended, and no answer is owed */
	bool is_ending;	   /* TERM was sent */
	bool was_killed;   /* KILL was sent to init */
	enum standing_is is;	 /* what the pep was told */
	bool is_gone;		 /* the keeper */
	const char *ended_by;	 /* NULL, or the sentence before why */
	char why[REVOCATION_WORDS]; /* of what stands worst */
	int64_t term_at, kill_at, flush_at; /* CLOCK_MONOTONIC ms; 0: not set */
};

int wait_signals(struct err *err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(*forwarded); i++)
		sigaddset(&set, forwarded[i]);
	/* A client may have ignored it; then wait4 would find no child. */
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	/* A bound on the size of files is an error that is told, not a death without a word. */
	signal(SIGXFSZ, SIG_IGN);
	if (sigprocmask(SIG_SETMASK, &set, NULL) < 0)
		return err_errno(err, errno, "block signals");
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_errno(err, errno, "signalfd") : fd;
}

int64_t wait_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/*
 * Without a pid namespace init's end ends nobody: it is told to kill the others first.
 * When it does not (somebody stopped it), everything goes at once, the pep included.
 */
static void kill_bare(struct waiting *w, bool is_again)
{
	const struct wire_order o = { .signal = SIGKILL };

	if (!is_again && fd_write_all(w->s->order, &o, sizeof(o)) == 0) {
		w->kill_at = wait_now() + LIMIT_TERM_GRACE;
		return;
	}
	sweep_all(&w->s->sweep);
	close_one(&w->s->init_fd);
	close_one(&w->s->pep_fd);
}

static void kill_sandbox(struct waiting *w)
{
	bool is_again = w->was_killed;

	w->kill_at = w->term_at = 0;
	w->was_killed = true;
	if (w->s->init_fd < 0)
		return;
	if (w->s->sweep.is_on)
		kill_bare(w, is_again);
	else
		sys_pidfd_send_signal(w->s->init_fd, SIGKILL);
}

static void end_with(struct waiting *w, int sig)
{
	struct wire_order o = { .signal = sig };
	bool is_last = sig == SIGTERM || sig == SIGINT || sig == SIGHUP || sig == SIGQUIT;

	if (is_last && w->is_ending) {
		kill_sandbox(w);
		return;
	}
	fd_write_all(w->s->order, &o, sizeof(o));
	if (is_last) {
		w->is_ending = true;
		w->term_at = 0;
		w->kill_at = wait_now() + LIMIT_TERM_GRACE;
	}
}

/* --- what is revoked ---------------------------------------------------------------------- */

static void tell_pep(const struct waiting *w, enum wire_life_kind kind)
{
	const struct wire_life life = { .kind = (uint32_t)kind };

	if (w->s->pep_fd >= 0)
		fd_write_all(w->s->lifeline, &life, sizeof(life));
}

static void say_line(const struct waiting *w, const char *words, const char *why)
{
	char line[ERR_TEXT + 64], safe[ERR_TEXT + 64];
	int n;

	snprintf(line, sizeof(line), "mcp-confine: %s: %s%s%s", w->s->name, words, why[0] ? ": " : "",
		 why);
	err_printable(safe, sizeof(safe), line);
	n = (int)strlen(safe);
	safe[n] = '\n';
	fd_write_all(2, safe, (size_t)n + 1);
}

/* Nothing waits for it: the server may be hostile, and is dealt with first. */
static void record(const struct waiting *w, const char *event, const char *why)
{
	struct audit_line l;

	audit_begin(&l, w->s->log, event);
	if (why[0])
		audit_string(&l, "why", why);
	audit_end(&l);
}

/* Calls are answered and late approvals void (the pep), tokens are revoked (the broker),
 * the server is killed.  The words come with the exit code. */
static void end_at_once(struct waiting *w, const char *words)
{
	const struct wire_standing revoked = { .kind = WIRE_STANDING_REVOKED };

	if (w->ended_by)
		return;
	w->ended_by = words;
	w->is = STANDING_ENDED;
	tell_pep(w, WIRE_LIFE_END);
	if (w->s->standing >= 0)
		fd_write_all(w->s->standing, &revoked, sizeof(revoked));
	w->is_ending = true;
	w->term_at = 0;
	kill_sandbox(w);
	if (w->s->init_fd < 0)
		w->flush_at = wait_now() + LIMIT_FLUSH_GRACE;
	record(w, "revoked", w->why[0] ? w->why : words);
}

static void judge_standing(struct waiting *w)
{
	enum standing_is is = standing_now(&w->s->may, wait_now());
	bool is_revoked = w->s->may.source[STANDING_LISTS].is_revoked ||
			  w->s->may.source[STANDING_PROVIDER].is_revoked;

	if (is == w->is || w->ended_by)
		return;
	w->is = is;
	switch (is) {
	case STANDING_LIVE:
		tell_pep(w, WIRE_LIFE_PASS);
		say_line(w, "not revoked, after all; calls pass again", "");
		record(w, "resumed", "");
		return;
	case STANDING_DENIED:
		tell_pep(w, WIRE_LIFE_DENY);
		say_line(w, "calls are refused, since it is not known whether it is revoked", w->why);
		record(w, "suspended", w->why);
		return;
	case STANDING_ENDED:
	default:
		end_at_once(w, is_revoked ? "was stopped, since it is revoked" :
					    "was stopped, since it could not be known whether it is revoked");
	}
}

/* One word of who watches.  Return: is it still there? */
static bool hear_standing(struct waiting *w, int fd, enum standing_source which)
{
	struct wire_standing s;

	if (read(fd, &s, sizeof(s)) != (ssize_t)sizeof(s))
		return false;
	s.why[sizeof(s.why) - 1] = '\0';
	switch ((enum wire_standing_kind)s.kind) {
	case WIRE_STANDING_GOOD:
		standing_hear(&w->s->may, which, STANDING_GOOD, wait_now());
		break;
	case WIRE_STANDING_UNKNOWN:
		memcpy(w->why, s.why, sizeof(w->why));
		standing_hear(&w->s->may, which, STANDING_UNKNOWN, wait_now());
		break;
	case WIRE_STANDING_REVOKED:
		memcpy(w->why, s.why, sizeof(w->why));
		standing_hear(&w->s->may, which, STANDING_REVOKED, wait_now());
		break;
	case WIRE_STANDING_LOST:
		if (w->s->is_log_required) {
			memcpy(w->why, s.why, sizeof(w->why));
			end_at_once(w, "was stopped, since its policy requires the audit log");
			break;
		}
		__attribute__((fallthrough));
	case WIRE_STANDING_NOTE:
		say_line(w, "note", s.why);
		break;
	case WIRE_STANDING_NONE:
	default:
		return false;
	}
	return true;
}

static void take_watch(struct waiting *w)
{
	if (hear_standing(w, w->s->watch, STANDING_LISTS))
		return;
	w->is_gone = true;
	w->why[0] = '\0';
	end_at_once(w, "was stopped, since the keeper of its audit log ended");
}

static void take_provider(struct waiting *w)
{
	if (hear_standing(w, w->s->standing, STANDING_PROVIDER))
		return;
	close_one(&w->s->standing);
	if (w->s->may.source[STANDING_PROVIDER].is_on && w->s->pep_fd >= 0 && !w->is_ending) {
		w->why[0] = '\0';
		end_at_once(w, "was stopped, since what asks whether it is revoked ended");
	}
}

/* --- the end of a session ------------------------------------------------------------------- */

/* The session ends without anybody asking for a signal: TERM, and KILL after it. */
static void end(struct waiting *w)
{
	if (!w->is_ending)
		end_with(w, SIGTERM);
}

static void take_signal(struct waiting *w, int fd)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		end_with(w, (int)info.ssi_signo);
		/* With the sandbox gone, only the pep is left to wait for. */
		if (w->s->init_fd < 0)
			w->flush_at = wait_now() + LIMIT_FLUSH_GRACE;
	}
}

/* The client's stream ended, or the server's: the server has its grace to end by itself,
 * from the moment that it runs (the report's pipe closes when it is executed). */
static void expect_end(struct waiting *w)
{
	w->is_idle = true;
	if (!w->is_ending)
		w->term_at = wait_now() + (w->s->report < 0 ? LIMIT_EOF_GRACE : LIMIT_EOF_OPEN);
}

static void take_event(struct waiting *w)
{
	struct wire_event e;

	if (read(w->s->event, &e, sizeof(e)) != (ssize_t)sizeof(e)) {
		close_one(&w->s->event);
		return;
	}
	if (e.kind == WIRE_EVENT_LOCKED)
		timing_mark("pep", "locked and reading");
	if (w->is_ending)
		return;
	if (e.kind == WIRE_EVENT_CLIENT_EOF)
		w->term_at = wait_now() + LIMIT_EOF_OPEN;
	else if (e.kind == WIRE_EVENT_IDLE)
		expect_end(w);
}

static void take_report(struct waiting *w)
{
	ssize_t n = read(w->s->report, &w->report, sizeof(w->report));

	if (n == (ssize_t)sizeof(w->report)) {
		w->report.text[sizeof(w->report.text) - 1] = '\0';
		w->has_report = true;
	} else {
		timing_mark("server", "executed");
		if (w->is_idle && !w->is_ending)
			w->term_at = wait_now() + LIMIT_EOF_GRACE;
	}
	close_one(&w->s->report);
}

static void take_exit(struct waiting *w)
{
	if (read(w->s->exit, &w->exit, sizeof(w->exit)) == (ssize_t)sizeof(w->exit))
		w->has_exit = true;
	close_one(&w->s->exit);
}

static void take_pep(struct waiting *w)
{
	waitpid(w->s->pep, &w->pep_status, 0);
	timing_mark("pep", "ended");
	close_one(&w->s->pep_fd);
	if (!WIFEXITED(w->pep_status) || WEXITSTATUS(w->pep_status))
		kill_sandbox(w);
	else
		expect_end(w);
}

/* Its listeners closed with it: nothing leads out any more. */
static void take_egress(struct waiting *w)
{
	static const char words[] =
		"mcp-confine: mcp-confine-egress ended; the server has no network any more; start "
		"it again\n";

	waitpid(w->s->egress, NULL, 0);
	close_one(&w->s->egress_fd);
	if (w->s->init_fd >= 0 && !w->is_ending)
		fd_write_all(2, words, sizeof(words) - 1);
}

static void take_init(struct waiting *w)
{
	waitpid(w->s->init, NULL, 0);
	timing_mark("init", "sandbox gone");
	close_one(&w->s->init_fd);
	close_one(&w->s->control);
	w->term_at = w->kill_at = 0;
	if (w->s->sweep.is_on && !w->was_killed && !w->has_exit && w->s->exit >= 0)
		take_exit(w);
	/* Init was killed by somebody: what it kept is ours now, and goes with the pep. */
	if (w->s->sweep.is_on && !w->was_killed && !w->has_exit) {
		if (w->s->report >= 0)
			take_report(w);
		sweep_all(&w->s->sweep);
		close_one(&w->s->pep_fd);
	}
	if (w->is_ending)
		w->flush_at = wait_now() + LIMIT_FLUSH_GRACE;
}

static void take_broker(struct waiting *w)
{
	static const char words[] =
		"mcp-confine: mcp-confine-broker ended; what needs a decision is refused from now "
		"on; start the server again\n";

	waitpid(w->s->broker, NULL, 0);
	close_one(&w->s->broker_fd);
	if (w->s->pep_fd >= 0 && w->s->init_fd >= 0 && !w->is_ending)
		fd_write_all(2, words, sizeof(words) - 1);
}

/* It ends with the pep; one that does not is not waited for. */
static void end_broker(struct waiting *w)
{
	struct pollfd p = { w->s->broker_fd, POLLIN, 0 };

	if (w->s->broker_fd < 0)
		return;
	if (poll(&p, 1, w->ended_by ? LIMIT_REVOKING + LIMIT_FLUSH_GRACE : LIMIT_FLUSH_GRACE) != 1)
		sys_pidfd_send_signal(w->s->broker_fd, SIGKILL);
	take_broker(w);
}

static int timeout(const struct waiting *w)
{
	int64_t standing = w->ended_by ? -1 : standing_next(&w->s->may, wait_now());
	const int64_t all[] = { w->term_at, w->kill_at, w->flush_at, standing < 0 ? 0 : standing };
	int64_t next = 0, left;

	for (size_t i = 0; i < 4; i++)
		if (all[i] && (!next || all[i] < next))
			next = all[i];
	if (!next)
		return -1;
	left = next - wait_now();
	return left > 0 ? (int)left : 0;
}

static void take_time(struct waiting *w)
{
	int64_t now = wait_now();

	if (w->term_at && now >= w->term_at)
		end(w);
	if (w->kill_at && now >= w->kill_at)
		kill_sandbox(w);
	if (w->flush_at && now >= w->flush_at && w->s->pep_fd >= 0) {
		w->flush_at = 0;
		sys_pidfd_send_signal(w->s->pep_fd, SIGKILL);
	}
}

static int round_once(struct waiting *w, int signals, struct err *err)
{
	struct pollfd p[] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = w->s->client, .events = POLLIN },
		{ .fd = w->s->event, .events = POLLIN },
		{ .fd = w->s->report, .events = POLLIN },
		{ .fd = w->s->exit, .events = POLLIN },
		{ .fd = w->s->pep_fd, .events = POLLIN },
		{ .fd = w->s->init_fd, .events = POLLIN },
		{ .fd = w->s->egress_fd, .events = POLLIN },
		{ .fd = w->s->broker_fd, .events = POLLIN },
		{ .fd = w->is_gone ? -1 : w->s->watch, .events = POLLIN },
		{ .fd = w->s->standing, .events = POLLIN },
	};

	if (poll(p, sizeof(p) / sizeof(*p), timeout(w)) < 0)
		return errno == EINTR ? 0 : err_errno(err, errno, "poll");
	/* What is revoked goes before everything: nothing that would follow may happen. */
	if (p[9].revents)
		take_watch(w);
	if (p[10].revents)
		take_provider(w);
	judge_standing(w);
	if (p[0].revents)
		take_signal(w, signals);
	if (p[1].revents) {
		close_one(&w->s->client);
		end(w);
		if (w->s->init_fd < 0)
			w->flush_at = wait_now() + LIMIT_FLUSH_GRACE;
	}
	if (p[2].revents)
		take_event(w);
	if (p[3].revents)
		take_report(w);
	if (p[4].revents)
		take_exit(w);
	if (p[5].revents)
		take_pep(w);
	if (p[6].revents)
		take_init(w);
	if (p[7].revents)
		take_egress(w);
	if (p[8].revents)
		take_broker(w);
	take_time(w);
	return 0;
}

/* Words for the exit code; the order is from the first cause to the last effect. */
static int judge(struct waiting *w, int *ret_code, struct err *err)
{
	*ret_code = 125;
	if (w->ended_by)
		return err_set(err, EACCES, "%s: %s%s%s%s", w->s->name, w->ended_by,
			       w->why[0] ? " (" : "", w->why, w->why[0] ? ")" : "");
	if (w->has_report) {
		*ret_code = w->report.exit_code;
		return err_set(err, EPERM, "%s", w->report.text);
	}
	if (WIFSIGNALED(w->pep_status) && !w->is_ending)
		return err_set(err, EIO, "mcp-confine-pep was killed by signal %d; the server "
					 "was stopped", WTERMSIG(w->pep_status));
	if (WIFEXITED(w->pep_status) && WEXITSTATUS(w->pep_status))
		return err_set(err, EIO, "mcp-confine-pep failed; the server was stopped");
	if (w->has_exit) {
		*ret_code = w->exit.signal ? 128 + w->exit.signal : w->exit.code;
		return 0;
	}
	if (w->was_killed) {
		*ret_code = 128 + SIGKILL;
		return 0;
	}
	return err_set(err, EIO, "the sandbox ended before its server did (pid 1 was killed)");
}

int wait_all(struct spawn *s, int signals, int *ret_code, struct err *err)
{
	struct waiting w = { .s = s };
	int r = lock_enter(s->sweep.is_on ? &filter_launcher_bare : &filter_launcher, err);

	*ret_code = 125;
	if (r < 0)
		return r;
	shrink();
	while (s->pep_fd >= 0 || s->init_fd >= 0 || s->egress_fd >= 0) {
		r = round_once(&w, signals, err);
		if (r < 0)
			return r;
	}
	end_broker(&w);
	/* Init writes before it ends: what it wrote may still be in the pipe. */
	if (s->report >= 0 && !w.has_exit)
		take_report(&w);
	if (s->exit >= 0)
		take_exit(&w);
	sweep_all(&s->sweep);
	return judge(&w, ret_code, err);
}
