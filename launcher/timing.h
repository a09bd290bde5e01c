/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timing - where the time of a start goes: `run --timing`
 *
 * One page shared by the launcher and the children it forks, each of which adds marks;
 * the launcher prints them when the session ends.  Without timing_begin() every other
 * function does nothing.  The page is not reachable by the server: exec drops it.
 */
#ifndef LAUNCHER_TIMING_H
#define LAUNCHER_TIMING_H

#include <stdio.h>

struct err;

/* Before anything is forked.  Return: 0, or -errno when no memory can be shared. */
int timing_begin(struct err *err);

/* A step of `who` has ended now.  Both are string literals.  Callable in any of our
 * processes, also when it is locked; marks beyond the page's room are not kept. */
void timing_mark(const char *who, const char *step);

/* One line a mark, in the order of time: microseconds since timing_begin(), and since
 * the mark before of the same process. */
void timing_print(FILE *out);

#endif /* LAUNCHER_TIMING_H */
