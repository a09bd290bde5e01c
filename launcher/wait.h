/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wait - the supervisor: locked, waits for the end of any part, and ends the rest
 */
#ifndef LAUNCHER_WAIT_H
#define LAUNCHER_WAIT_H

#include <stdint.h>

struct err;
struct spawn;

/* CLOCK_MONOTONIC in milliseconds: the clock that everything here goes by. */
int64_t wait_now(void);

/* Block the signals that the supervisor answers; before anything is spawned.
 * Return: a signalfd or -errno. */
int wait_signals(struct err *err);

/*
 * Lock this process and wait.  *ret_code is what to exit with: the server's exit code,
 * 128+n when a signal ended it, 125 (with words in err) when a part of ours failed.
 * When it returns no process of the sandbox is left.
 */
int wait_all(struct spawn *s, int signals, int *ret_code, struct err *err);

#endif /* LAUNCHER_WAIT_H */
