/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan_make - instances of every class that the scanner knows, and of what looks like one
 *
 * Made at run time from the rows of formats.c and from a seed, so that no token stands in
 * the tree.  Nothing here is random from one run to the next.
 */
#ifndef TESTS_UNIT_SCAN_MAKE_H
#define TESTS_UNIT_SCAN_MAKE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scan/charset.h"
#include "scan/checks.h"
#include "scan/formats.h"

#define MAKE_MAX 8192

static uint64_t make_state = 88172645463325252ULL;

static inline uint32_t make_chance(uint32_t below)
{
	make_state ^= make_state << 13;
	make_state ^= make_state >> 7;
	make_state ^= make_state << 17;
	return (uint32_t)(make_state >> 33) % below;
}

/* n characters of the sets. */
static inline size_t make_run(char *out, unsigned int sets, size_t n)
{
	for (size_t i = 0; i < n;) {
		char c = (char)(33 + make_chance(94));

		/* Not what ends a sentence, and not what pads. */
		if (charset_has(sets, c) && c != '.' && c != '=' && c != '%')
			out[i++] = c;
	}
	out[n] = '\0';
	return n;
}

static inline size_t make_base64(const char *in, size_t len, char *out, const char *alphabet,
				 int pads)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i += 3) {
		uint32_t v = (uint32_t)(unsigned char)in[i] << 16;

		v |= i + 1 < len ? (uint32_t)(unsigned char)in[i + 1] << 8 : 0;
		v |= i + 2 < len ? (unsigned char)in[i + 2] : 0;
		for (size_t k = 0; k < 4; k++)
			if (k <= len - i)
				out[n++] = alphabet[v >> (18 - 6 * k) & 63];
			else if (pads)
				out[n++] = '=';
	}
	out[n] = '\0';
	return n;
}

static const char make_std[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char make_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

enum make_length { MAKE_LEAST, MAKE_MOST, MAKE_SHORTER, MAKE_LONGER };

/* How many characters an item gets; last: it is the one that is made too short or long. */
static inline size_t make_count(const struct format_item *item, enum make_length length, int last)
{
	size_t most = item->max > item->min + 400 ? item->min + 40 : item->max;

	switch (length) {
	case MAKE_LEAST:
		return item->min;
	case MAKE_MOST:
		return most;
	case MAKE_SHORTER:
		return last && item->min ? item->min - 1 : item->min;
	case MAKE_LONGER:
		return last && most == item->max ? item->max + 1 : most;
	}
	return item->min;
}

static inline size_t make_pattern(const char *pattern, enum make_length length, char *out)
{
	struct format_item item;
	size_t n = 0;

	while (formats_next(&pattern, &item)) {
		size_t count = make_count(&item, length, !pattern || !*pattern);

		if (item.literal) {
			memcpy(out + n, item.literal, item.min);
			n += item.min - (length == MAKE_SHORTER && !*pattern);
			if (length == MAKE_LONGER && !*pattern)
				n += (size_t)sprintf(out + n, "X");
		} else {
			n += make_run(out + n, item.set, count);
		}
	}
	out[n] = '\0';
	return n;
}

static inline void make_digits(uint32_t value, unsigned int base, char *out, size_t n)
{
	static const char large[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	static const char small[] = "0123456789abcdefghijklmnopqrstuvwxyz";

	for (; n-- > 0; value /= base)
		out[n] = (base > 36 ? large : small)[value % base];
}

/* Put the checksum right that the format has. */
static inline void make_checksum(const struct format *f, char *token, size_t len)
{
	size_t head = strlen(f->literal);
	char hex[16];

	switch (f->check) {
	case CHECK_GITHUB:
		make_digits(checks_crc32(token + head, len - head - 6), 62, token + len - 6, 6);
		break;
	case CHECK_GITLAB:
		make_digits(checks_crc32(token, len - 7), 36, token + len - 7, 7);
		break;
	case CHECK_HEX_TAIL:
		snprintf(hex, sizeof(hex), "%08X", checks_crc32(token, len - 8));
		memcpy(token + len - 8, hex, 8);
		break;
	case CHECK_GRAFANA:
		snprintf(hex, sizeof(hex), "%08x", __builtin_bswap32(checks_crc32(token, len - 9)));
		memcpy(token + len - 8, hex, 8);
		break;
	case CHECK_CLOUDFLARE:
		snprintf(hex, sizeof(hex), "%08x", checks_crc32(token + head, len - head - 8));
		memcpy(token + len - 8, hex, 8);
		break;
	case CHECK_NONE:
	case CHECK_MIXED:
	case CHECK_EXAMPLE:
	case CHECK_JWT:
	case CHECK_DISCORD:
	case CHECK_PEM:
		break;
	}
}

static inline size_t make_jwt(const struct format *f, char *out)
{
	int is_jwe = !strcmp(f->class, "jwe");
	static const char *const heads[][2] = { { "eyJ", "{" }, { "ewog", "{\n " }, { "eyAi", "{ " },
						{ "ewoJ", "{\n\t" } };
	const char *open = "{";
	char text[256];
	size_t n, len;

	for (size_t i = 0; i < 4; i++)
		if (!strcmp(f->literal, heads[i][0]))
			open = heads[i][1];
	len = (size_t)snprintf(text, sizeof(text), "%s\"alg\":\"%s\",%s\"kid\":\"%u\"}",
			       open, is_jwe ? "RSA-OAEP" : "ES256",
			       is_jwe ? "\"enc\":\"A256GCM\"," : "", make_chance(1000000));
	n = make_base64(text, len, out, make_url, 0);
	out[n++] = '.';
	if (is_jwe) {
		n += make_run(out + n, SET_B64U, 40);
		out[n++] = '.';
		n += make_run(out + n, SET_B64U, 16);
		out[n++] = '.';
	} else {
		len = (size_t)snprintf(text, sizeof(text), "{\"sub\":\"%u\",\"iat\":%u}",
				       make_chance(1000000), make_chance(1000000));
		n += make_base64(text, len, out + n, make_url, 0);
		out[n++] = '.';
		return n + make_run(out + n, SET_B64U, 86);
	}
	n += make_run(out + n, SET_B64U, 50);
	out[n++] = '.';
	return n + make_run(out + n, SET_B64U, 22);
}

static inline size_t make_discord(char *out)
{
	char id[24] = "1";
	size_t n;

	make_run(id + 1, SET_DIGIT, 17);
	n = make_base64(id, 18, out, make_url, 0);
	out[n++] = '.';
	n += make_run(out + n, SET_B64U, 6);
	out[n++] = '.';
	return n + make_run(out + n, SET_B64U, 30);
}

static inline size_t make_key(const struct format *f, char *out)
{
	static const char dashes[] = "-----";
	size_t n;

	if (f->literal[0] == 'P') {
		n = (size_t)sprintf(out, "%s2: ssh-rsa\nPrivate-Lines: 1\n", f->literal);
		n += make_run(out + n, SET_B64, 64);
		n += (size_t)sprintf(out + n, "\nPrivate-MAC: ");
		return n + make_run(out + n, SET_HEX, 40);
	}
	n = (size_t)sprintf(out, "%sRSA PRIVATE KEY%s\n", f->literal, dashes);
	for (int i = 0; i < 5; i++) {
		n += make_run(out + n, SET_B64, 64);
		out[n++] = '\n';
	}
	return n + (size_t)sprintf(out + n, "%sEND RSA PRIVATE KEY%s", dashes, dashes);
}

/* The gate wants a letter and a digit, which chance may have left out. */
static inline void make_mixed(const struct format *f, char *out, size_t n)
{
	struct format_item item = {0};
	const char *p = f->after;

	while (formats_next(&p, &item))
		;
	if (f->check != CHECK_MIXED || item.literal || item.min < 2)
		return;
	if (charset_has(item.set, '7'))
		out[n - 1] = '7';
	if (charset_has(item.set, 'K'))
		out[n - 2] = 'K';
	else if (charset_has(item.set, 'k'))
		out[n - 2] = 'k';
}

/* A token of the row; out[MAKE_MAX].  Lengths other than LEAST and MOST are no tokens. */
static inline size_t make_token(const struct format *f, enum make_length length, char *out)
{
	size_t n;

	if (f->check == CHECK_JWT)
		return make_jwt(f, out);
	if (f->check == CHECK_DISCORD)
		return make_discord(out);
	if (f->check == CHECK_PEM)
		return make_key(f, out);
	/* What is too short or too long is so at the end, or at the start of a row that ends
	 * with its literal. */
	n = make_pattern(f->before, f->after[0] && length > MAKE_MOST ? MAKE_LEAST : length, out);
	n += (size_t)sprintf(out + n, "%s", f->literal);
	n += make_pattern(f->after, length, out + n);
	if (length <= MAKE_MOST) {
		make_mixed(f, out, n);
		make_checksum(f, out, n);
	}
	return n;
}

/* --- what is no token -------------------------------------------------------------------- */

static inline size_t make_sprintf_word(char *out)
{
	static const char *const words[] = { "token", "secret", "password", "key", "auth", "user",
					     "session", "index", "value", "read", "parse", "client",
					     "config", "module", "buffer", "header", "path", "id" };
	size_t n = 0;

	for (uint32_t i = 0, count = 1 + make_chance(4); i < count; i++)
		n += (size_t)sprintf(out + n, "%s%s", i ? (make_chance(2) ? "_" : "-") : "",
				     words[make_chance(18)]);
	return n;
}

#define MAKE_NEGATIVES 30

/* A text that nobody should redact anything of, of that kind; out[MAKE_MAX]. */
static inline size_t make_negative(uint32_t kind, char *out)
{
	char a[512], b[512], c[512];

	make_run(a, SET_HEX, 128);
	make_run(b, SET_B64, 400);
	make_sprintf_word(c);
	switch (kind % MAKE_NEGATIVES) {
	case 0: /* UUID */
		return (size_t)sprintf(out, "\"id\": \"%.8s-%.4s-4%.3s-a%.3s-%.12s\"", a, a + 8, a + 12,
				       a + 15, a + 18);
	case 1: return (size_t)sprintf(out, "commit %.40s", a);
	case 2: return (size_t)sprintf(out, "FROM node@sha256:%.64s", a);
	case 3: return (size_t)sprintf(out, "integrity=\"sha512-%.86s==\"", b);
	case 4: return (size_t)sprintf(out, "data:image/png;base64,iVBORw0KGgo%.380s", b);
	case 5: return (size_t)sprintf(out, "%.76s\n%.76s\n%.76s", b, b + 76, b + 152);
	case 6:
		return (size_t)sprintf(out, "[%u.%u%u, -%u.%u%u]", make_chance(10), make_chance(1u << 30),
				       make_chance(1u << 30), make_chance(10), make_chance(1u << 30),
				       make_chance(1u << 30));
	case 7: return (size_t)sprintf(out, "%s@%u.%u.%u", c, make_chance(30), make_chance(30), make_chance(30));
	case 8: return (size_t)sprintf(out, "\"time\": %u%03u", 1700000000 + make_chance(90000000), make_chance(1000));
	case 9: return (size_t)sprintf(out, "const %s = await get_%s(user.id);", c, c);
	case 10: return (size_t)sprintf(out, "%s: string | null", c);
	case 11: return (size_t)sprintf(out, "{\"%s\": {\"type\": \"string\", \"description\": \"the user's %s\"}}", c, c);
	case 12: return (size_t)sprintf(out, "%s = os.environ[\"%s\"]", c, c);
	case 13: return (size_t)sprintf(out, "%s: ${%s}", c, c);
	case 14: return (size_t)sprintf(out, "Authorization: Bearer <%s>", c);
	case 15: return (size_t)sprintf(out, "postgres://${USER}:${%s}@host/db", c);
	case 16: return (size_t)sprintf(out, "https://host.example.org:8080/%s@v%u", c, make_chance(9));
	case 17: return (size_t)sprintf(out, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI%.43s user@host", b);
	case 18:
		return (size_t)sprintf(out, "{\"progressToken\": \"%.12s\", \"nextCursor\": \"%.40s\"}", a, b);
	case 19: return (size_t)sprintf(out, "-----BEGIN CERTIFICATE-----\n%.64s\n-----END CERTIFICATE-----", b);
	case 20: return (size_t)sprintf(out, "%s=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", c);
	case 21: return (size_t)sprintf(out, "order %u%u", 1000000000 + make_chance(999999999), make_chance(100));
	case 22: return (size_t)sprintf(out, "@@ -%u,%u +%u,%u @@ int %s(void)", make_chance(2000),
					make_chance(9), make_chance(2000), make_chance(9), c);
	case 23: return (size_t)sprintf(out, "[2026-0%u-1%u 1%u:0%u:00] INFO %s done in %u ms", 1 + make_chance(9),
					make_chance(10), make_chance(10), make_chance(10), c, make_chance(999));
	case 24: return (size_t)sprintf(out, "h1:%.43s= go.mod", b);
	case 25: return (size_t)sprintf(out, "traceparent: 00-%.32s-%.16s-01", a, a + 40);
	case 26: return (size_t)sprintf(out, "Tokens start with ghp%c and have 36 characters; %s", '_', c);
	case 27: return (size_t)sprintf(out, "password: z.string().min(%u), // %s", make_chance(20), c);
	case 28: return (size_t)sprintf(out, "%s_id: \"%.8s-%.4s-4%.3s-a%.3s-%.12s\"", c, a, a + 8, a + 12,
					a + 15, a + 18);
	default: return (size_t)sprintf(out, "00000000  %.2s %.2s %.2s %.2s %.2s %.2s %.2s %.2s  |........|",
					a, a + 2, a + 4, a + 6, a + 8, a + 10, a + 12, a + 14);
	}
}

#endif /* TESTS_UNIT_SCAN_MAKE_H */
