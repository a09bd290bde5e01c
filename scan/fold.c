/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/fold.h"

/* Inclusive. */
static const struct {
	uint32_t first, last;
} nothing[] = {
	{ 0x00ad, 0x00ad }, { 0x0300, 0x036f }, { 0x061c, 0x061c }, { 0x115f, 0x1160 },
	{ 0x17b4, 0x17b5 }, { 0x180b, 0x180f }, { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff },
	{ 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0x20d0, 0x20ff },
	{ 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f }, { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 },
	{ 0xfff0, 0xfffb }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
};

/* From a first code point on, what each reads as; '?' stands for itself. */
static const struct {
	uint32_t first;
	char reads[28];
} alike[] = {
	{ 0x0391, "AB?" "?EZH?IK?MNO?P?" "?TY?X" }, /* Greek capitals */
	{ 0x03b1, "a????????i??" "?vo?p???u?" },    /* Greek small */
	{ 0x03f2, "cj" },
	{ 0x0405, "SI?J" },
	{ 0x0410, "A?B??E????K?MHO?PCTY?X" },	    /* Cyrillic capitals */
	{ 0x0430, "a??r?e????k?mho?pcty?x" },	    /* Cyrillic small */
	{ 0x0455, "si?j" },
	{ 0x04bb, "h" },
	{ 0x04cf, "l" },
	{ 0x0501, "d" },
	{ 0x051b, "q?w" },
};

/* Forms of the same character, in the order of ASCII. */
static const struct {
	uint32_t first, last;
	char reads;
} forms[] = {
	{ 0x2010, 0x2015, 0 }, { 0x24b6, 0x24cf, 'A' }, { 0x24d0, 0x24e9, 'a' },
	{ 0x2070, 0x2079, '0' }, { 0x2080, 0x2089, '0' }, { 0xff01, 0xff5e, '!' },
	{ 0x1f130, 0x1f149, 'A' }, { 0x1f150, 0x1f169, 'A' }, { 0x1f170, 0x1f189, 'A' },
};

static const struct {
	uint32_t code;
	char reads;
} single[] = {
	{ 0x00b9, '1' }, { 0x00b2, '2' }, { 0x00b3, '3' }, { 0x2024, '.' }, { 0x203f, '_' },
	{ 0x2044, '/' }, { 0x2212, '-' }, { 0x2215, '/' }, { 0x2236, ':' }, { 0xfe33, '_' },
	{ 0xfe4d, '_' }, { 0xfe4e, '_' }, { 0xfe4f, '_' }, { 0xfe52, '.' }, { 0xfe58, '-' },
	{ 0xfe63, '-' }, { 0x212a, 'K' },
};

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static size_t length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

static uint32_t letter_alike(uint32_t code)
{
	for (size_t i = 0; i < COUNT(alike); i++)
		if (code >= alike[i].first && code - alike[i].first < length(alike[i].reads)) {
			char c = alike[i].reads[code - alike[i].first];

			return c == '?' ? code : (unsigned char)c;
		}
	return code;
}

bool fold_is_letter(uint32_t code)
{
	return code >= 0x370 && code < 0x530;
}

uint32_t fold_code(uint32_t code)
{
	if (code < 0x80)
		return code;
	for (size_t i = 0; i < COUNT(nothing); i++)
		if (code >= nothing[i].first && code <= nothing[i].last)
			return 0;
	for (size_t i = 0; i < COUNT(single); i++)
		if (code == single[i].code)
			return (unsigned char)single[i].reads;
	for (size_t i = 0; i < COUNT(forms); i++)
		if (code >= forms[i].first && code <= forms[i].last)
			return forms[i].reads ? (unsigned char)forms[i].reads + code - forms[i].first :
						'-';
	/* Mathematical alphabets: 52 letters in each, then digits. */
	if (code >= 0x1d400 && code <= 0x1d6a3) {
		uint32_t i = (code - 0x1d400) % 52;

		return i < 26 ? 'A' + i : 'a' + i - 26;
	}
	if (code >= 0x1d7ce && code <= 0x1d7ff)
		return '0' + (code - 0x1d7ce) % 10;
	return letter_alike(code);
}

size_t fold_decode(const char *p, size_t left, uint32_t *ret_code)
{
	const unsigned char *u = (const unsigned char *)p;
	size_t len = u[0] < 0x80 ? 1 : u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : 2;
	uint32_t code = len == 1 ? u[0] : u[0] & (0x7fU >> len);

	if (len > left || (len > 1 && u[0] < 0xc2) || u[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (u[i] & 0x3f);
	}
	*ret_code = code;
	return len;
}
