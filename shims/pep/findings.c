/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "shims/pep/findings.h"
#include "shims/pep/json.h"
#include "shims/pep/mirror.h"
#include "shims/pep/pointer.h"

void findings_begin(struct findings *f)
{
	f->replaced = f->noted = f->exempted = f->restored = 0;
	f->class = f->noted_class = NULL;
	f->is_blocked = false;
}

/* --- actions ------------------------------------------------------------------------------ */

static enum policy_finding decide_class(const struct findings *f, const char *class, uint32_t layers)
{
	return f->policy ? policy_decide_finding(f->policy, class, f->direction, layers) :
			   POLICY_FINDING_REDACT;
}

/* The strictest for all that is in it; what is not named in it is redacted at least. */
static enum policy_finding decide_span(const struct findings *f, const struct scan_span *s,
				       uint32_t layers)
{
	enum policy_finding then = decide_class(f, s->class, layers);

	for (size_t i = 0; i < SCAN_OTHERS && s->others[i]; i++) {
		enum policy_finding one = decide_class(f, s->others[i], layers);

		then = one < then ? one : then;
	}
	return s->is_mixed && then > POLICY_FINDING_REDACT ? POLICY_FINDING_REDACT : then;
}

static bool is_passing(enum policy_finding then)
{
	return then == POLICY_FINDING_ALERT || then == POLICY_FINDING_PASS;
}

static struct findings_exempt *exempt_of(struct findings *f, uint32_t node)
{
	for (size_t i = 0; i < f->n_exempt; i++)
		if (f->exempt[i].node == node)
			return &f->exempt[i];
	return NULL;
}

/* Decide, and count what is not replaced. */
static enum policy_finding judge(struct findings *f, uint32_t node, const struct scan_span *s)
{
	struct findings_exempt *e = f->n_exempt ? exempt_of(f, node) : NULL;
	enum policy_finding then = decide_span(f, s, 0);

	if (e && !is_passing(then)) {
		enum policy_finding with = decide_span(f, s, e->layers);

		if (is_passing(with)) {
			f->exempted++;
			e->used++;
			e->class = s->class;
		}
		then = with;
	}
	if (then == POLICY_FINDING_ALERT) {
		f->noted++;
		f->noted_class = s->class;
	}
	if (!is_passing(then))
		f->class = s->class;
	f->is_blocked = f->is_blocked || then == POLICY_FINDING_BLOCK;
	return then;
}

/* --- where nothing can be replaced -------------------------------------------------------- */

/* A cursor, or a state to be given back: opaque to all but the server that made it, and
 * often a signed token. */
static bool is_opaque(const struct findings *f, uint32_t node)
{
	static const struct {
		const char *in, *name;
		enum policy_direction direction;
	} places[] = { { "result", "nextCursor", POLICY_TO_CLIENT },
		       { "result", "requestState", POLICY_TO_CLIENT },
		       { "params", "cursor", POLICY_TO_SERVER },
		       { "params", "requestState", POLICY_TO_SERVER } };

	for (size_t i = 0; f->json && i < sizeof(places) / sizeof(*places); i++)
		if (places[i].direction == f->direction &&
		    json_member(f->json, json_member(f->json, 0, places[i].in), places[i].name) == node)
			return true;
	return false;
}

/* A JSON Web Token there is no credential, signed or encrypted: a server has to protect
 * it against change (MCP 2026-07-28, patterns, mrtr).  Other secrets are secret still. */
static bool is_own_token(const struct scan_span *spans, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((strcmp(spans[i].class, "jwt") != 0 && strcmp(spans[i].class, "jwe") != 0) ||
		    spans[i].others[0] || spans[i].is_mixed)
			return false;
	return true;
}

int findings_fixed(struct findings *f, uint32_t node, const struct scan_span *spans, size_t n)
{
	size_t bad = 0;

	if (node != JSON_NONE && is_opaque(f, node) && is_own_token(spans, n))
		return 0;
	for (size_t i = 0; i < n; i++)
		bad += !is_passing(judge(f, node, &spans[i]));
	f->replaced += bad;
	return bad ? -EPERM : 0;
}

/* --- where it can ------------------------------------------------------------------------- */

static void redact(struct findings_piece *p, char *room, const char *class)
{
	p->len = (size_t)snprintf(room, PSEUDONYM_TEXT, "[REDACTED:%.52s]", class);
	p->text = room;
}

/* value[len]: what it says, however it is written there. */
static void replace(struct findings *f, enum policy_finding then, const struct scan_span *s,
		    const char *value, size_t len, struct findings_piece *p, char *room)
{
	bool is_servers = f->direction == POLICY_TO_CLIENT;

	p->start = s->start;
	p->end = s->end;
	p->len = 0;
	/* What is two things is none that could be given back. */
	if (then == POLICY_FINDING_PSEUDONYM && f->session && f->session->pseudonyms &&
	    scan_personal(s->class) && !s->others[0] && !s->is_mixed)
		p->len = pseudonym_make(f->session->pseudonyms, s->class, value, len, is_servers, room);
	p->text = room;
	if (!p->len)
		redact(p, room, s->class);
	f->replaced++;
}

/* Into the order of the pieces.  One that overlaps another joins it. */
static size_t insert(struct findings_piece *v, size_t n, const struct findings_piece *p)
{
	size_t at = n;

	while (at && v[at - 1].start > p->start)
		at--;
	if (at && v[at - 1].end > p->start)
		at--;
	else if (at == n || v[at].start >= p->end) {
		memmove(v + at + 1, v + at, (n - at) * sizeof(*v));
		v[at] = *p;
		return n + 1;
	}
	v[at].start = p->start < v[at].start ? p->start : v[at].start;
	v[at].end = p->end > v[at].end ? p->end : v[at].end;
	while (at + 1 < n && v[at + 1].start < v[at].end) {
		v[at].end = v[at + 1].end > v[at].end ? v[at + 1].end : v[at].end;
		memmove(v + at + 1, v + at + 2, (n - at - 2) * sizeof(*v));
		n--;
	}
	return n;
}

static bool is_replaced(const struct findings_work *w, size_t n, size_t start, size_t end)
{
	for (size_t i = 0; i < n; i++)
		if (w->pieces[i].start <= start && end <= w->pieces[i].end)
			return true;
	return false;
}

/* What other places of this result were found to hold. */
static size_t add_mirrored(struct findings *f, const char *text, size_t len,
			   struct findings_work *w, size_t n)
{
	size_t from = 0, start, end;
	const struct mirrored *m;

	while (from < len && w->n_texts < 2 * FINDINGS_SPANS &&
	       (m = mirror_find(f->mirror, text, len, from, &start, &end))) {
		struct scan_span span = m->span;
		struct findings_piece p;

		from = end;
		if (is_replaced(w, n, start, end))
			continue;
		span.start = start;
		/* No room for more: the last reaches to the end. */
		span.end = w->n_texts + 1 == 2 * FINDINGS_SPANS ? len : end;
		replace(f, decide_span(f, &span, 0), &span, m->text, m->len, &p,
			w->texts[w->n_texts++]);
		n = insert(w->pieces, n, &p);
	}
	return n;
}

static bool is_below(const struct findings *f, uint32_t node)
{
	return f->turn_back != JSON_NONE && node >= f->turn_back &&
	       node < f->json->nodes[f->turn_back].next;
}

/* May what has that pseudonym go to the server, to which it belongs? */
static bool may_return(const struct findings *f, const struct pseudonym *p)
{
	return decide_class(f, p->class, 0) >= POLICY_FINDING_PSEUDONYM;
}

static size_t add_returned(struct findings *f, const char *text, size_t len,
			   struct findings_work *w, size_t n)
{
	size_t from = 0, start, end;
	const struct pseudonym *p;

	while (n < 2 * FINDINGS_SPANS &&
	       (p = pseudonym_find(f->session->pseudonyms, text, len, from, &start, &end))) {
		bool is_taken = false;

		from = end;
		for (size_t i = 0; i < n; i++)
			is_taken = is_taken || (w->pieces[i].start < end && start < w->pieces[i].end);
		if (is_taken || !may_return(f, p))
			continue;
		n = insert(w->pieces, n, &(struct findings_piece){ start, end, p->text, p->len });
		f->restored++;
	}
	return n;
}

/* A text that has a pseudonym, and came from the server. */
static bool is_servers_own(const struct findings *f, const struct scan_span *s, const char *text)
{
	return f->session && f->session->pseudonyms &&
	       pseudonym_is_servers(f->session->pseudonyms, s->class, text + s->start,
				    s->end - s->start);
}

bool findings_wants(const struct findings *f, uint32_t node, const char *text, size_t len)
{
	if (f->is_mirrored)
		return true;
	return is_below(f, node) && f->session && f->session->pseudonyms &&
	       f->session->pseudonyms->n && memchr(text, '[', len);
}

int findings_value(struct findings *f, uint32_t node, bool is_number, const char *text, size_t len,
		   const struct scan_span *spans, size_t n, struct findings_work *w)
{
	size_t made = 0;

	for (size_t i = 0; i < n; i++) {
		const struct scan_span *s = &spans[i];
		enum policy_finding then = judge(f, node, s);

		if (is_passing(then) || (f->is_frozen && then == POLICY_FINDING_PSEUDONYM &&
					 is_servers_own(f, s, text)))
			continue;
		if (then == POLICY_FINDING_BLOCK || is_number) {
			f->replaced++;
			return -EPERM;
		}
		replace(f, then, s, text + s->start, s->end - s->start, &w->pieces[made++],
			w->texts[w->n_texts++]);
		if (f->mirror && !f->is_mirrored)
			mirror_add(f->mirror, text, s);
	}
	if (is_number)
		return 0;
	if (f->is_mirrored)
		made = add_mirrored(f, text, len, w, made);
	if (findings_wants(f, node, text, len) && !f->is_mirrored)
		made = add_returned(f, text, len, w, made);
	return (int)made;
}

/* --- exemptions --------------------------------------------------------------------------- */

static void add_exempt(struct findings *f, uint32_t node, size_t layer,
		       const struct policy_exemption *by)
{
	for (size_t i = 0; i < f->n_exempt; i++)
		if (f->exempt[i].node == node) {
			f->exempt[i].layers |= 1U << layer;
			return;
		}
	if (f->n_exempt < LIMIT_EXEMPT)
		f->exempt[f->n_exempt++] = (struct findings_exempt){ .node = node, .layers = 1U << layer,
								      .by = by };
}

void findings_find_exempt(struct findings *f, uint32_t tool, uint32_t arguments)
{
	const struct policy_messages *m = &f->policy->messages;

	/* Bits of 32 layers; there are four. */
	for (size_t i = 0; i < m->n_findings && i < 32; i++)
		for (size_t k = 0; k < m->findings[i].n_exempt; k++) {
			const struct policy_exemption *e = &m->findings[i].exempt[k];
			uint32_t node;

			if (!json_is(f->json, tool, e->tool))
				continue;
			node = pointer_find(f->json, arguments, &e->segments);
			/* One field: a text, or a number. */
			if (node != JSON_NONE && (f->json->nodes[node].type == JSON_TAPE_STRING ||
						  f->json->nodes[node].type == JSON_TAPE_NUMBER))
				add_exempt(f, node, i, e);
		}
}
