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

#define TABLES_CHAINS 4096
#define TABLES_RULES 1024
#define TABLES_NONE UINT16_MAX

/* A window of the prefilter leads to a rule: a row of formats, or an anchor of context. */
struct tables_rule {
	uint16_t next;	  /* of the chain of its first two bytes, or TABLES_NONE */
	uint16_t index;	  /* of formats, or the kind of the anchor (enum context_kind) */
	uint8_t offset;	  /* of the window in the format's literal */
	uint8_t is_context;
	char bytes[2];	  /* the first two of the window */
	char before;	  /* a letter that must stand before the window, small; 0: anything */
};

/* Names of context, by their last two letters; indices + 1 of context_names, 0 ends. */
#define TABLES_ENDINGS 128
#define TABLES_NAMES 255

/* A first group of digits of that length, and what follows it (enum personal_next). */
#define TABLES_RUN 20
#define TABLES_NEXT 8

struct tables {
	struct prefilter filter;
	uint16_t chains[TABLES_CHAINS];
	struct tables_rule rules[TABLES_RULES];
	uint8_t name_first[TABLES_ENDINGS], name_next[TABLES_NAMES];
	/* Classes of personal data, a bit each: the digits stand by themselves, or behind
	 * letters of the number. */
	uint64_t backs; /* bit n: a layout has n letters before its digits */
	uint64_t numbers[TABLES_RUN + 1][TABLES_NEXT], lettered[TABLES_RUN + 1][TABLES_NEXT];
};

extern const struct tables scan_tables;

static inline unsigned int tables_chain(const char bytes[2])
{
	return ((unsigned int)(unsigned char)bytes[0] * 67 + (unsigned char)bytes[1]) % TABLES_CHAINS;
}

static inline unsigned int tables_ending(char a, char b)
{
	return ((unsigned char)a * 31U + (unsigned char)b) % TABLES_ENDINGS;
}

#endif /* SCAN_TABLES_H */
