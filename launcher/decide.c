/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide - what the pep would do with a message, said by the pep itself
 *
 * Judging is the pep's alone; this command finds the policy, hands it over and becomes
 * the pep in its --decide mode, which reads messages on stdin.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "launcher/cli.h"
#include "launcher/commands.h"
#include "launcher/session.h"
#include "launcher/spawn.h"

static int become_pep(const struct cli *cli, const struct session *s, struct err *err)
{
	cleanup_close int program = spawn_open_pep(err), policy = -1;
	struct strv argv = {0};
	char *env[] = { NULL };
	int r;

	if (program < 0)
		return program;
	policy = spawn_open_policy(s, err);
	if (policy < 0)
		return policy;
	r = fd_place(policy, policy, err);
	if (r < 0)
		return r;
	r = strv_add(&argv, "mcp-confine-pep") | strv_add(&argv, "--decide") |
	    strv_add(&argv, "--policy-fd") | strv_addf(&argv, "%d", policy) |
	    strv_add(&argv, "--home") | strv_add(&argv, s->user.home) |
	    strv_add(&argv, "--server") | strv_add(&argv, s->name);
	if (r == 0 && cli->from_server)
		r = strv_add(&argv, "--from-server");
	if (r == 0) {
		fexecve(program, argv.v, env);
		r = -errno;
	}
	strv_done(&argv);
	return err_errno(err, -r, "execute mcp-confine-pep");
}

int decide_main(int argc, char **argv)
{
	cleanup_free char *cwd = getcwd(NULL, 0);
	struct session s = {0};
	struct cli cli = {0};
	struct err err = {0};
	int r = cli_parse(argc, argv, cwd ? cwd : "/", &cli, &err);

	if (r == 0)
		r = session_policy(&cli, &s, &err);
	if (r == 0)
		become_pep(&cli, &s, &err);
	say_error(&err);
	r = s.exit_code ? s.exit_code : 125;
	session_done(&s);
	cli_done(&cli);
	return r;
}
