/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/limits.h"
#include "common/needles.h"
#include "common/secrets.h"
#include "common/strv.h"
#include "launcher/secrets.h"

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

/* --- digests ----------------------------------------------------------------------------- */

static int add_entry(struct needles *l, const char *entry, bool is_certain, size_t *count,
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
	r = needles_add(l, value);
	return r < 0 ? err_errno(err, -r, "secrets") : 0;
}

int secrets_digest(const struct strv *entries, const struct strv *certain, void **ret_data,
		   size_t *ret_len, size_t *ret_count, struct err *err)
{
	struct needles l = {0};
	size_t count = 0;
	int r = needles_start(&l, err);

	for (size_t i = 0; i < entries->n && r == 0; i++)
		r = add_entry(&l, entries->v[i], false, &count, err);
	for (size_t i = 0; i < certain->n && r == 0; i++)
		r = add_entry(&l, certain->v[i], true, &count, err);
	if (r == 0)
		r = needles_finish(&l, ret_data, ret_len, err);
	if (r == 0)
		*ret_count = count;
	needles_done(&l);
	return r;
}
