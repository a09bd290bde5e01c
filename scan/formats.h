/* SPDX-License-Identifier: Apache-2.0 */
/*
 * formats - tokens that name themselves, one row each
 *
 * To add a class: one row in formats.c, and nothing else.  tests/unit/test_scan.c makes
 * instances of every row from the row itself, well-formed and with a character missing
 * or added, and demands that the first are found whole and the others are not; a class
 * with a rule that a row cannot say (format_check) gets a maker in tests/unit/scan_make.h.
 *
 * A row is a literal, and patterns of what stands before and behind it.  A pattern is a
 * sequence of items without blanks: a letter of charset.h and a count ("b36"), a range
 * ("d10-13"), or an open end ("u24+"); or 'characters' that stand there as they are.
 * Lengths are exact: a run of more characters of the last item's set is another word,
 * and not the token.  The literal is what the prefilter looks for: give the rarest.
 */
#ifndef SCAN_FORMATS_H
#define SCAN_FORMATS_H

#include <stdbool.h>
#include <stddef.h>

enum format_check {
	CHECK_NONE,
	/* Raise confidence and lift the need of a boundary; a failure suppresses nothing. */
	CHECK_GITHUB,	 /* the last 6 are CRC-32 of what stands between, in base 62 */
	CHECK_GITLAB,	 /* the last 7 are CRC-32 of all before, in base 36 */
	CHECK_HEX_TAIL,	 /* the last 8 are CRC-32 of all before, in hexadecimal */
	CHECK_GRAFANA,	 /* the same, bytes in little-endian order */
	CHECK_CLOUDFLARE,/* the same, without the literal */
	/* What must hold, or the row has not matched. */
	CHECK_MIXED,	 /* letters and digits, or letters of chance: the literal alone
			  * says too little */
	CHECK_EXAMPLE,	 /* not an example of the documentation ("...EXAMPLE") */
	CHECK_JWT,	 /* the header decodes to an object with "alg" or "enc" (RFC 7515, 7516) */
	CHECK_DISCORD,	 /* the first part is a number in base64 */
	CHECK_PEM,	 /* a private key, to its END or the end of the text (RFC 7468) */
};

/* Arrays and no pointers: the table needs no relocation, so that its pages are shared by
 * all processes.  A string that does not fit is refused by scan/tables/gen. */
struct format {
	char class[28];
	char before[16], literal[32], after[36]; /* before, after: may be empty */
	enum format_check check;
	bool is_url; /* the span reaches back to the scheme of the URL */
};

extern const struct format formats[];
extern const size_t formats_n;

/* One item of a pattern. */
struct format_item {
	const char *literal; /* NULL: a run */
	size_t min, max;     /* of a run; literal: both its length */
	unsigned int set;
};

/* Take the item at *pattern and move on.  Return: false at the end,
 * and *ret as it was. */
bool formats_next(const char **pattern, struct format_item *ret);

/*
 * Where the runs end that have been measured in a text, by the bit of their set: a text
 * that begins a token at every fourth byte is not measured to its end each time.  Empty
 * for a new text.
 */
struct format_runs {
	size_t from[16], end[16];
};

/*
 * Whether a format stands in text[len] with its literal at text[at].  *ret_start and
 * *ret_end are the token; *ret_certain: a checksum holds.
 */
bool formats_match(const struct format *f, const char *text, size_t len, size_t at,
		   struct format_runs *runs, size_t *ret_start, size_t *ret_end, bool *ret_certain);

/* The class of a JSON Web Token by its header: "jwt", "jwe", "dpop-proof", "jwt-svid". */
const char *formats_jwt_class(const char *token, size_t len);

/* Nothing of the same word stands left of text[at]; escapes of JSON, of URLs and of
 * terminals end with letters and are no part of a word. */
bool formats_left_open(const char *text, size_t at);

/* Letters of both cases as chance mixes them, and no name of words: large beside large,
 * small beside small, and large behind small are each an eighth at least. */
bool formats_is_shuffled(const char *text, size_t len);

/* Bodies of one or two different characters are written by people, for people. */
bool formats_is_dull(const char *text, size_t len);

#endif /* SCAN_FORMATS_H */
