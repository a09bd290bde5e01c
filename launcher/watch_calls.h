/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch_calls - which argument of a system call is a path, and what for
 *
 * Facts of the kernel's interface, in a table; pure.
 */
#ifndef LAUNCHER_WATCH_CALLS_H
#define LAUNCHER_WATCH_CALLS_H

#include <stddef.h>
#include <stdint.h>

#include "launcher/watch.h"

#define WATCH_NO_DIR (-1)

/* One path of one call; a call with two paths has two rows. */
struct watch_call {
	int nr;
	signed char dir;  /* argument with the directory's descriptor, or WATCH_NO_DIR */
	signed char path; /* argument with the path */
	uint8_t what;	  /* WATCH_PATH or WATCH_EXEC */
	uint8_t access;	  /* for open and its like: see watch_open_access() */
};

/* The row after `after` (NULL: the first) with that number, or NULL. */
const struct watch_call *watch_call_next(int nr, const struct watch_call *after);

/* What open(2) and its like want, from their arguments; -1: another call. */
int watch_open_access(int nr, const uint64_t args[static 6]);

/* The limit that an error of that call tells of, or -1. */
int watch_limit_of(int nr, int error);

#endif /* LAUNCHER_WATCH_CALLS_H */
