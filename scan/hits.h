/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hits - what a pass has found, before it is put in order
 *
 * Fixed room.  When it is used up, everything from there to the end of the text counts
 * as found: nothing passes for want of room.
 */
#ifndef SCAN_HITS_H
#define SCAN_HITS_H

#include <stdbool.h>
#include <stddef.h>

#include "scan/scan.h"

/* Where two hits overlap the span is the union, and its class that of the higher. */
enum hit_rank { HIT_PERSONAL, HIT_CONTEXT, HIT_FORMAT, HIT_KNOWN };

struct hit {
	size_t start, end;
	const char *class;
	enum hit_rank rank;
	bool certain, is_mixed;
	const char *others[SCAN_OTHERS]; /* as in struct scan_span */
};

struct hits {
	struct hit *v;
	size_t n, max;
	size_t from; /* the position of the pass: what is before it has been looked at */
	bool is_full;
};

void hits_add(struct hits *h, const struct hit *hit);

/* Whether a hit of the class covers text[at]; only the newest is asked. */
bool hits_cover(const struct hits *h, size_t at, const char *class);

/* Sort, unite, and write at most max spans (max >= 1) of text[0..len), each of whole
 * characters.  Return: how many. */
size_t hits_give(struct hits *h, const char *text, size_t len, struct scan_span *spans,
		 size_t max);

#endif /* SCAN_HITS_H */
