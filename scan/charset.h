/* SPDX-License-Identifier: Apache-2.0 */
/*
 * charset - which characters a part of a token is made of
 *
 * One letter names a set in the patterns of formats.c; one table answers all of them.
 */
#ifndef SCAN_CHARSET_H
#define SCAN_CHARSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum charset {
	SET_DIGIT = 1,	   /* d  0-9 */
	SET_HEX = 2,	   /* h  0-9 a-f */
	SET_HEX_UPPER = 4, /* H  0-9 A-F */
	SET_LETTER = 8,	   /* l  A-Z a-z */
	SET_UPPER = 16,	   /* U  A-Z 0-9 */
	SET_LOWER = 32,	   /* L  a-z 0-9 */
	SET_B32 = 64,	   /* B  A-Z 2-7 (RFC 4648) */
	SET_B62 = 128,	   /* b  A-Z a-z 0-9 */
	SET_B64U = 256,	   /* u  and - _ (RFC 4648, section 5) */
	SET_B64 = 512,	   /* s  A-Z a-z 0-9 + / */
	SET_B64E = 1024,   /* e  and = */
	SET_DOTTED = 2048, /* v  A-Z a-z 0-9 - _ . ~ (unreserved, RFC 3986) */
	SET_PATH = 4096,   /* w  what stands in the path of a URL: and / @ % = + */
	SET_WORD = 8192,   /* what makes a longer word of a token: A-Z a-z 0-9 _ */
	SET_XDIGIT = 16384, /* x  0-9 a-f A-F */
	SET_VALUE = 32768, /* what a value without quotation marks is made of */
};

extern const uint16_t charset_of[256];

static inline bool charset_has(unsigned int sets, char c)
{
	return (charset_of[(unsigned char)c] & sets) != 0;
}

/* The set that a letter names; 0: no such letter. */
unsigned int charset_named(char letter);

/* How many characters from text[at] on are in the set; it stops counting at max. */
size_t charset_run(unsigned int set, const char *text, size_t len, size_t at, size_t max);

#endif /* SCAN_CHARSET_H */
