/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/audit.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/landlock.h"
#include "launcher/appear.h"
#include "launcher/cli.h"
#include "launcher/commands.h"
#include "launcher/explain.h"
#include "launcher/keeper.h"
#include "launcher/limits.h"
#include "launcher/listen.h"
#include "launcher/mount.h"
#include "launcher/revocation.h"
#include "launcher/session.h"
#include "launcher/spawn.h"
#include "launcher/timing.h"
#include "launcher/wait.h"

static int audit_start(struct audit *log, const struct session *s)
{
	char missing[MOUNT_WORDS];
	struct mount_ways ways;
	struct audit_line l;

	audit_begin(&l, log, "start");
	audit_string(&l, "program", s->plan.program);
	if (s->runtime.package)
		audit_string(&l, "package", s->runtime.package);
	audit_string(&l, "profile", s->profile ? s->profile : "policy file");
	audit_string(&l, "tier", tier_name(s->tier.is));
	if (s->tier.is != POLICY_TIER_FULL)
		audit_string(&l, "tier_why", s->tier.why);
	audit_string(&l, "limits", !s->cgroup.name[0] ? "rlimit" :
			      s->cgroup.is_scope ? "rlimit and scope" : "rlimit and cgroup");
	if (s->cgroup.is_wanted && !s->cgroup.name[0])
		audit_string(&l, "no_cgroup", s->cgroup.why);
	mount_find(&ways);
	if (!s->plan.is_bare && mount_is_old(&ways)) {
		mount_missing(&ways, missing);
		audit_string(&l, "mounts_without", missing);
	}
	audit_int(&l, "pid", getpid());
	return audit_end(&l);
}

static void audit_stop(struct audit *log, int code, const struct err *err)
{
	struct audit_line l;

	audit_begin(&l, log, "stop");
	audit_int(&l, "exit", code);
	if (err->code)
		audit_string(&l, "error", err->text);
	audit_int(&l, "pid", getpid());
	audit_end(&l);
	/* The disk may be full: the exit code tells the rest. */
	if (audit_settle(log) < 0)
		say_note("the end of this session could not be written to the audit log");
}

/* Why a process of the server's is gone, which the server itself may not know. */
static void say_killed(const struct cgroup *c, struct audit *log)
{
	unsigned long killed = cgroup_killed(c);
	struct audit_line l;
	char words[160];

	if (!killed)
		return;
	snprintf(words, sizeof(words), "the kernel killed %lu process%s of the server for want of "
		 "memory; all together may have limits.memory_total", killed, killed == 1 ? "" : "es");
	say_note(words);
	audit_begin(&l, log, "memory");
	audit_int(&l, "killed", (int)killed);
	if (audit_end(&l) < 0)
		say_note("this could not be written to the audit log");
}

/* What is revoked does not start; it is on record that somebody tried. */
static int refuse_revoked(const struct session *s, struct audit *log, struct err *err)
{
	char why[REVOCATION_WORDS] = "";
	struct revocation who;
	struct audit_line l;
	int r = revocation_open(s, &who, err);

	if (r == 0)
		r = revocation_look(&who, why);
	revocation_close(&who);
	if (r == 0 || err->code)
		return r;
	audit_begin(&l, log, "refused");
	audit_string(&l, "why", why);
	audit_end(&l);
	audit_settle(log);
	if (r < 0)
		return err_set(err, EACCES, "%s: not started, since it cannot be told whether it is "
			       "revoked: %s; mend that file", s->name, why);
	return err_set(err, EACCES, "%s: not started: it is revoked (%s); see mcp-confine status%s",
		       s->name, why, strncmp(why, REVOCATION_ADMIN, strlen(REVOCATION_ADMIN)) ?
		       " and mcp-confine restore" : "; ask your administrator");
}

/* It is on record before anything of the server runs. */
static int record_start(const struct session *s, struct audit *log, struct err *err)
{
	int r = audit_start(log, s);

	if (audit_settle(log) == 0 && r == 0)
		return 0;
	if (log->is_required)
		return err_set(err, EIO, "%s: not started: its policy requires the audit log, and "
			       "%s/audit cannot be written; free some space", s->name, s->user.state);
	say_note("the start of this session could not be written to the audit log");
	return 0;
}

static int run(struct session *s, struct keeper *keeper, struct audit *log, int signals,
	       int *ret_code, struct err *err)
{
	struct appear watched;
	struct spawn spawn;
	int r = refuse_revoked(s, log, err);

	if (r == 0)
		r = appear_open(&s->plan, &watched, err);
	if (r < 0)
		return r;
	r = cgroup_make(&s->policy.sandbox.limits, s->id, &s->cgroup, err);
	if (r == 0)
		r = record_start(s, log, err);
	if (r < 0) {
		appear_close(&watched);
		return r;
	}
	r = spawn_all(s, keeper, &spawn, err);
	timing_mark("launcher", "processes started");
	if (r == 0) {
		spawn_watch(s, keeper, log, &spawn);
		r = wait_all(&spawn, signals, ret_code, err);
		say_killed(&s->cgroup, log);
		appear_report(&watched, log);
	}
	appear_close(&watched);
	audit_stop(log, *ret_code, err);
	return r;
}

static int start(const struct cli *cli, struct session *s, int *ret_code, struct err *err)
{
	int signals = wait_signals(err), sig, r;
	struct keeper keeper;
	struct audit log;

	if (signals < 0)
		return signals;
	if (cli->listen) {
		r = listen_accept(cli->listen, signals, &sig, err);
		if (r == -EINTR) {
			*ret_code = 128 + sig;
			return 0;
		}
		if (r < 0)
			return r;
		s->is_dialled = true;
	}
	r = limits_files(s->plan.n, err);
	if (r == 0)
		r = keeper_start(s, &keeper, err);
	timing_mark("keeper", "locked");
	token_log_given(&s->token);
	if (r < 0)
		return r;
	audit_init(&log, keeper.log, s->policy.audit.required);
	r = run(s, &keeper, &log, signals, ret_code, err);
	token_end(&s->token);
	keeper_end(&keeper);
	return r;
}

/* Never silent: one line at each start that is not the full sandbox. */
static void say_tier(const struct session *s)
{
	const char *lost[TIER_LOSSES];
	char words[ERR_TEXT];

	if (s->tier.is == POLICY_TIER_FULL)
		return;
	snprintf(words, sizeof(words),
		 "tier %s, weaker than full (%s): no namespaces and no empty root, only Landlock ABI "
		 "%d, seccomp and limits; %zu things are lost, mcp-confine explain lists them",
		 tier_name(s->tier.is), s->tier.why, landlock_abi(),
		 tier_losses(landlock_abi(), lost));
	say_note(words);
}

static int check_streams(struct err *err)
{
	if (isatty(0))
		return err_set(err, ENOTTY,
			       "stdin is a terminal: run is started by an MCP client, over pipes; "
			       "to see what it would do use mcp-confine explain");
	return 0;
}

int run_main(int argc, char **argv)
{
	cleanup_free char *cwd = getcwd(NULL, 0);
	struct session s = {0};
	struct cli cli = {0};
	struct err err = {0};
	int r, code = 125;

	r = fd_have_stdio(&err);
	if (r == 0 && fd_cloexec_from(3) < 0)
		r = err_errno(&err, errno, "close_range");
	if (r == 0)
		r = cli_parse(argc, argv, cwd ? cwd : "/", &cli, &err);
	if (r == 0 && !cli.dry_run && !cli.listen)
		r = check_streams(&err);
	if (r == 0 && cli.has_timing)
		r = timing_begin(&err);
	if (r == 0) {
		r = session_build(&cli, !cli.dry_run, &s, &err);
		code = r < 0 ? s.exit_code : 0;
		timing_mark("launcher", "policy, runtime and plan");
	}
	if (r == 0 && cli.dry_run) {
		explain_session(stdout, &s);
	} else if (r == 0) {
		say_tier(&s);
		for (size_t i = 0; i < s.plan.notes.n; i++)
			say_note(s.plan.notes.v[i]);
		code = 125;
		r = start(&cli, &s, &code, &err);
		timing_mark("launcher", "session");
		timing_print(stderr);
	}
	if (r < 0)
		say_error(&err);
	session_done(&s);
	cli_done(&cli);
	return code;
}
