/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "shims/pep/canon.h"
#include "shims/pep/json.h"
#include "shims/pep/rewrite.h"

struct out {
	char *at, *end;
};

static int put(struct out *o, const char *bytes, size_t len)
{
	if (len > (size_t)(o->end - o->at))
		return -ENOBUFS;
	memcpy(o->at, bytes, len);
	o->at += len;
	return 0;
}

static int put_string(struct out *o, const struct json *j, uint32_t node)
{
	size_t len;
	const char *text = json_text(j, node, &len);
	long n;

	if (put(o, "\"", 1) < 0)
		return -ENOBUFS;
	n = rewrite_escape(text, len, o->at, (size_t)(o->end - o->at));
	if (n < 0)
		return -ENOBUFS;
	o->at += n;
	return put(o, "\"", 1);
}

/* --- order: a heap sort, as qsort(3) may allocate and a peer chooses the names ----------- */

static bool is_less(const struct json *j, uint32_t a, uint32_t b)
{
	size_t a_len, b_len;
	const char *x = json_text(j, a, &a_len), *y = json_text(j, b, &b_len);
	int r = memcmp(x, y, a_len < b_len ? a_len : b_len);

	return r ? r < 0 : a_len < b_len;
}

static void swap(uint32_t *a, uint32_t *b)
{
	uint32_t was = *a;

	*a = *b;
	*b = was;
}

static void sift(const struct json *j, uint32_t *v, size_t from, size_t n)
{
	for (;;) {
		size_t child = 2 * from + 1;

		if (child >= n)
			return;
		if (child + 1 < n && is_less(j, v[child], v[child + 1]))
			child++;
		if (!is_less(j, v[from], v[child]))
			return;
		swap(&v[from], &v[child]);
		from = child;
	}
}

static void sort(const struct json *j, uint32_t *v, size_t n)
{
	for (size_t i = n / 2; i-- > 0;)
		sift(j, v, i, n);
	for (size_t left = n; left > 1;) {
		swap(&v[0], &v[--left]);
		sift(j, v, 0, left);
	}
}

/* --- values ---------------------------------------------------------------------------- */

static int put_value(struct canon *c, struct out *o, const struct json *j, uint32_t node,
		     const char *without);

static int put_object(struct canon *c, struct out *o, const struct json *j, uint32_t node,
		      const char *without)
{
	size_t from = c->n, n = 0;
	uint32_t at = node + 1;
	int r = put(o, "{", 1);

	for (uint32_t i = 0; i < j->nodes[node].len; i++, at = j->nodes[at + 1].next) {
		if (without && json_is(j, at, without))
			continue;
		if (c->n == CANON_MEMBERS)
			return -ENOBUFS;
		c->order[c->n++] = at;
	}
	n = c->n - from;
	sort(j, c->order + from, n);
	for (size_t i = 0; i < n && r == 0; i++) {
		if (i)
			r = put(o, ",", 1);
		if (r == 0)
			r = put_string(o, j, c->order[from + i]);
		if (r == 0)
			r = put(o, ":", 1);
		if (r == 0)
			r = put_value(c, o, j, c->order[from + i] + 1, NULL);
	}
	c->n = from;
	return r < 0 ? r : put(o, "}", 1);
}

static int put_array(struct canon *c, struct out *o, const struct json *j, uint32_t node)
{
	uint32_t at = node + 1;
	int r = put(o, "[", 1);

	for (uint32_t i = 0; i < j->nodes[node].len && r == 0; i++, at = j->nodes[at].next) {
		if (i)
			r = put(o, ",", 1);
		if (r == 0)
			r = put_value(c, o, j, at, NULL);
	}
	return r < 0 ? r : put(o, "]", 1);
}

/* Depth is bounded by LIMIT_DEPTH. */
static int put_value(struct canon *c, struct out *o, const struct json *j, uint32_t node,
		     const char *without)
{
	size_t len;
	const char *text;

	switch ((enum json_type)j->nodes[node].type) {
	case JSON_TAPE_NULL:
		return put(o, "null", 4);
	case JSON_TAPE_FALSE:
		return put(o, "false", 5);
	case JSON_TAPE_TRUE:
		return put(o, "true", 4);
	case JSON_TAPE_NUMBER:
		text = json_text(j, node, &len);
		return put(o, text, len);
	case JSON_TAPE_STRING:
		return put_string(o, j, node);
	case JSON_TAPE_ARRAY:
		return put_array(c, o, j, node);
	case JSON_TAPE_OBJECT:
		break;
	}
	return put_object(c, o, j, node, without);
}

long canon_write(struct canon *c, const struct json *j, uint32_t node, const char *without,
		 char *out, size_t size)
{
	struct out o = { out, out + size };
	int r;

	c->n = 0;
	r = put_value(c, &o, j, node, without);
	return r < 0 ? r : o.at - out;
}
