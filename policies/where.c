/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policies/match.h"
#include "policies/where.h"

/* --- the pointer ---------------------------------------------------------------------- */

/* One segment, "~1" and "~0" decoded in place.  Return: 0 or -EINVAL. */
static int decode(char *segment)
{
	char *to = segment;

	for (const char *p = segment; *p; p++) {
		if (*p == '~') {
			p++;
			if (*p != '0' && *p != '1')
				return -EINVAL;
			*to++ = *p == '0' ? '~' : '/';
		} else {
			*to++ = *p;
		}
	}
	*to = '\0';
	return 0;
}

int where_parse(const char *pointer, struct strv *ret)
{
	const char *p = pointer;

	while (*p == '/') {
		size_t len = strcspn(++p, "/");
		char *segment = strndup(p, len);

		if (!segment)
			return -ENOMEM;
		if (ret->n == WHERE_SEGMENTS || decode(segment) < 0) {
			free(segment);
			return -EINVAL;
		}
		if (strv_take(ret, segment) < 0)
			return -ENOMEM;
		p += len;
	}
	return *p ? -EINVAL : 0;
}

void where_done(struct policy_where *w)
{
	strv_done(&w->segments);
	strv_done(&w->texts);
}

/* --- numbers -------------------------------------------------------------------------- */

struct decimal {
	bool is_negative;
	char digits[64]; /* without leading and trailing zeros; none: zero */
	size_t n;
	long point; /* the value is 0.DIGITS times ten to this power */
};

/* The text of a JSON number, exactly.  Return: 0, -ERANGE when it has too many digits. */
static int read_decimal(const char *text, size_t len, struct decimal *ret)
{
	struct decimal d = {0};
	bool has_point = false, is_exponent_negative = false;
	long exponent = 0;
	size_t i = 0;

	if (i < len && text[i] == '-')
		d.is_negative = ++i;
	for (; i < len && text[i] != 'e' && text[i] != 'E'; i++) {
		if (text[i] == '.') {
			has_point = true;
			continue;
		}
		if (text[i] < '0' || text[i] > '9')
			return -ERANGE;
		if (d.n || text[i] != '0') {
			if (d.n == sizeof(d.digits))
				return -ERANGE;
			d.digits[d.n++] = text[i];
			d.point += !has_point;
		} else {
			d.point -= has_point;
		}
	}
	for (i++; i < len; i++) {
		if (text[i] == '-')
			is_exponent_negative = true;
		else if (text[i] >= '0' && text[i] <= '9' && exponent < 100000)
			exponent = exponent * 10 + (text[i] - '0');
	}
	d.point += is_exponent_negative ? -exponent : exponent;
	while (d.n && d.digits[d.n - 1] == '0')
		d.n--;
	*ret = d;
	return 0;
}

static int compare_sizes(const struct decimal *a, const struct decimal *b)
{
	size_t n = a->n < b->n ? a->n : b->n;
	int r;

	if (!a->n || !b->n)
		return (a->n > 0) - (b->n > 0);
	if (a->point != b->point)
		return a->point < b->point ? -1 : 1;
	r = memcmp(a->digits, b->digits, n);
	if (r)
		return r < 0 ? -1 : 1;
	return (a->n > b->n) - (a->n < b->n);
}

static int compare(const struct decimal *a, const struct decimal *b)
{
	bool negative_a = a->is_negative && a->n, negative_b = b->is_negative && b->n;

	if (negative_a != negative_b)
		return negative_a ? -1 : 1;
	return negative_a ? -compare_sizes(a, b) : compare_sizes(a, b);
}

static int read_integer(int64_t n, struct decimal *ret)
{
	char text[24];

	return read_decimal(text, (size_t)snprintf(text, sizeof(text), "%" PRId64, n), ret);
}

/* What a reader makes of it who has doubles only; the text is bounded by its digits. */
static double rounded(const struct decimal *d)
{
	char text[sizeof(d->digits) + 32];

	snprintf(text, sizeof(text), "%s0.%.*se%ld", d->is_negative ? "-" : "", (int)d->n,
		 d->n ? d->digits : "", d->n ? d->point : 0);
	return strtod(text, NULL);
}

/* Different as written, and the same to most servers: 5.00000000000000000001 and 5. */
static bool is_blurred(const struct decimal *a, const struct decimal *b)
{
	return compare(a, b) && !(rounded(a) < rounded(b)) && !(rounded(a) > rounded(b));
}

static enum policy_truth in_range(const struct policy_where *w, const struct where_value *v)
{
	struct decimal value, bound;

	if (v->type != WHERE_NUMBER || read_decimal(v->text, v->len, &value) < 0)
		return POLICY_UNSURE;
	if (w->has_min && (read_integer(w->min, &bound) < 0 || compare(&value, &bound) < 0))
		return is_blurred(&value, &bound) ? POLICY_UNSURE : POLICY_NO;
	if (w->has_max && (read_integer(w->max, &bound) < 0 || compare(&value, &bound) > 0))
		return is_blurred(&value, &bound) ? POLICY_UNSURE : POLICY_NO;
	return POLICY_YES;
}

/* --- paths ------------------------------------------------------------------------------ */

/* The next name of a path that is not empty and not "."; 0 at the end. */
static size_t next_name(const char **p, const char *end)
{
	for (;;) {
		const char *from, *to;

		while (*p < end && **p == '/')
			++*p;
		from = *p;
		to = memchr(from, '/', (size_t)(end - from));
		if (!to)
			to = end;
		if (to - from == 1 && *from == '.') {
			*p = to;
			continue;
		}
		return (size_t)(to - from);
	}
}

/* Could a server, a shell or a URI library read another path in it? */
static bool is_doubtful(const char *path, size_t len)
{
	const char *p = path, *end = path + len;
	size_t n;

	if (!len || path[0] != '/' || (unsigned char)end[-1] <= ' ' ||
	    memchr(path, '\0', len) || memchr(path, '\\', len))
		return true;
	for (size_t i = 0; i + 2 < len; i++)
		if (path[i] == '%' && (!strncasecmp(path + i + 1, "2e", 2) ||
				       !strncasecmp(path + i + 1, "2f", 2)))
			return true;
	for (; (n = next_name(&p, end)) > 0; p += n)
		if (n == 2 && p[0] == '.' && p[1] == '.')
			return true;
	return false;
}

enum policy_truth where_is_under(const char *top, const char *path, size_t len)
{
	const char *t = top, *t_end = top + strlen(top), *p = path, *end = path + len;
	size_t n;

	if (is_doubtful(path, len))
		return POLICY_UNSURE;
	for (; (n = next_name(&t, t_end)) > 0; t += n, p += n)
		if (next_name(&p, end) != n || memcmp(t, p, n) != 0)
			return POLICY_NO;
	return POLICY_YES;
}

/* --- all kinds -------------------------------------------------------------------------- */

static enum policy_truth is_equal(const char *wanted, const struct where_value *v)
{
	const char *text = wanted + 1;
	struct decimal a, b;

	switch (v->type) {
	case WHERE_NULL:
		return *wanted == WHERE_IS_NULL ? POLICY_YES : POLICY_UNSURE;
	case WHERE_FALSE:
	case WHERE_TRUE:
		if (*wanted != WHERE_IS_TRUE && *wanted != WHERE_IS_FALSE)
			return POLICY_UNSURE;
		return (v->type == WHERE_TRUE) == (*wanted == WHERE_IS_TRUE) ? POLICY_YES :
									       POLICY_NO;
	case WHERE_NUMBER:
		if (*wanted != WHERE_IS_NUMBER ||
		    read_decimal(text, strlen(text), &a) < 0 ||
		    read_decimal(v->text, v->len, &b) < 0)
			return POLICY_UNSURE;
		if (!compare(&a, &b))
			return POLICY_YES;
		return is_blurred(&a, &b) ? POLICY_UNSURE : POLICY_NO;
	case WHERE_STRING:
		if (*wanted != WHERE_IS_STRING)
			return POLICY_UNSURE;
		return strlen(text) == v->len && !memcmp(text, v->text, v->len) ? POLICY_YES :
										  POLICY_NO;
	case WHERE_ABSENT:
	case WHERE_CONTAINER:
		break;
	}
	return POLICY_UNSURE;
}

static enum policy_truth fits(enum where_kind kind, const char *wanted,
			      const struct where_value *v)
{
	size_t len = strlen(wanted);

	if (kind == WHERE_EQUALS)
		return is_equal(wanted, v);
	if (v->type != WHERE_STRING)
		return POLICY_UNSURE;
	if (kind == WHERE_UNDER)
		return where_is_under(wanted, v->text, v->len);
	if (kind == WHERE_GLOB)
		return match_glob(wanted, v->text, v->len) ? POLICY_YES : POLICY_NO;
	return v->len >= len && !memcmp(wanted, v->text, len) ? POLICY_YES : POLICY_NO;
}

enum policy_truth where_test(const struct policy_where *w, const struct where_value *v)
{
	enum policy_truth any = POLICY_NO;

	if (w->kind == WHERE_PRESENT) {
		/* null is nothing to some servers. */
		if (v->type == WHERE_NULL)
			return POLICY_UNSURE;
		return (v->type != WHERE_ABSENT) == w->is_present ? POLICY_YES : POLICY_NO;
	}
	if (v->type == WHERE_ABSENT)
		return POLICY_NO;
	if (w->kind == WHERE_RANGE)
		return in_range(w, v);
	for (size_t i = 0; i < w->texts.n && any != POLICY_YES; i++) {
		enum policy_truth one = fits(w->kind, w->texts.v[i], v);

		if (one > any)
			any = one;
	}
	return any;
}

enum policy_truth where_all(enum policy_truth a, enum policy_truth b)
{
	return a == b ? a : POLICY_UNSURE;
}
