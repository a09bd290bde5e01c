/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prefilter - where in a text something may begin, at the speed of memory
 *
 * Text goes through in blocks of 64 bytes; of each block come masks, bit i for byte i.
 * The work is the same in three variants (scalar, SSSE3, AVX2), chosen once by
 * prefilter_build(), and they give the same masks for the same bytes, which
 * tests/unit/test_scan.c shows.  What a mask does not have is not there; what it has may
 * be there.
 *
 * Windows: four consecutive sets of bytes, packed into 16 buckets of which each accepts,
 * position by position, a set of low and a set of high halves of bytes (the shuffle
 * algorithm that is known as Teddy).
 */
#ifndef SCAN_PREFILTER_H
#define SCAN_PREFILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PREFILTER_BLOCK 64
/* Bytes behind a block that are read too: the rest of a window. */
#define PREFILTER_AHEAD 3
#define PREFILTER_WINDOW 4
#define PREFILTER_WORDS 65536U
/* Windows. */
#define PREFILTER_MOST 512

struct prefilter_masks {
	uint64_t window; /* a window may begin here */
	uint64_t first;	 /* as the first of four characters of base64 gives printable ASCII */
	uint64_t second; /* as the second of four */
	uint64_t hex;	 /* a first digit of a printable byte in hexadecimal: 2-7 */
	uint64_t escape; /* '%', '&', '\', and first bytes of characters that look like others */
	uint64_t digit;	 /* 0-9 */
	uint64_t at;	 /* '@' */
};

enum prefilter_variant { PREFILTER_SCALAR, PREFILTER_SSSE3, PREFILTER_AVX2 };

struct prefilter {
	/* Half-byte tables: [buckets 0-7, 8-15][position][half], and two of classes. */
	unsigned char low[2][PREFILTER_WINDOW][16], high[2][PREFILTER_WINDOW][16];
	unsigned char class_low[2][16], class_high[2][16];
	/* The same for the scalar variant, by byte. */
	uint16_t window[PREFILTER_WINDOW][256];
	unsigned char class_a[256], class_b[256];
	/* Words of four bytes that are windows, by a hash: what a bucket accepts and is none. */
	uint64_t words[PREFILTER_WORDS / 64];
	enum prefilter_variant variant;
};

/* One window: for each position which bytes, as a string of them. */
struct prefilter_window {
	const char *bytes[PREFILTER_WINDOW];
};

/* Build for n windows, and choose the best variant of this processor. */
void prefilter_build(struct prefilter *p, const struct prefilter_window *windows, size_t n);

/* How much of text and code a window accepts: the less, the better. */
float prefilter_weight(const struct prefilter_window *w);

static inline uint32_t prefilter_word(const char *bytes)
{
	uint32_t word;

	memcpy(&word, bytes, sizeof(word));
	return (word * 0x9e3779b1U) >> 16;
}

/* Whether a window (or one in twenty other words) begins at four readable bytes. */
static inline bool prefilter_is_word(const struct prefilter *p, const char *bytes)
{
	uint32_t bit = prefilter_word(bytes);

	return p->words[bit / 64] >> (bit & 63) & 1;
}

bool prefilter_has(enum prefilter_variant variant);

/* text[n * 64 + 3] is readable. */
void prefilter_run(const struct prefilter *p, const char *text, size_t n,
		   struct prefilter_masks *masks);

#endif /* SCAN_PREFILTER_H */
