/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan - find secrets in text: known values, and formats that name themselves
 *
 * Input is one decoded string (the content of a JSON string or a line of stderr);
 * output is the list of spans to replace.  No I/O, no allocation after scan_open(),
 * safe after lock.  Two layers: values that the launcher took out of the server's
 * environment (keyed digests only: the plaintext is not here), and token formats
 * with exact length and boundaries, whose table is scan_formats.c.
 */
#ifndef SHIMS_PEP_SCAN_H
#define SHIMS_PEP_SCAN_H

#include <stddef.h>

struct err;
struct scan; /* opaque */

struct scan_span {
	size_t start, end;  /* bytes of the text, end exclusive, start < end */
	const char *class;  /* static: "github-pat"; a known value: "environment" */
};

/*
 * secrets[len] is what launcher/secrets wrote (common/secrets.h); len 0 is none.
 * It is copied.  Return: 0, -EINVAL when malformed, -ENOMEM.
 */
int scan_open(const void *secrets, size_t len, struct scan **ret, struct err *err);

/*
 * Find what must not pass in text[len].  key[key_len] is the name of the object
 * member that the text is the value of (NULL: none): context for rules that need it.
 * Spans come sorted and do not overlap; at most max (max >= 1) are written, and when
 * there are more the last one reaches to the end of the text, so that nothing
 * passes for want of room.  Return: the number of spans.
 */
size_t scan_text(const struct scan *s, const char *key, size_t key_len, const char *text,
		 size_t len, struct scan_span *spans, size_t max);

/* The class of the first secret in it; NULL when there is none, or s is NULL. */
const char *scan_find(const struct scan *s, const char *text, size_t len);

void scan_close(struct scan *s);

#endif /* SHIMS_PEP_SCAN_H */
