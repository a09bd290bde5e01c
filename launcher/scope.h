/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope - have the user's service manager put processes under a limit of all together
 *
 * For cgroup.c alone, where no part of the cgroup tree was given to the user but a
 * `systemd --user` was: it makes a transient scope (org.freedesktop.systemd1(5),
 * StartTransientUnit; systemd 205) and moves processes into it that wait for that.
 */
#ifndef LAUNCHER_SCOPE_H
#define LAUNCHER_SCOPE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct scope_limits {
	uint64_t memory;  /* bytes, without swap; 0: none */
	uint64_t tasks;	  /* processes and threads; 0: none */
	uint64_t cpu;	  /* per cent of one processor; 0: none */
};

#define SCOPE_WHY 160

/*
 * Is a service manager of this user's to be reached?  Connects, and says nothing.
 * Return: a descriptor; -1 with why not in words.
 */
int scope_connect(char why[static SCOPE_WHY]);

/*
 * Have the scope `name` made with these limits and these processes, all this user's, and
 * wait until they are in it; a few seconds at most.  Return: 0; -1 with why not in words,
 * and the processes may be in it or not.
 */
int scope_make(int manager, const char *name, const struct scope_limits *limits, const pid_t *pids,
	       size_t n, char why[static SCOPE_WHY]);

#endif /* LAUNCHER_SCOPE_H */
