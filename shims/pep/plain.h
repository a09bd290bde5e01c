/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plain - how far a text holds nothing that JSON has to say in another way
 *
 * A plain byte is printable ASCII but '"' and '\\': it means itself inside a JSON string,
 * in what is read and in what is written.  The inner loop of parsing and of writing is
 * to get over runs of them, so it goes by blocks (plain_mask.h).  Pure; reads no byte
 * behind the text.
 */
#ifndef SHIMS_PEP_PLAIN_H
#define SHIMS_PEP_PLAIN_H

#include <stddef.h>

/* The length of the run of plain bytes at text, at most len. */
size_t plain_run(const char *text, size_t len);

/*
 * The same, and copy the run to out, which has room for len bytes: up to all of them may be
 * written, of which the run's own count.
 */
size_t plain_copy(char *out, const char *text, size_t len);

/* As plain_run(), a byte at a time: what the other is tested against. */
size_t plain_run_slow(const char *text, size_t len);

#endif /* SHIMS_PEP_PLAIN_H */
