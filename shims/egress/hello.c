/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/destination.h"
#include "shims/egress/hello.h"

enum { RECORD_HANDSHAKE = 22, CLIENT_HELLO = 1, EXTENSION_SERVER_NAME = 0, NAME_HOST = 0 };

struct reader {
	const uint8_t *at;
	size_t left;
	bool failed; /* asked for more than there is */
};

static const uint8_t *take(struct reader *r, size_t n)
{
	const uint8_t *p = r->at;

	if (n > r->left) {
		r->failed = true;
		r->left = 0;
		return NULL;
	}
	r->at += n;
	r->left -= n;
	return p;
}

static size_t number(struct reader *r, size_t bytes)
{
	const uint8_t *p = take(r, bytes);
	size_t n = 0;

	for (size_t i = 0; p && i < bytes; i++)
		n = n << 8 | p[i];
	return n;
}

/* A part with its length before it. */
static struct reader part(struct reader *r, size_t bytes)
{
	size_t len = number(r, bytes);
	const uint8_t *p = take(r, len);

	return p ? (struct reader){ p, len, false } : (struct reader){ r->at, 0, true };
}

/* Handshake bytes out of the records.  Return: 1 the ClientHello is whole, 0, -EPROTO. */
static int gather(const uint8_t *buf, size_t len, uint8_t *out, size_t *ret_len)
{
	struct reader r = { buf, len, false };
	size_t n = 0;

	while (r.left >= 5) {
		size_t type = number(&r, 1), version = number(&r, 2), size = number(&r, 2), got;

		if (type != RECORD_HANDSHAKE || version >> 8 != 3 || !size || size > 16384)
			return -EPROTO;
		got = size < r.left ? size : r.left;
		if (got > HELLO_MAX - n)
			return -EPROTO;
		memcpy(out + n, take(&r, got), got);
		n += got;
		if (n && out[0] != CLIENT_HELLO)
			return -EPROTO;
		if (n >= 4) {
			size_t whole = ((size_t)out[1] << 16 | (size_t)out[2] << 8 | out[3]) + 4;

			if (whole > HELLO_MAX)
				return -EPROTO;
			if (n >= whole) {
				*ret_len = whole;
				return 1;
			}
		}
		if (got < size)
			return 0;
	}
	return r.left && buf[len - r.left] != RECORD_HANDSHAKE ? -EPROTO : 0;
}

/* The content of the extension: a list with one name of type host. */
static int server_name(struct reader e, char *name)
{
	struct reader list = part(&e, 2), host;
	size_t type = number(&list, 1);

	host = part(&list, 2);
	if (e.failed || e.left || list.failed || list.left || type != NAME_HOST || host.failed)
		return -EPROTO;
	if (memchr(host.at, '\0', host.left) ||
	    destination_canonical((const char *)host.at, host.left, name) < 0)
		return -EPROTO;
	return 1;
}

int hello_name(const uint8_t *buf, size_t len, char *name)
{
	static uint8_t whole[HELLO_MAX];
	struct reader r, extensions;
	size_t n;
	int found = -ENOENT, got = gather(buf, len, whole, &n);

	if (got <= 0)
		return got;
	r = (struct reader){ whole + 4, n - 4, false };
	take(&r, 2 + 32);  /* version, random */
	part(&r, 1);	   /* session id */
	part(&r, 2);	   /* cipher suites */
	part(&r, 1);	   /* compression */
	extensions = part(&r, 2);
	if (r.failed || r.left || extensions.failed)
		return -EPROTO;
	while (extensions.left) {
		size_t type = number(&extensions, 2);
		struct reader content = part(&extensions, 2);

		if (extensions.failed || content.failed)
			return -EPROTO;
		if (type != EXTENSION_SERVER_NAME)
			continue;
		/* Twice: which one counts is the far end's choice, so neither does. */
		if (found != -ENOENT)
			return -EPROTO;
		found = server_name(content, name);
		if (found < 0)
			return found;
	}
	return found;
}
