/* SPDX-License-Identifier: Apache-2.0 */
/*
 * canon - one spelling for every JSON value that means the same, to take a digest of
 *
 * Members are sorted by the bytes of their names, nothing is between tokens, strings are
 * escaped as in rewrite, numbers keep their text.  Two spellings give the same bytes only
 * when they hold the same members, elements and strings.
 */
#ifndef SHIMS_PEP_CANON_H
#define SHIMS_PEP_CANON_H

#include <stddef.h>
#include <stdint.h>

struct json;

/* Members that are sorted at one time, down one way into the value. */
#define CANON_MEMBERS 8192

struct canon {
	uint32_t order[CANON_MEMBERS];
	size_t n;
};

/*
 * Write the value to out[size]; the member `without` of its own (not of what it holds) is
 * left out, NULL: none.  Return: the length, or -ENOBUFS, also for too many members.
 */
long canon_write(struct canon *c, const struct json *j, uint32_t node, const char *without,
		 char *out, size_t size);

#endif /* SHIMS_PEP_CANON_H */
