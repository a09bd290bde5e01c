/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "shims/pep/findings.h"
#include "shims/pep/fixed.h"
#include "shims/pep/json.h"
#include "shims/pep/plain.h"
#include "shims/pep/plain_mask.h"
#include "shims/pep/rewrite.h"
#include "shims/pep/seam.h"
#include "scan/scan.h"

struct out {
	char *at, *end;
	/* All that was put so far stands in the source, from its beginning, and only there. */
	bool is_kept;
};

static int put(struct out *o, const char *bytes, size_t len)
{
	if (o->is_kept)
		return 0;
	if (len > (size_t)(o->end - o->at))
		return -ENOBUFS;
	memcpy(o->at, bytes, len);
	o->at += len;
	return 0;
}

/* How many bytes at p must be written as an escape; *ret_c is the character. */
static size_t must_escape(const unsigned char *p, size_t left, unsigned int *ret_c)
{
	*ret_c = p[0];
	if (p[0] < 0x20 || p[0] == '"' || p[0] == '\\' || p[0] == 0x7f)
		return 1;
	if (p[0] == 0xc2 && left > 1 && p[1] < 0xa0) {
		*ret_c = p[1]; /* C1 controls, U+0085 among them */
		return 2;
	}
	if (p[0] == 0xe2 && left > 2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9)) {
		*ret_c = 0x2000 + (p[2] & 0x3f);
		return 3;
	}
	return 0;
}

/* Short forms where JSON has them (RFC 8259, section 7), \uXXXX for the rest. */
static const char short_form[0x80] = { ['"'] = '"', ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
				       ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't' };

static int put_escape(struct out *o, unsigned int c)
{
	static const char hex[] = "0123456789abcdef";
	char text[6] = "\\u";

	if (c < sizeof(short_form) && short_form[c]) {
		text[1] = short_form[c];
		return put(o, text, 2);
	}
	for (int i = 0; i < 4; i++)
		text[2 + i] = hex[c >> (12 - 4 * i) & 15];
	return put(o, text, sizeof(text));
}

#define BLOCK ((size_t)4 * PLAIN_STEP)

/* Blocks of what is plain or has a short form, as long as there are some: by their marks,
 * as quoted.c reads them.  Return: how much of the text that was. */
static size_t put_blocks(struct out *o, const char *text, size_t len)
{
	size_t i = 0;

	/* Runs are written in whole steps. */
	while (len - i >= BLOCK + PLAIN_STEP && (size_t)(o->end - o->at) >= 2 * BLOCK + PLAIN_STEP) {
		const char *from = text + i, *const end = from + BLOCK;

		for (uint64_t other = plain_mask4(from); other; other &= other - 1) {
			const char *at = text + i + __builtin_ctzll(other);
			unsigned char c = (unsigned char)*at;

			if (c >= sizeof(short_form) || !short_form[c]) {
				plain_move_run(o->at, from, (size_t)(at - from));
				o->at += at - from;
				return (size_t)(at - text);
			}
			plain_move_run(o->at, from, (size_t)(at - from));
			o->at += at - from;
			*o->at++ = '\\';
			*o->at++ = short_form[c];
			from = at + 1;
		}
		plain_move_run(o->at, from, (size_t)(end - from));
		o->at += end - from;
		i += BLOCK;
	}
	return i;
}

/* A letter of another alphabet at text[0], and the ones behind it.  Return: their bytes. */
static size_t letters(const char *text, size_t len)
{
	size_t n = 1;
	unsigned int c;

	for (; n < len && (text[n] & 0x80); n++) {
		unsigned char first = (unsigned char)text[n];

		if ((first == 0xc2 || first == 0xe2) &&
		    must_escape((const unsigned char *)text + n, len - n, &c))
			break;
	}
	return n;
}

static int put_text(struct out *o, const char *text, size_t len)
{
	size_t i = 0;

	if (o->is_kept)
		return 0;
	for (;;) {
		unsigned int c;
		size_t n;
		int r;

		i += put_blocks(o, text + i, len - i);
		/* Room for all of the rest: what is plain in it is copied as it is found. */
		if (len - i <= (size_t)(o->end - o->at)) {
			n = plain_copy(o->at, text + i, len - i);
			o->at += n;
			i += n;
		}
		if (i == len)
			return 0;
		n = must_escape((const unsigned char *)text + i, len - i, &c);
		if (n) {
			r = put_escape(o, c);
		} else {
			n = letters(text + i, len - i);
			r = put(o, text + i, n);
		}
		if (r < 0)
			return r;
		i += n;
	}
}

long rewrite_escape(const char *text, size_t len, char *out, size_t size)
{
	struct out o = { out, out + size, false };
	int r = put_text(&o, text, len);

	return r < 0 ? r : o.at - out;
}

/* From this string on it may be something else: write what stands before it. */
static int part(const struct rewrite *r, struct out *o, uint32_t node)
{
	if (!o->is_kept)
		return 0;
	o->is_kept = false;
	return put(o, r->json->source, r->json->nodes[node].from);
}

/* Something was found, or there may be something to turn back. */
static __attribute__((noinline)) int put_found(struct rewrite *r, struct out *o, uint32_t node,
					       bool is_name, const char *text, size_t len,
					       const struct scan_span *spans, size_t n)
{
	struct findings_work work __attribute__((uninitialized));
	struct findings all = { .turn_back = JSON_NONE }, *f = r->findings ? r->findings : &all;
	size_t from = 0;
	int pieces = 0, e = 0;

	work.n_texts = 0;
	if (is_name || fixed_is(r->json, node))
		e = findings_fixed(f, is_name ? JSON_NONE : node, spans, n);
	else
		pieces = findings_value(f, node, false, text, len, spans, n, &work);
	r->redacted += f == &all ? f->replaced : 0;
	if (f->class)
		r->class = f->class;
	if (pieces < 0 || e < 0)
		return -EPERM;
	e = part(r, o, node);
	for (int i = 0; i < pieces && e == 0; i++) {
		e = put_text(o, text + from, work.pieces[i].start - from);
		if (e == 0)
			e = put_text(o, work.pieces[i].text, work.pieces[i].len);
		from = work.pieces[i].end;
	}
	return e < 0 ? e : put_text(o, text + from, len - from);
}

static int put_string(struct rewrite *r, struct out *o, uint32_t node, uint32_t key,
		      bool is_name)
{
	/* Not set to zero for each of many strings: spans[0, n) is written before it is read. */
	struct scan_span spans[FINDINGS_SPANS] __attribute__((uninitialized));
	size_t len, key_len = 0, n = 0;
	const char *text = json_text(r->json, node, &len), *name = NULL;
	int e = put(o, "\"", 1);

	if (e < 0)
		return e;
	if (key != JSON_NONE)
		name = json_text(r->json, key, &key_len);
	if (r->scan)
		n = scan_text(r->scan, name, key_len, text, len, spans, FINDINGS_SPANS);
	if (r->n_seams && !is_name)
		n = seam_add(r->seams, r->n_seams, node, spans, n, FINDINGS_SPANS);
	if (n || (r->wants && !is_name && findings_wants(r->findings, node, text, len)))
		e = put_found(r, o, node, is_name, text, len, spans, n);
	else
		e = put_text(o, text, len);
	return e < 0 ? e : put(o, "\"", 1);
}

/* Values are visited in the order of their nodes, which is that of `hide`. */
static bool is_hidden(struct rewrite *r, uint32_t value)
{
	while (r->next_hide < r->n_hide && r->hide[r->next_hide] < value)
		r->next_hide++;
	return r->next_hide < r->n_hide && r->hide[r->next_hide] == value;
}

/* A number cannot be replaced by words without breaking its schema: personal data in it
 * stops the message. */
static int put_number(struct rewrite *r, struct out *o, uint32_t node, uint32_t key)
{
	size_t len, key_len = 0;
	const char *text = json_text(r->json, node, &len), *name = NULL;
	struct scan_span span;

	if (r->scan && scan_has_personal(r->scan)) {
		struct findings all = { .turn_back = JSON_NONE };
		struct findings *f = r->findings ? r->findings : &all;

		if (key != JSON_NONE)
			name = json_text(r->json, key, &key_len);
		if (scan_text(r->scan, name, key_len, text, len, &span, 1) &&
		    findings_value(f, node, true, text, len, &span, 1, NULL) < 0) {
			r->class = span.class;
			r->redacted += f == &all;
			return -EPERM;
		}
	}
	return put(o, text, len);
}

/* Depth is bounded by LIMIT_DEPTH, so the stack is. */
static int put_value(struct rewrite *r, struct out *o, uint32_t node, uint32_t key)
{
	const struct json_node *n = &r->json->nodes[node];
	bool is_object = n->type == JSON_TAPE_OBJECT, is_first = true;
	uint32_t at = node + 1;
	int e;

	switch ((enum json_type)n->type) {
	case JSON_TAPE_NULL:
		return put(o, "null", 4);
	case JSON_TAPE_FALSE:
		return put(o, "false", 5);
	case JSON_TAPE_TRUE:
		return put(o, "true", 4);
	case JSON_TAPE_NUMBER:
		return put_number(r, o, node, key);
	case JSON_TAPE_STRING:
		return put_string(r, o, node, key, false);
	case JSON_TAPE_ARRAY:
	case JSON_TAPE_OBJECT:
		break;
	}
	e = put(o, is_object ? "{" : "[", 1);
	for (uint32_t i = 0; i < n->len && e == 0; i++) {
		uint32_t value = is_object ? at + 1 : at;

		if (is_hidden(r, value)) {
			r->hidden++;
			at = r->json->nodes[value].next;
			continue;
		}
		if (!is_first)
			e = put(o, ",", 1);
		is_first = false;
		if (e == 0 && is_object) {
			e = put_string(r, o, at, JSON_NONE, true);
			if (e == 0)
				e = put(o, ":", 1);
		}
		/* Elements of an array are the values of the array's own name. */
		if (e == 0)
			e = put_value(r, o, value, is_object ? at : key);
		at = r->json->nodes[value].next;
	}
	return e < 0 ? e : put(o, is_object ? "}" : "]", 1);
}

static void begin(struct rewrite *r)
{
	r->wants = r->findings &&
		   (r->findings->is_mirrored || r->findings->turn_back != JSON_NONE);
}

long rewrite_value(struct rewrite *r, uint32_t node, char *out, size_t size)
{
	struct out o = { out, out + size, false };
	int e;

	r->next_hide = 0;
	r->n_seams = 0;
	begin(r);
	e = put_value(r, &o, node, JSON_NONE);
	return e < 0 ? e : o.at - out;
}

long rewrite_message(struct rewrite *r, char *out, size_t size)
{
	const struct json *j = r->json;
	struct seam seams[SEAM_MOST] __attribute__((uninitialized));
	/* What is left out has commas that go with it. */
	struct out o = { out, out + size, r->may_keep && j->is_canonical && !r->n_hide };
	struct findings *f = r->findings;
	int e;

	begin(r);
	r->n_seams = r->scan ? seam_find(r->json, r->scan, seams) : 0;
	r->seams = seams;
	e = put_value(r, &o, 0, JSON_NONE);
	r->n_seams = 0;
	if (f)
		r->redacted = f->replaced;
	r->is_kept = o.is_kept && e == 0;
	if (r->is_kept)
		return (long)j->source_len + 1;
	if (e == 0)
		e = put(&o, "\n", 1);
	return e < 0 ? e : o.at - out;
}
