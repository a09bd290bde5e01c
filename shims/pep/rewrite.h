/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rewrite - the message that leaves, written anew from the tape
 *
 * What leaves is a function of what was judged, so no peer can read another message in
 * it.  Received bytes leave only where they are that function's value, which the parser
 * proves (json.h, is_canonical); then they are not written a second time.  One line: no control character, U+0085,
 * U+2028 and U+2029 escaped (some readers end a line there), names in the order and
 * numbers in the text they came in.  Every string value passes the scanner and what it
 * finds becomes [REDACTED:class], or what else the policy says (findings.h).
 */
#ifndef SHIMS_PEP_REWRITE_H
#define SHIMS_PEP_REWRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct findings;
struct json;
struct scan;
struct seam;

struct rewrite {
	const struct json *json;
	const struct scan *scan;     /* NULL: nothing is redacted */
	struct findings *findings;   /* NULL: all that is found is redacted */
	const uint32_t *hide;	     /* values to leave out, with their names; ascending */
	size_t n_hide, next_hide;
	bool may_keep;		     /* see is_kept */
	/* results; findings has more */
	size_t redacted;	     /* spans replaced, or that stopped the message */
	size_t hidden;		     /* values left out */
	const char *class;	     /* of the last of them, static */
	/* The text that was parsed is, to the byte and but for its newline, what leaves: it was
	 * proven canonical, and everything in it was looked at.  Nothing was written. */
	bool is_kept;
	/* inside */
	bool wants;		     /* some values are looked at without a hit */
	const struct seam *seams;
	size_t n_seams;
};

/*
 * Write the message and its newline to out[size].  Return: its length (of what is kept as
 * well); -ENOBUFS; or
 * -EPERM when a secret stands where it cannot be replaced (the name of a member, or a field
 * of the protocol by its place, fixed.h), or the policy says that it blocks: the message
 * must not pass.
 */
long rewrite_message(struct rewrite *r, char *out, size_t size);

/* The same for one value and all that it holds, without a newline. */
long rewrite_value(struct rewrite *r, uint32_t node, char *out, size_t size);

/* Escape text[len] as the inside of a JSON string.  Return: length or -ENOBUFS. */
long rewrite_escape(const char *text, size_t len, char *out, size_t size);

#endif /* SHIMS_PEP_REWRITE_H */
