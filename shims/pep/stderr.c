/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "scan/scan.h"
#include "shims/pep/sink.h"
#include "shims/pep/stderr.h"

#define SPANS 16

/* The length of an escape sequence at p (ECMA-48: CSI, OSC and the like), or 0. */
static size_t escape_sequence(const char *p, size_t left)
{
	size_t i = 2;

	if (p[0] != 0x1b)
		return 0;
	if (left < 2)
		return 1;
	if (p[1] == '[') {
		while (i < left && (p[i] < 0x40 || p[i] > 0x7e))
			i++;
		return i < left ? i + 1 : left;
	}
	if (p[1] == ']' || p[1] == 'P' || p[1] == '_' || p[1] == '^' || p[1] == 'X') {
		while (i < left && p[i] != 0x07 && p[i] != 0x1b)
			i++;
		return i < left ? i + 1 : left;
	}
	return 2;
}

/* Valid UTF-8 that is no control: how many bytes, or 0. */
static size_t printable(const char *text, size_t left)
{
	const unsigned char *u = (const unsigned char *)text;
	size_t len = u[0] < 0x80 ? 1 : u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : 2;

	if (len == 1)
		return (u[0] >= 0x20 && u[0] != 0x7f) || u[0] == '\t';
	if (u[0] < 0xc2 || u[0] > 0xf4 || left < len)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	/* C1 controls, and the marks that turn the order of writing around. */
	if (u[0] == 0xc2 && u[1] < 0xa0)
		return 0;
	if (u[0] == 0xe2 && ((u[1] == 0x80 && u[2] >= 0xaa && u[2] <= 0xae) ||
			     (u[1] == 0x81 && u[2] >= 0xa6 && u[2] <= 0xa9)))
		return 0;
	return len;
}

static size_t sanitise(const char *text, size_t len, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len;) {
		size_t skip = escape_sequence(text + i, len - i);
		size_t take = skip ? 0 : printable(text + i, len - i);

		memcpy(out + n, text + i, take);
		n += take;
		if (!skip && !take)
			out[n++] = '?';
		i += skip ? skip : take ? take : 1;
	}
	return n;
}

size_t stderr_clean(const struct scan *scan, const char *text, size_t len, char *out,
		    size_t size)
{
	struct scan_span spans[SPANS];
	char clean[STDERR_LINE];
	size_t n = 0, from = 0, found;

	len = sanitise(text, len > sizeof(clean) ? sizeof(clean) : len, clean);
	found = scan ? scan_text(scan, NULL, 0, clean, len, spans, SPANS) : 0;
	for (size_t i = 0; i <= found; i++) {
		size_t to = i < found ? spans[i].start : len;

		if (to - from > size - n)
			return n;
		memcpy(out + n, clean + from, to - from);
		n += to - from;
		if (i == found || size - n < 80)
			return n;
		n += (size_t)snprintf(out + n, size - n, "[REDACTED:%.60s]", spans[i].class);
		from = spans[i].end;
	}
	return n;
}

void stderr_line(struct sink *out, const struct scan *scan, const char *name,
		 const char *text, size_t len, size_t *dropped)
{
	char line[STDERR_LINE + 4096], head[128];
	size_t n = stderr_clean(scan, text, len, line, sizeof(line));
	int h;

	if (sink_pending(out) + n + sizeof(head) + 64 > out->size) {
		++*dropped;
		return;
	}
	if (*dropped) {
		h = snprintf(head, sizeof(head), "[%.64s] (%zu lines dropped)\n", name, *dropped);
		sink_put(out, head, (size_t)h);
		*dropped = 0;
	}
	h = snprintf(head, sizeof(head), "[%.64s] ", name);
	sink_put(out, head, (size_t)h);
	sink_put(out, line, n);
	sink_put(out, "\n", 1);
}
