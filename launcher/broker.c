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
#include "launcher/remote.h"
#include "launcher/session.h"
#include "launcher/spawn.h"
#include "policies/policy.h"

bool broker_is_needed(const struct policy *p)
{
	return policy_wants_pdp(p) || policy_wants_scim(p) ||
	       (policy_wants_person(p) && p->approval.channel != POLICY_CHANNEL_ELICITATION);
}

/* Only what names a server to ask gets the program with a network. */
static bool is_remote(const struct policy *p)
{
	return policy_wants_pdp(p) || policy_wants_scim(p) ||
	       p->approval.channel == POLICY_CHANNEL_CIBA;
}

int broker_open(const struct session *s, int *ret_config, struct err *err)
{
	bool remote = is_remote(&s->policy);
	int program;

	*ret_config = -1;
	if (s->policy.approval.channel == POLICY_CHANNEL_ELICITATION && policy_wants_pdp(&s->policy))
		return err_set(err, EINVAL, "a pdp and the approval channel elicitation do not go "
					    "together; name the channel local or ciba");
	program = spawn_open_program(remote ? "mcp-confine-broker-net" : "mcp-confine-broker",
					 err);

	if (program < 0 || !remote)
		return program;
	*ret_config = remote_open_config(s, err);
	if (*ret_config >= 0)
		return program;
	close(program);
	return *ret_config;
}

/* stdout is the client's and MCP's: nothing of ours may reach it. */
static int leave_stdio(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	return null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ? -errno : 0;
}

_Noreturn void broker_exec(const struct session *s, int program, int config, int pep,
			   int standing, int audit)
{
	struct strv argv = {0};
	struct err err = {0};
	char *env[] = { NULL };
	sigset_t none;

	if (leave_stdio() < 0 || fd_place(pep, pep, &err) < 0 || fd_place(audit, audit, &err) < 0 ||
	    (strv_add(&argv, config >= 0 ? "mcp-confine-broker-net" : "mcp-confine-broker") | strv_add(&argv, "--pep-fd") |
	     strv_addf(&argv, "%d", pep) | strv_add(&argv, "--audit-fd") |
	     strv_addf(&argv, "%d", audit) | strv_add(&argv, "--server") |
	     strv_add(&argv, s->name) | strv_add(&argv, "--session") | strv_add(&argv, s->id) |
	     strv_add(&argv, "--state") | strv_add(&argv, s->user.state)) < 0)
		_exit(125);
	if (config >= 0 &&
	    (fd_place(config, config, &err) < 0 || fd_place(standing, standing, &err) < 0 ||
	     (strv_add(&argv, "--config-fd") | strv_addf(&argv, "%d", config) |
	      strv_add(&argv, "--standing-fd") | strv_addf(&argv, "%d", standing)) < 0))
		_exit(125);
	/* It ends with the pep, not by a signal to the client's process group. */
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	syscall(SYS_execveat, program, "", argv.v, env, AT_EMPTY_PATH);
	_exit(125);
}

static void explain_ciba(FILE *out, const struct policy_ciba *c)
{
	fprintf(out, "    asks %s for the approval of %s;\n    %s\n", c->client.issuer, c->approver,
		c->details == POLICY_DETAILS_MESSAGE ?
			"the grant is tied to the call by its binding message only" :
			"the grant must carry the digest of the call (authorization_details)");
}

void broker_explain(FILE *out, const struct policy *p)
{
	const struct policy_approval *a = &p->approval;

	if (policy_wants_pdp(p))
		fprintf(out, "  every call of a tool must be permitted by the PDP at %s\n",
			p->pdp.url ? p->pdp.url : p->pdp.socket);
	if (!policy_wants_person(p) && !policy_wants_pdp(p))
		return;
	fprintf(out, "  approval: %s;\n    a question expires after %" PRIu64
		     " s, a client without progress is told to repeat the call after %" PRIu64
		     " s\n",
		a->channel == POLICY_CHANNEL_LOCAL ?
			"of this user, at a terminal, by mcp-confine approve" :
		a->channel == POLICY_CHANNEL_ELICITATION ?
			"of this user, in a form that the client shows" :
			"of the configured approver, through the authorization server (CIBA)",
		a->timeout, a->patience);
	if (a->channel == POLICY_CHANNEL_CIBA)
		explain_ciba(out, &a->ciba);
}
