/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stderr - the server's diagnostics: sanitised, scanned, named, and never in the way
 *
 * A server's stderr ends on somebody's terminal or in an IDE's log.  Control sequences
 * are taken out, secrets redacted, each line gets the server's name.  A server that
 * floods, or a reader that does not read, loses lines: they are counted, and one line
 * says how many there were, so that messages never wait for diagnostics.  Pure but for
 * the sink; the clock (milliseconds, monotonic) comes in as an argument.
 */
#ifndef SHIMS_PEP_STDERR_H
#define SHIMS_PEP_STDERR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/limits.h"

struct scan;
struct sink;

struct stderr_relay {
	const struct scan *scan; /* NULL: nothing is redacted */
	const char *name;	 /* of the server */
	struct sink *out;
	uint64_t budget, filled; /* bytes that may still leave; when that was counted */
	bool is_over;		 /* the budget was spent, and is being saved up again */
	size_t lines, bytes;	 /* dropped and not yet told */
};

void stderr_init(struct stderr_relay *r, const struct scan *scan, const char *name,
		 struct sink *out, uint64_t now);

/* Clean text[len] into out[size]; size of 4 * len + 4096 always fits.  Return: length. */
size_t stderr_clean(const struct scan *scan, const char *text, size_t len, char *out,
		    size_t size);

/* "[name] " + cleaned text + newline into the sink; or drop and count it. */
void stderr_line(struct stderr_relay *r, const char *text, size_t len, uint64_t now);

/* Say what was dropped, when there is room for it; at the end whatever the budget is. */
void stderr_tell(struct stderr_relay *r, uint64_t now, bool is_end);

/* Milliseconds until stderr_tell() has something to say; -1: nothing. */
int stderr_wait(const struct stderr_relay *r, uint64_t now);

#endif /* SHIMS_PEP_STDERR_H */
