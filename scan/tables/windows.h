/* SPDX-License-Identifier: Apache-2.0 */
/*
 * windows - which four bytes of each token are looked for, and in which bucket
 *
 * Runs when the program is built, never in it.
 */
#ifndef SCAN_TABLES_WINDOWS_H
#define SCAN_TABLES_WINDOWS_H

#include <stddef.h>
#include <stdint.h>

#include "scan/prefilter.h"

struct context_anchor;
struct format;

/* Four sets of bytes, each as a string; offset: in the literal of a format. */
struct window {
	uint8_t offset;
	char bytes[PREFILTER_WINDOW][80];
	uint16_t low[PREFILTER_WINDOW], high[PREFILTER_WINDOW]; /* halves of the bytes */
};

#define WINDOWS_CHOICES 32

/* What may stand for a row: one of n windows, in that bucket. */
struct windows_item {
	struct window choices[WINDOWS_CHOICES];
	size_t n, chosen, bucket;
};

void windows_of_format(const struct format *f, struct windows_item *ret);
void windows_of_anchor(const struct context_anchor *a, struct windows_item *ret);

/* Choose windows and buckets so that little of a text is accepted; the same for the same
 * rows. */
void windows_pack(struct windows_item *items, size_t n);

/* The tables of what was chosen. */
void windows_fill(const struct windows_item *items, size_t n, struct prefilter *ret);

#endif /* SCAN_TABLES_WINDOWS_H */
