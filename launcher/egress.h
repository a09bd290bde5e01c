/* SPDX-License-Identifier: Apache-2.0 */
/*
 * egress - start the process that is the one way out of the server's network namespace
 */
#ifndef LAUNCHER_EGRESS_H
#define LAUNCHER_EGRESS_H

#include <sys/types.h>

struct err;
struct session;

/*
 * Start mcp-confine-egress with what the plan grants, where it grants anything.  audit: its
 * socket to the keeper of the log, the caller's.  *ret, *ret_pidfd: the process; *ret_control:
 * it ends when that closes.  Without a network nothing is started and nothing set.  Return: 0
 * or -errno; what was set by then is the caller's all the same.
 */
int egress_start(const struct session *s, int audit, pid_t *ret, int *ret_pidfd,
		 int *ret_control, struct err *err);

#endif /* LAUNCHER_EGRESS_H */
