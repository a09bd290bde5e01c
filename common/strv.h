/* SPDX-License-Identifier: Apache-2.0 */
/*
 * strv - a growing list of strings, NULL-terminated so that it can be an argv
 *
 * Initialised by {0}.  The strings belong to the list.
 */
#ifndef COMMON_STRV_H
#define COMMON_STRV_H

#include <stdbool.h>
#include <stddef.h>

struct strv {
	char **v; /* n strings and a NULL; NULL while empty */
	size_t n;
};

/* Append a copy.  Return: 0 or -ENOMEM. */
int strv_add(struct strv *s, const char *text);

/* Append what the format makes.  Return: 0 or -ENOMEM. */
__attribute__((format(printf, 2, 3))) int strv_addf(struct strv *s, const char *fmt, ...);

/* Append text (from malloc), which the list then owns, also on failure. */
int strv_take(struct strv *s, char *text);

/* Append copies of all of them.  Return: 0 or -ENOMEM. */
int strv_add_all(struct strv *s, const struct strv *more);

bool strv_has(const struct strv *s, const char *text);

/* Drop the string at index i < n; the order of the others stays. */
void strv_remove(struct strv *s, size_t i);

void strv_done(struct strv *s);

#define cleanup_strv __attribute__((cleanup(strv_done)))

#endif /* COMMON_STRV_H */
