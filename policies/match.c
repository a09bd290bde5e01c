/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/match.h"

bool match_glob(const char *glob, const char *name, size_t len)
{
	const char *star = NULL; /* behind the last '*' */
	size_t i = 0, from = 0;	 /* where that star's run began */

	while (i < len) {
		if (*glob == '*') {
			star = ++glob;
			from = i;
		} else if (*glob && (*glob == '?' || *glob == name[i])) {
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
