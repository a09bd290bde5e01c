/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror - what was found at one place of a result is found at every place of it
 *
 * A result with structuredContent says the same a second time, as JSON in a text (MCP,
 * server/tools).  What one of them shows to be a secret (a name before it, the whole of a
 * string) may not be seen in the other.  So what was found is kept, and looked for as it
 * is and as the inside of a JSON string.
 */
#ifndef SHIMS_PEP_MIRROR_H
#define SHIMS_PEP_MIRROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/limits.h"
#include "scan/scan.h"

struct mirrored {
	const char *text; /* in the message that is looked at */
	size_t len;
	struct scan_span span; /* its classes */
	uint16_t next;	       /* index + 1 of the next with such a beginning */
};

#define MIRROR_CHAINS 1024

struct mirror {
	struct mirrored v[LIMIT_MIRRORED];
	size_t n;
	size_t work;			/* bytes compared; above the limit nothing is found */
	uint16_t chains[MIRROR_CHAINS]; /* by the first two bytes, when none needs an escape */
	uint16_t odd;			/* the others */
};

void mirror_clear(struct mirror *m);


/* Keep text[span]; what is kept already, or shorter than four bytes, is not. */
void mirror_add(struct mirror *m, const char *text, const struct scan_span *span);

/* The first of what is kept in text[from, len), whole words only.  Return: it, and where
 * it stands; NULL: none, or m->work is above LIMIT_MIRROR_WORK. */
const struct mirrored *mirror_find(struct mirror *m, const char *text, size_t len,
				   size_t from, size_t *ret_start, size_t *ret_end);

#endif /* SHIMS_PEP_MIRROR_H */
