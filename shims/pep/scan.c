/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * One pass.  At each byte two questions, each a table look-up: do the eight bytes from
 * here begin a known value (a bitmap over a keyed hash of them), and does a token
 * format begin here (a bitmap over pairs of bytes)?  A yes is then examined: a known
 * value by its keyed digest, a format by characters, length and boundaries.  Three
 * shapes have rules of their own: a private key in PEM, a JSON Web Token, credentials
 * in a URL or in an authorization header.
 *
 * A token may begin at many places of one run of its characters.  How far a run goes is
 * therefore looked for once, not at each of them: the time stays linear in the text.
 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/limits.h"
#include "common/secrets.h"
#include "common/siphash.h"
#include "shims/pep/scan.h"
#include "shims/pep/scan_formats.h"

#define BITMAP_BITS 16
/* Twelve encodings of each value. */
#define NEEDLES_MAX (LIMIT_SECRETS * 12)

struct scan {
	struct secrets_header head;
	struct secrets_needle *needles;
	unsigned char grams[(1 << BITMAP_BITS) / 8];
	unsigned char pairs[65536 / 8];
};

/* One text, and where the runs that were looked at last begin and end. */
struct view {
	const char *text;
	size_t len;
	struct {
		size_t from, to;
	} runs[SET_N];
};

static bool has_bit(const unsigned char *map, uint32_t i)
{
	return map[i >> 3] >> (i & 7) & 1;
}

static void set_bit(unsigned char *map, uint32_t i)
{
	map[i >> 3] = (unsigned char)(map[i >> 3] | 1 << (i & 7));
}

static uint32_t pair(const char *p)
{
	return (uint32_t)(unsigned char)p[0] << 8 | (unsigned char)p[1];
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* --- known values --------------------------------------------------------------------------- */

static size_t find_known(const struct scan *s, const char *text, size_t len, size_t at)
{
	uint64_t gram = siphash(s->head.keys, text + at, SECRETS_GRAM);
	size_t best = 0;

	if (!has_bit(s->grams, (uint32_t)(gram >> (64 - BITMAP_BITS))))
		return 0;
	for (uint32_t i = 0; i < s->head.n; i++) {
		const struct secrets_needle *n = &s->needles[i];

		if (n->gram != gram || n->len > len - at || n->len <= best)
			continue;
		if ((n->flags & SECRETS_WHOLE) &&
		    ((at && is_word(text[at - 1])) ||
		     (at + n->len < len && is_word(text[at + n->len]))))
			continue;
		if (n->digest[0] == siphash(s->head.keys, text + at, n->len) &&
		    n->digest[1] == siphash(s->head.keys + 2, text + at, n->len))
			best = n->len;
	}
	return best;
}

/* --- formats ---------------------------------------------------------------------------------- */

static bool in_set(enum scan_charset set, char c)
{
	switch (set) {
	case SET_HEX:
		return isdigit((unsigned char)c) || (c >= 'a' && c <= 'f');
	case SET_B32:
		return isupper((unsigned char)c) || (c >= '2' && c <= '7');
	case SET_B62:
		return isalnum((unsigned char)c);
	case SET_B64U:
		return isalnum((unsigned char)c) || c == '-' || c == '_';
	case SET_WIDE:
		return isalnum((unsigned char)c) || (c && strchr("-_.=+/", c));
	}
	return false;
}

/* How many characters of the set stand at that place. */
static size_t run(struct view *v, enum scan_charset set, size_t at)
{
	size_t from = v->runs[set].from, to = v->runs[set].to, i = at;

	while (i < v->len && (i < from || i >= to) && in_set(set, v->text[i]))
		i++;
	if (i >= from && i < to)
		i = to;
	v->runs[set].from = at < from || at >= to ? at : from;
	v->runs[set].to = i;
	return i - at;
}

static size_t match_format(const struct scan_format *f, struct view *v, size_t at)
{
	size_t head = strlen(f->literal), len = v->len, n;
	const char *text = v->text;

	if (head > len - at || memcmp(text + at, f->literal, head) != 0 ||
	    (at && is_word(text[at - 1])))
		return 0;
	n = run(v, f->set, at + head);
	if (n > f->max)
		return 0;
	/* A sentence's full stop is no part of a token. */
	while (f->set == SET_WIDE && n && strchr(".=/+", text[at + head + n - 1]) && n > f->min)
		n--;
	if (n < f->min)
		return 0;
	/* Behind a run of letters and digits a '_' would make it another word. */
	if (at + head + n < len && is_word(text[at + head + n]))
		return 0;
	return head + n;
}

/* eyJ... . eyJ... . signature (RFC 7519), or five parts (RFC 7516). */
static size_t match_jwt(struct view *v, size_t at)
{
	size_t i = at, parts = 0, len = v->len;
	const char *text = v->text;

	if (len - at < 20 || memcmp(text + at, "eyJ", 3) != 0 || (at && is_word(text[at - 1])))
		return 0;
	while (parts < 5) {
		size_t n = run(v, SET_B64U, i);

		if (parts < 2 && n < 8)
			break;
		i += n;
		parts++;
		if (i >= len || text[i] != '.')
			break;
		i++;
	}
	return parts >= 2 ? i - at : 0;
}

/* From BEGIN to END of a private key; to the end when there is no END (RFC 7468). */
static size_t match_pem(const char *text, size_t len, size_t at)
{
	static const char begin[] = "-----BEGIN ", key[] = "PRIVATE KEY", end[] = "-----END ";
	const char *p = text + at, *stop = text + len, *dashes, *last;

	if ((size_t)(stop - p) < sizeof(begin) || memcmp(p, begin, sizeof(begin) - 1) != 0)
		return 0;
	p += sizeof(begin) - 1;
	dashes = memmem(p, (size_t)(stop - p), "-----", 5);
	if (!dashes || dashes - p > 40 || !memmem(p, (size_t)(dashes - p), key, sizeof(key) - 1))
		return 0;
	last = memmem(dashes + 5, (size_t)(stop - dashes - 5), end, sizeof(end) - 1);
	if (!last)
		return len - at;
	last += sizeof(end) - 1;
	dashes = memmem(last, (size_t)(stop - last), "-----", 5);
	return dashes ? (size_t)(dashes + 5 - (text + at)) : len - at;
}

static bool is_placeholder(const char *text, size_t len)
{
	bool same = true;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '$' || text[i] == '<' || text[i] == '{' || text[i] == '*' ||
		    text[i] == '[')
			return true;
		same = same && text[i] == text[0];
	}
	return same || (len == 8 && !memcmp(text, "password", 8)) ||
	       (len == 8 && !memcmp(text, "changeme", 8));
}

/* scheme://user:secret@host: at stands on "://".  *ret_at is where the secret begins. */
static size_t match_userinfo(const char *text, size_t len, size_t at, size_t *ret_at)
{
	size_t i = at + 3, colon = 0;

	if (len - at < 6 || memcmp(text + at, "://", 3) != 0)
		return 0;
	for (; i < len && i < at + 512 && !isspace((unsigned char)text[i]) &&
	       !strchr("/?#\"'<>", text[i]); i++) {
		if (text[i] == ':' && !colon)
			colon = i + 1;
		if (text[i] != '@')
			continue;
		if (!colon || i == colon || is_placeholder(text + colon, i - colon))
			return 0;
		*ret_at = colon;
		return i - colon;
	}
	return 0;
}

/* "Bearer x" and "Basic x": at stands on the scheme. */
static size_t match_header(struct view *v, size_t at, size_t *ret_at)
{
	static const char *const schemes[] = { "Bearer ", "bearer ", "Basic " };
	const char *text = v->text;
	size_t len = v->len, n;

	if (at && is_word(text[at - 1]))
		return 0;
	for (size_t i = 0; i < 3; i++) {
		size_t head = strlen(schemes[i]);

		if (len - at <= head || memcmp(text + at, schemes[i], head) != 0)
			continue;
		n = run(v, SET_WIDE, at + head);
		if (n < 16 || is_placeholder(text + at + head, n))
			return 0;
		for (size_t k = 0; k < n; k++)
			if (isdigit((unsigned char)text[at + head + k])) {
				*ret_at = at + head;
				return n;
			}
	}
	return 0;
}

struct hit {
	size_t at, len;
	const char *class;
};

static bool find_shape(struct view *v, size_t at, struct hit *hit)
{
	const char *text = v->text;
	size_t len = v->len;

	hit->at = at;
	switch (text[at]) {
	case 'e':
		hit->class = "jwt";
		return (hit->len = match_jwt(v, at)) > 0;
	case '-':
		hit->class = "private-key";
		return (hit->len = match_pem(text, len, at)) > 0;
	case ':':
		hit->class = "url-password";
		return (hit->len = match_userinfo(text, len, at, &hit->at)) > 0;
	case 'B':
	case 'b':
		hit->class = "authorization";
		return (hit->len = match_header(v, at, &hit->at)) > 0;
	default:
		return false;
	}
}

static bool find_format(const struct scan *s, struct view *v, size_t at, struct hit *hit)
{
	if (v->len - at < 2 || !has_bit(s->pairs, pair(v->text + at)))
		return false;
	for (size_t i = 0; i < scan_n_formats; i++) {
		hit->len = match_format(&scan_formats[i], v, at);
		if (hit->len) {
			hit->at = at;
			hit->class = scan_formats[i].class;
			return true;
		}
	}
	return false;
}

/* --- the pass ------------------------------------------------------------------------------------ */

static bool find(const struct scan *s, struct view *v, size_t at, struct hit *hit)
{
	if (s->head.n && v->len - at >= SECRETS_GRAM) {
		hit->len = find_known(s, v->text, v->len, at);
		if (hit->len) {
			hit->at = at;
			hit->class = "environment";
			return true;
		}
	}
	return find_format(s, v, at, hit) || find_shape(v, at, hit);
}

/* A member whose name says that its value is a secret, and whose value looks like one. */
static bool is_named(const char *key, size_t key_len, const char *text, size_t len)
{
	static const char *const names[] = { "password", "passwd", "secret", "client_secret",
					     "api_key", "apikey", "access_token", "refresh_token",
					     "private_key", "auth_token", "authorization" };
	bool digit = false, letter = false;

	if (!key || len < 12 || len > 4096 || is_placeholder(text, len))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (isspace((unsigned char)text[i]))
			return false;
		digit |= isdigit((unsigned char)text[i]) != 0;
		letter |= isalpha((unsigned char)text[i]) != 0;
	}
	for (size_t i = 0; digit && letter && i < sizeof(names) / sizeof(*names); i++)
		if (strlen(names[i]) == key_len && !strncasecmp(key, names[i], key_len))
			return true;
	return false;
}

size_t scan_text(const struct scan *s, const char *key, size_t key_len, const char *text,
		 size_t len, struct scan_span *spans, size_t max)
{
	struct view v = { .text = text, .len = len };
	size_t n = 0, from = 0;
	struct hit hit;

	for (size_t at = 0; at < len; at++) {
		if (!find(s, &v, at, &hit) || hit.at < from)
			continue;
		if (n == max) {
			spans[max - 1].end = len;
			return max;
		}
		spans[n++] = (struct scan_span){ hit.at, hit.at + hit.len, hit.class };
		from = hit.at + hit.len;
		at = from - 1;
	}
	if (!n && is_named(key, key_len, text, len)) {
		spans[0] = (struct scan_span){ 0, len, "named-secret" };
		return 1;
	}
	return n;
}

const char *scan_find(const struct scan *s, const char *text, size_t len)
{
	struct scan_span span;

	return s && scan_text(s, NULL, 0, text, len, &span, 1) ? span.class : NULL;
}

int scan_open(const void *secrets, size_t len, struct scan **ret, struct err *err)
{
	struct scan *s = calloc(1, sizeof(*s));

	if (!s)
		return err_errno(err, ENOMEM, "scan");
	for (size_t i = 0; i < scan_n_formats; i++)
		set_bit(s->pairs, pair(scan_formats[i].literal));
	*ret = s;
	if (!len)
		return 0;
	if (len >= sizeof(s->head))
		memcpy(&s->head, secrets, sizeof(s->head));
	if (len < sizeof(s->head) || s->head.magic != SECRETS_MAGIC || s->head.n > NEEDLES_MAX ||
	    len - sizeof(s->head) != s->head.n * sizeof(*s->needles)) {
		scan_close(s);
		*ret = NULL;
		return err_set(err, EINVAL, "secrets: malformed");
	}
	s->needles = calloc(s->head.n ? s->head.n : 1, sizeof(*s->needles));
	if (!s->needles) {
		scan_close(s);
		*ret = NULL;
		return err_errno(err, ENOMEM, "scan");
	}
	memcpy(s->needles, (const char *)secrets + sizeof(s->head),
	       s->head.n * sizeof(*s->needles));
	for (uint32_t i = 0; i < s->head.n; i++)
		set_bit(s->grams, (uint32_t)(s->needles[i].gram >> (64 - BITMAP_BITS)));
	return 0;
}

void scan_close(struct scan *s)
{
	if (s)
		free(s->needles);
	free(s);
}
