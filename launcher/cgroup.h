/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup - memory and processes of the whole sandbox, by cgroup v2
 *
 * Resource limits hold one process; a cgroup holds all together.  An ordinary user can
 * make one where a part of the tree was given to that user ("delegated", cgroups(7)):
 * then the sandbox starts in a new cgroup beside ours, below the same parent.  Without
 * memory_total or require_cgroup nothing is looked for.
 */
#ifndef LAUNCHER_CGROUP_H
#define LAUNCHER_CGROUP_H

#include <limits.h>
#include <stdbool.h>

struct err;
struct policy_limits;

#define CGROUP_WHY 256

struct cgroup {
	bool is_wanted, is_possible;
	char why[CGROUP_WHY];	/* why not possible; "" otherwise */
	char parent[PATH_MAX];	/* its directory, where possible */
	char name[48];		/* of ours in it, once made */
	int parent_fd, dir;	/* directories; 0 or less: none */
	int events;		/* memory.events; 0 or less: none */
	int lifeline, gone;	/* of and from the process that removes it; as above */
};

/*
 * Where one could be made; changes nothing.  Return: 0; -EPERM with words when the
 * limits require a cgroup and there is none.
 */
int cgroup_find(const struct policy_limits *limits, struct cgroup *ret, struct err *err);

/*
 * Make it, with its limits set; what ended sessions left beside it goes.  id is the
 * session's.  Does nothing where it is not wanted or not possible.  Return: 0 or -errno.
 */
int cgroup_make(const struct policy_limits *limits, const char *id, struct cgroup *c,
		struct err *err);

/* How many processes in it the kernel killed for its limit; 0 without one.  Once. */
unsigned long cgroup_killed(const struct cgroup *c);

/* Have it removed, when nothing lives in it, and close. */
void cgroup_done(struct cgroup *c);

#endif /* LAUNCHER_CGROUP_H */
