/* SPDX-License-Identifier: Apache-2.0 */
/*
 * noted - how many lines of a log a peer may cause
 *
 * LIMIT_NOTED_BURST at once and LIMIT_NOTED_RATE a second afterwards.  Once they are spent
 * half of them are saved up before the next line, which then tells how many were left out.
 * No I/O, no clock: the time comes in.
 */
#ifndef COMMON_NOTED_H
#define COMMON_NOTED_H

#include <stdbool.h>
#include <stdint.h>

struct noted {
	uint64_t spent;	 /* in thousandths of a line */
	int64_t filled;	 /* milliseconds: when that was so */
	uint64_t omitted; /* lines since the last one that was written */
	bool is_over;
};

/* Return: may one line be written now?  A false one counts as left out.  When it may,
 * *ret_omitted is how many were, and the count begins anew. */
bool noted_take(struct noted *n, int64_t now, uint64_t *ret_omitted);

#endif /* COMMON_NOTED_H */
