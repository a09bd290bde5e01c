/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "scan/charset.h"
#include "scan/fold.h"
#include "scan/unwrap.h"

/* What the next view of a long piece sees again: longer than a token, but for keys and
 * web tokens, whose beginnings are found by themselves. */
#define OVERLAP 768
/* How far before an escape a token may have begun. */
#define BACK 1024

static void put(struct view *v, char c, size_t from, size_t to)
{
	v->from[v->n] = (uint32_t)from;
	v->to[v->n] = (uint32_t)to;
	v->text[v->n++] = c;
}

static bool is_printable(unsigned int c)
{
	return (c >= 0x20 && c < 0x7f) || c == '\t' || c == '\n' || c == '\r';
}

/* --- base64 ---------------------------------------------------------------------------------- */

static unsigned int value64(char ch)
{
	unsigned char c = (unsigned char)ch;

	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26U;
	if (c >= '0' && c <= '9')
		return c - '0' + 52U;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : 64;
}

static size_t skip_line(const char *text, size_t len, size_t at)
{
	while (at < len && (text[at] == '\n' || text[at] == '\r'))
		at++;
	return at;
}

/* Four characters of text from at on, over the ends of lines.  Return: how many. */
static unsigned int group(const char *text, size_t len, size_t at, size_t where[4],
			  unsigned char bytes[3])
{
	uint32_t bits = 0;
	unsigned int n = 0;

	for (; n < 4; n++) {
		unsigned int v;

		at = skip_line(text, len, at);
		v = at < len ? value64(text[at]) : 64;
		if (v == 64)
			break;
		bits |= v << (18 - 6 * n);
		where[n] = at++;
	}
	bytes[0] = (unsigned char)(bits >> 16);
	bytes[1] = (unsigned char)(bits >> 8);
	bytes[2] = (unsigned char)bits;
	return n;
}

static bool is_text(const unsigned char bytes[3])
{
	return is_printable(bytes[0]) && is_printable(bytes[1]) && is_printable(bytes[2]);
}

/* Back by four characters, or to floor. */
static size_t step_back(const char *text, size_t at, size_t floor)
{
	for (unsigned int n = 0; n < 4; n++) {
		while (at > floor && (text[at - 1] == '\n' || text[at - 1] == '\r'))
			at--;
		if (at == floor || value64(text[at - 1]) == 64)
			return floor;
		at--;
	}
	return at;
}

/* The first group of the piece that at is in, and one before it: its bytes may begin
 * with the end of something else. */
static size_t first_group(const char *text, size_t len, size_t at, size_t floor)
{
	unsigned char bytes[3];
	size_t where[4], back;

	for (;; at = back) {
		back = step_back(text, at, floor);
		if (back == at || group(text, len, back, where, bytes) < 4)
			return at;
		if (skip_line(text, len, where[3] + 1) != at)
			return at;
		if (!is_text(bytes))
			return back;
	}
}

bool unwrap_base64(const char *text, size_t len, size_t at, size_t *done, struct view *view)
{
	size_t where[4], i;
	unsigned char bytes[3];
	unsigned int n = 4;
	bool is_last = false;

	if (!at || at <= *done)
		return false;
	i = first_group(text, len, at - 1, *done);
	view->n = 0;
	while (view->n + 3 <= UNWRAP_VIEW && !is_last) {
		n = group(text, len, i, where, bytes);
		if (n < 2)
			break;
		is_last = n < 4 || (view->n && !is_text(bytes));
		for (unsigned int k = 0; k + 1 < n; k++)
			put(view, (char)bytes[k], where[k], where[k + 1] + 1);
		i = where[n - 1] + 1;
	}
	/* Padding belongs to what it pads. */
	while (view->n && n < 4 && i < len && text[i] == '=')
		view->to[view->n - 1] = (uint32_t)++i;
	*done = is_last || n < 2 ? i : view->from[view->n - OVERLAP];
	return view->n >= UNWRAP_LEAST;
}

/* --- base32 ---------------------------------------------------------------------------------- */

static unsigned int value32(char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned int)(c - 'A') : (unsigned int)(c - '2') + 26;
}

/* Of eight characters five bytes: byte k begins in character k * 8 / 5 of the run.  All of
 * it is text, or it is none: names in capitals and sequences of proteins are runs, too. */
bool unwrap_base32(const char *text, size_t len, size_t at, size_t *done, struct view *view)
{
	size_t start = at, i;
	uint64_t bits = 0;
	unsigned int n = 0;
	bool is_text_yet = true;

	while (start > *done && charset_has(SET_B32, text[start - 1]))
		start--;
	view->n = 0;
	for (i = start; i < len && charset_has(SET_B32, text[i]) && view->n < UNWRAP_VIEW; i++) {
		bits = bits << 5 | value32(text[i]);
		n += 5;
		if (n < 8 || !is_text_yet)
			continue;
		n -= 8;
		is_text_yet = is_printable(bits >> n & 255);
		put(view, (char)(bits >> n & 255), start + view->n * 8 / 5, i + 1);
	}
	while (view->n && i < len && text[i] == '=')
		view->to[view->n - 1] = (uint32_t)++i;
	/* On at the beginning of a group. */
	*done = view->n == UNWRAP_VIEW ? view->from[(view->n - OVERLAP) / 5 * 5] : i;
	return is_text_yet && view->n >= UNWRAP_LEAST;
}

/* --- hexadecimal --------------------------------------------------------------------------------- */

static unsigned int value16(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned int)(c - 'a') + 10;
	return c >= 'A' && c <= 'F' ? (unsigned int)(c - 'A') + 10 : 16;
}

/* The byte that a pair of digits writes, or 256. */
static unsigned int pair(const char *text, size_t len, size_t at)
{
	unsigned int high, low;

	if (len < 2 || at > len - 2)
		return 256;
	high = value16(text[at]);
	low = value16(text[at + 1]);
	return high > 15 || low > 15 ? 256 : high << 4 | low;
}

bool unwrap_hex(const char *text, size_t len, size_t at, size_t *done, struct view *view)
{
	size_t i = at;

	view->n = 0;
	while (i >= *done + 2 && is_printable(pair(text, len, i - 2)))
		i -= 2;
	for (; view->n < UNWRAP_VIEW && is_printable(pair(text, len, i)); i += 2)
		put(view, (char)pair(text, len, i), i, i + 2);
	*done = view->n < UNWRAP_VIEW ? (i > at ? i : at + 1) : view->from[view->n - OVERLAP];
	return view->n >= UNWRAP_LEAST;
}

/* --- escapes ----------------------------------------------------------------------------------- */

static size_t number(const char *p, size_t left, size_t digits, uint32_t *ret)
{
	*ret = 0;
	if (left < digits)
		return 0;
	for (size_t i = 0; i < digits; i++) {
		unsigned int v = value16(p[i]);

		if (v > 15)
			return 0;
		*ret = *ret << 4 | v;
	}
	return digits;
}

static size_t read_backslash(const char *p, size_t left, uint32_t *ret)
{
	static const char from[] = "\"\\/'nrtbf", to[] = "\"\\/'\n\r\t\b\f";
	const char *found;

	if (left < 2)
		return 0;
	if (p[1] == 'u') {
		uint32_t low;

		if (!number(p + 2, left - 2, 4, ret))
			return 0;
		/* Two halves of UTF-16. */
		if (*ret >> 10 != 0x36 || left < 12 || p[6] != '\\' || p[7] != 'u' ||
		    !number(p + 8, left - 8, 4, &low) || low >> 10 != 0x37)
			return 6;
		*ret = 0x10000 + ((*ret & 0x3ff) << 10 | (low & 0x3ff));
		return 12;
	}
	if (p[1] == 'x')
		return number(p + 2, left - 2, 2, ret) ? 4 : 0;
	found = p[1] ? strchr(from, p[1]) : NULL;
	if (!found)
		return 0;
	*ret = (unsigned char)to[found - from];
	return 2;
}

/* &#103; &#x67; and the names of what must be written so. */
static size_t read_reference(const char *p, size_t left, uint32_t *ret)
{
	static const struct {
		char name[10], reads;
	} names[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' },
		      { "&apos;", '\'' }, { "&lowbar;", '_' }, { "&hyphen;", '-' },
		      { "&period;", '.' } };
	unsigned int base = left > 2 && (p[2] == 'x' || p[2] == 'X') ? 16 : 10;
	size_t i = base == 16 ? 3 : 2, first = i;

	for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++) {
		size_t n = strlen(names[k].name);

		if (n <= left && !memcmp(p, names[k].name, n)) {
			*ret = (unsigned char)names[k].reads;
			return n;
		}
	}
	if (left < 4 || p[1] != '#')
		return 0;
	for (*ret = 0; i < left && i < first + 7 && value16(p[i]) < base; i++)
		*ret = *ret * base + value16(p[i]);
	return i > first && i < left && p[i] == ';' ? i + 1 : 0;
}

static bool is_byte(const char *p)
{
	return *p == '%' || (*p == '\\' && p[1] == 'x');
}

/* One character of text as it reads.  Return: its length; *ret: 0 nothing, the code. */
static size_t read_one(const char *p, size_t left, uint32_t *ret)
{
	size_t n = 0;

	if (*p == '%')
		n = number(p + 1, left - 1, 2, ret) ? 3 : 0;
	else if (*p == '\\')
		n = read_backslash(p, left, ret);
	else if (*p == '&')
		n = read_reference(p, left, ret);
	else if ((unsigned char)*p >= 0x80)
		n = fold_decode(p, left, ret);
	if (!n) {
		*ret = (unsigned char)*p;
		return 1;
	}
	/* What %xx and \\xnn write are bytes: those outside of ASCII are put together later. */
	if (*ret >= 0x80 && !is_byte(p))
		*ret = fold_code(*ret);
	return n;
}

static bool is_token_char(uint32_t c)
{
	return c < 0x80 && (charset_has(SET_PATH, (char)c) || c == ':' || c == '$' || c == '&' ||
			    c == '\\');
}

/* Is this an escape that hides something, or one that every text has? */
static bool is_hiding(const char *text, size_t len, size_t at, size_t n, uint32_t reads)
{
	const char *p = text + at;
	uint32_t code = 0;

	if (n == 1)
		return false;
	if (*p == '\\')
		return p[1] == 'u' || p[1] == 'x' || p[1] == '/';
	if (*p == '%')
		return true;
	if (*p == '&')
		return p[1] == '#' || reads == '_' || reads == '-' || reads == '.';
	if (reads >= 0x80)
		return false;
	fold_decode(p, len - at, &code);
	return !fold_is_letter(code) || (at && charset_has(SET_B62, p[-1])) ||
	       (at + n < len && charset_has(SET_B62, p[n]));
}

/* Blanks, and bytes outside of ASCII, are of the piece when an escape writes them. */
static bool is_written(const char *p, size_t n, uint32_t c)
{
	if (n == 1 || (*p == '\\' && p[1] != 'u' && p[1] != 'x'))
		return false;
	return c == ' ' || c == '\n' || c == '\r' || (c >= 0x80 && is_byte(p));
}

bool unwrap_escapes(const char *text, size_t len, size_t at, size_t *done, struct view *view)
{
	uint32_t c;
	size_t n = read_one(text + at, len - at, &c), i = at, floor = *done;

	if (at < *done || !is_hiding(text, len, at, n, c))
		return false;
	if (at > BACK && floor < at - BACK)
		floor = at - BACK;
	while (i > floor && is_token_char((unsigned char)text[i - 1]))
		i--;
	for (view->n = 0; i < len && view->n < UNWRAP_VIEW; i += n) {
		n = read_one(text + i, len - i, &c);
		if (c && !is_token_char(c) && !is_written(text + i, n, c))
			break;
		if (c)
			put(view, (char)c, i, i + n);
		else if (view->n)
			view->to[view->n - 1] = (uint32_t)(i + n);
	}
	*done = i > at ? i : at + 1;
	if (view->n == UNWRAP_VIEW)
		*done = view->from[view->n - OVERLAP];
	return view->n >= UNWRAP_LEAST;
}
