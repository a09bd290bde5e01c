/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/err.h"
#include "common/landlock.h"
#include "launcher/sweep.h"

int sweep_open(struct sweep *ret, struct err *err)
{
	struct sweep s = { .is_on = true, .children = -1 };
	char path[64];
	int r;

	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return err_errno(err, errno, "prctl PR_SET_CHILD_SUBREAPER");
	s.is_scoped = landlock_abi() >= 6;
	if (s.is_scoped) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
			return err_errno(err, errno, "prctl PR_SET_NO_NEW_PRIVS");
		r = landlock_enter_scope(err);
		if (r < 0)
			return r;
	} else {
		snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
		s.children = open(path, O_RDONLY | O_CLOEXEC);
		if (s.children < 0)
			return err_errno(err, errno,
					 "open %s (the tier nouserns needs it to end what a server "
					 "leaves behind: a kernel with CONFIG_PROC_CHILDREN, or "
					 "Landlock ABI 6)", path);
	}
	*ret = s;
	return 0;
}

/* Pids, a space behind each; what does not fit is there in the next round. */
static void kill_listed(int children)
{
	char text[4096];
	ssize_t n = pread(children, text, sizeof(text), 0);
	pid_t pid = 0;

	for (ssize_t i = 0; i < n; i++) {
		if (text[i] >= '0' && text[i] <= '9') {
			pid = pid * 10 + (text[i] - '0');
			continue;
		}
		if (pid > 1)
			kill(pid, SIGKILL);
		pid = 0;
	}
}

void sweep_all(const struct sweep *s)
{
	if (!s->is_on)
		return;
	for (;;) {
		if (s->is_scoped)
			kill(-1, SIGKILL);
		else
			kill_listed(s->children);
		/* One at a time: a child's end may have handed us its own. */
		if (waitpid(-1, NULL, 0) < 0 && errno == ECHILD)
			return;
	}
}
