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

/* at: the first digit of a pair. */
bool unwrap_hex(const char *text, size_t len, size_t at, size_t *done, struct view *view);

/*
 * at: '%', '\', '&' or a character outside of ASCII.  Takes off percent-encoding,
 * escapes of JSON and C, numeric character references; leaves out what has no width;
 * and reads look-alikes as the ASCII that they look like.
 */
bool unwrap_escapes(const char *text, size_t len, size_t at, size_t *done, struct view *view);

#endif /* SCAN_UNWRAP_H */
