/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aside - the network and ipc namespaces, made while pid 1 builds the root
 *
 * A network namespace takes the kernel longer than all the others together (half a
 * millisecond), and nothing in the root depends on it.  So pid 1 has it made by a second
 * task in its user namespace, on another processor, and enters it when it is there
 * (setns(2) of a pidfd, Linux 5.8; before that, it makes its own).  That task shares pid
 * 1's memory, as a thread would, makes system calls and nothing else, and is gone before
 * the server is forked.
 */
#ifndef LAUNCHER_ASIDE_H
#define LAUNCHER_ASIDE_H

#include <sys/types.h>

struct err;

struct aside {
	int flags; /* CLONE_NEWNET and CLONE_NEWIPC; 0: nothing is made */
	pid_t pid;
	int pidfd, done[2], stay[2];
	char *stack;
};

/* In pid 1, with its capabilities: begin.  `ret` stays where it is until aside_enter().
 * Return: 0 or -errno. */
int aside_begin(struct aside *ret, struct err *err);

/* Wait for what was begun, and enter it.  Return: 0; or -errno with what forbids it. */
int aside_enter(struct aside *a, struct err *err);

#endif /* LAUNCHER_ASIDE_H */
