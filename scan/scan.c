/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * A pass goes through a text in chunks of a few KiB.  For each chunk the prefilter gives
 * masks (prefilter.h); known.c probes; then the masks are walked: each candidate is
 * looked up by its first two bytes in a chain of rules, and a rule decides.  Stretches
 * that look like wrapped text are unwrapped into a view, through which another pass
 * goes, one level deeper; its hits are carried back to the text.
 *
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
#include "scan/unwrap.h"

/* Encodings inside of each other. */
#define LEVELS 3
#define CHUNK 64 /* blocks: small enough for the first cache with all that is around it */
#define HITS 1024
#define HITS_OF_VIEW 64
#define CHAINS 4096
#define RULES_MAX 1024
#define NO_RULE UINT16_MAX

/* One window leads to one rule: a format, or an anchor of context. */
struct rule {
	uint16_t next;	 /* of the chain */
	uint16_t offset; /* of the window in the format's literal */
	uint16_t index;	 /* of formats or context_anchors */
	bool is_context;
	char bytes[2]; /* the first two of the window */
};

struct level {
	struct prefilter_masks masks[CHUNK];
	char tail[3 * PREFILTER_BLOCK];
	struct view view; /* of the text of this level, for the next */
	struct hit hits[HITS_OF_VIEW];
};

struct work {
	struct hit hits[HITS];
	struct level levels[LEVELS];
};

struct scan {
	struct prefilter filter;
	uint16_t chains[CHAINS];
	struct rule rules[RULES_MAX];
	size_t n_rules;
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
	size_t done_context, done_base64, done_hex, done_escapes;
	uint64_t first, group, pairs, hex[4];
};

static void run_pass(struct pass *p);

/* --- candidates --------------------------------------------------------------------------- */

static unsigned int chain_of(const char bytes[2])
{
	return ((unsigned int)(unsigned char)bytes[0] * 67 + (unsigned char)bytes[1]) % CHAINS;
}

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

static void look_at(struct pass *p, size_t at)
{
	const struct scan *s = p->scan;

	if (p->len - at < 2)
		return;
	for (uint16_t i = s->chains[chain_of(p->text + at)]; i != NO_RULE; i = s->rules[i].next) {
		const struct rule *r = &s->rules[i];

		if (r->bytes[0] != p->text[at] || r->bytes[1] != p->text[at + 1])
			continue;
		if (!r->is_context) {
			if (r->offset <= at)
				try_format(p, &formats[r->index], at - r->offset);
		} else if (!p->level && !s->config.no_context) {
			context_look(context_anchors[r->index].kind, p->text, p->len, at,
				     &p->done_context, p->hits);
		}
	}
}

static void look_into(struct pass *p)
{
	const struct view *view = &p->scan->work->levels[p->level].view;
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

typedef bool unwrap_fn(const char *, size_t, size_t, size_t *, struct view *);

static void unwrap_all(struct pass *p, uint64_t mask, size_t base, unwrap_fn *unwrap, size_t *done)
{
	bool is_escape = unwrap == unwrap_escapes;

	for (; mask; mask &= mask - 1) {
		size_t at = base + (size_t)__builtin_ctzll(mask);

		if (at >= *done && at < p->len && (!is_escape || unwrap_may_hide(p->text, p->len, at)) &&
		    unwrap(p->text, p->len, at, done, &p->scan->work->levels[p->level].view))
			look_into(p);
	}
}

/* bytes: of the block, 3 more are readable. */
static void walk_block(struct pass *p, const struct prefilter_masks *m, size_t base,
		       const char *bytes)
{
	uint64_t base64, hex;

	if (p->personal.classes)
		personal_look(&p->personal, base, m);
	if (p->scan->config.personal_only)
		return;
	base64 = base64_ends(p, m);
	hex = hex_ends(p, m);
	for (uint64_t w = m->window; w; w &= w - 1) {
		size_t i = (size_t)__builtin_ctzll(w);

		if (prefilter_is_word(&p->scan->filter, bytes + i) && base + i < p->len)
			look_at(p, base + i);
	}
	if (p->level + 1 < LEVELS && (base64 | hex | m->escape)) {
		unwrap_all(p, base64, base, unwrap_base64, &p->done_base64);
		unwrap_all(p, hex, base, unwrap_hex, &p->done_hex);
		unwrap_all(p, m->escape, base, unwrap_escapes, &p->done_escapes);
	}
}

static void walk_chunk(struct pass *p, const char *bytes, size_t base, size_t blocks)
{
	struct prefilter_masks *masks = p->scan->work->levels[p->level].masks;

	prefilter_run(&p->scan->filter, bytes, blocks, masks);
	for (size_t i = 0; i < blocks && !p->hits->is_full; i++) {
		p->hits->from = base + i * PREFILTER_BLOCK;
		walk_block(p, &masks[i], p->hits->from, bytes + i * PREFILTER_BLOCK);
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
	p.personal = (struct personal){ s->config.personal, key, text, key_len, len, &hits };
	/* Names, numbers and most keys of a message are shorter than any token, and than any
	 * value that is known; a key may still say what they are. */
	if (len >= SHORTEST || s->config.personal)
		run_pass(&p);
	if (!s->config.no_context && !s->config.personal_only && key && !hits.is_full)
		context_member(key, key_len, text, len, &hits);
	return hits.n ? hits_give(&hits, text, len, spans, max) : 0;
}

/* --- tables ----------------------------------------------------------------------------------- */

static void add_rule(struct scan *s, struct rule rule)
{
	unsigned int chain = chain_of(rule.bytes);

	if (s->n_rules == RULES_MAX)
		abort(); /* the tables are ours */
	rule.next = s->chains[chain];
	s->chains[chain] = (uint16_t)s->n_rules;
	s->rules[s->n_rules++] = rule;
}

static void add_rules(struct scan *s, const struct prefilter_window *w, struct rule rule)
{
	for (const char *a = w->bytes[0]; *a; a++)
		for (const char *b = w->bytes[1]; *b; b++) {
			rule.bytes[0] = *a;
			rule.bytes[1] = *b;
			add_rule(s, rule);
		}
}

/* Room for the strings that windows are made of, while they are built. */
struct strings {
	char bytes[128][2];
	char sets[16][128];
};

static void fill_strings(struct strings *s)
{
	for (int c = 1; c < 128; c++)
		s->bytes[c][0] = (char)c;
	for (unsigned int bit = 0; bit < 15; bit++)
		for (int c = 1, n = 0; c < 128; c++)
			if (charset_has(1U << bit, (char)c))
				s->sets[bit][n++] = (char)c;
}

/* What stands at the literal's end and behind it, as far as a window reaches. */
static const char *window_byte(const struct format *f, const struct strings *s, size_t at)
{
	size_t head = strlen(f->literal);
	const char *pattern = f->after;
	struct format_item item;

	if (at < head)
		return s->bytes[(unsigned char)f->literal[at]];
	for (at -= head; formats_next(&pattern, &item); at -= item.min) {
		if (at >= item.min)
			continue;
		return item.literal ? s->bytes[(unsigned char)item.literal[at]] :
				      s->sets[__builtin_ctz(item.set)];
	}
	return NULL;
}

/* The rarest window of a format. */
static size_t choose(const struct format *f, const struct strings *s, struct prefilter_window *ret)
{
	/* A number of 17 or more digits in base64 begins so. */
	static const struct prefilter_window discord = { { "MNO", "DTjz", "AEIMQUYcgk",
							   "wxyz012345" } };
	size_t head = strlen(f->literal), best_at = 0;
	float best = 1e9F;

	if (f->check == CHECK_DISCORD) {
		*ret = discord;
		return 0;
	}
	for (size_t at = 0; at == 0 || at + PREFILTER_WINDOW <= head; at++) {
		struct prefilter_window w;
		float weight;

		for (size_t k = 0; k < PREFILTER_WINDOW; k++) {
			w.bytes[k] = window_byte(f, s, at + k);
			if (!w.bytes[k])
				abort(); /* the tables are ours */
		}
		weight = prefilter_weight(&w);
		if (weight < best) {
			best = weight;
			best_at = at;
			*ret = w;
		}
	}
	return best_at;
}

static void build(struct scan *s)
{
	static struct prefilter_window windows[PREFILTER_MOST];
	static struct strings strings;
	size_t n = 0;

	memset(s->chains, 0xff, sizeof(s->chains));
	fill_strings(&strings);
	for (size_t i = 0; i < formats_n; i++, n++) {
		size_t offset = choose(&formats[i], &strings, &windows[n]);

		add_rules(s, &windows[n], (struct rule){ .offset = (uint16_t)offset,
							 .index = (uint16_t)i });
	}
	for (size_t i = 0; i < context_anchors_n; i++, n++) {
		memcpy(windows[n].bytes, context_anchors[i].bytes, sizeof(windows[n].bytes));
		add_rules(s, &windows[n], (struct rule){ .index = (uint16_t)i, .is_context = true });
	}
	prefilter_build(&s->filter, windows, n);
	personal_build();
	context_build();
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
	build(s);
	*ret = s;
	return 0;
}

void scan_configure(struct scan *s, const struct scan_config *config)
{
	s->config = config ? *config : (struct scan_config){0};
}

const char *scan_class_name(size_t i)
{
	/* What is said elsewhere than in a row of a table. */
	static const char *const more[] = { SCAN_KNOWN, "wrapped", "jwe", "dpop-proof", "jwt-svid" };
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
	s->filter.variant = (enum prefilter_variant)variant;
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
