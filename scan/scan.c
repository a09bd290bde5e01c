/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * A pass goes through a text in chunks of a few KiB.  For each chunk the prefilter gives
 * masks (prefilter.h); known.c probes; the candidates of all masks are gathered, and each
 * is looked up by its first two bytes in a chain of rules, and a rule decides.  Stretches
 * that look like wrapped text are unwrapped into a view, through which another pass
 * goes, one level deeper; its hits are carried back to the text.
 *
 * Everything that is looked up is a constant (tables.h).
 * All memory is taken in scan_open(): views for each level, room for the hits.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "scan/charset.h"
#include "scan/context.h"
#include "scan/formats.h"
#include "scan/hits.h"
#include "scan/known.h"
#include "scan/personal.h"
#include "scan/prefilter.h"
#include "scan/scan.h"
#include "scan/tables.h"
#include "scan/unwrap.h"

/* Encodings inside of each other. */
#define LEVELS 3
#define CHUNK 64 /* blocks: small enough for the first cache with all that is around it */
#define HITS 1024
#define HITS_OF_VIEW 64

struct level {
	struct prefilter_masks masks[CHUNK];
	uint16_t candidates[CHUNK * PREFILTER_BLOCK + 2];
	char tail[3 * PREFILTER_BLOCK];
	struct hit hits[HITS_OF_VIEW];
};

struct work {
	struct hit hits[HITS];
	struct prefilter_personal personal[CHUNK];
	struct level levels[LEVELS];
	struct view views[LEVELS - 1]; /* of the text of a level, for the next */
};

struct scan {
	enum prefilter_variant variant;
	struct known *known;
	struct scan_config config;
	struct work *work;
};

/* The state of a pass.  *_shift: what the masks of the block before had. */
struct pass {
	const struct scan *scan;
	const struct known *known; /* NULL: none */
	const char *text;
	size_t len, level;
	struct hits *hits;
	struct personal personal; /* no classes below the first level */
	struct format_runs runs;
	size_t done_context, done_base64, done_base32, done_hex, done_escapes;
	uint64_t first, group, pairs, hex[4], base32[4];
};

static void run_pass(struct pass *p);

/* --- candidates --------------------------------------------------------------------------- */

static void try_format(struct pass *p, const struct format *f, size_t at)
{
	struct hit hit = { .rank = HIT_FORMAT };

	if ((f->check == CHECK_PEM || f->check == CHECK_JWT) && hits_cover(p->hits, at, f->class))
		return;
	if (!formats_match(f, p->text, p->len, at, &p->runs, &hit.start, &hit.end, &hit.certain))
		return;
	hit.class = f->check == CHECK_JWT ?
			    formats_jwt_class(p->text + hit.start, hit.end - hit.start) :
			    f->class;
	hits_add(p->hits, &hit);
}

static bool stands_before(char letter, const char *text, size_t at)
{
	return !letter || (at && (text[at - 1] | 0x20) == letter);
}

static bool has_run(const struct tables_rule *r, const char *text, size_t len, size_t at)
{
	return !r->middle || (r->last < len - at && charset_has(1U << r->set, text[at + r->last]) &&
			      charset_has(1U << r->set, text[at + r->middle]));
}

/* bytes: the four at text[at]; zeros behind its end. */
static void look_at(struct pass *p, size_t at, const char *bytes)
{
	bool has_context = !p->level && !p->scan->config.no_context;
	uint32_t word = tables_word(bytes);

	const uint16_t *chain = &scan_tables.chains[tables_chain(bytes)];

	for (const struct tables_rule *r = &scan_tables.rules[chain[0]], *end = &scan_tables.rules[chain[1]];
	     r < end; r++) {
		if ((word & r->mask) != r->word)
			continue;
		if (!r->is_context) {
			if (r->offset <= at && has_run(r, p->text, p->len, at))
				try_format(p, &formats[r->index], at - r->offset);
		} else if (has_context && stands_before(r->before, p->text, at)) {
			context_look((enum context_kind)r->index, p->text, p->len, at,
				     &p->done_context, p->hits);
		}
	}
}

static void look_into(struct pass *p)
{
	const struct view *view = &p->scan->work->views[p->level];
	struct hits hits = { .v = p->scan->work->levels[p->level + 1].hits, .max = HITS_OF_VIEW };
	struct pass inner = { .scan = p->scan, .known = p->known, .text = view->text, .len = view->n,
			      .level = p->level + 1, .hits = &hits };

	run_pass(&inner);
	if (hits.is_full)
		hits.v[0] = (struct hit){ .end = view->n, .class = "wrapped", .rank = HIT_FORMAT,
					   .is_mixed = true };
	for (size_t i = 0; i < hits.n; i++) {
		struct hit hit = hits.v[i];

		hit.start = view->from[hit.start];
		hit.end = view->to[hit.end - 1];
		hits_add(p->hits, &hit);
	}
}

/* --- masks ---------------------------------------------------------------------------------- */

/* Bit i of the result is bit i - by of the stream. */
static uint64_t shifted(uint64_t now, uint64_t before, unsigned int by)
{
	return now << by | before >> (64 - by);
}

/* Ends of five groups of base64 in a row that give text: in every token of 17 bytes. */
static uint64_t base64_ends(struct pass *p, const struct prefilter_masks *m)
{
	uint64_t group = m->second & shifted(m->first, p->first, 1);
	uint64_t pairs = group & shifted(group, p->group, 4);
	uint64_t fours = pairs & shifted(pairs, p->pairs, 8);
	uint64_t fives = fours & shifted(group, p->group, 16);

	p->first = m->first;
	p->group = group;
	p->pairs = pairs;
	return fives;
}

/* Ends of sixteen pairs of digits. */
static uint64_t hex_ends(struct pass *p, const struct prefilter_masks *m)
{
	uint64_t v = m->hex;

	for (unsigned int i = 0; i < 4; i++) {
		uint64_t before = p->hex[i];

		p->hex[i] = v;
		v &= shifted(v, before, 2U << i);
	}
	return v;
}

/* Ends of sixteen characters in a row of base32. */
static uint64_t base32_ends(struct pass *p, const struct prefilter_masks *m)
{
	uint64_t v = m->base32;

	for (unsigned int i = 0; i < 4; i++) {
		uint64_t before = p->base32[i];

		p->base32[i] = v;
		v &= shifted(v, before, 1U << i);
	}
	return v;
}

typedef bool unwrap_fn(const char *, size_t, size_t, size_t *, struct view *);

static void unwrap_all(struct pass *p, uint64_t mask, size_t base, unwrap_fn *unwrap, size_t *done)
{
	bool is_escape = unwrap == unwrap_escapes;

	for (; mask; mask &= mask - 1) {
		size_t at = base + (size_t)__builtin_ctzll(mask);

		if (at >= *done && at < p->len && (!is_escape || unwrap_may_hide(p->text, p->len, at)) &&
		    unwrap(p->text, p->len, at, done, &p->scan->work->views[p->level]))
			look_into(p);
	}
}

/* What is wrapped begins or ends in the block at base. */
static __attribute__((noinline)) void unwrap_block(struct pass *p, size_t base, uint64_t base64,
						   uint64_t base32, uint64_t hex, uint64_t escape)
{
	unwrap_all(p, base64, base, unwrap_base64, &p->done_base64);
	unwrap_all(p, base32, base, unwrap_base32, &p->done_base32);
	unwrap_all(p, hex, base, unwrap_hex, &p->done_hex);
	unwrap_all(p, escape, base, unwrap_escapes, &p->done_escapes);
}

/*
 * The candidates of the chunk at bytes into list, without those that are no words.  Most
 * blocks have two at most: these are written whether they are there or not, so that no
 * branch has to be guessed.  Return: how many.
 */
static size_t gather(const struct prefilter_masks *masks, const char *bytes, size_t blocks,
		     uint16_t *list)
{
	size_t n = 0, words = 0;

	for (size_t b = 0; b < blocks; b++) {
		uint64_t w = masks[b].window;

		for (int i = 0; i < 2; i++, w &= w - 1) {
			list[n] = (uint16_t)(b * PREFILTER_BLOCK + (unsigned int)__builtin_ctzll(w | 1ULL << 63));
			n += w != 0;
		}
		for (; w; w &= w - 1)
			list[n++] = (uint16_t)(b * PREFILTER_BLOCK + (unsigned int)__builtin_ctzll(w));
	}
	for (size_t i = 0; i < n; i++) {
		uint16_t at = list[i];

		list[words] = at;
		words += prefilter_is_word(&scan_tables.filter, bytes + at);
	}
	return words;
}

static void look_at_personal(struct pass *p, const char *bytes, size_t base, size_t blocks)
{
	struct prefilter_personal *masks = p->scan->work->personal;

	prefilter_run_personal(&scan_tables.filter, p->scan->variant, bytes, blocks, masks);
	for (size_t i = 0; i < blocks; i++)
		personal_look(&p->personal, base + i * PREFILTER_BLOCK, &masks[i]);
}

/* bytes: the chunk at text[base], 3 more are readable. */
static void walk_chunk(struct pass *p, const char *bytes, size_t base, size_t blocks)
{
	struct level *level = &p->scan->work->levels[p->level];
	const struct prefilter_masks *m = level->masks;
	size_t n;

	p->hits->from = base;
	if (p->personal.classes)
		look_at_personal(p, bytes, base, blocks);
	if (p->scan->config.personal_only)
		return;
	prefilter_run(&scan_tables.filter, p->scan->variant, bytes, blocks, level->masks);
	n = gather(m, bytes, blocks, level->candidates);
	for (size_t i = 0; i < n && !p->hits->is_full; i++)
		if (base + level->candidates[i] < p->len)
			look_at(p, base + level->candidates[i], bytes + level->candidates[i]);
	for (size_t i = 0; i < blocks && p->level + 1 < LEVELS && !p->hits->is_full; i++) {
		uint64_t base64 = base64_ends(p, &m[i]), base32 = base32_ends(p, &m[i]);
		uint64_t hex = hex_ends(p, &m[i]);

		if (base64 | base32 | hex | m[i].escape)
			unwrap_block(p, base + i * PREFILTER_BLOCK, base64, base32, hex, m[i].escape);
	}
}

static void run_pass(struct pass *p)
{
	char *tail = p->scan->work->levels[p->level].tail;
	size_t at = 0;

	while (p->len - at >= PREFILTER_BLOCK + PREFILTER_AHEAD && !p->hits->is_full) {
		size_t blocks = (p->len - at - PREFILTER_AHEAD) / PREFILTER_BLOCK;

		if (blocks > CHUNK)
			blocks = CHUNK;
		p->hits->from = at;
		known_find(p->known, p->text, p->len, at, at + blocks * PREFILTER_BLOCK, p->hits);
		walk_chunk(p, p->text + at, at, blocks);
		at += blocks * PREFILTER_BLOCK;
	}
	if (at == p->len || p->hits->is_full)
		return;
	p->hits->from = at;
	known_find(p->known, p->text, p->len, at, p->len, p->hits);
	memset(tail, 0, 3 * PREFILTER_BLOCK);
	memcpy(tail, p->text + at, p->len - at);
	walk_chunk(p, tail, at, (p->len - at + PREFILTER_BLOCK - 1) / PREFILTER_BLOCK);
}

/* Nothing shorter is found, but personal data (tests/unit/test_scan.c tries). */
#define SHORTEST 8

size_t scan_text(const struct scan *s, const char *key, size_t key_len, const char *text,
		 size_t len, struct scan_span *spans, size_t max)
{
	struct hits hits = { .v = s->work->hits, .max = HITS };
	struct pass p = { .scan = s, .text = text, .len = len, .hits = &hits,
			  .known = s->config.personal_only ? NULL : s->known };

	if (!len)
		return 0;
	if (s->config.personal)
		p.personal = (struct personal){ .classes = s->config.personal, .key = key, .text = text,
						.key_len = key_len, .len = len, .hits = &hits };
	/* Names, numbers and most keys of a message are shorter than any token, and than any
	 * value that is known; a key may still say what they are. */
	if (len >= SHORTEST || s->config.personal)
		run_pass(&p);
	if (!s->config.no_context && !s->config.personal_only && key && !hits.is_full)
		context_member(key, key_len, text, len, &hits);
	return hits.n ? hits_give(&hits, text, len, spans, max) : 0;
}

int scan_open(const void *secrets, size_t len, struct scan **ret, struct err *err)
{
	struct scan *s = calloc(1, sizeof(*s));
	int r;

	*ret = NULL;
	if (s)
		s->work = calloc(1, sizeof(*s->work));
	if (!s || !s->work) {
		scan_close(s);
		return err_errno(err, ENOMEM, "scan");
	}
	r = known_open(secrets, len, &s->known, err);
	if (r < 0) {
		scan_close(s);
		return r;
	}
	s->variant = prefilter_best();
	*ret = s;
	return 0;
}

int scan_set_live(struct scan *s, const void *secrets, size_t len)
{
	return s->known ? known_set_live(s->known, secrets, len) : -EINVAL;
}

void scan_configure(struct scan *s, const struct scan_config *config)
{
	s->config = config ? *config : (struct scan_config){0};
}

const char *scan_class_name(size_t i)
{
	/* What is said elsewhere than in a row of a table. */
	static const char more[][12] = { SCAN_KNOWN, "wrapped", "jwe", "dpop-proof", "jwt-svid" };
	size_t n = 0;

	while (scan_personal_name(n))
		n++;
	if (i < n)
		return scan_personal_name(i);
	i -= n;
	if (i < formats_n)
		return formats[i].class;
	i -= formats_n;
	if (i < sizeof(more) / sizeof(*more))
		return more[i];
	return context_class(i - sizeof(more) / sizeof(*more));
}

bool scan_names_itself(const char *class)
{
	size_t n = 0;

	while (scan_personal_name(n))
		n++;
	/* Behind personal data in the list, before what is the context's. */
	for (const char *name; (name = scan_class_name(n)) && name != context_class(0); n++)
		if (!strcmp(name, class))
			return true;
	return false;
}

bool scan_has_personal(const struct scan *s)
{
	return s->config.personal != 0;
}

const char *scan_find(const struct scan *s, const char *text, size_t len)
{
	struct scan_span span;

	return s && scan_text(s, NULL, 0, text, len, &span, 1) ? span.class : NULL;
}

bool scan_use_variant(struct scan *s, int variant)
{
	if (!prefilter_has((enum prefilter_variant)variant))
		return false;
	s->variant = (enum prefilter_variant)variant;
	return true;
}

void scan_close(struct scan *s)
{
	if (s) {
		known_close(s->known);
		free(s->work);
	}
	free(s);
}
