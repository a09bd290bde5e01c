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
#include "launcher/logged.h"
#include "launcher/run.h"
#include "launcher/session.h"
#include "launcher/spawn.h"
#include "launcher/timing.h"
#include "launcher/wait.h"

static int run(struct session *s, struct keeper *keeper, struct audit *log, int signals,
	       int *ret_code, struct err *err)
{
	struct appear watched;
	struct spawn spawn;
	int r = logged_revoked(log, s, err);

	if (r == 0)
		r = appear_open(&s->plan, &watched, err);
	if (r < 0)
		return r;
	r = cgroup_make(&s->policy.sandbox.limits, s->id, &s->cgroup, err);
	if (r < 0) {
		appear_close(&watched);
		return r;
	}
	r = spawn_all(s, keeper, log, &spawn, err);
	timing_mark("launcher", "processes started");
	if (r == 0) {
		spawn_watch(s, keeper, log, &spawn);
		r = wait_all(&spawn, signals, ret_code, err);
		logged_killed(log, &s->cgroup);
		appear_report(&watched, log);
	}
	appear_close(&watched);
	logged_stop(log, *ret_code, err);
	return r;
}

int run_session(const struct cli *cli, struct session *s, int *ret_code, struct err *err)
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
		timing_mark("launcher", "tier chosen");
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
