/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <unistd.h>

#include "common/err.h"
#include "common/fd.h"
#include "common/strv.h"
#include "common/sys.h"
#include "launcher/broker.h"
#include "launcher/session.h"
#include "launcher/spawn.h"
#include "policies/policy.h"

bool broker_is_needed(const struct policy *p)
{
	return policy_wants_person(p);
}

int broker_open_program(const struct policy *p, struct err *err)
{
	(void)p;
	return spawn_open_program("mcp-confine-broker", err);
}

/* stdout is the client's and MCP's: nothing of ours may reach it. */
static int leave_stdio(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	return null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ? -errno : 0;
}

_Noreturn void broker_exec(const struct session *s, int program, int pep, int audit)
{
	struct strv argv = {0};
	struct err err = {0};
	char *env[] = { NULL };
	sigset_t none;

	if (leave_stdio() < 0 || fd_place(pep, pep, &err) < 0 || fd_place(audit, audit, &err) < 0 ||
	    (strv_add(&argv, "mcp-confine-broker") | strv_add(&argv, "--pep-fd") |
	     strv_addf(&argv, "%d", pep) | strv_add(&argv, "--audit-fd") |
	     strv_addf(&argv, "%d", audit) | strv_add(&argv, "--server") |
	     strv_add(&argv, s->name) | strv_add(&argv, "--session") | strv_add(&argv, s->id) |
	     strv_add(&argv, "--state") | strv_add(&argv, s->user.state)) < 0)
		_exit(125);
	/* It ends with the pep, not by a signal to the client's process group. */
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	syscall(SYS_execveat, program, "", argv.v, env, AT_EMPTY_PATH);
	_exit(125);
}

void broker_explain(FILE *out, const struct policy_approval *a)
{
	fprintf(out, "\n  approval: %s; a question expires after %" PRIu64
		     " s; a client\n    without progress is told to repeat the call after %" PRIu64
		     " s",
		a->channel == POLICY_CHANNEL_LOCAL ?
			"of this user, at a terminal: mcp-confine approve" :
			"of the configured approver, through the authorization server (CIBA)",
		a->timeout, a->patience);
}
