/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "common/limits.h"
#include "configs/scan.h"

int scan_refuse(struct scan *s, const char *at, const char *fmt, ...)
{
	size_t line = 1, column;
	const char *begin = s->text;
	char words[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	for (const char *p = s->text; p < at; p++)
		if (*p == '\n') {
			line++;
			begin = p + 1;
		}
	column = (size_t)(at - begin) + 1;
	return err_set(s->err, EINVAL, "%zu:%zu: %s", line, column, words);
}

/* Length of the UTF-8 sequence at p, 0 when it is none (Unicode 15, table 3-7). */
static size_t sequence(const unsigned char *p, size_t left)
{
	size_t len = *p < 0x80 ? 1 : *p < 0xc2 ? 0 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : *p < 0xf5 ? 4 : 0;

	if (!len || len > left)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] > 0x9f) ||
	    (*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

int scan_check_text(struct scan *s)
{
	const char *p = s->text;

	if ((size_t)(s->end - s->text) > LIMIT_CONFIG)
		return err_set(s->err, EFBIG, "more than %zu bytes", LIMIT_CONFIG);
	while (p < s->end) {
		size_t len = *p ? sequence((const unsigned char *)p, (size_t)(s->end - p)) : 0;

		if (!len)
			return scan_refuse(s, p, "not UTF-8 text");
		p += len;
	}
	return 0;
}

struct node *scan_node(struct scan *s, enum node_kind kind)
{
	struct node *n = tree_node(s->tree, kind);

	if (!n) {
		scan_refuse(s, s->p, "more than %zu values, or no memory", LIMIT_CONFIG_VALUES);
		return NULL;
	}
	n->start = n->end = (size_t)(s->p - s->text);
	return n;
}

int scan_enter(struct scan *s)
{
	if (++s->depth > LIMIT_CONFIG_DEPTH)
		return scan_refuse(s, s->p, "nested deeper than %d", LIMIT_CONFIG_DEPTH);
	return 0;
}

void scan_leave(struct scan *s)
{
	s->depth--;
}

const char *scan_copy(struct scan *s, const char *from, size_t len)
{
	char *text = tree_text(s->tree, len + 1);

	if (!text) {
		scan_refuse(s, from, "no memory");
		return NULL;
	}
	memcpy(text, from, len);
	text[len] = '\0';
	return text;
}

static int hex(struct scan *s, size_t digits, uint32_t *ret)
{
	uint32_t code = 0;

	if ((size_t)(s->end - s->p) < digits)
		return scan_refuse(s, s->p, "an escape that ends too early");
	for (size_t i = 0; i < digits; i++, s->p++) {
		unsigned char c = (unsigned char)*s->p, low = c | 0x20;

		if (c >= '0' && c <= '9')
			code = code << 4 | (uint32_t)(c - '0');
		else if (low >= 'a' && low <= 'f')
			code = code << 4 | (uint32_t)(low - 'a' + 10);
		else
			return scan_refuse(s, s->p, "an escape with a letter that is no hexadecimal digit");
	}
	*ret = code;
	return 0;
}

static void put(char **out, uint32_t c)
{
	char *p = *out;

	if (c < 0x80) {
		*p++ = (char)c;
	} else if (c < 0x800) {
		*p++ = (char)(0xc0 | c >> 6);
		*p++ = (char)(0x80 | (c & 63));
	} else if (c < 0x10000) {
		*p++ = (char)(0xe0 | c >> 12);
		*p++ = (char)(0x80 | (c >> 6 & 63));
		*p++ = (char)(0x80 | (c & 63));
	} else {
		*p++ = (char)(0xf0 | c >> 18);
		*p++ = (char)(0x80 | (c >> 12 & 63));
		*p++ = (char)(0x80 | (c >> 6 & 63));
		*p++ = (char)(0x80 | (c & 63));
	}
	*out = p;
}

/* \u, with the second half of a pair; \U and \x where the format knows them. */
static int code_escape(struct scan *s, char letter, const char *at, char **out)
{
	uint32_t code = 0, low = 0;
	int r = hex(s, letter == 'u' ? 4 : letter == 'U' ? 8 : 2, &code);

	if (r < 0)
		return r;
	if (letter == 'u' && code >= 0xd800 && code < 0xdc00 && scan_at(s, "\\u", 2)) {
		s->p += 2;
		r = hex(s, 4, &low);
		if (r < 0)
			return r;
		if (low < 0xdc00 || low > 0xdfff)
			return scan_refuse(s, at, "half of a surrogate pair");
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	}
	if ((code >= 0xd800 && code < 0xe000) || code > 0x10ffff)
		return scan_refuse(s, at, "an escape of no character");
	if (!code)
		return scan_refuse(s, at, "a NUL character, which no argument can hold");
	put(out, code);
	return 0;
}

int scan_escape(struct scan *s, const char *escapes, char **out)
{
	static const struct {
		char letter;
		uint32_t means;
	} table[] = {
		{ '"', '"' }, { '\\', '\\' }, { '/', '/' }, { 'b', 8 },  { 'f', 12 },
		{ 'n', 10 },  { 'r', 13 },    { 't', 9 },   { 'a', 7 },  { 'v', 11 },
		{ 'e', 27 },
	};
	const char *at = s->p - 1;
	char letter;

	if (s->p >= s->end)
		return scan_refuse(s, at, "a string without its end");
	letter = *s->p++;
	if (letter == 'u' || ((letter == 'U' || letter == 'x') && strchr(escapes, letter)))
		return code_escape(s, letter, at, out);
	for (size_t i = 0; i < sizeof(table) / sizeof(*table) && strchr(escapes, letter); i++)
		if (table[i].letter == letter) {
			put(out, table[i].means);
			return 0;
		}
	return scan_refuse(s, at, "an escape that this format does not have");
}

int scan_quoted(struct scan *s, const char *escapes, const char **ret_text)
{
	const char *begin = s->p, *end = begin;
	char *text, *out;

	/* No escape means more bytes than it is written with. */
	while (end < s->end && *end != '"' && *end != '\n')
		end += *end == '\\' && end + 1 < s->end && end[1] != '\n' ? 2 : 1;
	text = out = tree_text(s->tree, (size_t)(end - begin) + 1);
	if (!text)
		return scan_refuse(s, begin, "no memory");
	while (s->p < s->end && *s->p != '"') {
		unsigned char c = (unsigned char)*s->p;

		if (c < 0x20 && (c != '\t' || !strchr(escapes, 'U'))) /* JSON: not even a tab */
			return scan_refuse(s, s->p, c == '\n' || c == '\r' ?
					   "a line that ends inside of a string" :
					   "a control character in a string");
		s->p++;
		if (c != '\\') {
			*out++ = (char)c;
		} else {
			int r = scan_escape(s, escapes, &out);

			if (r < 0)
				return r;
		}
	}
	if (s->p >= s->end)
		return scan_refuse(s, begin, "a string without its end");
	s->p++;
	*out = '\0';
	*ret_text = text;
	return 0;
}
