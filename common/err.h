/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err - what went wrong, in words, owned by the caller
 *
 * A function that can fail takes `struct err *err` last and returns -errno.
 * err_set() is called where it happens and names the object; err_wrap() adds
 * context on the way up, so the text reads "context: cause".  Only main prints.
 * Nothing here allocates, so reporting cannot fail and works after lockdown.
 * `err` may be NULL: then only the code is returned.
 */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

#include <stddef.h>

#define ERR_TEXT 768 /* a path of common length, its context, and the next step */

struct err {
	int code; /* a positive errno, 0 while nothing went wrong */
	char text[ERR_TEXT];
};

/* Record code (a positive errno) and words; the first error sticks.  Return: -code. */
__attribute__((format(printf, 3, 4))) int err_set(struct err *err, int code,
						  const char *fmt, ...);

/* As err_set(), with ": " and strerror(code) behind the words. */
__attribute__((format(printf, 3, 4))) int err_errno(struct err *err, int code,
						    const char *fmt, ...);

/* Put "words: " before what is recorded.  Return: -code of what is recorded. */
__attribute__((format(printf, 2, 3))) int err_wrap(struct err *err, const char *fmt, ...);

/* Forget, to try another way. */
void err_clear(struct err *err);

/*
 * Copy text to out (size > 0) with every byte outside printable ASCII replaced
 * by '?', cut at size - 1: for names that someone else chose and a terminal
 * will show.  Return: out.
 */
const char *err_printable(char *out, size_t size, const char *text);

#endif /* COMMON_ERR_H */
