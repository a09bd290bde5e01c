/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "shims/pep/json.h"
#include "shims/pep/pointer.h"

/* The next letter, folded; a letter outside ASCII that folds into it counts as it. */
static int folded(const char **p, const char *end)
{
	const unsigned char *s = (const unsigned char *)*p;
	size_t left = (size_t)(end - *p);

	if (!left)
		return -1;
	if (left > 1 && s[0] == 0xc5 && s[1] == 0xbf) {
		*p += 2;
		return 's';
	}
	if (left > 2 && s[0] == 0xe2 && s[1] == 0x84 && s[2] == 0xaa) {
		*p += 3;
		return 'k';
	}
	++*p;
	return s[0] >= 'A' && s[0] <= 'Z' ? s[0] + 32 : s[0];
}

static bool folds_alike(const char *a, size_t a_len, const char *b, size_t b_len)
{
	const char *a_end = a + a_len, *b_end = b + b_len;

	while (a_end > a && (unsigned char)a_end[-1] <= ' ')
		a_end--;
	while (a < a_end && (unsigned char)*a <= ' ')
		a++;
	for (;;) {
		int x = folded(&a, a_end), y = folded(&b, b_end);

		if (x != y)
			return false;
		if (x < 0)
			return true;
	}
}

bool pointer_has_variant(const struct json *j, uint32_t object, const char *name)
{
	uint32_t at = object + 1;
	size_t len = strlen(name);

	for (uint32_t i = 0; i < j->nodes[object].len; i++, at = j->nodes[at + 1].next) {
		size_t n;
		const char *text = json_text(j, at, &n);

		if (folds_alike(text, n, name, len) && !json_is(j, at, name))
			return true;
	}
	return false;
}

static enum policy_truth absent(const struct policy_where *w)
{
	const struct where_value v = { .type = WHERE_ABSENT };

	return where_test(w, &v);
}

static enum policy_truth test(const struct json *j, uint32_t node, const struct policy_where *w)
{
	static const enum where_type types[] = {
		[JSON_TAPE_NULL] = WHERE_NULL,	   [JSON_TAPE_FALSE] = WHERE_FALSE,
		[JSON_TAPE_TRUE] = WHERE_TRUE,	   [JSON_TAPE_NUMBER] = WHERE_NUMBER,
		[JSON_TAPE_STRING] = WHERE_STRING, [JSON_TAPE_ARRAY] = WHERE_CONTAINER,
		[JSON_TAPE_OBJECT] = WHERE_CONTAINER,
	};
	struct where_value v = { .type = types[j->nodes[node].type] };

	if (v.type == WHERE_STRING || v.type == WHERE_NUMBER)
		v.text = json_text(j, node, &v.len);
	return where_test(w, &v);
}

static enum policy_truth walk(const struct json *j, uint32_t node, size_t step,
			      const struct policy_where *w);

/* "*": every element or member; nothing there is as absent. */
static enum policy_truth walk_all(const struct json *j, uint32_t node, size_t step,
				  const struct policy_where *w)
{
	bool is_object = j->nodes[node].type == JSON_TAPE_OBJECT;
	enum policy_truth all = POLICY_NO;
	uint32_t at = node + 1;

	if (!j->nodes[node].len)
		return absent(w);
	for (uint32_t i = 0; i < j->nodes[node].len; i++) {
		uint32_t value = is_object ? at + 1 : at;
		enum policy_truth one = walk(j, value, step + 1, w);

		all = i ? where_all(all, one) : one;
		if (all == POLICY_UNSURE)
			return all;
		at = j->nodes[value].next;
	}
	return all;
}

static enum policy_truth walk_index(const struct json *j, uint32_t node, size_t step,
				    const struct policy_where *w)
{
	const char *segment = w->segments.v[step];
	size_t len = strlen(segment), index = 0;
	uint32_t at = node + 1;

	/* RFC 6901, section 4: digits without a leading zero.  A list where the rule means an
	 * object may be taken for one, or for many. */
	if (!len || len > 9 || strspn(segment, "0123456789") != len ||
	    (len > 1 && segment[0] == '0'))
		return POLICY_UNSURE;
	for (size_t i = 0; i < len; i++)
		index = index * 10 + (size_t)(segment[i] - '0');
	if (index >= j->nodes[node].len)
		return absent(w);
	while (index--)
		at = j->nodes[at].next;
	return walk(j, at, step + 1, w);
}

/* Depth is bounded by WHERE_SEGMENTS. */
static enum policy_truth walk(const struct json *j, uint32_t node, size_t step,
			      const struct policy_where *w)
{
	const char *segment;
	uint32_t child;

	if (step == w->segments.n)
		return test(j, node, w);
	segment = w->segments.v[step];
	switch ((enum json_type)j->nodes[node].type) {
	case JSON_TAPE_ARRAY:
		return !strcmp(segment, "*") ? walk_all(j, node, step, w) :
					       walk_index(j, node, step, w);
	case JSON_TAPE_OBJECT:
		if (!strcmp(segment, "*"))
			return walk_all(j, node, step, w);
		if (pointer_has_variant(j, node, segment))
			return POLICY_UNSURE;
		child = json_member(j, node, segment);
		return child == JSON_NONE ? absent(w) : walk(j, child, step + 1, w);
	case JSON_TAPE_STRING:
		return POLICY_UNSURE; /* servers parse JSON out of strings, or take one for a list */
	case JSON_TAPE_NUMBER:
		return !strcmp(segment, "*") ? POLICY_UNSURE : absent(w);
	case JSON_TAPE_NULL:
	case JSON_TAPE_FALSE:
	case JSON_TAPE_TRUE:
		break;
	}
	return absent(w);
}

static enum policy_truth call_test(const struct policy_call *self, const struct policy_where *w)
{
	const struct pointer_call *p = (const void *)((const char *)self -
						      offsetof(struct pointer_call, call));

	return p->arguments == JSON_NONE ? absent(w) : walk(p->json, p->arguments, 0, w);
}

void pointer_init(struct pointer_call *p, const struct json *json, uint32_t arguments)
{
	*p = (struct pointer_call){ { call_test }, json, arguments };
}
