/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ns - the namespaces of the sandbox, and why there are none
 */
#ifndef LAUNCHER_NS_H
#define LAUNCHER_NS_H

#include <stdio.h>
#include <sys/types.h>

struct err;

/*
 * Fork into new user, mount, pid, network, ipc, uts and cgroup namespaces; the child is
 * pid 1 and goes on from here with 0.  The parent gets the pid and a pidfd.
 * Return: as fork(2), or -errno with the switch that forbids it and the mend.
 */
pid_t ns_clone(int *ret_pidfd, struct err *err);

/* In the child: map this user and group to themselves (user_namespaces(7)). */
int ns_map(uid_t uid, gid_t gid, struct err *err);

/* In the child: a host name that says nothing about the host. */
int ns_rename(struct err *err);

/* One namespace tried for real, in a child of its own. */
struct ns_trial {
	const char *name; /* "user", "mount" ... */
	int error;	  /* 0: works; else the errno */
};

#define NS_TRIALS 8

/* Try each step.  Return: how many failed; words[size] say what forbids the first. */
int ns_try(struct ns_trial trials[static NS_TRIALS], char *words, size_t size);

#endif /* LAUNCHER_NS_H */
