/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sys - system calls and constants that glibc 2.36 has no wrapper for
 *
 * Each returns what the kernel returns, in the manner of libc: -1 and errno.
 * Numbers come from <sys/syscall.h> of the build machine (Linux 5.13 or newer).
 */
#ifndef COMMON_SYS_H
#define COMMON_SYS_H

#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define SYS_CLOSE_RANGE_CLOEXEC (1U << 2) /* <linux/close_range.h>, Linux 5.11 */

static inline int sys_close_range(unsigned int first, unsigned int last, unsigned int flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}

/* openat2(2), Linux 5.6; resolve is a set of RESOLVE_*. */
static inline int sys_openat2(int dirfd, const char *path, int flags, mode_t mode,
			      uint64_t resolve)
{
	struct open_how how = { .flags = (unsigned int)flags, .mode = mode, .resolve = resolve };

	return (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
}

/* open_tree(2), Linux 5.2. */
static inline int sys_open_tree(int dirfd, const char *path, unsigned int flags)
{
	return (int)syscall(SYS_open_tree, dirfd, path, flags);
}

/* move_mount(2), Linux 5.2. */
static inline int sys_move_mount(int from_fd, const char *from, int to_fd, const char *to,
				 unsigned int flags)
{
	return (int)syscall(SYS_move_mount, from_fd, from, to_fd, to, flags);
}

/* mount_setattr(2), Linux 5.12. */
static inline int sys_mount_setattr(int dirfd, const char *path, unsigned int flags,
				    uint64_t set, uint64_t clear)
{
	struct mount_attr attr = { .attr_set = set, .attr_clr = clear };

	return (int)syscall(SYS_mount_setattr, dirfd, path, flags, &attr, sizeof(attr));
}

static inline int sys_fsopen(const char *type, unsigned int flags)
{
	return (int)syscall(SYS_fsopen, type, flags);
}

static inline int sys_fsconfig(int fd, unsigned int cmd, const char *key, const char *value,
			       int aux)
{
	return (int)syscall(SYS_fsconfig, fd, cmd, key, value, aux);
}

static inline int sys_fsmount(int fd, unsigned int flags, unsigned int attr)
{
	return (int)syscall(SYS_fsmount, fd, flags, attr);
}

static inline int sys_pivot_root(const char *root, const char *old)
{
	return (int)syscall(SYS_pivot_root, root, old);
}

static inline int sys_pidfd_open(pid_t pid, unsigned int flags)
{
	return (int)syscall(SYS_pidfd_open, pid, flags);
}

static inline int sys_pidfd_send_signal(int pidfd, int sig)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

/*
 * clone3(2), Linux 5.3, used as fork(2) is: the child goes on from here.  cgroup: a
 * directory of cgroup v2 that the child is born in (Linux 5.7), or -1.
 */
static inline pid_t sys_clone3(uint64_t flags, int cgroup, int *ret_pidfd)
{
	struct clone_args args = {
		.flags = flags,
		.pidfd = (uint64_t)(uintptr_t)ret_pidfd,
		.exit_signal = 17 /* SIGCHLD */,
	};

	if (cgroup >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (unsigned int)cgroup;
	}
	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

/*
 * clone(2) used as fork(2) is, where clone3(2) is missing or refused (the filters of
 * containers answer ENOSYS to make libraries do this).  CLONE_PIDFD: Linux 5.2.  The
 * third argument is the pidfd's place on x86 and Arm alike.
 */
static inline pid_t sys_clone(uint64_t flags, int *ret_pidfd)
{
	return (pid_t)syscall(SYS_clone, (unsigned long)flags | 17 /* SIGCHLD */, NULL,
			      ret_pidfd, NULL, NULL);
}

static inline int sys_landlock_create_ruleset(const void *attr, size_t size, uint32_t flags)
{
	return (int)syscall(SYS_landlock_create_ruleset, attr, size, flags);
}

static inline int sys_landlock_add_rule(int fd, int type, const void *attr, uint32_t flags)
{
	return (int)syscall(SYS_landlock_add_rule, fd, type, attr, flags);
}

static inline int sys_landlock_restrict_self(int fd, uint32_t flags)
{
	return (int)syscall(SYS_landlock_restrict_self, fd, flags);
}

#endif /* COMMON_SYS_H */
