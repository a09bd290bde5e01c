/* SPDX-License-Identifier: Apache-2.0 */
/*
 * context - values that are secret because of what stands before them
 *
 * password=..., "apiKey": "...", Authorization: Bearer ..., ://user:...@, Cookie: sid=...
 * Such a value is taken only when it looks as if chance had made it (or, behind a
 * password, as if a person had), and not when it is a placeholder, a word, or code.
 * To add a name: one row in context_names.c, one row in tests/unit/test_scan.c; and an anchor,
 * where none of those that are there is in the name as it is written (its row then fails).
 */
#ifndef SCAN_CONTEXT_H
#define SCAN_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>

struct hits;

/* What the prefilter looks for: four sets of bytes each, and what it then may be.  Arrays
 * and no pointers, as in formats.h. */
struct context_anchor {
	char bytes[4][64];
	enum context_kind {
		CONTEXT_NAME,	/* part of a name that a value may follow */
		CONTEXT_SCHEME, /* Bearer, Basic */
		CONTEXT_URL,	/* :// */
		CONTEXT_COOKIE,
	} kind;
	char before; /* a small letter that stands before them, in either case; 0: anything */
};

extern const struct context_anchor context_anchors[];
extern const size_t context_anchors_n;

enum context_gate {
	GATE_NONE,      /* no secret */
	GATE_PASSWORD, /* a person's */
	GATE_KEY,      /* of chance, or a UUID */
	GATE_TOKEN,    /* of chance, and no UUID: many tokens are none */
	GATE_LONG,     /* of chance, and longer than an identifier */
	GATE_BASIC,    /* base64 of user:password */
	GATE_SESSION,  /* 8 or more, with a digit */
	GATE_HEADER,   /* perhaps a scheme, and then of chance */
	GATE_WORDS,    /* twelve words or more */
	GATE_NUMBER,   /* the private part of a key in base64url */
};

/* How a name ends, in small letters and digits. */
struct context_name {
	char ending[24], class[24]; /* class: empty for GATE_NONE */
	unsigned char len;	    /* of the ending */
	bool is_whole;		    /* it is all of the name */
	enum context_gate gate;
};

extern const struct context_name context_names[];
extern const size_t context_names_n;

/* Look at the anchor at text[at]; *done is kept by the caller, 0 at the start of a text. */
void context_look(enum context_kind kind, const char *text, size_t len, size_t at,
		  size_t *done, struct hits *hits);

/* The i-th class of this layer, NULL behind the last; some come more than once. */
const char *context_class(size_t i);

/* The whole text is the value of the member key[key_len]. */
void context_member(const char *key, size_t key_len, const char *text, size_t len,
		    struct hits *hits);

#endif /* SCAN_CONTEXT_H */
