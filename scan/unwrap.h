/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unwrap - a piece of a text as it reads when one layer of encoding is taken off
 *
 * A view is such a piece, with the place in the text of each of its bytes.  Each function
 * starts at a place that the prefilter found, takes in what belongs to it on both sides
 * but nothing before *done, fills the view, and moves *done behind what it has read (or
 * some way before that, when the piece is longer than a view: then it is called again).
 * Return: whether the view is worth a look.
 */
#ifndef SCAN_UNWRAP_H
#define SCAN_UNWRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scan/charset.h"

#define UNWRAP_VIEW 8192
/* Shorter than this, nothing is a token. */
#define UNWRAP_LEAST 8

struct view {
	size_t n;
	char text[UNWRAP_VIEW];
	/* Byte i is written by text[from[i]] to text[to[i]], end exclusive. */
	uint32_t from[UNWRAP_VIEW], to[UNWRAP_VIEW];
};

/* at: the second character of a group of four (RFC 4648; either alphabet; broken lines). */
bool unwrap_base64(const char *text, size_t len, size_t at, size_t *done, struct view *view);

/* at: in a run of A-Z 2-7 (RFC 4648, section 6); capitals, from the start of the run. */
bool unwrap_base32(const char *text, size_t len, size_t at, size_t *done, struct view *view);

/* at: the first digit of a pair. */
bool unwrap_hex(const char *text, size_t len, size_t at, size_t *done, struct view *view);

/*
 * at: '%', '\', '&' or a character outside of ASCII.  Takes off percent-encoding,
 * escapes of JSON and C, numeric character references; leaves out what has no width;
 * and reads look-alikes as the ASCII that they look like.
 */
bool unwrap_escapes(const char *text, size_t len, size_t at, size_t *done, struct view *view);

/* A quick no for most of what the prefilter lets through: at is as above. */
static inline bool unwrap_may_hide(const char *text, size_t len, size_t at)
{
	unsigned char c = (unsigned char)text[at];
	unsigned char next = at + 1 < len ? (unsigned char)text[at + 1] : 0;

	switch (c) {
	case '%':
		return charset_has(SET_XDIGIT, (char)next);
	case '\\':
		return next == 'u' || next == 'x' || next == '/';
	case '&':
		return next == '#' || next == 'l' || next == 'h' || next == 'p';
	case 0xce:
	case 0xcf:
	case 0xd0 ... 0xd4:
		/* Greek and Cyrillic letters, beside a Latin one. */
		return (at && charset_has(SET_WORD, text[at - 1])) ||
		       (at + 2 < len && charset_has(SET_WORD, text[at + 2]));
	case 0xe1:
		return next == 0x85 || next == 0x9e || next == 0xa0 || next == 0xaa || next == 0xab ||
		       next == 0xb7;
	case 0xe2:
		return next <= 0x84 || next == 0x88 || next == 0x92 || next == 0x93;
	case 0xef:
		/* Wide punctuation stands in every Chinese text. */
		if (next == 0xbc && at + 2 < len)
			return (unsigned char)text[at + 2] >= 0x8b && (unsigned char)text[at + 2] != 0x8c;
		return next >= 0xb8;
	default:
		return true;
	}
}

#endif /* SCAN_UNWRAP_H */
