/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run - one session, from its first process to its last
 */
#ifndef LAUNCHER_RUN_H
#define LAUNCHER_RUN_H

struct cli;
struct err;
struct session;

/*
 * Start what session_build() made and wait for its end.  This process locks itself in it
 * and can open nothing afterwards.  *ret_code is what to exit with.  Return: 0 or -errno.
 */
int run_session(const struct cli *cli, struct session *s, int *ret_code, struct err *err);

#endif /* LAUNCHER_RUN_H */
