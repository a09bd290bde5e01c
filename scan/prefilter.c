/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "scan/charset.h"
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

/* Windows are packed for two kinds of text, in parts of 1024. */
enum kind { KIND_CODE, KIND_BASE64, KINDS };

static unsigned int frequency(enum kind kind, unsigned char c)
{
	static const unsigned char code[128] = {
		[' '] = 120, ['"'] = 22, ['e'] = 70, ['t'] = 52, ['a'] = 42, ['o'] = 40, ['r'] = 44,
		['n'] = 42, ['i'] = 42, ['s'] = 40, ['l'] = 28, ['d'] = 25, ['c'] = 26, ['u'] = 20,
		['p'] = 22, ['m'] = 18, ['f'] = 16, ['.'] = 16, [','] = 16, ['0'] = 12, ['1'] = 10,
		['2'] = 8, ['-'] = 10, ['_'] = 12, [':'] = 10, ['/'] = 12, ['('] = 11, [')'] = 11,
		['='] = 10, ['\n'] = 28, ['h'] = 18, ['g'] = 13, ['b'] = 12, ['y'] = 13, ['v'] = 9,
		['w'] = 8, ['k'] = 6, ['x'] = 6, ['j'] = 2, ['q'] = 2, ['z'] = 2, ['*'] = 8,
		['\''] = 10, [';'] = 10, ['S'] = 5, ['T'] = 5, ['E'] = 5, ['A'] = 5, ['I'] = 5,
	};

	if (kind == KIND_BASE64)
		return charset_has(SET_B64, (char)c) ? 16 : 0;
	if (c >= 128)
		return 0;
	return code[c] ? code[c] : 3;
}

/* The share of bytes that a set of low halves has, under each high half, by table. */
struct shares {
	unsigned int part[KINDS][16][2][256];
};

static void fill_shares(struct shares *s)
{
	for (unsigned int kind = 0; kind < KINDS; kind++)
		for (unsigned int c = 0; c < 256; c++) {
			unsigned int one = frequency((enum kind)kind, (unsigned char)c);
			unsigned int *part = s->part[kind][c >> 4][c >> 3 & 1];
			unsigned int bit = 1U << (c & 7);

			/* In the order of c, sets without the bit are done. */
			for (unsigned int set = 0; set < bit; set++)
				part[bit | set] = part[set] + one;
		}
}

struct halves {
	uint16_t low[PREFILTER_WINDOW], high[PREFILTER_WINDOW];
	float share[KINDS][PREFILTER_WINDOW];
};

static void weigh(const struct shares *s, struct halves *h, size_t k)
{
	for (unsigned int kind = 0; kind < KINDS; kind++) {
		unsigned int sum = 0;

		for (unsigned int high = h->high[k]; high; high &= high - 1) {
			const unsigned int(*part)[256] = s->part[kind][__builtin_ctz(high)];

			sum += part[0][h->low[k] & 255] + part[1][h->low[k] >> 8];
		}
		h->share[kind][k] = (float)sum / 1024;
	}
}

static float accepts(const struct halves *h)
{
	float sum = 0;

	for (unsigned int kind = 0; kind < KINDS; kind++)
		sum += h->share[kind][0] * h->share[kind][1] * h->share[kind][2] * h->share[kind][3];
	return sum;
}

static struct halves both(const struct shares *s, const struct halves *a, const struct halves *b)
{
	struct halves u = *a;

	for (size_t k = 0; k < PREFILTER_WINDOW; k++) {
		u.low[k] |= b->low[k];
		u.high[k] |= b->high[k];
		if (u.low[k] != a->low[k] || u.high[k] != a->high[k])
			weigh(s, &u, k);
	}
	return u;
}

static struct halves halves_of(const struct shares *s, const struct prefilter_window *w)
{
	struct halves h = {0};

	for (size_t k = 0; k < PREFILTER_WINDOW; k++) {
		for (const char *p = w->bytes[k]; *p; p++) {
			h.low[k] |= (uint16_t)(1 << (*p & 15));
			h.high[k] |= (uint16_t)(1 << ((unsigned char)*p >> 4));
		}
		weigh(s, &h, k);
	}
	return h;
}

float prefilter_weight(const struct prefilter_window *w)
{
	float sum = 0;

	for (unsigned int kind = 0; kind < KINDS; kind++) {
		float all = 1;

		for (size_t k = 0; k < PREFILTER_WINDOW; k++) {
			unsigned int share = 0;

			for (const char *p = w->bytes[k]; *p; p++)
				share += frequency((enum kind)kind, (unsigned char)*p);
			all *= (float)share / 1024;
		}
		sum += all;
	}
	return sum;
}

static int widest_first(const void *a, const void *b)
{
	float x = accepts(a), y = accepts(b);

	return (x < y) - (x > y);
}

/* Each window into the bucket that grows least by it. */
static void pack(struct halves buckets[BUCKETS], const struct prefilter_window *windows, size_t n)
{
	static struct shares shares;
	static struct halves sorted[PREFILTER_MOST];

	fill_shares(&shares);
	for (size_t i = 0; i < n; i++)
		sorted[i] = halves_of(&shares, &windows[i]);
	qsort(sorted, n, sizeof(*sorted), widest_first);
	for (size_t i = 0; i < n; i++) {
		struct halves best_union = {0};
		float best = 1e9F;
		size_t best_at = 0;

		for (size_t b = 0; b < BUCKETS; b++) {
			struct halves u = both(&shares, &buckets[b], &sorted[i]);
			float more = accepts(&u) - accepts(&buckets[b]);

			if (more < best) {
				best = more;
				best_at = b;
				best_union = u;
			}
		}
		buckets[best_at] = best_union;
	}
}

/* All words of four bytes that a window stands for, into the bitmap. */
static void fill_words(struct prefilter *p, const struct prefilter_window *w)
{
	char word[PREFILTER_WINDOW];

	for (const char *a = w->bytes[0]; *a; a++)
		for (const char *b = w->bytes[1]; *b; b++)
			for (const char *c = w->bytes[2]; *c; c++)
				for (const char *d = w->bytes[3]; *d; d++) {
					uint32_t bit;

					word[0] = *a;
					word[1] = *b;
					word[2] = *c;
					word[3] = *d;
					bit = prefilter_word(word);
					p->words[bit / 64] |= 1ULL << (bit & 63);
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
	struct halves buckets[BUCKETS] = {0};

	*p = (struct prefilter){ .variant = PREFILTER_SCALAR };
	build_class(sets_a, p->class_low[0], p->class_high[0], p->class_a);
	build_class(sets_b, p->class_low[1], p->class_high[1], p->class_b);
	pack(buckets, windows, n);
	for (size_t i = 0; i < n; i++)
		fill_words(p, &windows[i]);
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
