/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "policies/uri.h"

struct writer {
	char *out;
	size_t n;
	bool has_holes; /* a template: URI_HOLE is text */
};

static int put(struct writer *w, char c)
{
	if (w->n >= URI_SIZE - 1)
		return -EINVAL;
	w->out[w->n++] = c;
	return 0;
}

static bool is_hole(const struct writer *w, char c)
{
	return w->has_holes && c == URI_HOLE;
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static int hex(char c)
{
	if (is_digit(c))
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte behind a '%' at p; -1 when there is none. */
static int decoded(const char *p, const char *end)
{
	int high, low;

	if (end - p < 3)
		return -1;
	high = hex(p[1]);
	low = hex(p[2]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* --- scheme and authority ------------------------------------------------------------- */

static int scheme(const char **p, const char *end, struct writer *w)
{
	const char *s = *p;

	if (s >= end || !is_alpha(*s))
		return -EINVAL;
	for (; s < end && *s != ':'; s++)
		if ((!is_alpha(*s) && !is_digit(*s) && !strchr("+-.", *s)) || put(w, lower(*s)) < 0)
			return -EINVAL;
	if (s >= end)
		return -EINVAL;
	*p = s + 1;
	return put(w, ':');
}

static bool is_scheme(const struct writer *w, const char *name)
{
	size_t len = strlen(name);

	return w->n > len && !memcmp(w->out, name, len) && w->out[len] == ':';
}

static int put_port(const char *port, size_t len, struct writer *w)
{
	bool is_default = (is_scheme(w, "http") && len == 2 && !memcmp(port, "80", 2)) ||
			  (is_scheme(w, "https") && len == 3 && !memcmp(port, "443", 3));

	if (len > 5 || (len && port[0] == '0'))
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		if (!is_digit(port[i]) && !is_hole(w, port[i]))
			return -EINVAL;
	if (!len || is_default)
		return 0;
	for (size_t i = 0; i < len + 1; i++)
		if (put(w, i ? port[i - 1] : ':') < 0)
			return -EINVAL;
	return 0;
}

/* Behind "//": the host in lower case and its port. */
static int authority(const char **p, const char *end, struct writer *w)
{
	const char *s = *p, *stop = s;
	size_t from = w->n;
	bool is_literal = s < end && *s == '[';

	while (stop < end && !strchr("/?#", *stop))
		stop++;
	for (; s < stop && (is_literal || *s != ':'); s++) {
		bool is_plain = is_alpha(*s) || is_digit(*s) || strchr("-._", *s) ||
				(is_hole(w, *s) && !is_scheme(w, "file"));

		if (is_literal ? hex(*s) < 0 && !strchr("[]:.", *s) : !is_plain)
			return -EINVAL;
		if (put(w, lower(*s)) < 0)
			return -EINVAL;
		if (is_literal && *s == ']') {
			s++;
			break;
		}
	}
	if (is_literal && (s == *p || s[-1] != ']'))
		return -EINVAL;
	if (w->n > from && w->out[w->n - 1] == '.')
		return -EINVAL;
	if (s < stop && (*s != ':' || put_port(s + 1, (size_t)(stop - s - 1), w) < 0))
		return -EINVAL;
	if (is_scheme(w, "file") && w->n - from == 9 && !memcmp(w->out + from, "localhost", 9))
		w->n = from;
	*p = stop;
	return 0;
}

/* --- path ------------------------------------------------------------------------------- */

/* One segment, decoded.  *ret_dots is 1 for ".", 2 for "..". */
static int segment(const char **p, const char *end, struct writer *w, int *ret_dots)
{
	size_t from = w->n;
	bool was_encoded = false;
	const char *s = *p;

	for (; s < end && !strchr("/?#", *s); s++) {
		int c = (unsigned char)*s;
		bool is_kept = false;

		if (c == '%') {
			c = decoded(s, end);
			if (c < 0 || c == '/' || c == '\\')
				return -EINVAL;
			is_kept = c == '%' || c == '?' || c == '#';
			was_encoded = was_encoded || c == '.';
			if (c < ' ' || c == 0x7f)
				return -EINVAL;
		} else if ((c <= ' ' && !is_hole(w, *s)) || c == 0x7f || c == '\\') {
			return -EINVAL;
		}
		if (is_kept) {
			if (put(w, '%') < 0 || put(w, c == '%' ? '2' : c == '?' ? '3' : '2') < 0 ||
			    put(w, c == '%' ? '5' : c == '?' ? 'F' : '3') < 0)
				return -EINVAL;
		} else if (put(w, (char)c) < 0) {
			return -EINVAL;
		}
		s += *s == '%' ? 2 : 0;
	}
	/* A "%25" that would decode once more, whatever its digits were written as. */
	for (size_t i = from; i + 4 < w->n; i++)
		if (!memcmp(w->out + i, "%25", 3) && hex(w->out[i + 3]) >= 0 &&
		    hex(w->out[i + 4]) >= 0)
			return -EINVAL;
	*p = s;
	*ret_dots = w->n - from == 1 && w->out[from] == '.' ? 1 :
		    w->n - from == 2 && !memcmp(w->out + from, "..", 2) ? 2 : 0;
	return *ret_dots && was_encoded ? -EINVAL : 0;
}

/* Take the last segment back, down to the slash before it. */
static int pop(struct writer *w, size_t root)
{
	if (w->n <= root + 1)
		return -EINVAL;
	w->n--;
	while (w->n > root && w->out[w->n - 1] != '/')
		w->n--;
	return 0;
}

/* "/a/./b": from its first slash. */
static int absolute_path(const char **p, const char *end, struct writer *w)
{
	size_t root = w->n;
	bool is_file = is_scheme(w, "file");

	if (put(w, '/') < 0)
		return -EINVAL;
	for (++*p;; ++*p) {
		size_t from = w->n;
		int dots;

		if (segment(p, end, w, &dots) < 0 || (dots == 2 && is_file))
			return -EINVAL;
		if (dots)
			w->n = from;
		if (dots == 2 && pop(w, root) < 0)
			return -EINVAL;
		if (*p >= end || **p != '/')
			return 0;
		/* The kernel reads "//" as "/". */
		if (!dots && !(is_file && w->n == from) && put(w, '/') < 0)
			return -EINVAL;
	}
}

/* "mailto:a", "demo:a/b": no dots, as nobody knows what they would mean. */
static int opaque_path(const char **p, const char *end, struct writer *w)
{
	for (;;) {
		int dots;

		if (segment(p, end, w, &dots) < 0 || dots)
			return -EINVAL;
		if (*p >= end || **p != '/')
			return 0;
		if (put(w, '/') < 0)
			return -EINVAL;
		++*p;
	}
}

/* Query and fragment stay as they are, with hexadecimal digits in upper case. */
static int rest(const char *p, const char *end, struct writer *w)
{
	for (; p < end; p++) {
		unsigned char c = (unsigned char)*p;

		if ((c <= ' ' && !is_hole(w, *p)) || c == 0x7f || c == '\\')
			return -EINVAL;
		if (c == '%' && decoded(p, end) < 0)
			return -EINVAL;
		if (put(w, *p) < 0)
			return -EINVAL;
		for (int i = 0; c == '%' && i < 2; i++) {
			char digit = *++p;

			if (put(w, digit >= 'a' ? (char)(digit - 32) : digit) < 0)
				return -EINVAL;
		}
	}
	return 0;
}

/* --- all of it -------------------------------------------------------------------------- */

/* Percent-decoding must not have made what is not UTF-8. */
static bool is_utf8(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + len;

	while (p < end) {
		unsigned int n = *p < 0x80 ? 0 : *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : 1;
		unsigned int c = n == 0 ? *p : *p & (0x3fU >> n);
		static const unsigned int least[] = { 0, 0x80, 0x800, 0x10000 };

		if ((*p >= 0x80 && *p < 0xc2) || *p > 0xf4 || (size_t)(end - p) <= n)
			return false;
		for (unsigned int i = 1; i <= n; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return false;
			c = c << 6 | (p[i] & 0x3f);
		}
		if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ||
		    (c >= 0x80 && c < 0xa0))
			return false;
		p += n + 1;
	}
	return true;
}

static int normalize(const char *text, size_t len, bool has_holes, char *out, size_t *ret_len)
{
	const char *p = text, *end = text + len;
	struct writer w = { out, 0, has_holes };
	bool has_authority, is_file;
	size_t path;
	int r;

	if (!len || len >= URI_SIZE || memchr(text, '\0', len) || scheme(&p, end, &w) < 0)
		return -EINVAL;
	is_file = is_scheme(&w, "file");
	has_authority = end - p >= 2 && p[0] == '/' && p[1] == '/';
	if (has_authority || (is_file && p < end && *p == '/'))
		if (put(&w, '/') < 0 || put(&w, '/') < 0)
			return -EINVAL;
	p += has_authority ? 2 : 0;
	if (has_authority && authority(&p, end, &w) < 0)
		return -EINVAL;
	path = w.n;
	if (p < end && *p == '/')
		r = absolute_path(&p, end, &w);
	else if (is_file)
		r = -EINVAL;
	else
		r = has_authority ? put(&w, '/') : opaque_path(&p, end, &w);
	/* "x:/a/..//b" would come out as "x://b", with a host. */
	if (!has_authority && !is_file && w.n > path + 1 && w.out[path] == '/' &&
	    w.out[path + 1] == '/')
		return -EINVAL;
	if (r < 0 || rest(p, end, &w) < 0 || !is_utf8(out, w.n))
		return -EINVAL;
	out[w.n] = '\0';
	*ret_len = w.n;
	return 0;
}

int uri_normalize(const char *text, size_t len, char *out, size_t *ret_len)
{
	return normalize(text, len, false, out, ret_len);
}

/* "{x}": not empty, not nested. */
static bool is_expression(const char *open, const char *close)
{
	return close && close > open + 1 && !memchr(open + 1, '{', (size_t)(close - open) - 1);
}

int uri_normalize_template(const char *text, size_t len, char *out, size_t *ret_len)
{
	char holed[URI_SIZE];
	size_t n = 0;

	if (len >= URI_SIZE || memchr(text, URI_HOLE, len))
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		const char *close = text[i] == '{' ? memchr(text + i, '}', len - i) : NULL;

		if (text[i] == '}' || (text[i] == '{' && !is_expression(text + i, close)))
			return -EINVAL;
		/* "{?x}" and "{#x}" begin a query and a fragment. */
		if (close && (text[i + 1] == '?' || text[i + 1] == '#'))
			holed[n++] = text[i + 1];
		holed[n++] = close ? URI_HOLE : text[i];
		i = close ? (size_t)(close - text) : i;
	}
	return normalize(holed, n, true, out, ret_len);
}

const char *uri_path(const char *normal)
{
	return !strncmp(normal, "file:///", 8) ? normal + 7 : NULL;
}
