/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/charset.h"

#define ALNUM (SET_VALUE | SET_B62 | SET_B64U | SET_B64 | SET_B64E | SET_DOTTED | SET_PATH | SET_WORD)
#define DIGIT (ALNUM | SET_DIGIT | SET_HEX | SET_HEX_UPPER | SET_XDIGIT | SET_UPPER | SET_LOWER)
#define UPPER (ALNUM | SET_LETTER | SET_UPPER | SET_B32)
#define LOWER (ALNUM | SET_LETTER | SET_LOWER)

const uint16_t charset_of[256] = {
	['0' ... '1'] = DIGIT,
	['2' ... '7'] = DIGIT | SET_B32,
	['8' ... '9'] = DIGIT,
	['A' ... 'F'] = UPPER | SET_HEX_UPPER | SET_XDIGIT,
	['G' ... 'Z'] = UPPER,
	['a' ... 'f'] = LOWER | SET_HEX | SET_XDIGIT,
	['g' ... 'z'] = LOWER,
	['-'] = SET_VALUE | SET_B64U | SET_DOTTED | SET_PATH,
	['_'] = SET_VALUE | SET_B64U | SET_DOTTED | SET_PATH | SET_WORD,
	['.'] = SET_VALUE | SET_DOTTED | SET_PATH,
	['~'] = SET_VALUE | SET_DOTTED | SET_PATH,
	['+'] = SET_VALUE | SET_B64 | SET_B64E | SET_PATH,
	['/'] = SET_VALUE | SET_B64 | SET_B64E | SET_PATH,
	['='] = SET_VALUE | SET_B64E | SET_PATH,
	['@'] = SET_VALUE | SET_PATH,
	['%'] = SET_VALUE | SET_PATH,
	['!'] = SET_VALUE,
	['#' ... '$'] = SET_VALUE,
	['*'] = SET_VALUE,
	[':'] = SET_VALUE,
	['?'] = SET_VALUE,
	['[' ... '^'] = SET_VALUE,
	['{'] = SET_VALUE,
	['}'] = SET_VALUE,
	[0x80 ... 0xff] = SET_VALUE,
};

unsigned int charset_named(char letter)
{
	switch (letter) {
	case 'd': return SET_DIGIT;
	case 'h': return SET_HEX;
	case 'H': return SET_HEX_UPPER;
	case 'l': return SET_LETTER;
	case 'U': return SET_UPPER;
	case 'L': return SET_LOWER;
	case 'B': return SET_B32;
	case 'b': return SET_B62;
	case 'u': return SET_B64U;
	case 's': return SET_B64;
	case 'e': return SET_B64E;
	case 'v': return SET_DOTTED;
	case 'w': return SET_PATH;
	case 'x': return SET_XDIGIT;
	default: return 0;
	}
}

size_t charset_run(unsigned int set, const char *text, size_t len, size_t at, size_t max)
{
	size_t n = 0;

	while (n < max && at + n < len && charset_has(set, text[at + n]))
		n++;
	return n;
}
