/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/strv.h"
#include "common/wire.h"
#include "launcher/egress.h"
#include "launcher/ns.h"
#include "launcher/proxy.h"
#include "launcher/session.h"
#include "launcher/spawn.h"

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

int egress_start(const struct session *s, int audit, pid_t *ret, int *ret_pidfd,
		 int *ret_control, struct err *err)
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
	*ret_control = pair[0];
	control = pair[1];
	*ret = ns_fork(0, ret_pidfd);
	if (*ret == 0)
		egress_exec(s, program, grants, control, audit);
	return *ret < 0 ? err_errno(err, errno, "fork with a pidfd") : 0;
}
