/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tables - what the scanner looks things up in, made when the program is built
 *
 * scan/tables/gen makes them of the rows of formats.c, context_names.c and
 * personal_classes.c, and writes $(O)/gen/scan_tables.c.  They are constants without a
 * pointer: no relocation, so that the pages come from the file and are shared by all
 * processes, and a start has nothing to compute.
 */
#ifndef SCAN_TABLES_H
#define SCAN_TABLES_H

#include <stdint.h>

#include "scan/prefilter.h"

#define TABLES_CHAINS 1024
#define TABLES_RULES 1024

/* A window of the prefilter leads to a rule: a row of formats, or an anchor of context. */
struct tables_rule {
	uint32_t mask, word; /* the window's bytes & mask; a set of several has no mask */
	uint16_t index;	     /* of formats, or the kind of the anchor (enum context_kind) */
	uint8_t offset;	     /* of the window in the format's literal */
	uint8_t is_context;
	char before;	     /* a letter that must stand before the window, small; 0: anything */
	/* Of a run behind the literal: its set as a bit of enum charset, and how far behind the
	 * window's first byte two characters stand that must be of it; middle 0: nothing. */
	uint8_t set, middle, last;
};

/* Names of context, by their last two letters; indices + 1 of context_names, 0 ends. */
#define TABLES_ENDINGS 128
#define TABLES_NAMES 255

/* A layout of personal data.  sign stands at the offset last: its last separator; last 0:
 * it has none. */
struct tables_form {
	uint8_t class, layout, back, len, last;
	char sign;
};

/* By a first group of digits of that length, and what follows it (enum personal_next):
 * which classes may begin so, and the forms of them that are layouts. */
#define TABLES_RUN 20
#define TABLES_NEXT 8
#define TABLES_FORMS 1024

struct tables_group {
	uint64_t classes;
	uint16_t first, n;
};

struct tables {
	struct prefilter filter;
	/* Rules by their first two bytes: those of a chain stand from rules[chains[i]] to
	 * rules[chains[i + 1]]. */
	uint16_t chains[TABLES_CHAINS + 1];
	struct tables_rule rules[TABLES_RULES];
	uint8_t name_first[TABLES_ENDINGS], name_next[TABLES_NAMES];
	uint64_t backs; /* bit n: a layout has n letters before its digits */
	/* Digits that stand by themselves, and digits behind letters of the number. */
	struct tables_group numbers[TABLES_RUN + 1][TABLES_NEXT];
	struct tables_group lettered[TABLES_RUN + 1][TABLES_NEXT];
	struct tables_form forms[TABLES_FORMS];
};

extern const struct tables scan_tables;

static inline unsigned int tables_chain(const char bytes[2])
{
	return ((unsigned int)(unsigned char)bytes[0] * 67 + (unsigned char)bytes[1]) % TABLES_CHAINS;
}

/* The four bytes, as words of rules are. */
static inline uint32_t tables_word(const char bytes[4])
{
	return (uint32_t)(unsigned char)bytes[0] | (uint32_t)(unsigned char)bytes[1] << 8 |
	       (uint32_t)(unsigned char)bytes[2] << 16 | (uint32_t)(unsigned char)bytes[3] << 24;
}

static inline unsigned int tables_ending(char a, char b)
{
	return ((unsigned char)a * 31U + (unsigned char)b) % TABLES_ENDINGS;
}

#endif /* SCAN_TABLES_H */
