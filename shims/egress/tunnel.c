/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "shims/egress/tunnel.h"

size_t tunnel_request(const char *name, uint16_t port, const char *authorization,
		      char buf[static TUNNEL_REQUEST])
{
	int len = snprintf(buf, TUNNEL_REQUEST,
			   "CONNECT %s:%u HTTP/1.1\r\nHost: %s:%u\r\n%s%s%s\r\n", name,
			   (unsigned int)port, name, (unsigned int)port,
			   authorization[0] ? "Proxy-Authorization: " : "", authorization,
			   authorization[0] ? "\r\n" : "");

	return (size_t)len;
}

/* The length of the line at buf without its CRLF; -EAGAIN when it has none yet. */
static int line_length(const char *buf, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)buf[i];

		if (c == '\r')
			return i + 1 == len ? -EAGAIN : buf[i + 1] == '\n' ? (int)i : -EPROTO;
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return -EPROTO;
	}
	return -EAGAIN;
}

/* "HTTP/1.1 200 Connection established"; the reason may be missing. */
static bool is_status_line(const char *line, size_t len, unsigned int *ret_status)
{
	unsigned int status = 0;

	if (len < 12 || (memcmp(line, "HTTP/1.1 ", 9) != 0 && memcmp(line, "HTTP/1.0 ", 9) != 0) ||
	    (len > 12 && line[12] != ' '))
		return false;
	for (size_t i = 9; i < 12; i++) {
		if (line[i] < '0' || line[i] > '9')
			return false;
		status = status * 10 + (unsigned int)(line[i] - '0');
	}
	*ret_status = status;
	/* 1xx: no proxy has a reason to say it of CONNECT. */
	return status >= 200 && status <= 599;
}

/* "Name: value"; a folded line begins with a blank. */
static bool is_field(const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);

	if (!colon || colon == line)
		return false;
	for (const char *p = line; p < colon; p++)
		if (*p <= ' ' || strchr("\"(),/;<=>?@[\\]{}", *p) || (unsigned char)*p > 126)
			return false;
	return true;
}

/* Can these bytes, too few for a status, become one? */
static bool may_become_status(const char *buf, size_t len)
{
	return !memcmp(buf, "HTTP/1.", len < 7 ? len : 7);
}

int tunnel_answer(const char *buf, size_t len, unsigned int *ret_status)
{
	unsigned int status = 0;
	size_t at = 0;

	if (!may_become_status(buf, len))
		return -EPROTO;
	for (;;) {
		int line = line_length(buf + at, len - at);

		if (line == -EAGAIN)
			return len >= TUNNEL_HEAD_MAX ? -EPROTO : 0;
		if (line < 0)
			return -EPROTO;
		if (at == 0 ? !is_status_line(buf, (size_t)line, &status) :
			      line && !is_field(buf + at, (size_t)line))
			return -EPROTO;
		at += (size_t)line + 2;
		if (at > TUNNEL_HEAD_MAX)
			return -EPROTO;
		if (line == 0) {
			*ret_status = status;
			return (int)at;
		}
	}
}

const char *tunnel_words(unsigned int status)
{
	switch (status) {
	case 401:
	case 407:
		return "the proxy wants credentials";
	case 403:
	case 405:
		return "the proxy refuses it";
	case 502:
	case 503:
	case 504:
		return "the proxy does not reach it";
	default:
		return "the proxy answered with an error";
	}
}
