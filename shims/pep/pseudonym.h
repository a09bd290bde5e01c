/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pseudonym - personal data under another name, for one session
 *
 * The same text of the same class is the same pseudonym, "[EMAIL:7f3a]", until the
 * session ends: its digits are a hash under a key of the session, so they tell nothing
 * and link no two sessions.  In brackets and with its class, it is no address, number or
 * name.  What stands behind it is kept in a table of fixed room (LIMIT_PSEUDONYMS), so
 * that what came from the server can be given back to it.
 */
#ifndef SHIMS_PEP_PSEUDONYM_H
#define SHIMS_PEP_PSEUDONYM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/limits.h"

/* "[" + class + ":" + 8 digits + "]" of the longest class fits. */
#define PSEUDONYM_TEXT 64

struct pseudonym {
	uint64_t hash;
	const char *class; /* static */
	uint16_t len;
	uint8_t digits;	   /* of the hash in its name: 4, or 8 where 4 are another's */
	bool is_servers;   /* it came from the server */
	char text[LIMIT_PSEUDONYM];
};

#define PSEUDONYM_SLOTS (2 * LIMIT_PSEUDONYMS)

struct pseudonyms {
	uint64_t key[2]; /* random */
	size_t n;
	uint16_t slots[PSEUDONYM_SLOTS]; /* index + 1 by hash, open addressing */
	struct pseudonym v[LIMIT_PSEUDONYMS];
};

/*
 * The pseudonym of text[len] to out[PSEUDONYM_TEXT].  class is static.  Return: its
 * length; 0 when there is none, since the text is too long or the table is full.
 */
size_t pseudonym_make(struct pseudonyms *p, const char *class, const char *text, size_t len,
		      bool is_servers, char *out);

/* Has the text of that class a pseudonym, and came from the server? */
bool pseudonym_is_servers(struct pseudonyms *p, const char *class, const char *text, size_t len);

/* The first pseudonym in text[from, len) of something that came from the server.  Return:
 * it, and where it stands; NULL: none. */
const struct pseudonym *pseudonym_find(const struct pseudonyms *p, const char *text, size_t len,
				       size_t from, size_t *ret_start, size_t *ret_end);

#endif /* SHIMS_PEP_PSEUDONYM_H */
