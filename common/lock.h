/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock - a process of ours gives up what it does not need, for good
 *
 * Order, each step irreversible: not dumpable (no ptrace, no /proc/PID/mem by the
 * same user), no core file, no capability (verified), no_new_privs, Landlock
 * without a single rule, a seccomp filter.  A step that fails ends the process's
 * start: the caller reports and exits 125.
 */
#ifndef COMMON_LOCK_H
#define COMMON_LOCK_H

#include <stddef.h>

struct err;

/* A prebuilt seccomp program (filters/gen.c): len instructions of 8 bytes. */
struct lock_filter {
	const void *insns; /* struct sock_filter[len] */
	unsigned short len;
};

/* prctl(PR_SET_DUMPABLE, 0) and RLIMIT_CORE 1, which makes no file and no pipe. */
int lock_memory(struct err *err);

/*
 * Drop every capability from every set, the bounding set included, lock the
 * securebits, set no_new_privs; then read all of it back.  Return: 0, or -errno
 * when something is left.
 */
int lock_privileges(struct err *err);

/* Landlock with no rule: no file can be opened.  0 too when the kernel has none. */
int lock_files(struct err *err);

/* Install one filter (seccomp(2), SECCOMP_SET_MODE_FILTER). */
int lock_syscalls(const struct lock_filter *filter, struct err *err);

/* All four, in order: for the launcher as supervisor and for the shims. */
int lock_enter(const struct lock_filter *filter, struct err *err);

#endif /* COMMON_LOCK_H */
