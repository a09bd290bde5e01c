/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sweep - kill every descendant, where no pid namespace does it (tier nouserns)
 *
 * A child subreaper inherits whatever is orphaned below it, so descendants cannot leave.
 * With Landlock ABI 6 the process first enters a domain in which signals reach only what
 * it starts from then on; kill(-1) then hits exactly these, all at once and against any
 * race with fork(2) (the kernel holds the list of tasks meanwhile).  Without it the
 * children that /proc lists are killed until none is left.
 */
#ifndef LAUNCHER_SWEEP_H
#define LAUNCHER_SWEEP_H

#include <stdbool.h>

struct err;

struct sweep {
	bool is_on;	/* this process has descendants to kill */
	bool is_scoped; /* kill(-1) reaches them only */
	int children;	/* else: /proc/self/task/TID/children, or -1 */
};

/* Before the first fork, in a single-threaded process that may set no_new_privs.
 * Irreversible.  Return: 0 or -errno. */
int sweep_open(struct sweep *ret, struct err *err);

/* Kill all and reap all.  Works locked: kill, pread64, wait4. */
void sweep_all(const struct sweep *s);

#endif /* LAUNCHER_SWEEP_H */
