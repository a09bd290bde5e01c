/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wrap_undo - what a configuration was before it was wrapped, and what it would be now
 */
#ifndef LAUNCHER_WRAP_UNDO_H
#define LAUNCHER_WRAP_UNDO_H

#include <stddef.h>

struct err;
struct record;
struct strv;

/*
 * The text with every entry that is in the record as it was: the original itself when
 * nothing has changed since.  *ret_restored counts the entries, *ret_left those that stay
 * confined; what does not come back is a sentence in notes.  Caller frees *ret_text.
 */
int wrap_undo(const struct record *r, const char *text, size_t len, char **ret_text,
	      size_t *ret_len, size_t *ret_restored, size_t *ret_left, struct strv *notes,
	      struct err *err);

#endif /* LAUNCHER_WRAP_UNDO_H */
