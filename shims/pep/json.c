/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "common/limits.h"
#include "common/siphash.h"
#include "shims/pep/json.h"
#include "shims/pep/plain.h"

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

static void space(struct parser *s)
{
	while (s->p < s->end &&
	       (*s->p == ' ' || *s->p == '\t' || *s->p == '\r' || *s->p == '\n'))
		s->p++;
}

static struct json_node *add(struct parser *s, enum json_type type)
{
	struct json *j = s->j;
	struct json_node *node;

	if (j->n >= j->size)
		return NULL;
	node = &j->nodes[j->n++];
	*node = (struct json_node){ .type = type, .next = (uint32_t)j->n };
	return node;
}

/* --- strings --------------------------------------------------------------------------- */

static int hex4(struct parser *s, uint32_t *ret)
{
	uint32_t v = 0;

	if (s->end - s->p < 4)
		return refuse(s, EBADMSG, "cut \\u escape");
	for (int i = 0; i < 4; i++) {
		char c = *s->p++;

		v <<= 4;
		if (c >= '0' && c <= '9')
			v |= (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			v |= (uint32_t)(c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			v |= (uint32_t)(c - 'A' + 10);
		else
			return refuse(s, EBADMSG, "bad \\u escape");
	}
	*ret = v;
	return 0;
}

/* At most 4 bytes for the at least 6 that were read: the arena cannot overflow. */
static void encode(struct json *j, uint32_t c)
{
	char *out = j->arena + j->arena_len;

	if (c < 0x80) {
		out[0] = (char)c;
		j->arena_len += 1;
	} else if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		j->arena_len += 2;
	} else if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		j->arena_len += 3;
	} else {
		out[0] = (char)(0xf0 | c >> 18);
		out[1] = (char)(0x80 | (c >> 12 & 0x3f));
		out[2] = (char)(0x80 | (c >> 6 & 0x3f));
		out[3] = (char)(0x80 | (c & 0x3f));
		j->arena_len += 4;
	}
}

static int unicode(struct parser *s)
{
	uint32_t c, low;
	int r = hex4(s, &c);

	if (r < 0)
		return r;
	if (c >= 0xdc00 && c <= 0xdfff)
		return refuse(s, EBADMSG, "lone surrogate");
	if (c >= 0xd800 && c <= 0xdbff) {
		if (s->end - s->p < 2 || s->p[0] != '\\' || s->p[1] != 'u')
			return refuse(s, EBADMSG, "lone surrogate");
		s->p += 2;
		r = hex4(s, &low);
		if (r < 0)
			return r;
		if (low < 0xdc00 || low > 0xdfff)
			return refuse(s, EBADMSG, "lone surrogate");
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	encode(s->j, c);
	return 0;
}

static int escape(struct parser *s)
{
	static const char meant[256] = { ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b',
					 ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t' };
	char c;

	if (s->p >= s->end)
		return refuse(s, EBADMSG, "cut escape");
	c = *s->p++;
	if (c == 'u')
		return unicode(s);
	c = meant[(unsigned char)c];
	if (!c)
		return refuse(s, EBADMSG, "unknown escape");
	s->j->arena[s->j->arena_len++] = c;
	return 0;
}

/* One sequence of two to four bytes by the table of RFC 3629, section 4. */
static int multibyte(struct parser *s)
{
	const unsigned char *u = (const unsigned char *)s->p;
	size_t left = (size_t)(s->end - s->p), len;
	unsigned char low = 0x80, high = 0xbf;

	if (u[0] >= 0xc2 && u[0] <= 0xdf) {
		len = 2;
	} else if (u[0] >= 0xe0 && u[0] <= 0xef) {
		len = 3;
		low = u[0] == 0xe0 ? 0xa0 : 0x80;
		high = u[0] == 0xed ? 0x9f : 0xbf;
	} else if (u[0] >= 0xf0 && u[0] <= 0xf4) {
		len = 4;
		low = u[0] == 0xf0 ? 0x90 : 0x80;
		high = u[0] == 0xf4 ? 0x8f : 0xbf;
	} else {
		return refuse(s, EBADMSG, "invalid UTF-8");
	}
	if (left < len || u[1] < low || u[1] > high)
		return refuse(s, EBADMSG, "invalid UTF-8");
	for (size_t i = 2; i < len; i++)
		if ((u[i] & 0xc0) != 0x80)
			return refuse(s, EBADMSG, "invalid UTF-8");
	memcpy(s->j->arena + s->j->arena_len, s->p, len);
	s->j->arena_len += len;
	s->p += len;
	return 0;
}

/* ASCII that stands for itself in a string, which is most of all text. */
static void plain(struct parser *s)
{
	char *out = s->j->arena + s->j->arena_len;
	/* The arena is as large as the line, and less of it is used than was read. */
	size_t n = plain_copy(out, s->p, (size_t)(s->end - s->p));

	/* DEL is not plain in what is written, and stands for itself in what is read. */
	if (!n)
		out[n++] = *s->p;
	s->j->arena_len += n;
	s->p += n;
}

/* Behind the opening quote, to behind the closing one. */
static int string(struct parser *s)
{
	struct json *j = s->j;
	struct json_node *node = add(s, JSON_TAPE_STRING);

	if (!node)
		return refuse(s, EMSGSIZE, "too many values");
	node->at = (uint32_t)j->arena_len;
	while (s->p < s->end) {
		unsigned char c = (unsigned char)*s->p;
		int r = 0;

		if (c == '"') {
			s->p++;
			node->len = (uint32_t)j->arena_len - node->at;
			return 0;
		}
		if (c < 0x20)
			return refuse(s, EBADMSG, "control character in a string");
		if (c == '\\') {
			s->p++;
			r = escape(s);
		} else if (c >= 0x80) {
			r = multibyte(s);
		} else {
			plain(s);
		}
		if (r < 0)
			return r;
	}
	return refuse(s, EBADMSG, "string without an end");
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
	node->at = (uint32_t)(from - s->j->source);
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

/* Keyed through and through: of a function that only begins with the seed (FNV) one byte
 * of it is enough to know names that all fall together. */
static uint32_t hash(const struct json *j, const struct json_node *name)
{
	return (uint32_t)siphash(j->seed, j->arena + name->at, name->len);
}

static bool same(const struct json *j, uint32_t a, uint32_t b)
{
	const struct json_node *x = &j->nodes[a], *y = &j->nodes[b];

	return x->len == y->len && !memcmp(j->arena + x->at, j->arena + y->at, x->len);
}

/* When an object closes: an open-addressed set twice its size; linear in its members. */
static int check_names(struct parser *s, uint32_t object)
{
	struct json *j = s->j;
	uint32_t n = j->nodes[object].len, mask = 1;

	if (n > LIMIT_MEMBERS)
		return refuse(s, EMSGSIZE, "too many members");
	while (mask < 2 * n)
		mask = mask * 2;
	mask--;
	memset(j->seen, 0xff, ((size_t)mask + 1) * sizeof(*j->seen));
	for (uint32_t i = 0, name = object + 1; i < n; i++, name = j->nodes[name + 1].next) {
		uint32_t slot = hash(j, &j->nodes[name]) & mask;

		if (memchr(j->arena + j->nodes[name].at, '\0', j->nodes[name].len))
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
	struct parser s = { .j = j, .p = text, .end = text + len };
	bool opened;
	int r;

	j->source = text;
	j->n = j->arena_len = 0;
	j->error = NULL;
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
	return (n->type == JSON_TAPE_NUMBER ? j->source : j->arena) + n->at;
}

bool json_is(const struct json *j, uint32_t node, const char *text)
{
	const struct json_node *n;

	if (node == JSON_NONE || j->nodes[node].type != JSON_TAPE_STRING)
		return false;
	n = &j->nodes[node];
	return n->len == strlen(text) && !memcmp(j->arena + n->at, text, n->len);
}

uint32_t json_member(const struct json *j, uint32_t object, const char *wanted)
{
	uint32_t at = object + 1;

	if (object == JSON_NONE || j->nodes[object].type != JSON_TAPE_OBJECT)
		return JSON_NONE;
	for (uint32_t i = 0; i < j->nodes[object].len; i++, at = j->nodes[at + 1].next)
		if (json_is(j, at, wanted))
			return at + 1;
	return JSON_NONE;
}
