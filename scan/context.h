/* SPDX-License-Identifier: Apache-2.0 */
/*
 * context - values that are secret because of what stands before them
 *
 * password=..., "apiKey": "...", Authorization: Bearer ..., ://user:...@, Cookie: sid=...
 * Such a value is taken only when it looks as if chance had made it (or, behind a
 * password, as if a person had), and not when it is a placeholder, a word, or code.
 * To add a name: one row in context.c (names), one row in tests/unit/test_scan.c.
 */
#ifndef SCAN_CONTEXT_H
#define SCAN_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>

struct hits;

/* What the prefilter looks for: four sets of bytes each, and what it then may be. */
struct context_anchor {
	const char *bytes[4];
	enum context_kind {
		CONTEXT_NAME,	/* part of a name that a value may follow */
		CONTEXT_SCHEME, /* Bearer, Basic */
		CONTEXT_URL,	/* :// */
		CONTEXT_COOKIE,
	} kind;
};

extern const struct context_anchor context_anchors[];
extern const size_t context_anchors_n;

/* Look at the anchor at text[at]; *done is kept by the caller, 0 at the start of a text. */
void context_look(enum context_kind kind, const char *text, size_t len, size_t at,
		  size_t *done, struct hits *hits);

/* The i-th class of this layer, NULL behind the last; some come more than once. */
const char *context_class(size_t i);

/* Once, before the rest: the table that is made of the list of names. */
void context_build(void);

/* The whole text is the value of the member key[key_len]. */
void context_member(const char *key, size_t key_len, const char *text, size_t len,
		    struct hits *hits);

#endif /* SCAN_CONTEXT_H */
