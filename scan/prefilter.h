/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prefilter - where in a text something may begin, at the speed of memory
 *
 * Text goes through in blocks of 64 bytes; of each block come masks, bit i for byte i.
 * The work is the same in all variants (scalar, SSSE3, AVX2, NEON), of which one is
 * chosen by prefilter_best(), and they give the same masks for the same bytes, which
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

struct prefilter_masks {
	uint64_t window; /* a window may begin here */
	uint64_t first;	 /* as the first of four characters of base64 gives printable ASCII */
	uint64_t second; /* as the second of four */
	uint64_t hex;	 /* a first digit of a printable byte in hexadecimal: 2-7 */
	uint64_t base32; /* A-Z 2-7 */
	uint64_t escape; /* '%', '&', '\', and first bytes of characters that look like others */
};

/* What personal data is made of; asked for only when it is looked for. */
struct prefilter_personal {
	uint64_t digit; /* 0-9 */
	uint64_t word;	/* 0-9 A-Z a-z _ */
	uint64_t joint; /* + , - . : what makes one number of two */
	uint64_t colon;
	uint64_t at;	/* '@' */
	uint64_t slash; /* '\' */
};

enum prefilter_variant { PREFILTER_SCALAR, PREFILTER_SSSE3, PREFILTER_AVX2, PREFILTER_NEON };
#define PREFILTER_VARIANTS 4

enum prefilter_classes { CLASSES_WRAPPED_A, CLASSES_WRAPPED_B, CLASSES_PERSONAL, PREFILTER_CLASSES };

struct prefilter {
	/* Half-byte tables: [buckets 0-7, 8-15][position][half], and of classes. */
	unsigned char low[2][PREFILTER_WINDOW][16], high[2][PREFILTER_WINDOW][16];
	unsigned char class_low[PREFILTER_CLASSES][16], class_high[PREFILTER_CLASSES][16];
	/* The same for the scalar variant, by byte. */
	uint16_t window[PREFILTER_WINDOW][256];
	unsigned char class_of[PREFILTER_CLASSES][256];
	/* Words of four bytes that are windows, by a hash: what a bucket accepts and is none. */
	uint64_t words[PREFILTER_WORDS / 64];
};

/* The bits of a class table (scan/tables/windows.c makes them); a bit that is alone in
 * its mask is one that a shift brings to the top of its byte. */
enum {
	/* CLASSES_WRAPPED_A */
	CLASS_FIRST = 0x07, CLASS_SECOND = 0x78, CLASS_HEX = 0x80, CLASS_BASE32 = 0x8b,
	/* CLASSES_WRAPPED_B */
	CLASS_ESCAPE = 0xff,
	/* CLASSES_PERSONAL */
	CLASS_WORD = 0x87, CLASS_DIGIT = 0x80, CLASS_AT = 0x40, CLASS_COLON = 0x20, CLASS_JOINT = 0x10,
	CLASS_SLASH = 0x08,
};

static inline uint32_t prefilter_word(const char *bytes)
{
	uint32_t word;

	memcpy(&word, bytes, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap32(word);
#endif
	return (word * 0x9e3779b1U) >> 16;
}

/* Whether a window (or one in fifty other words) begins at four readable bytes. */
static inline bool prefilter_is_word(const struct prefilter *p, const char *bytes)
{
	uint32_t bit = prefilter_word(bytes);

	return p->words[bit / 64] >> (bit & 63) & 1;
}

bool prefilter_has(enum prefilter_variant variant);

/* The fastest of this processor's. */
enum prefilter_variant prefilter_best(void);

/* text[n * 64 + 3] is readable. */
void prefilter_run(const struct prefilter *p, enum prefilter_variant variant, const char *text,
		   size_t n, struct prefilter_masks *masks);

/* text[n * 64] is the end. */
void prefilter_run_personal(const struct prefilter *p, enum prefilter_variant variant,
			    const char *text, size_t n, struct prefilter_personal *masks);

#endif /* SCAN_PREFILTER_H */
