/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "scan/prefilter.h"
#include "scan/prefilter_x86.h"

#define BUCKETS 16

/* --- classes of single bytes --------------------------------------------------------------- */

/* Each bit is a set of low halves under a set of high halves; bits are or-ed to a mask.
 * class_a: bits 0-2 first, 3-6 second, 7 hex; class_b: 0-5 escape, 6 digit, 7 at. */
static const struct half_sets {
	unsigned char bit;
	uint16_t high, low;
} sets_a[] = {
	{ 0x01, 1 << 4, 0xfe00 },	     /* I-O */
	{ 0x02, 1 << 5, 0x07ff },	     /* P-Z */
	{ 0x04, 1 << 6, 0x007e },	     /* a-f */
	{ 0x08, 1 << 4 | 1 << 5, 0x01fe },   /* A-H Q-X */
	{ 0x10, 1 << 6, 0x7f80 },	     /* g-n */
	{ 0x20, 1 << 7, 0x0780 },	     /* w-z */
	{ 0x40, 1 << 3, 0x000f },	     /* 0-3 */
	{ 0x80, 1 << 3, 0x00fc },	     /* 2-7 */
}, sets_b[] = {
	{ 0x01, 1 << 2, 1 << 5 | 1 << 6 },   /* % & */
	{ 0x02, 1 << 5, 1 << 12 },	     /* \ */
	{ 0x04, 1 << 12, 1 << 2 | 0xf000 },  /* U+0080-00bf, U+0300-03ff */
	{ 0x08, 1 << 13, 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 8 }, /* U+0400-04ff, 0600 */
	{ 0x10, 1 << 14, 1 << 1 | 1 << 2 | 1 << 15 }, /* U+1000-2fff, U+f000-ffff */
	{ 0x20, 1 << 15, 1 << 0 | 1 << 3 },  /* U+10000-1ffff, U+e0000 */
	{ 0x40, 1 << 3, 0x03ff },	     /* 0-9 */
	{ 0x80, 1 << 4, 1 << 0 },	     /* @ */
};

static void build_class(const struct half_sets *sets, unsigned char *low, unsigned char *high,
			unsigned char *by_byte)
{
	for (size_t i = 0; i < 8; i++)
		for (size_t half = 0; half < 16; half++) {
			if (sets[i].low >> half & 1)
				low[half] |= sets[i].bit;
			if (sets[i].high >> half & 1)
				high[half] |= sets[i].bit;
		}
	for (size_t c = 0; c < 256; c++)
		by_byte[c] = low[c & 15] & high[c >> 4];
}

/* --- windows ------------------------------------------------------------------------------------ */

/* Per mille in a mixture of base64, code and JSON; what is not here is rare. */
static unsigned int frequency(unsigned char c)
{
	static const unsigned char common[128] = {
		[' '] = 60, ['"'] = 30, ['e'] = 40, ['t'] = 35, ['a'] = 33, ['o'] = 28, ['r'] = 30,
		['n'] = 30, ['i'] = 30, ['s'] = 30, ['l'] = 22, ['d'] = 22, ['c'] = 22, ['u'] = 18,
		['p'] = 18, ['m'] = 17, ['f'] = 15, ['.'] = 14, [','] = 14, ['0'] = 16, ['1'] = 16,
		['2'] = 15, ['-'] = 10, ['_'] = 8, [':'] = 14, ['/'] = 12, ['('] = 10, [')'] = 10,
		['='] = 10, ['\n'] = 15, ['h'] = 15, ['g'] = 13, ['b'] = 13, ['y'] = 12, ['v'] = 10,
		['w'] = 9, ['k'] = 9, ['x'] = 8, ['j'] = 7, ['q'] = 6, ['z'] = 6, ['3'] = 14,
		['4'] = 14, ['5'] = 14, ['6'] = 14, ['7'] = 14, ['8'] = 14, ['9'] = 14,
	};

	if (c >= 128)
		return 1;
	return common[c] ? common[c] : c >= 'A' && c <= 'Z' ? 8 : 3;
}

double prefilter_weight(const char *bytes)
{
	unsigned int sum = 0;

	for (; *bytes; bytes++)
		sum += frequency((unsigned char)*bytes);
	return sum / 1000.0;
}

struct bucket {
	uint16_t low[PREFILTER_WINDOW], high[PREFILTER_WINDOW];
	double share[PREFILTER_WINDOW]; /* of all bytes, that the position accepts */
};

struct halves {
	uint16_t low[PREFILTER_WINDOW], high[PREFILTER_WINDOW];
};

static double share(const unsigned int weight[16][16], uint16_t low, uint16_t high)
{
	unsigned int sum = 0;

	for (unsigned int h = 0; h < 16; h++)
		for (unsigned int l = low, i = 0; high >> h & 1 && l; l >>= 1, i++)
			sum += l & 1 ? weight[h][i] : 0;
	return sum / 1000.0;
}

/* What the bucket would accept with the window in it. */
static double price(const unsigned int weight[16][16], const struct bucket *b,
		    const struct halves *w, struct bucket *ret)
{
	double all = 1;

	*ret = *b;
	for (size_t k = 0; k < PREFILTER_WINDOW; k++) {
		ret->low[k] |= w->low[k];
		ret->high[k] |= w->high[k];
		if (ret->low[k] != b->low[k] || ret->high[k] != b->high[k])
			ret->share[k] = share(weight, ret->low[k], ret->high[k]);
		all *= ret->share[k];
	}
	return all;
}

static double accepts(const struct bucket *b)
{
	return b->share[0] * b->share[1] * b->share[2] * b->share[3];
}

/* Each window into the bucket that grows least by it. */
static void pack(struct bucket *buckets, const struct prefilter_window *windows, size_t n)
{
	unsigned int weight[16][16];

	for (unsigned int c = 0; c < 256; c++)
		weight[c >> 4][c & 15] = frequency((unsigned char)c);
	for (size_t i = 0; i < n; i++) {
		struct halves w = {0};
		struct bucket grown, best_grown = {0};
		double best = 1e9;
		size_t best_at = 0;

		for (size_t k = 0; k < PREFILTER_WINDOW; k++)
			for (const char *p = windows[i].bytes[k]; *p; p++) {
				w.low[k] |= (uint16_t)(1 << (*p & 15));
				w.high[k] |= (uint16_t)(1 << ((unsigned char)*p >> 4));
			}
		for (size_t b = 0; b < BUCKETS; b++) {
			double more = price(weight, &buckets[b], &w, &grown) - accepts(&buckets[b]);

			if (more < best) {
				best = more;
				best_at = b;
				best_grown = grown;
			}
		}
		buckets[best_at] = best_grown;
	}
}

bool prefilter_has(enum prefilter_variant variant)
{
	switch (variant) {
	case PREFILTER_SCALAR:
		return true;
	case PREFILTER_SSSE3:
	case PREFILTER_AVX2:
		return prefilter_x86_has(variant);
	}
	return false;
}

void prefilter_build(struct prefilter *p, const struct prefilter_window *windows, size_t n)
{
	struct bucket buckets[BUCKETS] = {0};

	*p = (struct prefilter){ .variant = PREFILTER_SCALAR };
	build_class(sets_a, p->class_low[0], p->class_high[0], p->class_a);
	build_class(sets_b, p->class_low[1], p->class_high[1], p->class_b);
	pack(buckets, windows, n);
	for (size_t b = 0; b < BUCKETS; b++)
		for (size_t k = 0; k < PREFILTER_WINDOW; k++)
			for (size_t half = 0; half < 16; half++) {
				unsigned char bit = (unsigned char)(1 << (b & 7));

				if (buckets[b].low[k] >> half & 1)
					p->low[b >> 3][k][half] |= bit;
				if (buckets[b].high[k] >> half & 1)
					p->high[b >> 3][k][half] |= bit;
			}
	for (size_t k = 0; k < PREFILTER_WINDOW; k++)
		for (size_t c = 0; c < 256; c++)
			p->window[k][c] = (uint16_t)((p->low[0][k][c & 15] & p->high[0][k][c >> 4]) |
						     (p->low[1][k][c & 15] & p->high[1][k][c >> 4]) << 8);
	if (prefilter_has(PREFILTER_AVX2))
		p->variant = PREFILTER_AVX2;
	else if (prefilter_has(PREFILTER_SSSE3))
		p->variant = PREFILTER_SSSE3;
}

/* --- the scalar variant ---------------------------------------------------------------------------- */

static void run_scalar(const struct prefilter *p, const unsigned char *text, size_t n,
		       struct prefilter_masks *masks)
{
	for (size_t b = 0; b < n; b++, text += PREFILTER_BLOCK) {
		struct prefilter_masks m = {0};

		for (size_t i = 0; i < PREFILTER_BLOCK; i++) {
			unsigned char a = p->class_a[text[i]], c = p->class_b[text[i]];
			uint64_t bit = 1ULL << i;

			if (p->window[0][text[i]] & p->window[1][text[i + 1]] &
			    p->window[2][text[i + 2]] & p->window[3][text[i + 3]])
				m.window |= bit;
			m.first |= a & 0x07 ? bit : 0;
			m.second |= a & 0x78 ? bit : 0;
			m.hex |= a & 0x80 ? bit : 0;
			m.escape |= c & 0x3f ? bit : 0;
			m.digit |= c & 0x40 ? bit : 0;
			m.at |= c & 0x80 ? bit : 0;
		}
		masks[b] = m;
	}
}

void prefilter_run(const struct prefilter *p, const char *text, size_t n,
		   struct prefilter_masks *masks)
{
	const unsigned char *bytes = (const unsigned char *)text;

	switch (p->variant) {
	case PREFILTER_AVX2:
	case PREFILTER_SSSE3:
		prefilter_x86_run(p, bytes, n, masks);
		return;
	case PREFILTER_SCALAR:
		break;
	}
	run_scalar(p, bytes, n, masks);
}
