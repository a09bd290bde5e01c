/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "scan/charset.h"
#include "shims/pep/mirror.h"

#define SHORTEST 4

void mirror_clear(struct mirror *m)
{
	m->work = 0;
	if (!m->n)
		return;
	m->n = 0;
	m->odd = 0;
	memset(m->chains, 0, sizeof(m->chains));
}

static size_t chain_of(const char *text)
{
	return ((size_t)(unsigned char)text[0] * 31 + (unsigned char)text[1]) % MIRROR_CHAINS;
}

/* No writer of JSON escapes these. */
static bool is_plain(char c)
{
	return charset_has(SET_WORD, c) || (c && strchr(" +-.:=@[", c));
}

void mirror_add(struct mirror *m, const char *text, const struct scan_span *span)
{
	size_t len = span->end - span->start;
	uint16_t *chain;

	text += span->start;
	if (len < SHORTEST || m->n == LIMIT_MIRRORED)
		return;
	chain = is_plain(text[0]) && is_plain(text[1]) ? &m->chains[chain_of(text)] : &m->odd;
	for (uint16_t i = *chain; i; i = m->v[i - 1].next)
		if (m->v[i - 1].len == len && !memcmp(m->v[i - 1].text, text, len))
			return;
	m->v[m->n] = (struct mirrored){ text, len, *span, *chain };
	*chain = (uint16_t)++m->n;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	       c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 :
				      -1;
}

/* \uXXXX at text: the number, or -1. */
static long read_u(const char *text, size_t len)
{
	long c = 0;

	if (len < 6 || text[0] != '\\' || text[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		if (hex_digit(text[i]) < 0)
			return -1;
		c = c << 4 | hex_digit(text[i]);
	}
	return c;
}

/* The character at an escape (RFC 8259, section 7): UTF-8 to out[4].  Return: how many
 * bytes of text it takes, 0 for no escape. */
static size_t read_escape(const char *text, size_t len, char *out, size_t *ret_n)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at = len > 1 && text[1] ? strchr(from, text[1]) : NULL;
	long c, more;
	size_t used = 6;

	*ret_n = 1;
	if (at) {
		out[0] = to[at - from];
		return 2;
	}
	c = read_u(text, len);
	if (c < 0)
		return 0;
	more = c >= 0xd800 && c < 0xdc00 ? read_u(text + 6, len - 6) : -1;
	if (more >= 0xdc00 && more < 0xe000) {
		c = 0x10000 + ((c - 0xd800) << 10) + (more - 0xdc00);
		used = 12;
	}
	*ret_n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = *ret_n; --i; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(*ret_n == 1 ? c : (0xf00 >> *ret_n & 0xff) | c);
	return used;
}

/* How much of text the value takes, as it is or escaped; 0: it does not stand there. */
static size_t stands(const struct mirrored *v, const char *text, size_t len, size_t *work)
{
	size_t at = 0;

	for (size_t i = 0; i < v->len;) {
		char c[4];
		size_t n, used;

		++*work;
		if (at == len)
			return 0;
		if (text[at] == v->text[i]) {
			at++;
			i++;
			/* A backslash of the value is two in JSON. */
			if (text[at - 1] == '\\' && at < len && text[at] == '\\' &&
			    (i == v->len || v->text[i] != '\\'))
				at++;
			continue;
		}
		used = text[at] == '\\' ? read_escape(text + at, len - at, c, &n) : 0;
		if (!used || n > v->len - i || memcmp(c, v->text + i, n) != 0)
			return 0;
		at += used;
		i += n;
	}
	return at;
}

/* Is the value there by itself, and not the middle of a longer word?  A letter behind a
 * backslash is an escape. */
static bool is_whole(const char *text, size_t len, size_t start, size_t end)
{
	bool left = start && charset_has(SET_WORD, text[start - 1]) &&
		    charset_has(SET_WORD, text[start]) && !(start > 1 && text[start - 2] == '\\');
	bool right = end < len && charset_has(SET_WORD, text[end]) &&
		     charset_has(SET_WORD, text[end - 1]);

	return !left && !right;
}

static const struct mirrored *try_chain(struct mirror *m, uint16_t chain, const char *text, size_t len,
					size_t at, size_t *ret_end)
{
	for (; chain && m->work <= LIMIT_MIRROR_WORK; chain = m->v[chain - 1].next) {
		size_t n = stands(&m->v[chain - 1], text + at, len - at, &m->work);

		if (n && is_whole(text, len, at, at + n)) {
			*ret_end = at + n;
			return &m->v[chain - 1];
		}
	}
	return NULL;
}

const struct mirrored *mirror_find(struct mirror *m, const char *text, size_t len,
				   size_t from, size_t *ret_start, size_t *ret_end)
{
	for (; from + SHORTEST <= len && m->work <= LIMIT_MIRROR_WORK; from++) {
		const struct mirrored *v =
			try_chain(m, m->chains[chain_of(text + from)], text, len, from, ret_end);

		if (!v)
			v = try_chain(m, m->odd, text, len, from, ret_end);
		if (v) {
			*ret_start = from;
			return v;
		}
	}
	return NULL;
}
