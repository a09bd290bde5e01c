/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan - what the scanners of JSON, TOML and YAML share
 *
 * A cursor over the text, errors with line and column, and the escapes of double-quoted
 * strings.  No scanner guesses: what it does not understand with certainty it refuses, by
 * name.  Words of errors never quote the text, which may hold secrets.
 */
#ifndef CONFIGS_SCAN_H
#define CONFIGS_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "configs/tree.h"

struct err;

struct scan {
	const char *text, *p, *end;
	size_t depth;
	struct tree *tree;
	struct err *err;
};

/* "LINE:COLUMN: words" for the place `at`; columns are bytes, from 1.  Return: -EINVAL. */
__attribute__((format(printf, 3, 4))) int scan_refuse(struct scan *s, const char *at,
						      const char *fmt, ...);

/* The document is valid UTF-8 without NUL bytes.  Return: 0 or -EINVAL. */
int scan_check_text(struct scan *s);

/* A new node that begins at the cursor.  NULL with the reason in err. */
struct node *scan_node(struct scan *s, enum node_kind kind);

/* One level deeper; every scan_enter() that returned 0 has its scan_leave(). */
int scan_enter(struct scan *s);
void scan_leave(struct scan *s);

static inline bool scan_at(const struct scan *s, const char *word, size_t len)
{
	size_t left = (size_t)(s->end - s->p);
	size_t i = 0;

	if (left < len)
		return false;
	while (i < len && s->p[i] == word[i])
		i++;
	return i == len;
}

/*
 * The inside of a double-quoted string of one line, from behind the quote, to and over
 * the closing one.  escapes: the letters that may follow a backslash beside u, of
 * "\"\\/bfnrtaveUx" that the format knows.  *ret_text is the tree's.  0 or -EINVAL.
 */
int scan_quoted(struct scan *s, const char *escapes, const char **ret_text);

/* One escape; the cursor stands behind the backslash.  *out moves behind what it means. */
int scan_escape(struct scan *s, const char *escapes, char **out);

/* A copy of from[len] as the tree's.  NULL with the reason in err. */
const char *scan_copy(struct scan *s, const char *from, size_t len);

#endif /* CONFIGS_SCAN_H */
