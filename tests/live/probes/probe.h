/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe - what the files of the probe program share
 *
 * An attempt is a function that runs in a process of its own and returns its answer.
 */
#ifndef TESTS_LIVE_PROBES_PROBE_H
#define TESTS_LIVE_PROBES_PROBE_H

#include <stddef.h>

/* Answers beside 0 (ok) and a positive errno. */
enum answer {
	YES = -1,
	NO = -2,
	ABSENT = -3,
};

struct probe {
	const char *name;
	int (*run)(const struct probe *p);
	long a, b, c;
	const char *path; /* an absolute path, or KEY[/rest] of an argument */
};

/* The value of KEY=VALUE on the command line; without it the process ends. */
const char *need(const char *key);

/* "home/.ssh" with home=/home/x is /home/x/.ssh; what starts with / stays. */
const char *place(const char *path, char buf[4096]);

/* 0, or errno when the result is negative. */
int answer(long result);

/* Execute what fd holds in a child, without a name.  Return: its exit status or errno. */
int exec_fd(int fd);

/* Copy this program to out.  Return: 0 or errno. */
int copy_self(int out);

/* Further tables, each ended by a row without a name. */
extern const struct probe probes_files[], probes_system[];

#endif /* TESTS_LIVE_PROBES_PROBE_H */
