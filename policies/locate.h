/* SPDX-License-Identifier: Apache-2.0 */
/*
 * locate - where in a JSON text a member stands
 *
 * jansson keeps no positions; an error about a member that is well-formed but wrong
 * needs one.  The text has been parsed before, so this walk trusts its syntax (and
 * still never reads behind its end).
 */
#ifndef POLICIES_LOCATE_H
#define POLICIES_LOCATE_H

#include <stddef.h>

struct locate_step {
	const char *key; /* a member's name, or NULL: an element */
	size_t index;	 /* of the element */
};

/* Line and column (from 1) of the key, or the element, at the end of the path.  What
 * cannot be found is at 1:1. */
void locate(const char *text, size_t len, const struct locate_step *path, size_t n,
	    size_t *ret_line, size_t *ret_column);

#endif /* POLICIES_LOCATE_H */
