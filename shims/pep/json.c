/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "common/limits.h"
#include "common/siphash.h"
#include "shims/pep/json.h"
#include "shims/pep/plain_mask.h"
#include "shims/pep/quoted.h"

static_assert(LIMIT_LINE <= JSON_FROM_MAX, "a place in a line fits into a node");

struct parser {
	struct json *j;
	const char *p, *end;
	uint32_t open[LIMIT_DEPTH]; /* the containers that we are in */
	size_t depth;
};

static int refuse(struct parser *s, int code, const char *words)
{
	s->j->error = words;
	return -code;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What we write has none. */
static inline void space(struct parser *s)
{
	if (s->p == s->end || (unsigned char)*s->p > ' ' || !is_space(*s->p))
		return;
	s->j->is_canonical = false;
	while (s->p < s->end && is_space(*s->p))
		s->p++;
}

static inline struct json_node *add(struct parser *s, enum json_type type)
{
	struct json *j = s->j;
	struct json_node *node;

	if (j->n >= j->size)
		return NULL;
	node = &j->nodes[j->n++];
	*node = (struct json_node){ .type = (uint32_t)type & 7, .next = (uint32_t)j->n,
				    .from = (uint32_t)(s->p - j->source) & JSON_FROM_MAX };
	return node;
}

/* --- strings --------------------------------------------------------------------------- */

/* Names and most values of a message end within the first step, and say what they are. */
static inline bool short_string(struct parser *s, struct json_node *node)
{
	uint64_t other;
	unsigned int len;

	if (s->end - s->p < PLAIN_STEP)
		return false;
	other = plain_mask(s->p);
	len = other ? (unsigned int)__builtin_ctzll(other) : 0;
	if (!other || s->p[len] != '"')
		return false;
	node->at = node->from;
	node->len = len;
	s->p += len + 1;
	return true;
}

/* Behind the opening quote, to behind the closing one. */
static int string(struct parser *s)
{
	struct json *j = s->j;
	struct json_node *node = add(s, JSON_TAPE_STRING);
	struct quoted q __attribute__((uninitialized));
	const char *words;

	if (!node)
		return refuse(s, EMSGSIZE, "too many values");
	if (short_string(s, node))
		return 0;
	/* The arena is as large as the line, and less of it is used than was read. */
	words = quoted_read(s->p, (size_t)(s->end - s->p), j->arena + j->arena_len, &q);
	if (words)
		return refuse(s, EBADMSG, words);
	node->is_decoded = q.is_decoded;
	node->at = q.is_decoded ? (uint32_t)j->arena_len : node->from;
	node->len = (uint32_t)q.len;
	j->arena_len += q.is_decoded ? q.len : 0;
	j->is_canonical = j->is_canonical && q.is_canonical;
	s->p += q.used;
	return 0;
}

/* --- numbers and words -------------------------------------------------------------------- */

static size_t digits(struct parser *s)
{
	const char *from = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return (size_t)(s->p - from);
}

static int number(struct parser *s)
{
	struct json_node *node = add(s, JSON_TAPE_NUMBER);
	const char *from = s->p;

	if (!node)
		return refuse(s, EMSGSIZE, "too many values");
	if (*s->p == '-')
		s->p++;
	if (s->p < s->end && *s->p == '0')
		s->p++;
	else if (!digits(s))
		return refuse(s, EBADMSG, "not a value");
	if (s->p < s->end && *s->p == '.') {
		s->p++;
		if (!digits(s))
			return refuse(s, EBADMSG, "number without digits behind the point");
	}
	if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
		s->p++;
		if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
			s->p++;
		if (!digits(s))
			return refuse(s, EBADMSG, "number without an exponent");
	}
	node->at = node->from;
	node->len = (uint32_t)(s->p - from);
	return 0;
}

static int word(struct parser *s)
{
	static const struct {
		const char *text;
		size_t len;
		enum json_type type;
	} words[] = { { "null", 4, JSON_TAPE_NULL },
		      { "true", 4, JSON_TAPE_TRUE },
		      { "false", 5, JSON_TAPE_FALSE } };

	for (size_t i = 0; i < 3; i++)
		if ((size_t)(s->end - s->p) >= words[i].len &&
		    !memcmp(s->p, words[i].text, words[i].len)) {
			s->p += words[i].len;
			return add(s, words[i].type) ? 0 : refuse(s, EMSGSIZE, "too many values");
		}
	return refuse(s, EBADMSG, "not a value");
}

/* --- duplicate names ------------------------------------------------------------------------- */

/* Objects of up to so many members have their names held against each other: as much as
 * hashing them costs, and a bounded number of times their length. */
#define FEW 8

static const char *text_of(const struct json *j, const struct json_node *n)
{
	return (n->type == JSON_TAPE_STRING && n->is_decoded ? j->arena : j->source) + n->at;
}

/* Keyed through and through: of a function that only begins with the seed (FNV) one byte
 * of it is enough to know names that all fall together. */
static uint32_t hash(const struct json *j, const struct json_node *name)
{
	return (uint32_t)siphash(j->seed, text_of(j, name), name->len);
}

static bool same(const struct json *j, uint32_t a, uint32_t b)
{
	const struct json_node *x = &j->nodes[a], *y = &j->nodes[b];

	return x->len == y->len && !memcmp(text_of(j, x), text_of(j, y), x->len);
}

/* Unescaped it would have been refused as a control character. */
static inline bool has_nul(const struct json *j, uint32_t name)
{
	const struct json_node *n = &j->nodes[name];

	return n->is_decoded && memchr(text_of(j, n), '\0', n->len);
}

static int check_few_names(struct parser *s, uint32_t object)
{
	struct json *j = s->j;
	uint32_t names[FEW] __attribute__((uninitialized)), at = object + 1;

	for (uint32_t i = 0; i < j->nodes[object].len; i++, at = j->nodes[at + 1].next) {
		if (has_nul(j, at))
			return refuse(s, EBADMSG, "U+0000 in a name");
		for (uint32_t k = 0; k < i; k++)
			if (same(j, names[k], at))
				return refuse(s, EBADMSG, "duplicate member");
		names[i] = at;
	}
	return 0;
}

/* When an object closes: an open-addressed set twice its size; linear in its members. */
static int check_names(struct parser *s, uint32_t object)
{
	struct json *j = s->j;
	uint32_t n = j->nodes[object].len, mask = 1;

	if (n <= FEW)
		return check_few_names(s, object);
	if (n > LIMIT_MEMBERS)
		return refuse(s, EMSGSIZE, "too many members");
	while (mask < 2 * n)
		mask = mask * 2;
	mask--;
	memset(j->seen, 0xff, ((size_t)mask + 1) * sizeof(*j->seen));
	for (uint32_t i = 0, name = object + 1; i < n; i++, name = j->nodes[name + 1].next) {
		uint32_t slot = hash(j, &j->nodes[name]) & mask;

		if (has_nul(j, name))
			return refuse(s, EBADMSG, "U+0000 in a name");
		for (; j->seen[slot] != JSON_NONE; slot = (slot + 1) & mask)
			if (same(j, j->seen[slot], name))
				return refuse(s, EBADMSG, "duplicate member");
		j->seen[slot] = name;
	}
	return 0;
}

/* --- structure ---------------------------------------------------------------------------------- */

/* One value or the beginning of a container.  *ret_opened: we are inside it now. */
static int value(struct parser *s, bool *ret_opened)
{
	struct json_node *node;

	*ret_opened = false;
	if (s->p >= s->end)
		return refuse(s, EBADMSG, "ends early");
	if (*s->p == '"') {
		s->p++;
		return string(s);
	}
	if (*s->p == '-' || (*s->p >= '0' && *s->p <= '9'))
		return number(s);
	if (*s->p != '{' && *s->p != '[')
		return word(s);
	if (s->depth == LIMIT_DEPTH)
		return refuse(s, EMSGSIZE, "nested too deep");
	s->open[s->depth++] = (uint32_t)s->j->n;
	node = add(s, *s->p == '{' ? JSON_TAPE_OBJECT : JSON_TAPE_ARRAY);
	if (!node)
		return refuse(s, EMSGSIZE, "too many values");
	s->p++;
	*ret_opened = true;
	return 0;
}

static int name(struct parser *s)
{
	int r;

	if (s->p >= s->end || *s->p != '"')
		return refuse(s, EBADMSG, "a member without a name");
	s->p++;
	r = string(s);
	if (r < 0)
		return r;
	space(s);
	if (s->p >= s->end || *s->p != ':')
		return refuse(s, EBADMSG, "a name without a value");
	s->p++;
	space(s);
	return 0;
}

/* Behind a value: close what ends here; then at a comma, or at the end of all. */
static int close_or_go_on(struct parser *s, bool is_empty)
{
	for (;;) {
		struct json_node *up;
		char closing;
		int r;

		space(s);
		if (!s->depth)
			return 0;
		up = &s->j->nodes[s->open[s->depth - 1]];
		closing = up->type == JSON_TAPE_OBJECT ? '}' : ']';
		if (!is_empty)
			up->len++;
		if (s->p >= s->end)
			return refuse(s, EBADMSG, "ends early");
		if (*s->p == ',' && !is_empty) {
			s->p++;
			space(s);
			return 0;
		}
		if (*s->p != closing)
			return is_empty ? 0 : refuse(s, EBADMSG, "neither a comma nor an end");
		s->p++;
		up->next = (uint32_t)s->j->n;
		s->depth--;
		r = up->type == JSON_TAPE_OBJECT ? check_names(s, (uint32_t)(up - s->j->nodes)) : 0;
		if (r < 0)
			return r;
		is_empty = false;
	}
}

int json_parse(struct json *j, const char *text, size_t len)
{
	/* Not set to zero for each of many messages: open[0, depth) is what is read of it. */
	struct parser s __attribute__((uninitialized));
	bool opened;
	int r;

	s.j = j;
	s.p = text;
	s.end = text + len;
	s.depth = 0;
	j->source = text;
	j->source_len = len;
	j->n = j->arena_len = 0;
	j->error = NULL;
	j->is_canonical = true;
	space(&s);
	do {
		if (s.depth && j->nodes[s.open[s.depth - 1]].type == JSON_TAPE_OBJECT) {
			r = name(&s);
			if (r < 0)
				return r;
		}
		r = value(&s, &opened);
		if (r == 0)
			r = close_or_go_on(&s, opened);
		if (r < 0)
			return r;
	} while (s.depth);
	if (s.p != s.end)
		return refuse(&s, EBADMSG, "text behind the message");
	return 0;
}

const char *json_text(const struct json *j, uint32_t node, size_t *ret_len)
{
	const struct json_node *n = &j->nodes[node];

	*ret_len = n->len;
	return text_of(j, n);
}

bool json_says(const struct json *j, uint32_t node, const char *text, size_t len)
{
	const struct json_node *n;

	if (node == JSON_NONE)
		return false;
	n = &j->nodes[node];
	return n->type == JSON_TAPE_STRING && n->len == len && !memcmp(text_of(j, n), text, len);
}

uint32_t json_find(const struct json *j, uint32_t object, const char *name, size_t len)
{
	uint32_t at = object + 1;

	if (object == JSON_NONE || j->nodes[object].type != JSON_TAPE_OBJECT)
		return JSON_NONE;
	for (uint32_t i = 0; i < j->nodes[object].len; i++, at = j->nodes[at + 1].next)
		if (json_says(j, at, name, len))
			return at + 1;
	return JSON_NONE;
}
