/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/personal.h"

enum personal_next personal_next(char c)
{
	switch (c) {
	case '0' ... '9':
	case 'A' ... 'Z':
	case 'a' ... 'z':
		return NEXT_LETTER;
	case ' ': return NEXT_BLANK;
	case '-': return NEXT_DASH;
	case '.': return NEXT_DOT;
	case '/': return NEXT_SLASH;
	case '+': return NEXT_PLUS;
	case '_': return NEXT_UNDERSCORE;
	default: return NEXT_OTHER;
	}
}

size_t personal_back(const char *layout)
{
	size_t n = 0;

	while (layout[n] && layout[n] != '#')
		n++;
	return n;
}

size_t personal_run(const char *layout)
{
	size_t back = personal_back(layout), n = 0;

	while (layout[back + n] == '#')
		n++;
	return n;
}
