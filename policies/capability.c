/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "policies/capability.h"
#include "policies/match.h"
#include "policies/where.h"

/* One value: a list of globs, or a path. */
#define VALUE_MAX 512
#define CALLS_MAX 1000000000ULL

static const char *const names[] = {
	[CAPABILITY_SERVER] = "server", [CAPABILITY_TOOLS] = "tools",
	[CAPABILITY_PATH] = "path",	[CAPABILITY_CALLS] = "calls",
	[CAPABILITY_EXPIRES] = "expires", [CAPABILITY_NAMED] = "id",
};

static bool is_plain(struct macaroon_part t, const char *letters)
{
	for (size_t i = 0; i < t.len; i++)
		if (t.at[i] < 0x20 || t.at[i] > 0x7e || (letters && !strchr(letters, t.at[i])))
			return false;
	return t.len > 0 && t.len < VALUE_MAX;
}

/* All of it decimal digits without a leading zero. */
static bool read_number(const char *at, size_t len, uint64_t max, uint64_t *ret)
{
	uint64_t n = 0;

	if (!len || len > 12 || (*at == '0' && len > 1))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (at[i] < '0' || at[i] > '9')
			return false;
		n = 10 * n + (uint64_t)(at[i] - '0');
	}
	*ret = n;
	return n <= max;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar, from 1970 on. */
static uint64_t days_of(unsigned int year, unsigned int month, unsigned int day)
{
	static const unsigned int before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	unsigned int leap = month > 2 && (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
	unsigned int y = year - 1;

	return (uint64_t)(365 * (year - 1970) + (y / 4 - 1969 / 4) - (y / 100 - 1969 / 100) +
			  (y / 400 - 1969 / 400) + before[month - 1] + leap + day - 1);
}

/* RFC 3339, in UTC, whole seconds: "YYYY-MM-DDTHH:MM:SSZ".  Never by libc, which would
 * read a time zone from a file. */
static bool read_time(struct macaroon_part t, uint64_t *ret)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";
	static const struct { size_t at, len; unsigned int min, max; } parts[] = {
		{ 0, 4, 1970, 9999 }, { 5, 2, 1, 12 }, { 8, 2, 1, 31 },
		{ 11, 2, 0, 23 },     { 14, 2, 0, 59 }, { 17, 2, 0, 59 },
	};
	unsigned int v[6];

	if (t.len != sizeof(shape) - 1)
		return false;
	for (size_t i = 0; i < t.len; i++)
		if (shape[i] == 'd' ? t.at[i] < '0' || t.at[i] > '9' : t.at[i] != shape[i])
			return false;
	for (size_t i = 0; i < 6; i++) {
		v[i] = 0;
		for (size_t k = 0; k < parts[i].len; k++)
			v[i] = 10 * v[i] + (unsigned int)(t.at[parts[i].at + k] - '0');
		if (v[i] < parts[i].min || v[i] > parts[i].max)
			return false;
	}
	*ret = days_of(v[0], v[1], v[2]) * 86400 + v[3] * 3600 + v[4] * 60 + v[5];
	return true;
}

static bool is_path(struct macaroon_part t)
{
	/* One that is doubtful itself (a "..", a "//") bounds nothing for certain. */
	return is_plain(t, NULL) && t.at[0] == '/' && where_is_under("/", t.at, t.len) == POLICY_YES;
}

/* Globs with a comma between them, none empty. */
static bool is_globs(struct macaroon_part t)
{
	if (!is_plain(t, NULL) || t.at[0] == ',' || t.at[t.len - 1] == ',')
		return false;
	for (size_t i = 1; i < t.len; i++)
		if (t.at[i] == ',' && t.at[i - 1] == ',')
			return false;
	return memchr(t.at, ' ', t.len) == NULL;
}

static const char name_letters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-:/@";

/* NULL, or what the value must be. */
static const char *read_value(struct capability_caveat *c)
{
	switch (c->kind) {
	case CAPABILITY_SERVER:
	case CAPABILITY_NAMED:
		return is_plain(c->text, name_letters) ? NULL : "a name: letters, digits and . _ - : / @";
	case CAPABILITY_TOOLS:
		return is_globs(c->text) ? NULL : "names or globs of tools, with commas between them";
	case CAPABILITY_PATH:
		return is_path(c->text) ? NULL : "an absolute path without . and ..";
	case CAPABILITY_CALLS:
		return read_number(c->text.at, c->text.len, CALLS_MAX, &c->number) ? NULL :
										     "a number";
	case CAPABILITY_EXPIRES:
		return read_time(c->text, &c->number) ? NULL : "a time like 2026-11-25T08:00:00Z";
	default:
		return "something that this version knows";
	}
}

int capability_caveat(struct macaroon_part text, struct capability_caveat *ret,
		      const char **ret_words)
{
	*ret_words = "a caveat that this version does not know";
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t len = strlen(names[i]);

		if (text.len < len + 3 || memcmp(text.at, names[i], len) != 0 ||
		    memcmp(text.at + len, " = ", 3) != 0)
			continue;
		*ret = (struct capability_caveat){ .kind = (enum capability_kind)i,
						   .text = { text.at + len + 3, text.len - len - 3 } };
		*ret_words = read_value(ret);
		return *ret_words ? -EINVAL : 0;
	}
	return -EINVAL;
}

int capability_read(const struct macaroon *m, struct capability *ret, const char **ret_words)
{
	size_t head = sizeof(CAPABILITY_ID) - 1;

	*ret = (struct capability){ .expires = UINT64_MAX };
	*ret_words = "not a capability of ours";
	if (m->id.len != head + CAPABILITY_ROOT || memcmp(m->id.at, CAPABILITY_ID, head) != 0)
		return -EINVAL;
	ret->root = (struct macaroon_part){ m->id.at + head, CAPABILITY_ROOT };
	if (!is_plain(ret->root, "0123456789abcdef"))
		return -EINVAL;
	for (size_t i = 0; i < m->n; i++) {
		struct capability_caveat *c = &ret->v[ret->n++];

		if (capability_caveat(m->caveat[i], c, ret_words) < 0)
			return -EINVAL;
		if (c->kind == CAPABILITY_EXPIRES && c->number < ret->expires)
			ret->expires = c->number;
	}
	*ret_words = "a capability that never expires";
	if (ret->expires == UINT64_MAX)
		return -EINVAL;
	*ret_words = NULL;
	return 0;
}

bool capability_has_server(const struct capability *c, const char *server)
{
	size_t len = strlen(server);

	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].kind == CAPABILITY_SERVER &&
		    (c->v[i].text.len != len || memcmp(c->v[i].text.at, server, len) != 0))
			return false;
	return true;
}

static bool matches_any(struct macaroon_part globs, const char *name, size_t len)
{
	for (size_t at = 0; at < globs.len;) {
		const char *comma = memchr(globs.at + at, ',', globs.len - at);
		size_t end = comma ? (size_t)(comma - globs.at) : globs.len;
		char glob[VALUE_MAX];

		memcpy(glob, globs.at + at, end - at);
		glob[end - at] = '\0';
		if (match_glob(glob, name, len))
			return true;
		at = end + 1;
	}
	return false;
}

bool capability_has_tool(const struct capability *c, const char *name, size_t len)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].kind == CAPABILITY_TOOLS && !matches_any(c->v[i].text, name, len))
			return false;
	return true;
}

bool capability_has_path(const struct capability *c, const char *path, size_t len)
{
	for (size_t i = 0; i < c->n; i++) {
		char top[VALUE_MAX];

		if (c->v[i].kind != CAPABILITY_PATH)
			continue;
		memcpy(top, c->v[i].text.at, c->v[i].text.len);
		top[c->v[i].text.len] = '\0';
		if (where_is_under(top, path, len) != POLICY_YES)
			return false;
	}
	return true;
}

bool capability_is_bounded(const struct capability *c, enum capability_kind kind)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].kind == kind)
			return true;
	return false;
}

static bool is_in(struct macaroon_part name, const char *list, size_t len)
{
	for (size_t at = 0; at < len;) {
		const char *newline = memchr(list + at, '\n', len - at);
		size_t end = newline ? (size_t)(newline - list) : len;

		if (end - at == name.len && !memcmp(list + at, name.at, name.len))
			return true;
		at = end + 1;
	}
	return false;
}

bool capability_is_revoked(const struct capability *c, const char *list, size_t len)
{
	if (is_in(c->root, list, len))
		return true;
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].kind == CAPABILITY_NAMED && is_in(c->v[i].text, list, len))
			return true;
	return false;
}
