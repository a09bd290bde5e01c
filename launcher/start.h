/* SPDX-License-Identifier: Apache-2.0 */
/*
 * start - the descriptors and facts of one start, made before anything is forked
 *
 * spawn() makes them, the child takes its part in enter(), init keeps two of them, the
 * supervisor the others.  All are O_CLOEXEC.
 */
#ifndef LAUNCHER_START_H
#define LAUNCHER_START_H

#include <sys/types.h>

struct audit;
struct plan;
struct user;

struct start {
	const struct plan *plan;
	const struct user *user;
	mode_t umask; /* the client's, for the server */

	/* the child's side */
	int server_in, server_out, server_err; /* become 0, 1, 2 of the server */
	int report; /* struct wire_report, until exec */
	int exit;   /* struct wire_exit, init's */
	int order;  /* struct wire_order, init's lifeline */
	int watch;  /* of `learn`: watch_await(), or -1 */
	int built;  /* closed when the sandbox stands, or when there will be none */
	int egress; /* where the sockets of the network go, or -1: no network */
};

#endif /* LAUNCHER_START_H */
