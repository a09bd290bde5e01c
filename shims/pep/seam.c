/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <string.h>

#include "scan/charset.h"
#include "shims/pep/json.h"
#include "shims/pep/seam.h"

/* Of each end of a longer text; most tokens are shorter. */
#define EDGE 256
#define PIECES 32
#define SPANS 16

/* Texts side by side: pieces of nodes in one buffer. */
struct joined {
	const struct json *json;
	const struct scan *scan;
	struct {
		uint32_t node;
		size_t from;	/* in the node's text */
		size_t at, len; /* in the buffer */
	} pieces[PIECES];
	size_t n;
	char text[PIECES * EDGE];
	size_t len;
	struct seam *seams;
	size_t n_seams;
};

static void add_parts(struct joined *b, const struct scan_span *s)
{
	for (size_t i = 0; i < b->n && b->n_seams < SEAM_MOST; i++) {
		size_t at = b->pieces[i].at, end = at + b->pieces[i].len;
		struct seam part = { b->pieces[i].node, *s };
		size_t len;

		if (s->end <= at || end <= s->start)
			continue;
		part.span.start = (s->start > at ? s->start - at : 0) + b->pieces[i].from;
		part.span.end = (s->end < end ? s->end : end) - at + b->pieces[i].from;
		/* Cut at the edge, the token goes on. */
		if (part.span.end == b->pieces[i].from + b->pieces[i].len) {
			const char *text = json_text(b->json, part.node, &len);

			part.span.end += charset_run(SET_PATH, text, len, part.span.end, len);
		}
		b->seams[b->n_seams++] = part;
	}
}

static bool is_in_one(const struct joined *b, const struct scan_span *s)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->pieces[i].at <= s->start && s->end <= b->pieces[i].at + b->pieces[i].len)
			return true;
	return false;
}

/* Look at what has been joined, and begin anew. */
static void flush(struct joined *b)
{
	struct scan_span spans[SPANS];
	size_t n = b->n > 1 ? scan_text(b->scan, NULL, 0, b->text, b->len, spans, SPANS) : 0;

	for (size_t i = 0; i < n; i++)
		if (!is_in_one(b, &spans[i]) && scan_names_itself(spans[i].class))
			add_parts(b, &spans[i]);
	b->n = b->len = 0;
}

static void join(struct joined *b, uint32_t node, const char *text, size_t from, size_t len)
{
	b->pieces[b->n].node = node;
	b->pieces[b->n].from = from;
	b->pieces[b->n].at = b->len;
	b->pieces[b->n++].len = len;
	memcpy(b->text + b->len, text + from, len);
	b->len += len;
}

/* Not the first byte of a character (RFC 3629). */
static bool is_inside(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static void add_text(struct joined *b, uint32_t node)
{
	size_t len, head = EDGE, tail;
	const char *text = json_text(b->json, node, &len);

	if (b->n == PIECES) {
		/* The last one is the neighbour of what comes. */
		uint32_t last = b->pieces[PIECES - 1].node;
		size_t from = b->pieces[PIECES - 1].from, n = b->pieces[PIECES - 1].len, all;
		const char *before = json_text(b->json, last, &all);

		flush(b);
		join(b, last, before, from, n);
	}
	if (len <= EDGE) {
		join(b, node, text, 0, len);
		return;
	}
	/* Whole characters at both edges. */
	while (head && is_inside(text[head]))
		head--;
	join(b, node, text, 0, head);
	flush(b);
	for (tail = len - EDGE; tail < len && is_inside(text[tail]); tail++)
		;
	join(b, node, text, tail, len - tail);
}

size_t seam_find(const struct json *j, const struct scan *scan, struct seam seams[static SEAM_MOST])
{
	uint32_t content = json_member(j, json_member(j, 0, "result"), "content"), at = content + 1;
	struct joined b __attribute__((uninitialized));

	if (content == JSON_NONE || j->nodes[content].type != JSON_TAPE_ARRAY || j->nodes[content].len < 2)
		return 0;
	b.json = j;
	b.scan = scan;
	b.seams = seams;
	b.n = b.len = b.n_seams = 0;
	for (uint32_t i = 0; i < j->nodes[content].len; i++, at = j->nodes[at].next) {
		uint32_t text = json_member(j, at, "text");

		if (text != JSON_NONE && j->nodes[text].type == JSON_TAPE_STRING)
			add_text(&b, text);
		else
			flush(&b); /* an image stands between */
	}
	flush(&b);
	return b.n_seams;
}

size_t seam_add(const struct seam *seams, size_t n_seams, uint32_t node, struct scan_span *spans,
		size_t n, size_t max)
{
	for (size_t i = 0; i < n_seams; i++) {
		const struct scan_span *s = &seams[i].span;
		size_t at = 0;

		if (seams[i].node != node)
			continue;
		while (at < n && spans[at].end <= s->start)
			at++;
		/* One that overlaps is there already: it grows. */
		if (at < n && spans[at].start < s->end) {
			spans[at].start = s->start < spans[at].start ? s->start : spans[at].start;
			spans[at].end = s->end > spans[at].end ? s->end : spans[at].end;
			spans[at].is_mixed = true;
			continue;
		}
		if (n == max) {
			spans[max - 1].end = s->end > spans[max - 1].end ? s->end : spans[max - 1].end;
			continue;
		}
		memmove(spans + at + 1, spans + at, (n - at) * sizeof(*spans));
		spans[at] = *s;
		n++;
	}
	return n;
}
