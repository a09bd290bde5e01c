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

#endif /* POLICIES_MATCH_H */
