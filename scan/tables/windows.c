/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * A bucket accepts at each position the product of a set of low and a set of high halves
 * of bytes.  The fewer bytes of a text all positions accept, the fewer candidates there
 * are to look at.  How much that is, is estimated from the frequencies of bytes in three
 * kinds of text.  Each row gets the window and the bucket that add least; then windows move
 * between buckets, and rows between their windows, when the sum falls, or rises by no more
 * than a threshold that sinks (threshold accepting, Dueck and Scheuer 1990).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scan/charset.h"
#include "scan/context.h"
#include "scan/formats.h"
#include "scan/tables/windows.h"

#define BUCKETS 16
#define ITEMS 512
/* Words that one window may stand for, and the steps of the search. */
#define WORDS_MOST 300
#define STEPS 1200000
#define COOLINGS 60

static void die(const char *what, const char *name)
{
	fprintf(stderr, "scan/tables: %s: %s\n", name, what);
	exit(1);
}

/* --- windows of a row --------------------------------------------------------------------- */

/* What stands at the literal's end and behind it.  Return: NULL when it is not certain. */
static const char *byte_at(const struct format *f, size_t at, char buffer[80])
{
	size_t head = strlen(f->literal), n = 0;
	const char *pattern = f->after;
	struct format_item item;

	memset(buffer, 0, 80);
	if (at < head) {
		buffer[0] = f->literal[at];
		return buffer;
	}
	for (at -= head; formats_next(&pattern, &item); at -= item.min) {
		if (at >= item.min && item.max != item.min)
			return NULL;
		if (at >= item.min)
			continue;
		if (item.literal) {
			buffer[0] = item.literal[at];
			return buffer;
		}
		for (int c = 1; c < 128; c++)
			if (charset_has(item.set, (char)c)) {
				if (n == 79)
					return NULL;
				buffer[n++] = (char)c;
			}
		return buffer;
	}
	return NULL;
}

static size_t words_of(const struct window *w)
{
	size_t n = 1;

	for (size_t k = 0; k < PREFILTER_WINDOW; k++)
		n *= strlen(w->bytes[k]);
	return n;
}

static void add_choice(struct windows_item *item, struct window *w)
{
	for (size_t k = 0; k < PREFILTER_WINDOW; k++) {
		w->low[k] = w->high[k] = 0;
		for (const char *p = w->bytes[k]; *p; p++) {
			if (*p & 0x80)
				die("windows are of ASCII", w->bytes[k]);
			w->low[k] |= (uint16_t)(1 << (*p & 15));
			w->high[k] |= (uint16_t)(1 << ((unsigned char)*p >> 4));
		}
	}
	item->choices[item->n++] = *w;
}

void windows_of_format(const struct format *f, struct windows_item *ret)
{
	/* A number of 17 or more digits in base64 begins so. */
	static const char discord[PREFILTER_WINDOW][80] = { "MNO", "DTjz", "AEIMQUYcgk", "wxyz012345" };
	size_t head = strlen(f->literal);
	struct window w = {0};

	*ret = (struct windows_item){0};
	if (f->check == CHECK_DISCORD) {
		memcpy(w.bytes, discord, sizeof(discord));
		add_choice(ret, &w);
		return;
	}
	for (size_t at = 0; at < head && ret->n < WINDOWS_CHOICES; at++) {
		size_t k = 0;

		w = (struct window){ .offset = (uint8_t)at };
		while (k < PREFILTER_WINDOW && byte_at(f, at + k, w.bytes[k]))
			k++;
		if (k == PREFILTER_WINDOW && (words_of(&w) <= WORDS_MOST || !at))
			add_choice(ret, &w);
	}
	if (!ret->n)
		die("the literal and what follows it have no four certain characters", f->class);
}

void windows_of_anchor(const struct context_anchor *a, struct windows_item *ret)
{
	struct window w = {0};

	*ret = (struct windows_item){0};
	for (size_t k = 0; k < PREFILTER_WINDOW; k++)
		memcpy(w.bytes[k], a->bytes[k], sizeof(a->bytes[k]));
	add_choice(ret, &w);
}

/* --- how much a set of halves accepts --------------------------------------------------------- */

enum kind { KIND_CODE, KIND_BASE64, KIND_ROWS, KINDS };

/* In parts of about 1024. */
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
	static const unsigned char rows[128] = {
		['0' ... '9'] = 30, ['b' ... 'd'] = 22, ['f'] = 22, ['"'] = 90, [','] = 44, [':'] = 52,
		['-'] = 30, ['e'] = 40, ['t'] = 24, ['a'] = 30, ['i'] = 24, ['r'] = 20, ['n'] = 20, ['o'] = 18,
		['s'] = 16, ['.'] = 10, ['{'] = 8, ['}'] = 8, ['['] = 6, [']'] = 6, ['_'] = 12, [' '] = 40,
		['l'] = 12, ['m'] = 8, ['p'] = 10, ['u'] = 12, ['g'] = 8, ['h'] = 8, ['v'] = 6, ['T'] = 6,
		['Z'] = 6, ['k'] = 4, ['y'] = 6, ['/'] = 8,
	};

	if (kind == KIND_BASE64)
		return charset_has(SET_B64, (char)c) ? 16 : 0;
	if (c >= 128)
		return 0;
	if (kind == KIND_ROWS)
		return rows[c] ? rows[c] : 1;
	return code[c] ? code[c] : 3;
}

/* The share of bytes that a set of eight low halves has, under each high half. */
static unsigned int part[KINDS][16][2][256];

static void fill_parts(void)
{
	for (unsigned int kind = 0; kind < KINDS; kind++)
		for (unsigned int c = 0; c < 256; c++) {
			unsigned int one = frequency((enum kind)kind, (unsigned char)c);
			unsigned int *p = part[kind][c >> 4][c >> 3 & 1], bit = 1U << (c & 7);

			/* In the order of c, sets without the bit are done. */
			for (unsigned int set = 0; set < bit; set++)
				p[bit | set] = p[set] + one;
		}
}

/* How many windows of the bucket have each half at each position. */
struct bucket {
	uint16_t low[PREFILTER_WINDOW][16], high[PREFILTER_WINDOW][16];
	uint64_t cost;
};

static unsigned int set_of(const uint16_t counts[16])
{
	unsigned int set = 0;

	for (unsigned int i = 0; i < 16; i++)
		set |= counts[i] ? 1U << i : 0;
	return set;
}

static uint64_t cost_of(const struct bucket *b)
{
	uint64_t product[KINDS] = { 1, 1, 1 }, sum = 0;

	for (size_t k = 0; k < PREFILTER_WINDOW; k++) {
		unsigned int low = set_of(b->low[k]);
		uint64_t share[KINDS] = {0};

		for (unsigned int high = set_of(b->high[k]); high; high &= high - 1)
			for (unsigned int kind = 0; kind < KINDS; kind++) {
				const unsigned int(*p)[256] = part[kind][__builtin_ctz(high)];

				share[kind] += p[0][low & 255] + p[1][low >> 8];
			}
		for (unsigned int kind = 0; kind < KINDS; kind++)
			product[kind] *= share[kind];
	}
	for (unsigned int kind = 0; kind < KINDS; kind++)
		sum += product[kind];
	return sum;
}

/* What the window itself costs, however it is packed: a true one is looked at for longer. */
static uint64_t own_cost(const struct window *w)
{
	uint64_t sum = 0;

	for (unsigned int kind = 0; kind < KINDS; kind++) {
		uint64_t product = 2;

		for (size_t k = 0; k < PREFILTER_WINDOW; k++) {
			uint64_t share = 0;

			for (const char *p = w->bytes[k]; *p; p++)
				share += frequency((enum kind)kind, (unsigned char)*p);
			product *= share;
		}
		sum += product;
	}
	return sum;
}

static void change(struct bucket *b, const struct window *w, bool adds)
{
	for (size_t k = 0; k < PREFILTER_WINDOW; k++)
		for (unsigned int i = 0; i < 16; i++) {
			int one = adds ? 1 : -1;

			b->low[k][i] = (uint16_t)(b->low[k][i] + (w->low[k] >> i & 1 ? one : 0));
			b->high[k][i] = (uint16_t)(b->high[k][i] + (w->high[k] >> i & 1 ? one : 0));
		}
	b->cost = cost_of(b);
}

/* --- the search ------------------------------------------------------------------------------- */

static uint32_t chance(uint32_t below)
{
	static uint64_t state = 0x2545f4914f6cdd1dULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 33) % below;
}

/* Try another window or bucket for an item; keep it unless the sum rises by more. */
static void step(struct bucket *buckets, struct windows_item *item, uint64_t more)
{
	size_t chosen = chance((uint32_t)item->n), to = chance(BUCKETS);
	const struct window *old = &item->choices[item->chosen], *new = &item->choices[chosen];
	struct bucket before_from = buckets[item->bucket], before_to = buckets[to];
	uint64_t before = before_from.cost + (to != item->bucket ? before_to.cost : 0) + own_cost(old);
	uint64_t after;

	if (to == item->bucket && chosen == item->chosen)
		return;
	change(&buckets[item->bucket], old, false);
	change(&buckets[to], new, true);
	after = buckets[to].cost + (to != item->bucket ? buckets[item->bucket].cost : 0) + own_cost(new);
	if (after <= before + more) {
		item->bucket = to;
		item->chosen = chosen;
		return;
	}
	buckets[to] = before_to;
	buckets[item->bucket] = before_from;
}

/* An item that is in no bucket yet: where it adds least. */
static void insert(struct bucket *buckets, struct windows_item *item)
{
	uint64_t best = UINT64_MAX;

	for (size_t chosen = 0; chosen < item->n; chosen++)
		for (size_t to = 0; to < BUCKETS; to++) {
			struct bucket b = buckets[to];
			uint64_t more;

			change(&b, &item->choices[chosen], true);
			more = b.cost - buckets[to].cost + own_cost(&item->choices[chosen]);
			if (more < best) {
				best = more;
				item->chosen = chosen;
				item->bucket = to;
			}
		}
	change(&buckets[item->bucket], &item->choices[item->chosen], true);
}

void windows_pack(struct windows_item *items, size_t n)
{
	static struct bucket buckets[BUCKETS];
	uint64_t more = 1ULL << 34; /* of a text, in parts of 2^40 */

	if (n > ITEMS)
		die("too many rows", "windows");
	fill_parts();
	for (size_t i = n; i-- > 0;)
		insert(buckets, &items[i]);
	for (uint64_t i = 0; i < STEPS; i++) {
		step(buckets, &items[chance((uint32_t)n)], more);
		/* A tenth less, sixty times. */
		if (i % (STEPS / COOLINGS) == 0)
			more -= more / 10;
	}
}

/* --- tables ------------------------------------------------------------------------------------- */

/* Each bit is a set of low halves under a set of high halves; bits are or-ed to a mask. */
struct half_sets {
	unsigned char bit;
	uint16_t high, low;
};

static const struct half_sets sets[PREFILTER_CLASSES][8] = {
	[CLASSES_WRAPPED_A] = {
		{ 0x01, 1 << 4, 0xfe00 },	     /* I-O: CLASS_FIRST */
		{ 0x02, 1 << 5, 0x07ff },	     /* P-Z */
		{ 0x04, 1 << 6, 0x007e },	     /* a-f */
		{ 0x08, 1 << 4 | 1 << 5, 0x01fe },   /* A-H Q-X: CLASS_SECOND */
		{ 0x10, 1 << 6, 0x7f80 },	     /* g-n */
		{ 0x20, 1 << 7, 0x0780 },	     /* w-z */
		{ 0x40, 1 << 3, 0x000f },	     /* 0-3 */
		{ 0x80, 1 << 3, 0x00fc },	     /* 2-7: CLASS_HEX */
	},
	[CLASSES_WRAPPED_B] = {
		{ 0x01, 1 << 2, 1 << 5 | 1 << 6 },   /* % & */
		{ 0x02, 1 << 5, 1 << 12 },	     /* \ */
		{ 0x04, 1 << 12, 1 << 2 | 0xf000 },  /* U+0080-00bf, U+0300-03ff */
		{ 0x08, 1 << 13, 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 8 }, /* U+0400-04ff, 0600 */
		{ 0x10, 1 << 14, 1 << 1 | 1 << 2 | 1 << 15 }, /* U+1000-2fff, U+f000-ffff */
		{ 0x20, 1 << 15, 1 << 0 | 1 << 3 },  /* U+10000-1ffff, U+e0000 */
	},
	[CLASSES_PERSONAL] = {
		{ 0x01, 1 << 4 | 1 << 6, 0xfffe },   /* A-O a-o: CLASS_WORD */
		{ 0x02, 1 << 5 | 1 << 7, 0x07ff },   /* P-Z p-z */
		{ 0x04, 1 << 5, 1 << 15 },	     /* _ */
		{ 0x08, 1 << 5, 1 << 12 },	     /* \ */
		{ 0x10, 1 << 2, 0x7800 },	     /* + , - . */
		{ 0x20, 1 << 3, 1 << 10 },	     /* : */
		{ 0x40, 1 << 4, 1 << 0 },	     /* @ */
		{ 0x80, 1 << 3, 0x03ff },	     /* 0-9: CLASS_DIGIT, CLASS_WORD */
	},
};

static void fill_class(const struct half_sets *set, unsigned char *low, unsigned char *high,
		       unsigned char *by_byte)
{
	for (size_t i = 0; i < 8; i++)
		for (size_t half = 0; half < 16; half++) {
			if (set[i].low >> half & 1)
				low[half] |= set[i].bit;
			if (set[i].high >> half & 1)
				high[half] |= set[i].bit;
		}
	for (size_t c = 0; c < 256; c++)
		by_byte[c] = low[c & 15] & high[c >> 4];
}

/* All words of four bytes that a window stands for, into the bitmap. */
static void fill_words(struct prefilter *p, const struct window *w)
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

static void fill_bucket(struct prefilter *p, size_t bucket, const struct window *w)
{
	unsigned char bit = (unsigned char)(1 << (bucket & 7));

	for (size_t k = 0; k < PREFILTER_WINDOW; k++)
		for (size_t half = 0; half < 16; half++) {
			if (w->low[k] >> half & 1)
				p->low[bucket >> 3][k][half] |= bit;
			if (w->high[k] >> half & 1)
				p->high[bucket >> 3][k][half] |= bit;
		}
}

void windows_fill(const struct windows_item *items, size_t n, struct prefilter *ret)
{
	*ret = (struct prefilter){0};
	for (size_t i = 0; i < PREFILTER_CLASSES; i++)
		fill_class(sets[i], ret->class_low[i], ret->class_high[i], ret->class_of[i]);
	for (size_t i = 0; i < n; i++) {
		const struct window *w = &items[i].choices[items[i].chosen];

		fill_words(ret, w);
		fill_bucket(ret, items[i].bucket, w);
	}
	for (size_t k = 0; k < PREFILTER_WINDOW; k++)
		for (size_t c = 0; c < 256; c++)
			ret->window[k][c] =
				(uint16_t)((ret->low[0][k][c & 15] & ret->high[0][k][c >> 4]) |
					   (ret->low[1][k][c & 15] & ret->high[1][k][c >> 4]) << 8);
}
