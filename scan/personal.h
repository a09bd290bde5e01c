/* SPDX-License-Identifier: Apache-2.0 */
/*
 * personal - numbers of cards, accounts, persons; addresses
 *
 * A class either proves itself (check digits and a rare shape) or needs a word of its
 * context: the name of the object member, or within 48 bytes before it.
 * To add a class: one row in personal_classes.c (layouts, words, rule), and one row of
 * people[] in tests/unit/test_scan.c, which demands one for each class; a rule that is not
 * there yet is a function and a line of the switch in personal_checks.c.
 */
#ifndef SCAN_PERSONAL_H
#define SCAN_PERSONAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scan/personal_checks.h"
#include "scan/prefilter.h"

struct hits;

#define PERSONAL_LAYOUTS 5

/* Context: never, where nothing separates, always. */
enum personal_need { ALONE, BARE, CONTEXT };

/* A layout says how a number is written: '#' a digit, 'A' a letter, '*' either, another
 * character itself.  Arrays and no pointers, as in formats.h. */
struct personal_class {
	char name[20];
	enum personal_need need;
	char words[176]; /* of the context, separated by '|' */
	enum personal_rule rule;
	char layouts[PERSONAL_LAYOUTS][24];
};

extern const struct personal_class personal_classes[];
extern const size_t personal_classes_n;

/* The rows that the code knows by their place. */
enum { PERSONAL_EMAIL, PERSONAL_PHONE, PERSONAL_IPV4, PERSONAL_IPV6, PERSONAL_MAC, PERSONAL_PAN,
       PERSONAL_IBAN };

#define PERSONAL_BIT(class) (1ULL << (class))

/* What stands behind a group of digits. */
enum personal_next { NEXT_OTHER, NEXT_LETTER, NEXT_BLANK, NEXT_DASH, NEXT_DOT, NEXT_SLASH, NEXT_PLUS,
		     NEXT_UNDERSCORE };

enum personal_next personal_next(char c);

/* How many letters a layout has before its first digit, and how many digits then. */
size_t personal_back(const char *layout);
size_t personal_run(const char *layout);

/* Where one looks: text, and the member that it is the value of. */
struct personal {
	uint64_t classes;
	const char *key, *text;
	size_t key_len, len;
	struct hits *hits;
	/* Of the block before; nothing at the start. */
	struct prefilter_personal before;
	uint64_t word_starts;
};

/* Look at the block at text[base]; blocks come in order, none is left out. */
void personal_look(struct personal *p, size_t base, const struct prefilter_personal *m);

#endif /* SCAN_PERSONAL_H */
