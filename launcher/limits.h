/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits - the server's resource limits (setrlimit(2)); tmpfs sizes are in the plan
 */
#ifndef LAUNCHER_LIMITS_H
#define LAUNCHER_LIMITS_H

#include <stddef.h>

struct err;
struct policy_limits;

/*
 * In the launcher, before anything is opened for a start: the soft limit of descriptors
 * rises to what the hard one allows.  A start holds one for each of `mounts` at a time.
 * Return: 0, or -EMFILE when the hard limit is too low for it.
 */
int limits_files(size_t mounts, struct err *err);

/*
 * In the child, inside its user namespace: RLIMIT_NPROC counts the processes of that
 * namespace only (Linux 5.14).  A limit above the hard limit that we were given
 * becomes that hard limit.
 */
int limits_enter(const struct policy_limits *limits, struct err *err);

/*
 * In pid 1, while the host's /proc is still there: when memory is short the kernel kills
 * the sandbox before what the user works with (oom_score_adj, inherited).
 */
int limits_prefer(struct err *err);

#endif /* LAUNCHER_LIMITS_H */
