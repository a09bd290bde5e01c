/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ns - the namespaces of the sandbox
 */
#ifndef LAUNCHER_NS_H
#define LAUNCHER_NS_H

#include <sched.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

#define NS_ALL                                                                           \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |      \
	 CLONE_NEWUTS | CLONE_NEWCGROUP)

/*
 * fork(2) with namespaces (0: none) and a pidfd, by clone3(2) or, where that is missing
 * or refused, by clone(2).  Return: as fork(2), -1 and errno.
 */
pid_t ns_fork(uint64_t namespaces, int *ret_pidfd);

/*
 * Start a child that executes another program at once, as vfork(2) does: it runs on this
 * process's memory, on a stack of its own, while this process stands still until the exec
 * or the exit.  Nothing is copied, which is what a fork of ours would mostly do.  run()
 * never returns, and leaves behind in memory nothing that anybody reads.  ret_pidfd may be
 * NULL.  Return: the pid, or -1 and errno.
 */
pid_t ns_vfork(int (*run)(void *), void *arg, int *ret_pidfd);

/* ns_fork() into a cgroup (its directory; -1: ours), which only clone3(2) can. */
pid_t ns_fork_into(uint64_t namespaces, int cgroup, int *ret_pidfd);

/*
 * Fork into new user, mount, pid, uts and cgroup namespaces (the other two are made later,
 * aside.h), and into that cgroup (its directory; -1: ours); the child is
 * pid 1 and goes on from here with 0.  The parent gets the pid and a pidfd.
 * Return: as fork(2), or -errno with what forbids it and the mend.
 */
pid_t ns_clone(int cgroup, int *ret_pidfd, struct err *err);

/* In the child: map this user and group to themselves (user_namespaces(7)). */
int ns_map(uid_t uid, gid_t gid, struct err *err);

/* In the child: a host name that says nothing about the host. */
int ns_rename(struct err *err);

#endif /* LAUNCHER_NS_H */
