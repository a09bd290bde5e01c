/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stderr - the server's diagnostics: sanitised, scanned, named, and never in the way
 *
 * A server's stderr ends on somebody's terminal or in an IDE's log.  Control sequences
 * are taken out, secrets redacted, each line gets the server's name; when nobody reads,
 * lines are dropped and counted, so that messages never wait for diagnostics.
 */
#ifndef SHIMS_PEP_STDERR_H
#define SHIMS_PEP_STDERR_H

#include <stddef.h>

#include "shims/pep/frame.h"

struct scan;
struct sink;

/* Longest line handed out in one piece; a longer one is relayed in pieces. */
#define STDERR_LINE ((size_t)16 * 1024)

/* Clean text[len] into out[size]; size of 4 * len + 4096 always fits.  Return: length. */
size_t stderr_clean(const struct scan *scan, const char *text, size_t len, char *out,
		    size_t size);

/* "[name] " + cleaned text + newline into the sink; dropped when it is full. */
void stderr_line(struct sink *out, const struct scan *scan, const char *name,
		 const char *text, size_t len, size_t *dropped);

#endif /* SHIMS_PEP_STDERR_H */
