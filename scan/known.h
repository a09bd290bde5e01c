/* SPDX-License-Identifier: Apache-2.0 */
/*
 * known - values that are known to be secret, found by keyed digests
 *
 * The text is probed every stride bytes: do the eight bytes there stand in a known value?
 * The answer is a bitmap over a cheap hash (common/secrets.h).  Behind a yes, the first
 * eight bytes are looked up by a keyed hash, and the whole is confirmed by 128 bits.
 */
#ifndef SCAN_KNOWN_H
#define SCAN_KNOWN_H

#include <stddef.h>

struct err;
struct hits;
struct known; /* opaque */

/* Return: 0 and NULL for none; -EINVAL when malformed, -ENOMEM. */
int known_open(const void *secrets, size_t len, struct known **ret, struct err *err);

/* Add what is known and has its first probe in text[from, to).  Cheap with k NULL. */
void known_find(const struct known *k, const char *text, size_t len, size_t from, size_t to,
		struct hits *hits);

/*
 * Put these beside what is known, in place of those that were put there before: the form of
 * common/secrets.h under the keys of what is known.  No memory is taken.  Return: 0, or
 * -EINVAL and nothing has changed.
 */
int known_set_live(struct known *k, const void *secrets, size_t len);

void known_close(struct known *k);

#endif /* SCAN_KNOWN_H */
