/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/limits.h"
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
		/* It ends at BEL, or at ESC and a backslash. */
		if (left - i > 1 && p[i] == 0x1b && p[i + 1] == '\\')
			return i + 2;
		return i < left && p[i] == 0x07 ? i + 1 : i;
	}
	return 2;
}

/* C1 controls, ends of lines, the marks that turn the order of writing around, what
 * cannot be seen, and the tags that only a machine reads. */
static bool is_invisible(uint32_t c)
{
	return (c >= 0x80 && c < 0xa0) || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
	       (c >= 0xe0000 && c <= 0xe007f);
}

/* Valid UTF-8 that is no control: how many bytes, or 0. */
static size_t printable(const char *text, size_t left)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *u = (const unsigned char *)text;
	uint32_t c;
	size_t len = u[0] < 0x80 ? 1 : u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : 2;

	if (len == 1)
		return (u[0] >= 0x20 && u[0] != 0x7f) || u[0] == '\t';
	if (u[0] < 0xc2 || u[0] > 0xf4 || left < len)
		return 0;
	c = u[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (u[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return is_invisible(c) ? 0 : len;
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
	char clean[LIMIT_STDERR_LINE];
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

/* --- what leaves ------------------------------------------------------------------------- */

void stderr_init(struct stderr_relay *r, const struct scan *scan, const char *name,
		 struct sink *out, uint64_t now)
{
	*r = (struct stderr_relay){ .scan = scan, .name = name, .out = out,
				    .budget = LIMIT_STDERR_BURST, .filled = now };
}

static void fill(struct stderr_relay *r, uint64_t now)
{
	uint64_t since = now > r->filled ? now - r->filled : 0;
	uint64_t more = since > 60000 ? LIMIT_STDERR_BURST : since * LIMIT_STDERR_RATE / 1000;

	/* Less than a byte: let the time go on. */
	if (!more)
		return;
	r->filled = now;
	r->budget = more > LIMIT_STDERR_BURST - r->budget ? LIMIT_STDERR_BURST : r->budget + more;
	/* Not at every byte saved: one line that tells for many that were lost. */
	if (r->budget >= LIMIT_STDERR_BURST / 2)
		r->is_over = false;
}

/* "[name] ", and the name is whatever it was started by. */
static size_t put_head(const struct stderr_relay *r, char *out)
{
	size_t len = strnlen(r->name, 64), n;

	out[0] = '[';
	n = 1 + sanitise(r->name, len, out + 1);
	memcpy(out + n, "] ", 2);
	return n + 2;
}

static bool has_room(const struct stderr_relay *r, size_t len)
{
	return sink_pending(r->out) + len <= r->out->size;
}

void stderr_tell(struct stderr_relay *r, uint64_t now, bool is_end)
{
	char line[256];
	size_t n;

	fill(r, now);
	if (!r->lines || (r->is_over && !is_end) || !has_room(r, sizeof(line)))
		return;
	n = put_head(r, line);
	n += (size_t)snprintf(line + n, sizeof(line) - n, "(%zu lines, %zu bytes of diagnostics dropped)\n",
			      r->lines, r->bytes);
	sink_put(r->out, line, n);
	r->lines = r->bytes = 0;
}

int stderr_wait(const struct stderr_relay *r, uint64_t now)
{
	uint64_t missing, wait;

	if (!r->lines || !has_room(r, 256))
		return -1;
	if (!r->is_over || r->budget >= LIMIT_STDERR_BURST / 2)
		return 0;
	missing = LIMIT_STDERR_BURST / 2 - r->budget;
	wait = missing * 1000 / LIMIT_STDERR_RATE + 1;
	return r->filled + wait > now ? (int)(r->filled + wait - now) : 0;
}

void stderr_line(struct stderr_relay *r, const char *text, size_t len, uint64_t now)
{
	char line[4 * LIMIT_STDERR_LINE + 4096];
	size_t n;

	stderr_tell(r, now, false);
	if (len > r->budget)
		r->is_over = true;
	if (r->is_over || !has_room(r, sizeof(line))) {
		r->lines++;
		r->bytes += len;
		return;
	}
	n = put_head(r, line);
	n += stderr_clean(r->scan, text, len, line + n, sizeof(line) - n - 1);
	line[n++] = '\n';
	r->budget -= len;
	sink_put(r->out, line, n);
}
