/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init - pid 1 of the sandbox: reaps, forwards signals, dies with the launcher
 */
#ifndef LAUNCHER_INIT_H
#define LAUNCHER_INIT_H

#include <sys/types.h>

struct sweep;

/*
 * server is a child and the leader of its process group.  Reads struct wire_order from
 * `order` and signals that group; writes struct wire_exit to `exit` when the server
 * ends.  Either that end or the end of file of `order` (the launcher is gone) ends this
 * process, and with pid 1 the kernel kills everything in the pid namespace.  dialler is
 * a child that gets a moment to pass on the server's last words (dial.h), or 0.  bare is
 * NULL there; without a pid namespace it says how to do the same (sweep.h).
 */
_Noreturn void init_run(pid_t server, pid_t dialler, int order, int exit,
		       const struct sweep *bare);

#endif /* LAUNCHER_INIT_H */
