/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/strv.h"

int strv_take(struct strv *s, char *text)
{
	char **grown;

	if (!text)
		return -ENOMEM;
	grown = reallocarray(s->v, s->n + 2, sizeof(*grown));
	if (!grown) {
		free(text);
		return -ENOMEM;
	}
	s->v = grown;
	s->v[s->n++] = text;
	s->v[s->n] = NULL;
	return 0;
}

int strv_add(struct strv *s, const char *text)
{
	return strv_take(s, strdup(text));
}

int strv_addf(struct strv *s, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	return n < 0 ? -ENOMEM : strv_take(s, text);
}

int strv_add_all(struct strv *s, const struct strv *more)
{
	for (size_t i = 0; i < more->n; i++) {
		int r = strv_add(s, more->v[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

bool strv_has(const struct strv *s, const char *text)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->v[i], text))
			return true;
	return false;
}

void strv_remove(struct strv *s, size_t i)
{
	assert(i < s->n);
	free(s->v[i]);
	memmove(s->v + i, s->v + i + 1, (s->n - i) * sizeof(*s->v));
	s->n--;
}

void strv_done(struct strv *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
	*s = (struct strv){0};
}
