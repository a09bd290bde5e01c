/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cause - why the kernel refuses a step, and the exact mend
 *
 * The kernel says EPERM to a dozen different things.  cause_read() collects what the
 * machine shows about itself (sysctls, the filter and the container around us, the
 * modules); cause_judge() is pure and says which of it explains a step that failed.
 * The step was tried first: nothing here decides whether something works.
 */
#ifndef LAUNCHER_CAUSE_H
#define LAUNCHER_CAUSE_H

#include <stdbool.h>
#include <stddef.h>

struct err;

/* What failed. */
enum cause_step {
	CAUSE_OTHER = 0,
	CAUSE_NAMESPACE, /* clone or unshare into a new namespace */
	CAUSE_MAP,	 /* writing uid_map, gid_map, setgroups */
	CAUSE_PRIVILEGE, /* what root of the new namespaces may do: sethostname, netlink */
	CAUSE_MOUNT,	 /* any mount but /proc */
	CAUSE_PROC,	 /* mounting /proc */
	CAUSE_LANDLOCK,
	CAUSE_SECCOMP,
	CAUSE_CALL,	 /* one system call that kernels since 5.13 have */
};

enum cause_limit { /* user.max_*_namespaces */
	CAUSE_MAX_USER = 0, CAUSE_MAX_MNT, CAUSE_MAX_PID, CAUSE_MAX_NET,
	CAUSE_MAX_IPC, CAUSE_MAX_UTS, CAUSE_MAX_CGROUP, CAUSE_LIMITS
};

/* What the machine shows; -1 and "" are "it does not say". */
struct cause_facts {
	long max[CAUSE_LIMITS];
	long unprivileged_userns_clone; /* Debian's and Arch's patch */
	long apparmor_restricts;	/* Ubuntu 23.10 and newer */
	long seccomp_mode;		/* of ourselves, before we install any */
	char container[32];		/* "Docker", "Podman", ... */
	char masked[64];		/* something mounted over a part of /proc */
	bool is_chroot;
	bool is_wsl1;
	char lsm[160];			/* /sys/kernel/security/lsm */
	int major, minor;		/* of the kernel */
	char self[200];			/* our own path, for a profile */
};

struct cause {
	char why[240];	/* a clause: "the sysctl user.max_user_namespaces is 0" */
	char mend[480]; /* an instruction, without a full stop */
};

void cause_read(struct cause_facts *ret);

/* Pure.  error is a positive errno. */
void cause_judge(enum cause_step step, int error, const struct cause_facts *facts,
		 struct cause *ret);

/* Both. */
void cause_find(enum cause_step step, int error, struct cause *ret);

/*
 * Record a failed step in err with its cause and mend, in one line:
 * "WORDS: strerror (WHY; MEND; mcp-confine status shows each step)".  Return: -error.
 */
__attribute__((format(printf, 4, 5))) int cause_set(struct err *err, enum cause_step step,
						    int error, const char *fmt, ...);

#endif /* LAUNCHER_CAUSE_H */
