/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan - find secrets and personal data in text
 *
 * Input is one decoded string (the content of a JSON string, a line of stderr, a file);
 * output is the list of spans to replace.  No I/O, no allocation after scan_open(), no
 * system call, safe after lock.  Four layers:
 *
 *   known     values that the launcher took out of the environment, in every usual
 *             encoding; keyed digests only, the plaintext is not here (known.c)
 *   formats   tokens that name themselves: literal, characters, exact length, boundary,
 *             checksum (formats.c: one row a class, and how to add one)
 *   context   values that a name before them says are secret (context.c); off in what is
 *             decoded
 *   personal  numbers of cards, accounts and persons, each class with its check digits,
 *             each on or off by name (personal.c); all off unless asked for
 *
 * Text that is wrapped in base64, hexadecimal, percent signs or escapes, or laced with
 * characters that show as nothing or as others, is unwrapped and looked at again
 * (unwrap.c).
 *
 * One scan is used by one thread at a time.
 */
#ifndef SCAN_SCAN_H
#define SCAN_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct scan; /* opaque */

#define SCAN_OTHERS 2

struct scan_span {
	size_t start, end;  /* bytes of the text, end exclusive, start < end */
	const char *class;  /* static: "github-pat"; a known value: "environment" */
	bool certain;	    /* a checksum of its format holds */
	/* Spans that overlap are one.  The classes of what else is in it; is_mixed: not all of
	 * them are named, or it reaches to the end for want of room. */
	const char *others[SCAN_OTHERS];
	bool is_mixed;
};

struct scan_config {
	uint64_t personal;  /* classes of personal data, of scan_personal() */
	bool no_context;    /* without the layer "context" */
	bool personal_only; /* without all layers but personal data */
};

/*
 * secrets[len] is what launcher/secrets wrote (common/secrets.h); len 0 is none.
 * It is copied.  Return: 0, -EINVAL when malformed, -ENOMEM.
 */
int scan_open(const void *secrets, size_t len, struct scan **ret, struct err *err);

/* Values that became known since, in place of the last ones (scan/known.h).  Return: 0, or
 * -EINVAL: malformed, or nothing is known at all; then nothing has changed. */
int scan_set_live(struct scan *s, const void *secrets, size_t len);

/* From now on as config says; without it: context, and no personal data. */
void scan_configure(struct scan *s, const struct scan_config *config);

/* The bit of a class of personal data by its name ("pan", "iban", "email", ...), all of
 * them for "all"; 0: no such class. */
uint64_t scan_personal(const char *name);

/* The i-th name, NULL behind the last. */
const char *scan_personal_name(size_t i);

/* The class of a value that the launcher took out of the environment or of a file. */
#define SCAN_KNOWN "environment"

/* The i-th of all classes that a span can have, personal data first; NULL behind the
 * last.  Some come more than once. */
const char *scan_class_name(size_t i);

/* A token that names itself, or a known value: found without a name or a word near it. */
bool scan_names_itself(const char *class);

/* Whether numbers that are not written as strings are worth a look. */
bool scan_has_personal(const struct scan *s);

/*
 * Find what must not pass in text[len], len below 4 GiB.  key[key_len] is the name of the
 * object member that the text is the value of (NULL: none): context for rules that need
 * it.  Spans come sorted and do not overlap; at most max (max >= 1) are written, and when
 * there are more the last one reaches to the end of the text, so that nothing passes for
 * want of room.  Return: the number of spans.
 */
size_t scan_text(const struct scan *s, const char *key, size_t key_len, const char *text,
		 size_t len, struct scan_span *spans, size_t max);

/* The class of a secret in it; NULL when there is none, or s is NULL. */
const char *scan_find(const struct scan *s, const char *text, size_t len);

/* Tests: use that variant of the prefilter (prefilter.h).  Return: whether it exists. */
bool scan_use_variant(struct scan *s, int variant);

void scan_close(struct scan *s);

#endif /* SCAN_SCAN_H */
