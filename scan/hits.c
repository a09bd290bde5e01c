/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "scan/hits.h"
#include "scan/scan.h"

static bool is_higher(const struct hit *a, const struct hit *b)
{
	if (a->rank != b->rank)
		return a->rank > b->rank;
	return a->end - a->start > b->end - b->start;
}

/* Another class is in it. */
static void add_class(struct hit *hit, const char *class)
{
	if (!class || !strcmp(hit->class, class))
		return;
	for (size_t i = 0; i < SCAN_OTHERS; i++) {
		if (!hit->others[i]) {
			hit->others[i] = class;
			return;
		}
		if (!strcmp(hit->others[i], class))
			return;
	}
	hit->is_mixed = true;
}

static void unite(struct hit *into, const struct hit *other)
{
	bool is_other = is_higher(other, into);
	struct hit both = is_other ? *other : *into;
	const struct hit *rest = is_other ? into : other;

	add_class(&both, rest->class);
	for (size_t i = 0; i < SCAN_OTHERS; i++)
		add_class(&both, rest->others[i]);
	both.is_mixed |= rest->is_mixed;

	both.start = into->start < other->start ? into->start : other->start;
	both.end = into->end > other->end ? into->end : other->end;
	both.certain = into->certain || other->certain;
	*into = both;
}

void hits_add(struct hits *h, const struct hit *hit)
{
	struct hit *last = h->n ? &h->v[h->n - 1] : NULL;

	if (hit->start >= hit->end)
		return;
	if (last && hit->start < last->end && last->start < hit->end) {
		unite(last, hit);
		return;
	}
	if (h->n == h->max) {
		/* Nothing before the smaller of the two has been left out. */
		if (!h->is_full || hit->start < h->from)
			h->from = hit->start < h->from ? hit->start : h->from;
		h->is_full = true;
		return;
	}
	h->v[h->n++] = *hit;
}

bool hits_cover(const struct hits *h, size_t at, const char *class)
{
	const struct hit *last = h->n ? &h->v[h->n - 1] : NULL;

	return last && at >= last->start && at < last->end && !strcmp(last->class, class);
}

/* Nearly in order as they come: hits of one block only change places. */
static void sort(struct hits *h)
{
	for (size_t i = 1; i < h->n; i++) {
		struct hit hit = h->v[i];
		size_t k = i;

		for (; k && h->v[k - 1].start > hit.start; k--)
			h->v[k] = h->v[k - 1];
		h->v[k] = hit;
	}
}

static bool is_inside_character(const char *text, size_t at)
{
	return ((unsigned char)text[at] & 0xc0) == 0x80;
}

/* A rule that bounds what it takes counts bytes; what is replaced is characters, or the
 * rest of one would be left (UTF-8: at most three bytes follow the first). */
static void take_whole_characters(struct hit *hit, const char *text, size_t len)
{
	for (int i = 0; i < 3 && hit->start > 0 && is_inside_character(text, hit->start); i++)
		hit->start--;
	for (int i = 0; i < 3 && hit->end < len && is_inside_character(text, hit->end); i++)
		hit->end++;
}

size_t hits_give(struct hits *h, const char *text, size_t len, struct scan_span *spans, size_t max)
{
	size_t n = 0;

	if (h->is_full) {
		/* The newest gives way to one that reaches to the end. */
		struct hit *last = &h->v[h->n - 1];

		last->start = last->start < h->from ? last->start : h->from;
		last->end = len;
		last->is_mixed = true;
	}
	for (size_t i = 0; i < h->n; i++)
		take_whole_characters(&h->v[i], text, len);
	sort(h);
	for (size_t i = 0; i < h->n;) {
		struct hit hit = h->v[i++];

		while (i < h->n && h->v[i].start < hit.end)
			unite(&hit, &h->v[i++]);
		if (n == max) {
			spans[max - 1].end = len;
			spans[max - 1].is_mixed = true;
			return max;
		}
		spans[n++] = (struct scan_span){ hit.start, hit.end, hit.class, hit.certain,
						 { hit.others[0], hit.others[1] }, hit.is_mixed };
	}
	return n;
}
