/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup - memory and processes of the whole sandbox, by cgroup v2
 *
 * Resource limits hold one process; a cgroup holds all together.  An ordinary user can
 * make one where a part of the tree was given to that user ("delegated", cgroups(7)):
 * then the sandbox starts in a new cgroup beside ours, below the same parent.  Where none
 * was given to us but one to a service manager of this user's, that one is asked for a
 * scope, and the sandbox waits until it is in it (scope.h).  Without memory_total,
 * cpu_percent or require_cgroup nothing is looked for, and nobody asked.
 */
#ifndef LAUNCHER_CGROUP_H
#define LAUNCHER_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct err;
struct policy_limits;

#define CGROUP_WHY 448

struct cgroup {
	bool is_wanted, is_possible;
	bool is_scope;		/* of the user's service manager, else beside ours */
	char why[CGROUP_WHY];	/* why not possible; "" otherwise */
	char parent[PATH_MAX];	/* its directory, where possible and no scope */
	char name[64];		/* of ours in it, once made */
	int parent_fd, dir;	/* directories; 0 or less: none */
	int manager;		/* to the service manager; 0 or less: none */
	int events;		/* memory.events; 0 or less: none */
	int lifeline, gone;	/* of and from the process that removes it; as above */
	pid_t holder;		/* that process, where there is a scope */
};

/*
 * Where one could be made; changes nothing.  Return: 0; -EPERM with words when the
 * limits require a cgroup and there is none.
 */
int cgroup_find(const struct policy_limits *limits, struct cgroup *ret, struct err *err);

/*
 * Make it, with its limits set; what ended sessions left beside it goes.  id is the
 * session's.  Does nothing where it is not wanted or not possible; a scope is made later.
 * Return: 0 or -errno.
 */
int cgroup_make(const struct policy_limits *limits, const char *id, struct cgroup *c,
		struct err *err);

/* Must the sandbox's first process wait for cgroup_place()? */
bool cgroup_is_placed_later(const struct cgroup *c);

/*
 * Have the scope made around pid, which has started nothing yet, and read back that its
 * limits hold.  Where that fails is_possible becomes false with why, and the sandbox may
 * go on without.  Return: 0; -EPERM with words when the limits require it.
 */
int cgroup_place(const struct policy_limits *limits, const char *id, pid_t pid, struct cgroup *c,
		 struct err *err);

/* "limits.memory_total is not held: ...", for a cgroup that is wanted and not possible. */
void cgroup_words(const struct policy_limits *limits, const struct cgroup *c, char *ret, size_t size);

/* How many processes in it the kernel killed for its limit; 0 without one.  Once. */
unsigned long cgroup_killed(const struct cgroup *c);

/* Have it removed, when nothing lives in it, and close. */
void cgroup_done(struct cgroup *c);

#endif /* LAUNCHER_CGROUP_H */
