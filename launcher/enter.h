/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enter - the child's way down: from pid 1 of new namespaces to the server's first
 * instruction
 */
#ifndef LAUNCHER_ENTER_H
#define LAUNCHER_ENTER_H

struct start;

/* In the child of ns_clone().  Never returns: becomes init and starts the server. */
_Noreturn void enter_run(const struct start *s);

/* The same in the child of a plain fork, without namespaces (tier nouserns). */
_Noreturn void enter_bare(const struct start *s);

#endif /* LAUNCHER_ENTER_H */
