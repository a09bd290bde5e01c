/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "scan/charset.h"
#include "scan/checks.h"
#include "scan/formats.h"

#define ITEMS 16
#define OPEN_END ((size_t)1 << 30)
/* What an item with an open end may cost; text behind it is redacted all the same. */
#define NOTHING SIZE_MAX

static size_t number(const char **p)
{
	size_t n = 0;

	for (; isdigit((unsigned char)**p); ++*p)
		n = n * 10 + (size_t)(**p - '0');
	return n;
}

bool formats_next(const char **pattern, struct format_item *ret)
{
	const char *p = *pattern, *end;

	if (!p || !*p)
		return false;
	*ret = (struct format_item){0};
	if (*p == '\'') {
		end = strchr(p + 1, '\'');
		ret->literal = p + 1;
		ret->min = ret->max = (size_t)(end - p - 1);
		*pattern = end + 1;
		return true;
	}
	ret->set = charset_named(*p++);
	ret->min = ret->max = number(&p);
	if (*p == '-') {
		p++;
		ret->max = number(&p);
	} else if (*p == '+') {
		p++;
		ret->max = OPEN_END;
	}
	*pattern = p;
	return true;
}

static bool is_xdigits(const char *text, size_t n)
{
	return charset_run(SET_XDIGIT, text, n, 0, n) == n;
}

bool formats_left_open(const char *text, size_t at)
{
	const char *p = text + at;

	if (!at || !charset_has(SET_WORD, p[-1]))
		return true;
	if (at >= 2 && p[-2] == '\\' && strchr("nrtbfv0", p[-1]))
		return true;
	if (at >= 3 && p[-3] == '%' && is_xdigits(p - 2, 2))
		return true;
	if (at >= 4 && p[-4] == '\\' && p[-3] == 'x' && is_xdigits(p - 2, 2))
		return true;
	if (at >= 6 && p[-6] == '\\' && p[-5] == 'u' && is_xdigits(p - 4, 4))
		return true;
	/* The end of a control sequence of a terminal: ESC [ digits m. */
	for (size_t i = 2; i <= at && i < 16 && p[-1] == 'm'; i++)
		if (p[-(ptrdiff_t)i] == '[')
			return true;
		else if (!isdigit((unsigned char)p[-(ptrdiff_t)i]) && p[-(ptrdiff_t)i] != ';')
			return false;
	return false;
}

bool formats_is_dull(const char *text, size_t len)
{
	uint64_t low = 0, high = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 64)
			low |= 1ULL << c;
		else
			high |= 1ULL << (c & 63);
	}
	return __builtin_popcountll(low) + __builtin_popcountll(high) < (len < 16 ? 3 : 4);
}

bool formats_is_shuffled(const char *text, size_t len)
{
	size_t rises = 0, large = 0, small = 0;

	for (size_t i = 1; i < len; i++) {
		bool before = isupper((unsigned char)text[i - 1]), now = isupper((unsigned char)text[i]);

		if (!isalpha((unsigned char)text[i - 1]) || !isalpha((unsigned char)text[i]))
			continue;
		rises += !before && now;
		large += before && now;
		small += !before && !now;
	}
	return len >= 20 && rises * 8 >= len && large * 8 >= len && small * 8 >= len;
}

/* --- patterns --------------------------------------------------------------------------- */

/* What is matched against, and how. */
struct place {
	const char *text;
	size_t len;
	struct format_runs *runs;
	/* Take as much as a pattern may, whatever follows; a checksum has to speak for it. */
	bool loose;
};

static size_t measure(const struct place *p, unsigned int set, size_t at, size_t max)
{
	unsigned int bit = (unsigned int)__builtin_ctz(set);
	struct format_runs *r = p->runs;

	if (max != OPEN_END)
		return charset_run(set, p->text, p->len, at, max);
	if (at < r->from[bit] || at >= r->end[bit]) {
		r->from[bit] = at;
		r->end[bit] = at + charset_run(set, p->text, p->len, at, OPEN_END);
	}
	return r->end[bit] > at ? r->end[bit] - at : 0;
}

/* How much of text[at] the last item takes: all of its run, or nothing. */
static size_t match_last(const struct place *p, const struct format_item *item, size_t at)
{
	size_t limit = item->max == OPEN_END ? OPEN_END : item->max + (p->loose ? 0 : 4);
	size_t n = measure(p, item->set, at, limit);

	/* The dots that end a sentence. */
	while (n && p->text[at + n - 1] == '.')
		n--;
	return n < item->min || n > item->max ? NOTHING : n;
}

static size_t match_after(const struct place *p, const char *pattern, size_t at);

static size_t match_end_of_run(const struct place *p, const char *pattern,
			       const struct format_item *item, size_t at, size_t n)
{
	size_t rest = n < item->min ? NOTHING : match_after(p, pattern, at + n);

	return rest == NOTHING ? NOTHING : n + rest;
}

/* The length of what matches at text[at], or NOTHING. */
static size_t match_after(const struct place *p, const char *pattern, size_t at)
{
	struct format_item item;
	size_t most, rest;

	if (!formats_next(&pattern, &item))
		return 0;
	if (item.literal) {
		if (item.min > p->len - at || memcmp(p->text + at, item.literal, item.min) != 0)
			return NOTHING;
		rest = match_after(p, pattern, at + item.min);
		return rest == NOTHING ? NOTHING : item.min + rest;
	}
	if (!*pattern)
		return match_last(p, &item, at);
	most = measure(p, item.set, at, item.max);
	/* A character that ends the run for certain: nothing to step back for. */
	if (*pattern == '\'' && !charset_has(item.set, pattern[1]))
		return match_end_of_run(p, pattern, &item, at, most);
	/* What follows is a character outside of the set, or else of a length that one
	 * item of the two gives away: a few steps back, never a search. */
	for (size_t n = most; n + 12 > most && n >= item.min; n--) {
		rest = match_after(p, pattern, at + n);
		if (rest != NOTHING)
			return n + rest;
		if (!n)
			break;
	}
	return NOTHING;
}

/* Is text[at - 1] of the set, and not the end of an escape? */
static bool goes_on(unsigned int set, const char *text, size_t at)
{
	return at && charset_has(set, text[at - 1]) &&
	       !(charset_has(SET_WORD, text[at - 1]) && formats_left_open(text, at));
}

/* The same to the left of text[at]; each item takes all it can. */
static size_t match_before(const char *pattern, const char *text, size_t at)
{
	struct format_item items[ITEMS];
	size_t n = 0, from = at;

	while (n < ITEMS && formats_next(&pattern, &items[n]))
		n++;
	while (n-- > 0) {
		const struct format_item *i = &items[n];
		size_t run = 0;

		if (i->literal) {
			if (i->min > from || memcmp(text + from - i->min, i->literal, i->min) != 0)
				return NOTHING;
			from -= i->min;
			continue;
		}
		while (run < i->max && run < from && charset_has(i->set, text[from - run - 1]) &&
		       (run < i->min || goes_on(i->set, text, from - run)))
			run++;
		if (run < i->min || (!n && goes_on(i->set, text, from - run)))
			return NOTHING;
		from -= run;
	}
	return at - from;
}

/* --- checks ------------------------------------------------------------------------------- */

static bool is_mixed(const char *text, size_t len)
{
	bool digit = false, letter = false;

	for (size_t i = 0; i < len; i++) {
		digit |= isdigit((unsigned char)text[i]) != 0;
		letter |= isalpha((unsigned char)text[i]) != 0;
	}
	return (digit && letter) || formats_is_shuffled(text, len);
}

static bool hex_is(const char *digits, uint32_t value)
{
	uint32_t v = 0;

	for (size_t i = 0; i < 8; i++) {
		unsigned char c = (unsigned char)digits[i];

		v = v << 4 | (uint32_t)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
	}
	return v == value;
}

/* The first bytes of base64url: at most n, fewer at another character.  Return: how many. */
static size_t decode64(const char *text, size_t len, char *out, size_t n)
{
	uint32_t bits = 0;
	size_t got = 0;

	for (size_t i = 0; i < len && got < n; i++) {
		unsigned char c = (unsigned char)text[i];
		uint32_t v = isupper(c) ? c - 'A' : islower(c) ? c - 'a' + 26 :
			     isdigit(c) ? c - '0' + 52 : c == '-' ? 62 : c == '_' ? 63 : 64;

		if (v == 64)
			break;
		bits = bits << 6 | v;
		if (i % 4)
			out[got++] = (char)(bits >> (6 - 2 * (i % 4)));
	}
	return got;
}

static size_t jwt_header(const char *token, size_t len, char *out, size_t size)
{
	return decode64(token, len, out, size);
}

static bool is_jwt(const char *token, size_t len)
{
	char head[512];
	size_t n = jwt_header(token, len, head, sizeof(head));

	return n && head[0] == '{' &&
	       (memmem(head, n, "\"alg\"", 5) || memmem(head, n, "\"enc\"", 5));
}

const char *formats_jwt_class(const char *token, size_t len)
{
	char head[1024];
	size_t n = jwt_header(token, len, head, sizeof(head));
	const char *dot = memchr(token, '.', len);

	if (memmem(head, n, "dpop+jwt", 8))
		return "dpop-proof";
	if (memmem(head, n, "\"enc\"", 5))
		return "jwe";
	if (!dot)
		return "jwt";
	n = decode64(dot + 1, len - (size_t)(dot + 1 - token), head, sizeof(head));
	return memmem(head, n, "\"spiffe://", 10) ? "jwt-svid" : "jwt";
}

/* The id of a bot in base64: 17 to 20 digits (Discord's snowflakes). */
static bool is_discord(const char *token, size_t len)
{
	const char *dot = memchr(token, '.', len);
	char id[24];
	size_t n = dot ? decode64(token, (size_t)(dot - token), id, sizeof(id)) : 0;

	return n >= 17 && n <= 20 && charset_run(SET_DIGIT, id, n, 0, n) == n;
}

/* Behind the head line: a key, or a program that only names the line?  Ends of lines,
 * as they are or escaped, and the seams of string literals may stand between. */
static bool has_body(const char *p, const char *stop)
{
	static const char heads[][12] = { "Proc-Type:", "Version:", "Comment:", "DEK-Info:",
					  "Encryption:" };
	size_t left, n;

	while (p < stop && (isspace((unsigned char)*p) || strchr("\"'`+,\\", *p) ||
			    (strchr("nrt", *p) && p[-1] == '\\')))
		p++;
	left = (size_t)(stop - p);
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		if (strlen(heads[i]) < left && !memcmp(p, heads[i], strlen(heads[i])))
			return true;
	n = charset_run(SET_B64E, p, left, 0, 64);
	return n >= 16 && !formats_is_dull(p, n);
}

/* From BEGIN to END; to the end of the text where there is no END. */
static size_t match_pem(const struct format *f, const char *text, size_t len, size_t at)
{
	static const char key[] = "PRIVATE KEY", end[] = "-----END ";
	const char *p = text + at + strlen(f->literal), *stop = text + len, *dashes, *last;

	if (f->literal[0] == 'P') {
		last = memmem(p, (size_t)(stop - p), "Private-MAC: ", 13);
		return last ? (size_t)(last - text) - at + 13 +
				      charset_run(SET_HEX, text, len, (size_t)(last - text) + 13, 64) :
			      len - at;
	}
	dashes = memmem(p, (size_t)(stop - p) < 64 ? (size_t)(stop - p) : 64, "-----", 5);
	if (!dashes || !memmem(p, (size_t)(dashes - p), key, sizeof(key) - 1) ||
	    !has_body(dashes + 5, stop))
		return NOTHING;
	last = memmem(dashes + 5, (size_t)(stop - dashes - 5), end, sizeof(end) - 1);
	if (!last)
		return len - at;
	last += sizeof(end) - 1;
	dashes = memmem(last, (size_t)(stop - last) < 64 ? (size_t)(stop - last) : 64, "-----", 5);
	return dashes ? (size_t)(dashes + 5 - (text + at)) : len - at;
}

/* A checksum where the format has one: 1 holds, 0 does not or there is none. */
static bool is_certain(const struct format *f, const char *token, size_t len)
{
	size_t head = strlen(f->literal);

	switch (f->check) {
	case CHECK_GITHUB:
		return checks_writes(checks_crc32(token + head, len - head - 6), 62,
				     token + len - 6, 6);
	case CHECK_GITLAB:
		return checks_writes(checks_crc32(token, len - 7), 36, token + len - 7, 7);
	case CHECK_HEX_TAIL:
		return hex_is(token + len - 8, checks_crc32(token, len - 8));
	case CHECK_GRAFANA:
		return hex_is(token + len - 8,
			      __builtin_bswap32(checks_crc32(token, len - 9)));
	case CHECK_CLOUDFLARE:
		return hex_is(token + len - 8, checks_crc32(token + head, len - head - 8));
	case CHECK_NONE:
	case CHECK_MIXED:
	case CHECK_EXAMPLE:
	case CHECK_JWT:
	case CHECK_DISCORD:
	case CHECK_PEM:
		break;
	}
	return false;
}

/* A longer token is judged by its beginning. */
#define ENOUGH 512

static bool is_refuted(const struct format *f, const char *token, size_t len)
{
	size_t whole = len, head = f->before[0] ? 0 : strlen(f->literal);

	len = len > ENOUGH ? ENOUGH : len;
	switch (f->check) {
	case CHECK_MIXED:
		if (!is_mixed(token + head, len - head))
			return true;
		break;
	case CHECK_EXAMPLE:
		if (!memcmp(token + len - 7, "EXAMPLE", 7))
			return true;
		break;
	case CHECK_JWT:
		return !is_jwt(token, whole);
	case CHECK_DISCORD:
		return !is_discord(token, len);
	case CHECK_PEM:
		return false;
	case CHECK_NONE:
	case CHECK_GITHUB:
	case CHECK_GITLAB:
	case CHECK_HEX_TAIL:
	case CHECK_GRAFANA:
	case CHECK_CLOUDFLARE:
		break;
	}
	return formats_is_dull(token + head, len - head);
}

/* Back over host and scheme: a webhook's whole URL is the secret. */
static size_t url_start(const char *text, size_t at)
{
	size_t from = at;

	while (from && at - from < 80 && charset_has(SET_DOTTED, text[from - 1]))
		from--;
	if (from >= 3 && !memcmp(text + from - 3, "://", 3))
		for (from -= 3; from && charset_has(SET_LETTER, text[from - 1]);)
			from--;
	else
		from = at;
	return from;
}

static bool has_checksum(const struct format *f)
{
	return f->check == CHECK_GITHUB || f->check == CHECK_GRAFANA ||
	       f->check == CHECK_GITLAB || f->check == CHECK_HEX_TAIL;
}

/* Where the token at text[start] ends, or NOTHING. */
static size_t find_end(const struct format *f, struct place *p, size_t start, size_t at,
		       bool *ret_certain)
{
	const char *text = p->text;
	size_t len = p->len;

	size_t head = strlen(f->literal), after;
	/* A literal of many characters is no chance of a longer word; and a run before it
	 * has been taken to its end. */
	bool is_open = head >= 7 || (f->before[0] && f->before[0] != '\'') ||
		       formats_left_open(text, start);

	*ret_certain = false;
	if (f->check == CHECK_PEM) {
		after = match_pem(f, text, len, at);
		return after == NOTHING ? NOTHING : at + after;
	}
	after = is_open ? match_after(p, f->after, at + head) : NOTHING;
	if (after != NOTHING) {
		size_t end = at + head + after;

		*ret_certain = is_certain(f, text + start, end - start);
		if (end == len || !charset_has(SET_WORD, text[end]))
			return end;
	}
	if (!has_checksum(f))
		return NOTHING;
	p->loose = true;
	after = match_after(p, f->after, at + head);
	if (after == NOTHING)
		return NOTHING;
	*ret_certain = is_certain(f, text + start, at + head + after - start);
	return *ret_certain ? at + head + after : NOTHING;
}

bool formats_match(const struct format *f, const char *text, size_t len, size_t at,
		   struct format_runs *runs, size_t *ret_start, size_t *ret_end, bool *ret_certain)
{
	struct place place = { text, len, runs, false };
	size_t head = strlen(f->literal), before, start, end;

	if (head > len - at || memcmp(text + at, f->literal, head) != 0)
		return false;
	before = match_before(f->before, text, at);
	if (before == NOTHING)
		return false;
	start = at - before;
	end = find_end(f, &place, start, at, ret_certain);
	if (end == NOTHING || is_refuted(f, text + start, end - start))
		return false;
	*ret_start = f->is_url ? url_start(text, start) : start;
	*ret_end = end;
	return true;
}
