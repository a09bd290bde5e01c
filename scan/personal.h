/* SPDX-License-Identifier: Apache-2.0 */
/*
 * personal - numbers of cards, accounts, persons; addresses
 *
 * A class either proves itself (check digits and a rare shape) or needs a word of its
 * context: the name of the object member, or within 48 bytes before it.
 * To add a class: one row in personal.c (layouts, words, check), one maker in
 * tests/scan_make.c.
 */
#ifndef SCAN_PERSONAL_H
#define SCAN_PERSONAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hits;
struct prefilter_masks;

/* Where one looks: text, and the member that it is the value of. */
struct personal {
	uint64_t classes;
	const char *key, *text;
	size_t key_len, len;
	struct hits *hits;
};

/* Before the first use. */
void personal_build(void);

/* Look at the block at text[base], of which the prefilter gave the masks. */
void personal_look(const struct personal *p, size_t base, const struct prefilter_masks *m);

#endif /* SCAN_PERSONAL_H */
