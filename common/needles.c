/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/limits.h"
#include "common/needles.h"
#include "common/siphash.h"

/* Shorter than this a value stands in ordinary text by chance. */
#define SHORT 15

static int add(struct needles *l, const char *bytes, size_t len, uint32_t flags)
{
	struct secrets_needle *grown, s = { .len = (uint32_t)len, .flags = flags };
	void *more;

	if (len < SECRETS_GRAM)
		return 0;
	if (len < SHORT)
		s.flags |= SECRETS_WHOLE;
	s.gram = siphash(l->head.keys, bytes, SECRETS_GRAM);
	s.digest[0] = siphash(l->head.keys, bytes, len);
	s.digest[1] = siphash(l->head.keys + 2, bytes, len);
	for (size_t i = 0; i < l->n; i++)
		if (!memcmp(l->v[i].digest, s.digest, sizeof(s.digest)) && l->v[i].flags == s.flags)
			return 0;
	grown = reallocarray(l->v, l->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	l->v = grown;
	more = reallocarray(l->beginnings, l->n + 1, sizeof(*l->beginnings));
	if (!more)
		return -ENOMEM;
	l->beginnings = more;
	memset(l->beginnings[l->n], 0, sizeof(*l->beginnings));
	memcpy(l->beginnings[l->n], bytes,
	       len < sizeof(*l->beginnings) ? len : sizeof(*l->beginnings));
	l->v[l->n++] = s;
	return 0;
}

static int add_hex(struct needles *l, const char *value, size_t len, const char *digits)
{
	cleanup_free char *out = malloc(2 * len);

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[(unsigned char)value[i] >> 4];
		out[2 * i + 1] = digits[(unsigned char)value[i] & 15];
	}
	return add(l, out, 2 * len, 0);
}

static int add_percent(struct needles *l, const char *value, size_t len, bool small)
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
			n += (size_t)snprintf(out + n, 4, small ? "%%%02x" : "%%%02X", c);
	}
	return add(l, out, n, 0);
}

/* As it stands in JSON inside of a string; slash: as PHP writes it. */
static int add_json(struct needles *l, const char *value, size_t len, bool slash)
{
	static const char from[] = "\"\\\n\r\t", to[] = "\"\\nrt";
	cleanup_free char *out = malloc(6 * len + 1);
	size_t n = 0;

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < len; i++) {
		const char *found = strchr(from, value[i]);

		if (found || (slash && value[i] == '/')) {
			out[n++] = '\\';
			out[n++] = found ? to[found - from] : '/';
		} else if ((unsigned char)value[i] < ' ') {
			n += (size_t)snprintf(out + n, 7, "\\u%04x", (unsigned char)value[i]);
		} else {
			out[n++] = value[i];
		}
	}
	return add(l, out, n, 0);
}

/*
 * Base64 of text that has the value at an offset of 0, 1 or 2.  A needle is the
 * characters all of whose bits are the value's; beside it may be one on each side with
 * some of its bits, which the flags say.
 */
static int add_base64(struct needles *l, const char *value, size_t len, size_t offset,
		      const char *alphabet)
{
	size_t bits = 8 * (offset + len), first = (8 * offset + 5) / 6, end = bits / 6;
	cleanup_free char *out = malloc(bits / 6 + 1);
	uint32_t flags = (8 * offset % 6 ? SECRETS_BEFORE : 0) | (bits % 6 ? SECRETS_BEHIND : 0);

	if (!out)
		return -ENOMEM;
	for (size_t i = first; i < end; i++) {
		size_t at = 6 * i - 8 * offset, byte = at / 8;
		uint32_t two = (uint32_t)(unsigned char)value[byte] << 8;

		if (byte + 1 < len)
			two |= (unsigned char)value[byte + 1];
		out[i - first] = alphabet[two >> (10 - at % 8) & 63];
	}
	return end > first ? add(l, out, end - first, flags) : 0;
}

int needles_add(struct needles *l, const char *value)
{
	static const char std[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static const char url[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t len = strnlen(value, LIMIT_SECRET);
	int r = add(l, value, len, 0);

	if (r == 0)
		r = add_json(l, value, len, false);
	if (r == 0)
		r = add_json(l, value, len, true);
	if (r == 0)
		r = add_hex(l, value, len, "0123456789abcdef");
	if (r == 0)
		r = add_hex(l, value, len, "0123456789ABCDEF");
	if (r == 0)
		r = add_percent(l, value, len, false);
	if (r == 0)
		r = add_percent(l, value, len, true);
	for (size_t offset = 0; offset < 3 && r == 0; offset++) {
		r = add_base64(l, value, len, offset, std);
		if (r == 0)
			r = add_base64(l, value, len, offset, url);
	}
	return r;
}

/* --- probes ------------------------------------------------------------------------------ */

/* The widest stride at which every needle is probed inside. */
static uint32_t widest_stride(const struct needles *l)
{
	uint32_t stride = 8;

	for (size_t i = 0; i < l->n; i++)
		while (l->v[i].len < SECRETS_GRAM + stride - 1)
			stride /= 2;
	return stride;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Into probes[n * stride], sorted, each once.  Return: how many. */
static uint32_t make_probes(const struct needles *l, uint32_t *probes)
{
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < l->n; i++)
		for (uint32_t at = 0; at < l->head.stride; at++)
			probes[n++] = secrets_probe(l->head.factor, l->beginnings[i] + at);
	qsort(probes, n, sizeof(*probes), compare);
	for (size_t i = 0; i < n; i++)
		if (!i || probes[i] != probes[kept - 1])
			probes[kept++] = probes[i];
	return (uint32_t)kept;
}

int needles_finish(struct needles *l, void **ret_data, size_t *ret_len, struct err *err)
{
	size_t needles = l->n * sizeof(*l->v), most;
	char *data;

	l->head.n = (uint32_t)l->n;
	l->head.stride = widest_stride(l);
	most = l->n * l->head.stride;
	/* Aligned: both structures are of whole words of eight bytes. */
	data = malloc(sizeof(l->head) + needles + most * sizeof(uint32_t));
	if (!data)
		return err_errno(err, ENOMEM, "secrets");
	if (l->n)
		memcpy(data + sizeof(l->head), l->v, needles);
	l->head.n_probes = make_probes(l, (uint32_t *)(void *)(data + sizeof(l->head) + needles));
	memcpy(data, &l->head, sizeof(l->head));
	*ret_data = data;
	*ret_len = sizeof(l->head) + needles + l->head.n_probes * sizeof(uint32_t);
	return 0;
}

int needles_start(struct needles *ret, struct err *err)
{
	struct needles l = { .head.magic = SECRETS_MAGIC };

	if (getrandom(l.head.keys, sizeof(l.head.keys), 0) != (ssize_t)sizeof(l.head.keys) ||
	    getrandom(&l.head.factor, sizeof(l.head.factor), 0) != (ssize_t)sizeof(l.head.factor))
		return err_errno(err, errno, "getrandom");
	l.head.factor |= 1;
	*ret = l;
	return 0;
}

void needles_again(struct needles *ret, const struct secrets_header *head)
{
	*ret = (struct needles){ .head.magic = SECRETS_MAGIC, .head.factor = head->factor };
	memcpy(ret->head.keys, head->keys, sizeof(head->keys));
}

void needles_done(struct needles *l)
{
	if (l->beginnings)
		explicit_bzero(l->beginnings, l->n * sizeof(*l->beginnings));
	free(l->beginnings);
	free(l->v);
	*l = (struct needles){0};
}
