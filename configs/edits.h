/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edits - replacements of spans of a text, and the text that they make
 */
#ifndef CONFIGS_EDITS_H
#define CONFIGS_EDITS_H

#include <stddef.h>

struct err;

struct edit {
	size_t start, end; /* of the text; what stands there goes */
	char *text;	   /* and this comes */
};

struct edits {
	struct edit *v;
	size_t n;
};

/* Takes text (from malloc; NULL is an error), also on failure.  0 or -errno. */
int edits_add(struct edits *e, size_t start, size_t end, char *text, struct err *err);

/* The new text (caller frees), NUL-terminated.  Overlapping spans are an error. */
int edits_apply(struct edits *e, const char *text, size_t len, char **ret_text,
		size_t *ret_len, struct err *err);

void edits_done(struct edits *e);

/* text as a string of JSON, which TOML and YAML read the same.  Caller frees; NULL: no
 * memory. */
char *edits_quote(const char *text);

#endif /* CONFIGS_EDITS_H */
