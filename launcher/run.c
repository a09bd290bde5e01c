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
#include "launcher/limits.h"
#include "launcher/listen.h"
#include "launcher/mount.h"
#include "launcher/run.h"
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
	/* The disk may be full: the start was logged, and the exit code tells the rest. */
	if (audit_end(&l) < 0)
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

int run_session(const struct cli *cli, struct session *s, int *ret_code, struct err *err)
{
	struct audit log = { .fd = -1, .server = s->name, .session = s->id };
	struct appear watched;
	struct spawn spawn;
	int signals = wait_signals(err), sig, r;

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
		r = appear_open(&s->plan, &watched, err);
	if (r < 0)
		return r;
	r = cgroup_make(&s->policy.sandbox.limits, s->id, &s->cgroup, err);
	if (r == 0)
		r = spawn_all(s, &spawn, err);
	timing_mark("launcher", "processes started");
	if (r < 0) {
		appear_close(&watched);
		return r;
	}
	log.fd = spawn.audit;
	r = audit_start(&log, s);
	if (r < 0) {
		appear_close(&watched);
		spawn_done(&spawn); /* closes the lifelines: what was started ends */
		return err_errno(err, -r, "write the audit log %s/audit.jsonl; free some space",
				 s->user.state);
	}
	r = wait_all(&spawn, signals, ret_code, err);
	say_killed(&s->cgroup, &log);
	appear_report(&watched, &log);
	appear_close(&watched);
	audit_stop(&log, *ret_code, err);
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
		r = run_session(&cli, &s, &code, &err);
		timing_mark("launcher", "session");
		timing_print(stderr);
	}
	if (r < 0)
		say_error(&err);
	session_done(&s);
	cli_done(&cli);
	return code;
}
