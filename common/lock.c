/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/landlock.h"
#include "common/lock.h"
#include "common/sys.h"

#define SECUREBITS                                                                       \
	(SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |                 \
	 SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |                       \
	 SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

int lock_memory(struct err *err)
{
	/* 1 and not 0: with it a core_pattern that is a pipe starts nothing either (core(5)),
	 * and the server inherits it. */
	struct rlimit core;

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_errno(err, errno, "prctl PR_SET_DUMPABLE");
	if (getrlimit(RLIMIT_CORE, &core) < 0)
		return err_errno(err, errno, "getrlimit RLIMIT_CORE");
	core.rlim_max = core.rlim_max > 1 ? 1 : core.rlim_max;
	core.rlim_cur = core.rlim_max;
	if (setrlimit(RLIMIT_CORE, &core) < 0)
		return err_errno(err, errno, "setrlimit RLIMIT_CORE");
	return 0;
}

/*
 * The bounding set and the securebits can be changed only by who has CAP_SETPCAP;
 * without it nothing is inherited either, since no set holds anything to keep.  EINVAL is
 * the first number that the kernel does not know.
 */
static int drop_bounding(struct err *err)
{
	int cap = 0;

	while (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
		cap++;
	if (errno != EINVAL)
		return err_errno(err, errno, "drop capability %d from the bounding set", cap);
	if (prctl(PR_SET_SECUREBITS, SECUREBITS, 0, 0, 0) < 0)
		return err_errno(err, errno, "prctl PR_SET_SECUREBITS");
	return 0;
}

/*
 * Read back, each set once.  No capability is effective, permitted or inheritable, and so
 * none is ambient: the kernel keeps there only what is both permitted and inheritable
 * (capabilities(7); since Linux 4.3, which brought that set).
 */
static int verify_none(bool had_setpcap, struct err *err)
{
	cap_t now = cap_get_proc(), none = cap_init();
	int differs = !now || !none || cap_compare(now, none), bound;

	cap_free(now);
	cap_free(none);
	if (differs)
		return err_set(err, EPERM, "capabilities are left after dropping them");
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return err_set(err, EPERM, "no_new_privs is not set after setting it");
	for (int cap = 0; had_setpcap && (bound = prctl(PR_CAPBSET_READ, cap, 0, 0, 0)) >= 0; cap++)
		if (bound)
			return err_set(err, EPERM, "capability %d is left in the bounding set", cap);
	return 0;
}

int lock_privileges(struct err *err)
{
	cap_flag_value_t setpcap = CAP_CLEAR;
	cap_t caps = cap_get_proc();
	int r = 0;

	if (!caps)
		return err_errno(err, errno, "capget");
	cap_get_flag(caps, CAP_SETPCAP, CAP_EFFECTIVE, &setpcap);
	if (setpcap == CAP_SET)
		r = drop_bounding(err);
	if (r == 0 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		r = err_errno(err, errno, "clear the ambient capabilities");
	if (r == 0 && (cap_clear(caps) < 0 || cap_set_proc(caps) < 0))
		r = err_errno(err, errno, "drop the capabilities");
	cap_free(caps);
	if (r < 0)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_errno(err, errno, "prctl PR_SET_NO_NEW_PRIVS");
	return verify_none(setpcap == CAP_SET, err);
}

int lock_files(struct err *err)
{
	cleanup_close int ruleset = -1;
	int abi = landlock_abi();

	if (!abi)
		return 0;
	/* The supervisor and pid 1 go on signalling what they started before. */
	ruleset = landlock_open(abi, false, err);
	if (ruleset < 0)
		return ruleset;
	return landlock_enter(ruleset, err);
}

int lock_syscalls(const struct lock_filter *filter, struct err *err)
{
	struct sock_fprog prog = {
		.len = filter->len,
		.filter = (struct sock_filter *)(uintptr_t)filter->insns,
	};

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0)
		return err_errno(err, errno, "seccomp");
	return 0;
}

int lock_enter(const struct lock_filter *filter, struct err *err)
{
	int r = lock_memory(err);

	if (r == 0)
		r = lock_privileges(err);
	if (r == 0)
		r = lock_files(err);
	if (r == 0)
		r = lock_syscalls(filter, err);
	return r;
}
