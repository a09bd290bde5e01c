/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/limits.h"
#include "common/secrets.h"
#include "common/siphash.h"
#include "common/strv.h"
#include "launcher/secrets.h"

/* Shorter than this a value stands in ordinary text by chance. */
#define SHORT 15

static bool name_says(const char *name, const char *const *words)
{
	for (; *words; words++)
		if (strcasestr(name, *words))
			return true;
	return false;
}

struct mix {
	bool lower, upper, digit, other, path;
	size_t distinct;
};

static struct mix look(const char *value)
{
	bool seen[256] = { false };
	struct mix m = {0};

	for (const unsigned char *p = (const unsigned char *)value; *p; p++) {
		m.lower |= islower(*p) != 0;
		m.upper |= isupper(*p) != 0;
		m.digit |= isdigit(*p) != 0;
		m.other |= !isalnum(*p) && !strchr("+/=_-", *p);
		m.path |= *p == '/' || *p == ':' || *p == '.';
		m.distinct += !seen[*p];
		seen[*p] = true;
	}
	return m;
}

static bool is_location(const char *value)
{
	return value[0] == '/' || value[0] == '~' || !strncmp(value, "unix:", 5) ||
	       (strstr(value, "://") && !strchr(value, '@'));
}

bool secrets_is_secret(const char *name, const char *value)
{
	static const char *const strong[] = { "TOKEN", "SECRET", "PASS", "CREDENTIAL", "PRIVATE",
					      "APIKEY", "API_KEY", "BEARER", NULL };
	static const char *const weak[] = { "KEY", "AUTH", "CRED", "DSN", "COOKIE", "_PAT",
					    "DATABASE_URL", "CONNECTION", NULL };
	size_t len = strlen(value);
	struct mix m = look(value);

	if (len < SECRETS_GRAM || is_location(value))
		return false;
	if (name_says(name, strong))
		return true;
	if (name_says(name, weak))
		return m.digit || (m.lower && m.upper) || m.other;
	/* No name to go by: only what looks like chance made it. */
	return len >= 20 && m.lower && m.upper && m.digit && !m.other && !m.path &&
	       m.distinct >= 12;
}

/* --- needles ----------------------------------------------------------------------------- */

struct list {
	struct secrets_header head;
	struct secrets_needle *v;
	size_t n;
};

static int add(struct list *l, const char *bytes, size_t len)
{
	struct secrets_needle *grown;
	struct secrets_needle s = { .len = (uint32_t)len,
				    .flags = len < SHORT ? SECRETS_WHOLE : 0 };

	if (len < SECRETS_GRAM)
		return 0;
	s.gram = siphash(l->head.keys, bytes, SECRETS_GRAM);
	s.digest[0] = siphash(l->head.keys, bytes, len);
	s.digest[1] = siphash(l->head.keys + 2, bytes, len);
	for (size_t i = 0; i < l->n; i++)
		if (!memcmp(l->v[i].digest, s.digest, sizeof(s.digest)))
			return 0;
	grown = reallocarray(l->v, l->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	l->v = grown;
	l->v[l->n++] = s;
	return 0;
}

static int add_hex(struct list *l, const char *value, size_t len, const char *digits)
{
	cleanup_free char *out = malloc(2 * len);

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[(unsigned char)value[i] >> 4];
		out[2 * i + 1] = digits[(unsigned char)value[i] & 15];
	}
	return add(l, out, 2 * len);
}

static int add_percent(struct list *l, const char *value, size_t len)
{
	cleanup_free char *out = malloc(3 * len + 1);
	size_t n = 0;

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)value[i];

		if (isalnum(c) || strchr("-._~", c))
			out[n++] = (char)c;
		else
			n += (size_t)snprintf(out + n, 4, "%%%02X", c);
	}
	return add(l, out, n);
}

/* Base64 of text that has the value at an offset of 0, 1 or 2: what depends on the
 * neighbours is left off at both ends. */
static int add_base64(struct list *l, const char *value, size_t len, size_t offset,
		      const char *alphabet)
{
	size_t total = offset + len, n = 0, skip = offset ? offset + 1 : 0;
	cleanup_free char *out = malloc((total / 3 + 1) * 4);

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i + 3 <= total; i += 3) {
		uint32_t v = 0;

		for (size_t k = 0; k < 3; k++)
			v = v << 8 | (i + k < offset ? 0U : (unsigned char)value[i + k - offset]);
		for (int k = 18; k >= 0; k -= 6)
			out[n++] = alphabet[v >> k & 63];
	}
	return n > skip ? add(l, out + skip, n - skip) : 0;
}

static int add_value(struct list *l, const char *value)
{
	static const char std[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static const char url[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t len = strnlen(value, LIMIT_SECRET);
	int r = add(l, value, len);

	if (r == 0)
		r = add_hex(l, value, len, "0123456789abcdef");
	if (r == 0)
		r = add_hex(l, value, len, "0123456789ABCDEF");
	if (r == 0)
		r = add_percent(l, value, len);
	for (size_t offset = 0; offset < 3 && r == 0; offset++) {
		r = add_base64(l, value, len, offset, std);
		if (r == 0)
			r = add_base64(l, value, len, offset, url);
	}
	return r;
}

static int add_entry(struct list *l, const char *entry, bool is_certain, size_t *count,
		     struct err *err)
{
	cleanup_free char *name = strdup(entry);
	char *value = name ? strchr(name, '=') : NULL;
	int r;

	if (!name)
		return err_errno(err, ENOMEM, "secrets");
	if (!value)
		return 0;
	*value++ = '\0';
	if (is_certain ? strlen(value) < SECRETS_GRAM : !secrets_is_secret(name, value))
		return 0;
	if (++*count > LIMIT_SECRETS)
		return err_set(err, E2BIG,
			       "more than %d secret values in the environment; start from a "
			       "smaller one", LIMIT_SECRETS);
	r = add_value(l, value);
	return r < 0 ? err_errno(err, -r, "secrets") : 0;
}

int secrets_digest(const struct strv *entries, const struct strv *certain, void **ret_data,
		   size_t *ret_len, size_t *ret_count, struct err *err)
{
	struct list l = { .head.magic = SECRETS_MAGIC };
	size_t count = 0, size;
	char *data;
	int r = 0;

	if (getrandom(l.head.keys, sizeof(l.head.keys), 0) != (ssize_t)sizeof(l.head.keys))
		return err_errno(err, errno, "getrandom");
	for (size_t i = 0; i < entries->n && r == 0; i++)
		r = add_entry(&l, entries->v[i], false, &count, err);
	for (size_t i = 0; i < certain->n && r == 0; i++)
		r = add_entry(&l, certain->v[i], true, &count, err);
	size = sizeof(l.head) + l.n * sizeof(*l.v);
	data = r == 0 ? malloc(size) : NULL;
	if (r == 0 && !data)
		r = err_errno(err, ENOMEM, "secrets");
	if (r == 0 && data) {
		l.head.n = (uint32_t)l.n;
		memcpy(data, &l.head, sizeof(l.head));
		if (l.n)
			memcpy(data + sizeof(l.head), l.v, l.n * sizeof(*l.v));
		*ret_data = data;
		*ret_len = size;
		*ret_count = count;
	}
	free(l.v);
	return r;
}
