/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <string.h>

#include "policies/locate.h"

struct cursor {
	const char *p, *end;
};

static void space(struct cursor *c)
{
	while (c->p < c->end && strchr(" \t\r\n", *c->p))
		c->p++;
}

static bool take(struct cursor *c, char wanted)
{
	space(c);
	if (c->p >= c->end || *c->p != wanted)
		return false;
	c->p++;
	return true;
}

/* Over a string; *ret_raw and *ret_len are its inside, escapes as they stand. */
static void string(struct cursor *c, const char **ret_raw, size_t *ret_len)
{
	space(c);
	*ret_raw = c->p + 1;
	for (c->p++; c->p < c->end && *c->p != '"'; c->p++)
		if (*c->p == '\\')
			c->p++;
	*ret_len = c->p < c->end ? (size_t)(c->p - *ret_raw) : 0;
	c->p += c->p < c->end;
}

/* Over one value, whatever is in it. */
static void value(struct cursor *c)
{
	const char *raw;
	size_t depth = 0, len;

	do {
		space(c);
		if (c->p >= c->end)
			return;
		if (*c->p == '"') {
			string(c, &raw, &len);
			continue;
		}
		depth += *c->p == '{' || *c->p == '[';
		depth -= depth && (*c->p == '}' || *c->p == ']');
		/* A number or a word ends before what separates values. */
		do
			c->p++;
		while (!depth && c->p < c->end && !strchr(" \t\r\n,]}", *c->p));
	} while (depth);
}

/* Into the value that the step names; *ret_at is where that step stands. */
static bool enter(struct cursor *c, const struct locate_step *step, const char **ret_at)
{
	const char *raw;
	size_t len, i = 0;

	if (!take(c, step->key ? '{' : '['))
		return false;
	do {
		space(c);
		*ret_at = c->p;
		if (step->key) {
			string(c, &raw, &len);
			if (!take(c, ':'))
				return false;
			if (len == strlen(step->key) && !memcmp(raw, step->key, len))
				return true;
		} else if (i++ == step->index) {
			return true;
		}
		value(c);
	} while (take(c, ','));
	return false;
}

void locate(const char *text, size_t len, const struct locate_step *path, size_t n,
	    size_t *ret_line, size_t *ret_column)
{
	struct cursor c = { text, text + len };
	const char *at = text, *line = text;

	*ret_line = *ret_column = 1;
	for (size_t i = 0; i < n; i++)
		if (!enter(&c, &path[i], &at))
			return;
	if (at > c.end)
		return;
	for (const char *p = text; p < at; p++)
		if (*p == '\n') {
			++*ret_line;
			line = p + 1;
		}
	*ret_column = (size_t)(at - line) + 1;
}
