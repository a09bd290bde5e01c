/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quoted - the inside of a JSON string: what it says, and whether it is written as we write
 *
 * Strict RFC 8259 and UTF-8 by the table of RFC 3629, section 4.  A string without an
 * escape says what it is, where it stands: nothing is copied.  Of any other what it says is
 * written out.  Pure; reads no byte behind the text.
 */
#ifndef SHIMS_PEP_QUOTED_H
#define SHIMS_PEP_QUOTED_H

#include <stdbool.h>
#include <stddef.h>

struct quoted {
	size_t used;	   /* bytes of the text, with the closing quote */
	size_t len;	   /* of what it says */
	bool is_decoded;   /* it says out[0, len); else text[0, len) */
	bool is_canonical; /* rewrite_escape() of what it says gives the same bytes */
};

/*
 * Read the string whose opening quote stands before text[left].  out has room for `left`
 * bytes, of which any may be written.  Return: NULL, or what is wrong (static words).
 */
const char *quoted_read(const char *text, size_t left, char *out, struct quoted *ret);

#endif /* SHIMS_PEP_QUOTED_H */
