/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match - globs over names: '*' is any run of bytes, '?' one byte, the rest itself
 */
#ifndef POLICIES_MATCH_H
#define POLICIES_MATCH_H

#include <stdbool.h>
#include <stddef.h>

/* The whole of name[len]; byte-exact; time O(strlen(glob) * len), no recursion. */
bool match_glob(const char *glob, const char *name, size_t len);

/* The same, with letters that look alike taken for the same. */
bool match_alike(const char *glob, const char *name, size_t len);

/* What a reader takes for the same letter: lower case, o for 0, l for 1, _ for - and '.'. */
char match_look(char c);

/* Does the glob match whatever stands in place of each `hole` of the name? */
bool match_covers(const char *glob, const char *name, size_t len, char hole);

#endif /* POLICIES_MATCH_H */
