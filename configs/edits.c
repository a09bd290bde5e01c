/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "configs/edits.h"

int edits_add(struct edits *e, size_t start, size_t end, char *text, struct err *err)
{
	struct edit *grown = text ? reallocarray(e->v, e->n + 1, sizeof(*grown)) : NULL;

	if (!grown) {
		free(text);
		return err_errno(err, ENOMEM, "edit");
	}
	e->v = grown;
	e->v[e->n++] = (struct edit){ start, end, text };
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct edit *x = a, *y = b;

	return x->start != y->start ? (x->start < y->start ? -1 : 1) :
	       x->end != y->end	    ? (x->end < y->end ? -1 : 1) :
				      0;
}

int edits_apply(struct edits *e, const char *text, size_t len, char **ret_text,
		size_t *ret_len, struct err *err)
{
	size_t size = len + 1, at = 0, n = 0;
	char *out;

	for (size_t i = 0; i < e->n; i++)
		size += strlen(e->v[i].text);
	if (e->n)
		qsort(e->v, e->n, sizeof(*e->v), by_start);
	out = malloc(size);
	if (!out)
		return err_errno(err, ENOMEM, "edit");
	for (size_t i = 0; i < e->n; i++) {
		const struct edit *d = &e->v[i];
		size_t add = strlen(d->text);

		if (d->start < at || d->end < d->start || d->end > len) {
			free(out);
			return err_set(err, EINVAL, "edits that overlap");
		}
		memcpy(out + n, text + at, d->start - at);
		n += d->start - at;
		memcpy(out + n, d->text, add);
		n += add;
		at = d->end;
	}
	memcpy(out + n, text + at, len - at);
	n += len - at;
	out[n] = '\0';
	*ret_text = out;
	*ret_len = n;
	return 0;
}

void edits_done(struct edits *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->v[i].text);
	free(e->v);
	*e = (struct edits){0};
}

char *edits_quote(const char *text)
{
	char *out = malloc(6 * strlen(text) + 3), *p = out;

	if (!out)
		return NULL;
	*p++ = '"';
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\') {
			*p++ = '\\';
			*p++ = (char)c;
		} else if (c < 0x20 || c == 0x7f) {
			p += snprintf(p, 7, "\\u%04x", c);
		} else {
			*p++ = (char)c;
		}
	}
	*p++ = '"';
	*p = '\0';
	return out;
}
