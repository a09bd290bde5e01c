/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "common/destination.h"
#include "shims/egress/http.h"

/* A body of 8 EiB is none: the sum of lengths cannot overflow. */
#define LENGTH_DIGITS 18

struct text {
	const char *at;
	size_t len;
};

static bool is(struct text t, const char *word)
{
	return t.len == strlen(word) && !strncasecmp(t.at, word, t.len);
}

/* Up to CRLF; a bare CR or LF, NUL or other control character is refused.
 * Return: 1 and the line without its end, 0 when it has none yet, -EPROTO. */
static int line_of(struct text *in, struct text *ret)
{
	for (size_t i = 0; i < in->len; i++) {
		unsigned char c = (unsigned char)in->at[i];

		if (c == '\r') {
			if (i + 1 == in->len)
				return 0;
			if (in->at[i + 1] != '\n')
				return -EPROTO;
			*ret = (struct text){ in->at, i };
			in->at += i + 2;
			in->len -= i + 2;
			return 1;
		}
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return -EPROTO;
	}
	return 0;
}

/* "name" or "name:80". */
static bool is_host(struct text t, const char *name)
{
	char canonical[DESTINATION_NAME + 1];

	if (t.len > 3 && !memcmp(t.at + t.len - 3, ":80", 3))
		t.len -= 3;
	return destination_canonical(t.at, t.len, canonical) == 0 && !strcmp(canonical, name);
}

static bool is_target(struct text t, const char *name)
{
	const char *slash;

	if (t.len && (t.at[0] == '/' || is(t, "*")))
		return true;
	if (t.len < 8 || strncasecmp(t.at, "http://", 7) != 0)
		return false;
	t = (struct text){ t.at + 7, t.len - 7 };
	slash = memchr(t.at, '/', t.len);
	if (slash)
		t.len = (size_t)(slash - t.at);
	return is_host(t, name);
}

static bool is_token(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (t.at[i] <= ' ' || strchr("\"(),/:;<=>?@[\\]{}", t.at[i]) ||
		    (unsigned char)t.at[i] > 126)
			return false;
	return t.len > 0;
}

static int request_line(struct text line, const char *name)
{
	const char *one = memchr(line.at, ' ', line.len);
	const char *two = memrchr(line.at, ' ', line.len);
	struct text method, target, version;

	if (!one || one == two)
		return -EPROTO;
	method = (struct text){ line.at, (size_t)(one - line.at) };
	target = (struct text){ one + 1, (size_t)(two - one) - 1 };
	version = (struct text){ two + 1, line.len - (size_t)(two + 1 - line.at) };
	if (!is_token(method) || is(method, "CONNECT") || memchr(target.at, ' ', target.len) ||
	    !is_target(target, name) ||
	    (version.len != 8 || (memcmp(version.at, "HTTP/1.1", 8) != 0 &&
				  memcmp(version.at, "HTTP/1.0", 8) != 0)))
		return -EPROTO;
	return 0;
}

struct framing {
	bool has_host, has_length, is_chunked;
	uint64_t length;
};

static int length_of(struct text value, struct framing *f)
{
	if (f->has_length || !value.len || value.len > LENGTH_DIGITS)
		return -EPROTO;
	for (size_t i = 0; i < value.len; i++) {
		if (value.at[i] < '0' || value.at[i] > '9')
			return -EPROTO;
		f->length = f->length * 10 + (uint64_t)(value.at[i] - '0');
	}
	f->has_length = true;
	return 0;
}

static int field(struct text line, const char *name, struct framing *f)
{
	const char *colon = memchr(line.at, ':', line.len);
	struct text key, value;

	if (!colon)
		return -EPROTO;
	key = (struct text){ line.at, (size_t)(colon - line.at) };
	value = (struct text){ colon + 1, line.len - key.len - 1 };
	while (value.len && (*value.at == ' ' || *value.at == '\t'))
		value.at++, value.len--;
	while (value.len && (value.at[value.len - 1] == ' ' || value.at[value.len - 1] == '\t'))
		value.len--;
	/* A folded line begins with a blank, which no token holds. */
	if (!is_token(key) || is(key, "Upgrade") || is(key, "HTTP2-Settings"))
		return -EPROTO;
	if (is(key, "Host")) {
		if (f->has_host || !is_host(value, name))
			return -EPROTO;
		f->has_host = true;
	} else if (is(key, "Content-Length")) {
		return length_of(value, f);
	} else if (is(key, "Transfer-Encoding")) {
		if (f->is_chunked || !is(value, "chunked"))
			return -EPROTO;
		f->is_chunked = true;
	}
	return 0;
}

static int64_t head(struct http *h, const char *name, struct text in)
{
	const char *start = in.at;
	struct framing f = {0};
	struct text line;
	bool is_old = false;
	int r = line_of(&in, &line);

	if (r > 0) {
		r = request_line(line, name) < 0 ? -EPROTO : 1;
		is_old = r > 0 && line.at[line.len - 1] == '0';
	}
	while (r > 0) {
		r = line_of(&in, &line);
		if (r <= 0 || !line.len)
			break;
		r = field(line, name, &f) < 0 ? -EPROTO : 1;
	}
	if (r == 0 && (size_t)(in.at - start) + in.len >= HTTP_HEAD_MAX)
		return -EPROTO;
	if (r <= 0)
		return r;
	/* Chunks in HTTP/1.0: faulty (RFC 9112, 6.1), and readers differ on where it ends. */
	if (!f.has_host || (f.is_chunked && (f.has_length || is_old)))
		return -EPROTO;
	h->left = f.length;
	h->state = f.is_chunked ? HTTP_CHUNK_SIZE : f.length ? HTTP_BODY : HTTP_HEAD;
	return in.at - start;
}

/* "1a2b" CRLF; extensions are refused: nobody needs them, and readers differ. */
static int64_t chunk_size(struct http *h, struct text in)
{
	struct text line;
	int r = line_of(&in, &line);
	uint64_t n = 0;

	if (r == 0 && in.len > 32)
		return -EPROTO;
	if (r <= 0)
		return r;
	if (!line.len || line.len > 15)
		return -EPROTO;
	for (size_t i = 0; i < line.len; i++) {
		const char *digits = "0123456789abcdefABCDEF";
		const char *d = line.at[i] ? strchr(digits, line.at[i]) : NULL;

		if (!d)
			return -EPROTO;
		n = n * 16 + (uint64_t)(d - digits < 16 ? d - digits : d - digits - 6);
	}
	h->left = n;
	h->state = n ? HTTP_CHUNK_DATA : HTTP_TRAILER;
	return (int64_t)line.len + 2;
}

static int64_t trailer(struct http *h, struct text in)
{
	struct text line;
	int r = line_of(&in, &line);

	if (r == 0 && in.len >= HTTP_HEAD_MAX)
		return -EPROTO;
	if (r <= 0)
		return r;
	if (!line.len)
		h->state = HTTP_HEAD;
	return (int64_t)line.len + 2;
}

int64_t http_clear(struct http *h, const char *name, const char *buf, size_t len)
{
	struct text in = { buf, len };

	switch (h->state) {
	case HTTP_HEAD:
		return head(h, name, in);
	case HTTP_BODY:
		h->state = HTTP_HEAD;
		return (int64_t)h->left;
	case HTTP_CHUNK_SIZE:
		return chunk_size(h, in);
	case HTTP_CHUNK_DATA:
		h->state = HTTP_CHUNK_END;
		return (int64_t)h->left;
	case HTTP_CHUNK_END:
		if (len < 2)
			return 0;
		if (memcmp(buf, "\r\n", 2) != 0)
			return -EPROTO;
		h->state = HTTP_CHUNK_SIZE;
		return 2;
	case HTTP_TRAILER:
		return trailer(h, in);
	}
	return -EPROTO;
}
