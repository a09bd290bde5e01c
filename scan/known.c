/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/limits.h"
#include "common/secrets.h"
#include "common/siphash.h"
#include "scan/charset.h"
#include "scan/hits.h"
#include "scan/known.h"

/* Encodings of each value. */
#define NEEDLES_MAX (LIMIT_SECRETS * 16 - SECRETS_LIVE_NEEDLES)
#define NONE UINT16_MAX
/* Bits of the bitmap for each probe, as long as it has room: one in so many places of a
 * text is looked at in vain. */
#define BITS_PER_PROBE 256
#define BITS_LEAST 13

_Static_assert(NEEDLES_MAX + SECRETS_LIVE_NEEDLES < NONE, "an index for each");

struct known {
	struct secrets_header head;
	struct secrets_needle *needles; /* head.n, and room for SECRETS_LIVE_NEEDLES */
	uint32_t n_live;
	uint32_t *own_probes; /* head.n_probes */
	/* By gram, open addressing; needles of one gram in a row.  Half of it is empty. */
	uint16_t *slots;
	uint32_t slot_mask; /* how many there are is a power of two */
	unsigned int shift; /* of a probe, to a bit of: */
	uint64_t *probes;
	unsigned int bits;
};

static int check(const struct secrets_header *h, size_t len, struct err *err)
{
	size_t want = sizeof(*h) + h->n * sizeof(struct secrets_needle) +
		      h->n_probes * sizeof(uint32_t);

	if (h->magic != SECRETS_MAGIC || h->n > NEEDLES_MAX ||
	    h->n_probes > NEEDLES_MAX * SECRETS_GRAM || want != len ||
	    (h->stride != 1 && h->stride != 2 && h->stride != 4 && h->stride != 8))
		return err_set(err, EINVAL, "secrets: malformed");
	return 0;
}

/* As large as the values need: most sessions know a few, and every page counts. */
static bool make_room(struct known *k)
{
	uint32_t slots = 64;
	unsigned int bits = BITS_LEAST;

	while (slots < 2 * (k->head.n + SECRETS_LIVE_NEEDLES))
		slots *= 2;
	while (bits < SECRETS_PROBE_BITS && 1U << bits < k->head.n_probes * BITS_PER_PROBE)
		bits++;
	k->slot_mask = slots - 1;
	k->bits = bits;
	k->shift = SECRETS_PROBE_BITS - bits;
	k->needles = calloc(k->head.n + SECRETS_LIVE_NEEDLES, sizeof(*k->needles));
	k->own_probes = calloc(k->head.n_probes + 1, sizeof(*k->own_probes));
	k->slots = calloc(slots, sizeof(*k->slots));
	k->probes = calloc((1U << bits) / 64, sizeof(*k->probes));
	return k->needles && k->own_probes && k->slots && k->probes;
}

static void fill(struct known *k, const char *live_probes, uint32_t n_live_probes)
{
	memset(k->slots, 0xff, (k->slot_mask + 1) * sizeof(*k->slots));
	memset(k->probes, 0, (1U << k->bits) / 64 * sizeof(*k->probes));
	for (uint32_t i = 0; i < k->head.n + k->n_live; i++) {
		uint32_t slot = (uint32_t)k->needles[i].gram & k->slot_mask;

		while (k->slots[slot] != NONE)
			slot = (slot + 1) & k->slot_mask;
		k->slots[slot] = (uint16_t)i;
	}
	for (uint32_t i = 0; i < k->head.n_probes + n_live_probes; i++) {
		uint32_t probe;

		if (i < k->head.n_probes)
			probe = k->own_probes[i];
		else
			memcpy(&probe, live_probes + (i - k->head.n_probes) * sizeof(probe), sizeof(probe));
		probe = (probe & ((1U << SECRETS_PROBE_BITS) - 1)) >> k->shift;
		k->probes[probe / 64] |= 1ULL << (probe & 63);
	}
}

int known_open(const void *secrets, size_t len, struct known **ret, struct err *err)
{
	struct secrets_header head = {0};
	const char *data = secrets;
	struct known *k;
	int r;

	*ret = NULL;
	if (!len)
		return 0;
	if (len >= sizeof(head))
		memcpy(&head, data, sizeof(head));
	r = check(&head, len, err);
	if (r < 0 || !head.n)
		return r;
	k = calloc(1, sizeof(*k));
	if (k)
		k->head = head;
	if (!k || !make_room(k)) {
		known_close(k);
		return err_errno(err, ENOMEM, "scan");
	}
	memcpy(k->needles, data + sizeof(head), head.n * sizeof(*k->needles));
	memcpy(k->own_probes, data + sizeof(head) + head.n * sizeof(*k->needles),
	       head.n_probes * sizeof(*k->own_probes));
	fill(k, NULL, 0);
	*ret = k;
	return 0;
}

int known_set_live(struct known *k, const void *secrets, size_t len)
{
	const char *data = secrets;
	struct secrets_header head;

	if (len < sizeof(head))
		return -EINVAL;
	memcpy(&head, data, sizeof(head));
	if (check(&head, len, NULL) < 0 || head.n > SECRETS_LIVE_NEEDLES ||
	    head.factor != k->head.factor || memcmp(head.keys, k->head.keys, sizeof(head.keys)) != 0 ||
	    head.stride < k->head.stride)
		return -EINVAL;
	memcpy(k->needles + k->head.n, data + sizeof(head), head.n * sizeof(*k->needles));
	k->n_live = head.n;
	fill(k, data + sizeof(head) + head.n * sizeof(*k->needles), head.n_probes);
	return 0;
}

void known_close(struct known *k)
{
	if (k) {
		free(k->needles);
		free(k->own_probes);
		free(k->slots);
		free(k->probes);
	}
	free(k);
}

static bool is_whole(const char *text, size_t len, size_t at, size_t n)
{
	return !(at && charset_has(SET_WORD, text[at - 1])) &&
	       !(at + n < len && charset_has(SET_WORD, text[at + n]));
}

/* The longest needle that stands at text[at], or NULL. */
static const struct secrets_needle *stands(const struct known *k, const char *text, size_t len,
					   size_t at)
{
	uint64_t gram = siphash(k->head.keys, text + at, SECRETS_GRAM);
	const struct secrets_needle *best = NULL;

	for (uint32_t slot = (uint32_t)gram & k->slot_mask; k->slots[slot] != NONE;
	     slot = (slot + 1) & k->slot_mask) {
		const struct secrets_needle *n = &k->needles[k->slots[slot]];

		if (n->gram != gram || n->len > len - at || (best && n->len <= best->len))
			continue;
		if ((n->flags & SECRETS_WHOLE) && !is_whole(text, len, at, n->len))
			continue;
		if (n->digest[0] == siphash(k->head.keys, text + at, n->len) &&
		    n->digest[1] == siphash(k->head.keys + 2, text + at, n->len))
			best = n;
	}
	return best;
}

static void add(const struct secrets_needle *n, const char *text, size_t len, size_t at,
		struct hits *hits)
{
	struct hit hit = { .start = at, .end = at + n->len, .class = SCAN_KNOWN,
			   .rank = HIT_KNOWN, .certain = true };

	if ((n->flags & SECRETS_BEFORE) && at && charset_has(SET_B64 | SET_B64U, text[at - 1]))
		hit.start--;
	if ((n->flags & SECRETS_BEHIND) && hit.end < len &&
	    charset_has(SET_B64 | SET_B64U, text[hit.end]))
		hit.end++;
	hits_add(hits, &hit);
}

static __attribute__((noinline)) void look(const struct known *k, const char *text, size_t len,
					   size_t at, struct hits *hits)
{
	for (size_t back = 0; back < k->head.stride && back <= at; back++) {
		const struct secrets_needle *n;

		n = stands(k, text, len, at - back);
		if (n)
			add(n, text, len, at - back, hits);
	}
}

void known_find(const struct known *k, const char *text, size_t len, size_t from, size_t to,
		struct hits *hits)
{
	uint64_t factor;
	size_t stride;

	if (!k || len < SECRETS_GRAM)
		return;
	factor = k->head.factor;
	stride = k->head.stride;
	if (to > len - SECRETS_GRAM + 1)
		to = len - SECRETS_GRAM + 1;
	for (size_t at = (from + stride - 1) / stride * stride; at < to; at += stride) {
		uint32_t probe = secrets_probe(factor, text + at) >> k->shift;

		if (k->probes[probe / 64] >> (probe & 63) & 1)
			look(k, text, len, at, hits);
	}
}
