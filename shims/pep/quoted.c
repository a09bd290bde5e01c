/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * Two loops.  The first goes over a string as long as it stands for itself, and is all
 * that most strings need.  At the first escape, what was passed is copied and the second
 * goes on: it takes 64 bytes at a time, marks what is not plain in them, and hops from
 * escape to escape by these marks, so that none has to wait for the one before.  All that
 * is rare (the end, \u, letters, what is wrong) is left to one_of().
 *
 * What a string says is never longer than how it is written, so the second loop may write
 * whole blocks: it is behind what it reads, and reads a whole block.
 */
#include <stdint.h>
#include <string.h>

#include "shims/pep/plain.h"
#include "shims/pep/plain_mask.h"
#include "shims/pep/quoted.h"

#define BLOCK ((size_t)4 * PLAIN_STEP)

struct reader {
	const char *text, *error;
	char *out;
	size_t left, at, n; /* read of text, written to out */
	bool is_over, is_canonical;
};

static const char no_end[] = "string without an end";
static const char bad_utf8[] = "invalid UTF-8";

/* --- letters -------------------------------------------------------------------------- */

/* One sequence of two to four bytes by RFC 3629, section 4.  Return: its length or 0. */
static size_t sequence(const unsigned char *u, size_t left)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t len;

	if (u[0] >= 0xc2 && u[0] <= 0xdf) {
		len = 2;
	} else if (u[0] >= 0xe0 && u[0] <= 0xef) {
		len = 3;
		low = u[0] == 0xe0 ? 0xa0 : 0x80;
		high = u[0] == 0xed ? 0x9f : 0xbf;
	} else if (u[0] >= 0xf0 && u[0] <= 0xf4) {
		len = 4;
		low = u[0] == 0xf0 ? 0x90 : 0x80;
		high = u[0] == 0xf4 ? 0x8f : 0xbf;
	} else {
		return 0;
	}
	if (left < len || u[1] < low || u[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

/* What rewrite_escape() does not leave as it is: C1 controls, U+2028, U+2029. */
static bool is_escaped(const unsigned char *u)
{
	return (u[0] == 0xc2 && u[1] < 0xa0) ||
	       (u[0] == 0xe2 && u[1] == 0x80 && (u[2] == 0xa8 || u[2] == 0xa9));
}

/* Over letters of other alphabets, at least one.  Return: their bytes; 0: not UTF-8. */
static size_t letters(const char *text, size_t left, bool *is_canonical)
{
	const unsigned char *u = (const unsigned char *)text;
	size_t i = 0, n;

	do {
		/* Most alphabets lie between U+00C0 and U+07FF. */
		while (left - i >= 2 && u[i] >= 0xc3 && u[i] <= 0xdf && (u[i + 1] & 0xc0) == 0x80)
			i += 2;
		/* Most other letters between U+3000 and U+CFFF. */
		while (left - i >= 3 && u[i] >= 0xe3 && u[i] <= 0xec &&
		       (u[i + 1] & 0xc0) == 0x80 && (u[i + 2] & 0xc0) == 0x80)
			i += 3;
		if (i == left || u[i] < 0x80)
			return i;
		n = sequence(u + i, left - i);
		if (!n)
			return 0;
		if (is_escaped(u + i))
			*is_canonical = false;
		i += n;
	} while (i < left && u[i] >= 0x80);
	return i;
}

/* --- escapes -------------------------------------------------------------------------- */

/* What a letter behind a backslash means; 0: nothing, or it is 'u'. */
static const char meant[256] = { ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b',
				 ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t' };

static bool fail(struct reader *r, const char *words)
{
	r->error = words;
	return false;
}

/* Four digits; capitals are not how we write them. */
static bool hex4(struct reader *r, uint32_t *ret)
{
	uint32_t v = 0;

	if (r->left - r->at < 4)
		return fail(r, "cut \\u escape");
	for (int i = 0; i < 4; i++) {
		char c = r->text[r->at++];

		v <<= 4;
		if (c >= '0' && c <= '9') {
			v |= (uint32_t)(c - '0');
		} else if (c >= 'a' && c <= 'f') {
			v |= (uint32_t)(c - 'a' + 10);
		} else if (c >= 'A' && c <= 'F') {
			v |= (uint32_t)(c - 'A' + 10);
			r->is_canonical = false;
		} else {
			return fail(r, "bad \\u escape");
		}
	}
	*ret = v;
	return true;
}

/* At most 4 bytes for the at least 6 that were read. */
static void encode(struct reader *r, uint32_t c)
{
	char *out = r->out + r->n;

	if (c < 0x80) {
		out[0] = (char)c;
		r->n += 1;
	} else if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		r->n += 2;
	} else if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		r->n += 3;
	} else {
		out[0] = (char)(0xf0 | c >> 18);
		out[1] = (char)(0x80 | (c >> 12 & 0x3f));
		out[2] = (char)(0x80 | (c >> 6 & 0x3f));
		out[3] = (char)(0x80 | (c & 0x3f));
		r->n += 4;
	}
}

/* Do we write that character by its number?  A control without a letter of its own does. */
static bool is_by_number(uint32_t c)
{
	return (c < 0x20 && !(c >= '\b' && c <= '\r' && c != '\v')) || (c >= 0x7f && c < 0xa0) ||
	       c == 0x2028 || c == 0x2029;
}

/* Behind "\u". */
static bool unicode(struct reader *r)
{
	uint32_t c, low;

	if (!hex4(r, &c))
		return false;
	if (c >= 0xdc00 && c <= 0xdfff)
		return fail(r, "lone surrogate");
	if (c >= 0xd800 && c <= 0xdbff) {
		if (r->left - r->at < 2 || r->text[r->at] != '\\' || r->text[r->at + 1] != 'u')
			return fail(r, "lone surrogate");
		r->at += 2;
		if (!hex4(r, &low))
			return false;
		if (low < 0xdc00 || low > 0xdfff)
			return fail(r, "lone surrogate");
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	r->is_canonical = r->is_canonical && is_by_number(c);
	encode(r, c);
	return true;
}

/* Behind the backslash. */
static bool escape(struct reader *r)
{
	char c;

	if (r->at == r->left)
		return fail(r, "cut escape");
	c = r->text[r->at++];
	if (c == 'u')
		return unicode(r);
	r->out[r->n] = meant[(unsigned char)c];
	if (!r->out[r->n])
		return fail(r, "unknown escape");
	r->is_canonical = r->is_canonical && c != '/';
	r->n++;
	return true;
}

/* --- both loops ----------------------------------------------------------------------- */

/* Whatever stands at r->at, one of it.  False at the end of the string, and of the text. */
static bool one_of(struct reader *r)
{
	unsigned char c;
	size_t n;

	if (r->at == r->left)
		return fail(r, no_end);
	c = (unsigned char)r->text[r->at];
	if (c == '"') {
		r->at++;
		r->is_over = true;
		return false;
	}
	if (c == '\\') {
		r->at++;
		return escape(r);
	}
	if (c < 0x20)
		return fail(r, "control character in a string");
	n = c < 0x80 ? 1 : letters(r->text + r->at, r->left - r->at, &r->is_canonical);
	if (!n)
		return fail(r, bad_utf8);
	/* DEL is not plain in what is written, and stands for itself in what is read. */
	r->is_canonical = r->is_canonical && c != 0x7f;
	memcpy(r->out + r->n, r->text + r->at, n);
	r->at += n;
	r->n += n;
	return true;
}

/* The next block: to its end, or to what only one_of() knows. */
static void block(struct reader *r)
{
	const char *from = r->text + r->at; /* the next that was not written */
	const char *const base = from;
	uint64_t other = plain_mask4(base);
	bool has_slash = false;
	char *out = r->out + r->n;
	size_t end = BLOCK;

	while (other) {
		size_t i = (size_t)__builtin_ctzll(other), run;
		unsigned char c = (unsigned char)base[i + 1];

		/* The last byte's letter is in the next block. */
		if (base[i] != '\\' || i == BLOCK - 1 || !meant[c]) {
			end = i;
			break;
		}
		run = (size_t)(base + i - from);
		plain_move_run(out, from, run);
		out += run;
		*out++ = meant[c];
		has_slash |= c == '/';
		from = base + i + 2;
		other &= ~(3ULL << i);
	}
	plain_move_run(out, from, (size_t)(base + end - from));
	r->n = (size_t)(out - r->out) + (size_t)(base + end - from);
	r->at += end;
	r->is_canonical = r->is_canonical && !has_slash;
}

static const char *decode(struct reader *r, struct quoted *ret)
{
	for (;;) {
		size_t n;

		/* A run that begins in a block ends at most one step behind it. */
		while (r->left - r->at >= BLOCK + PLAIN_STEP) {
			size_t before = r->at;

			block(r);
			if (r->at - before < BLOCK)
				break;
		}
		if (r->left - r->at < BLOCK + PLAIN_STEP) {
			n = plain_run(r->text + r->at, r->left - r->at);
			memcpy(r->out + r->n, r->text + r->at, n);
			r->at += n;
			r->n += n;
		}
		if (!one_of(r))
			break;
	}
	if (!r->is_over)
		return r->error;
	*ret = (struct quoted){ r->at, r->n, true, r->is_canonical };
	return NULL;
}

const char *quoted_read(const char *text, size_t left, char *out, struct quoted *ret)
{
	bool is_canonical = true;
	struct reader r __attribute__((uninitialized));
	size_t i = 0;

	for (;;) {
		unsigned char c;
		size_t n;

		i += plain_run(text + i, left - i);
		if (i == left)
			return no_end;
		c = (unsigned char)text[i];
		if (c == '"') {
			*ret = (struct quoted){ i + 1, i, false, is_canonical };
			return NULL;
		}
		if (c == '\\')
			break;
		if (c < 0x20)
			return "control character in a string";
		n = c == 0x7f ? 1 : letters(text + i, left - i, &is_canonical);
		if (!n)
			return bad_utf8;
		is_canonical = is_canonical && c != 0x7f;
		i += n;
	}
	memcpy(out, text, i);
	r = (struct reader){ .text = text, .left = left, .out = out, .at = i, .n = i,
			     .is_canonical = is_canonical };
	return decode(&r, ret);
}
