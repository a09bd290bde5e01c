/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load - policy documents: from text to struct policy, and which files to trust
 *
 * Unknown members, duplicate members, wrong types and values out of range are
 * errors "ORIGIN:LINE:COLUMN: words".  Only trusted input comes here: files of the
 * administrator or the user, and profiles built into the program.
 */
#ifndef POLICIES_LOAD_H
#define POLICIES_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct err;
struct policy;

/* Who may have written a file, and so what it is allowed to say. */
enum load_trust {
	LOAD_USER = 0,	/* owned by this user or root, not writable by others */
	LOAD_ADMIN,	/* owned by root, like every directory on the way; no symlink */
};

/*
 * text[len] to *ret (caller: policy_done()).  home (absolute) is what ~ stands for.
 * origin names the document in errors.  Return: 0 or -EINVAL.
 */
int load_text(const char *text, size_t len, const char *origin, const char *home,
	      struct policy *ret, struct err *err);

/*
 * Read the file at path when it exists, after checking its owner and mode (and, for
 * LOAD_ADMIN, those of each directory above it).  Return: 1 and *ret_text (caller
 * frees) with *ret_len, 0 when there is no such file, or -errno.
 */
int load_file(const char *path, enum load_trust trust, char **ret_text, size_t *ret_len,
	      struct err *err);

#endif /* POLICIES_LOAD_H */
