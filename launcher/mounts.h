/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mounts - make the root of the sandbox from a plan, and prove that it is that root
 *
 * Called by pid 1 of the new namespaces, once, with its capabilities in the new user
 * namespace.  Nothing here recovers: on an error the caller reports and exits.
 */
#ifndef LAUNCHER_MOUNTS_H
#define LAUNCHER_MOUNTS_H

struct err;
struct plan;

/* Build, pivot into it, detach the old root.  Afterwards "/" is the sandbox. */
int mounts_enter(const struct plan *plan, struct err *err);

/*
 * Compare /proc/self/mountinfo with the plan: every planned mount stands with its flags,
 * and none stands that is not planned (or part of a planned bind).  Return: 0 or -EPERM.
 */
int mounts_verify(const struct plan *plan, struct err *err);

/* The same on text in the form of mountinfo (proc(5)).  Pure. */
int mounts_check_table(const struct plan *plan, char *table, struct err *err);

/*
 * Before anything is started: does what a plan binds lie in a file system of the kernel's
 * (proc, sysfs, cgroup, ...), or hold a mount of one?  A bind brings what is mounted below
 * it along: a tree for chroot(1) with the host's /proc in it.  Return: 0 or -EPERM.
 */
int mounts_check_sources(const struct plan *plan, struct err *err);

/* The same on text in the form of mountinfo, which is taken apart.  Pure. */
int mounts_check_kernel(const struct plan *plan, char *table, struct err *err);

#endif /* LAUNCHER_MOUNTS_H */
