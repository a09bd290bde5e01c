/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delta_diff - the difference of two small texts, for a person at a terminal
 */
#ifndef LAUNCHER_DELTA_DIFF_H
#define LAUNCHER_DELTA_DIFF_H

#include <stddef.h>
#include <stdio.h>

/* Larger than this, or with more lines, a text is only said to differ. */
#define DELTA_DIFF_BYTES ((size_t)64 << 10)
#define DELTA_DIFF_LINES 1000

/* text in printable ASCII: every other byte, and a backslash, as \xNN. */
void delta_print(FILE *out, const char *text, size_t len);

/*
 * A unified diff (three lines of context, no file names) from a to b.  Return: 0;
 * -EFBIG beyond the bounds, -EILSEQ for what is no text (a NUL byte), -ENOMEM; then
 * nothing is printed.
 */
int delta_diff(FILE *out, const char *a, size_t a_len, const char *b, size_t b_len);

#endif /* LAUNCHER_DELTA_DIFF_H */
