/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/match.h"

char match_look(char c)
{
	if (c >= 'A' && c <= 'Z')
		c = (char)(c + 32);
	if (c == '0')
		return 'o';
	if (c == '1')
		return 'l';
	return c == '-' || c == '.' ? '_' : c;
}

static char as_it_is(char c)
{
	return c;
}

/* hole: a byte of the name that only '*' takes; 0: none. */
static bool match(const char *glob, const char *name, size_t len, char (*seen)(char c), char hole)
{
	const char *star = NULL; /* behind the last '*' */
	size_t i = 0, from = 0;	 /* where that star's run began */

	while (i < len) {
		if (*glob == '*') {
			star = ++glob;
			from = i;
		} else if (*glob && (!hole || name[i] != hole) &&
			   (*glob == '?' || seen(*glob) == seen(name[i]))) {
			glob++;
			i++;
		} else if (star) {
			/* Only the last star has to take more: earlier ones already fit. */
			glob = star;
			i = ++from;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return !*glob;
}

bool match_glob(const char *glob, const char *name, size_t len)
{
	return match(glob, name, len, as_it_is, 0);
}

bool match_alike(const char *glob, const char *name, size_t len)
{
	return match(glob, name, len, match_look, 0);
}

bool match_covers(const char *glob, const char *name, size_t len, char hole)
{
	return match(glob, name, len, as_it_is, hole);
}
