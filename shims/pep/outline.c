/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "scan/scan.h"
#include "shims/pep/json.h"
#include "shims/pep/outline.h"

/* Below this depth only the type is written. */
#define DEPTH 4
/* Members of one object. */
#define MEMBERS 24

struct outline {
	const struct json *json;
	const struct scan *scan;
	char *out;
	size_t room, len; /* room is kept for "..." and the NUL */
	bool is_full;
};

static void put(struct outline *o, const char *text, size_t len)
{
	if (o->is_full || len > o->room - o->len) {
		o->is_full = true;
		return;
	}
	memcpy(o->out + o->len, text, len);
	o->len += len;
}

static void put_count(struct outline *o, const char *before, size_t n)
{
	char text[32];

	put(o, text, (size_t)snprintf(text, sizeof(text), "%s%zu", before, n));
}

static void put_name(struct outline *o, uint32_t node)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
	size_t len, n = 0;
	const char *text = json_text(o->json, node, &len);

	while (n < len && memchr(plain, text[n], sizeof(plain) - 1))
		n++;
	if (!len || n < len || len > 32 || scan_find(o->scan, text, len))
		put(o, "?", 1);
	else
		put(o, text, len);
}

static void put_value(struct outline *o, uint32_t node, int depth);

static void put_object(struct outline *o, uint32_t node, int depth)
{
	uint32_t at = node + 1, n = o->json->nodes[node].len;

	put(o, "{", 1);
	for (uint32_t i = 0; i < n && i < MEMBERS && depth < DEPTH && !o->is_full; i++) {
		if (i)
			put(o, ",", 1);
		put_name(o, at);
		put(o, ":", 1);
		put_value(o, at + 1, depth + 1);
		at = o->json->nodes[at + 1].next;
	}
	if (n > MEMBERS || (n && depth >= DEPTH))
		put_count(o, depth >= DEPTH ? "*" : ",*", n);
	put(o, "}", 1);
}

static void put_array(struct outline *o, uint32_t node, int depth)
{
	uint32_t n = o->json->nodes[node].len;

	put(o, "[", 1);
	if (n && depth < DEPTH)
		put_value(o, node + 1, depth + 1);
	put_count(o, "*", n);
	put(o, "]", 1);
}

/* No deeper than DEPTH. */
static void put_value(struct outline *o, uint32_t node, int depth)
{
	switch ((enum json_type)o->json->nodes[node].type) {
	case JSON_TAPE_NULL:
		put(o, "z", 1);
		return;
	case JSON_TAPE_FALSE:
	case JSON_TAPE_TRUE:
		put(o, "b", 1);
		return;
	case JSON_TAPE_NUMBER:
		put(o, "n", 1);
		return;
	case JSON_TAPE_STRING:
		put_count(o, "s", o->json->nodes[node].len);
		return;
	case JSON_TAPE_ARRAY:
		put_array(o, node, depth);
		return;
	case JSON_TAPE_OBJECT:
		put_object(o, node, depth);
		return;
	default:
		put(o, "?", 1);
	}
}

size_t outline_write(const struct json *j, uint32_t node, const struct scan *scan, char *out,
		     size_t size)
{
	struct outline o = { .json = j, .scan = scan, .out = out, .room = size - 4 };

	if (node != JSON_NONE)
		put_value(&o, node, 0);
	if (o.is_full) {
		memcpy(out + o.len, "...", 3);
		o.len += 3;
	}
	out[o.len] = '\0';
	return o.len;
}
