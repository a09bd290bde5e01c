/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secrets - which values of the environment are secret, and their digests for the pep
 *
 * The launcher removes most of the client's environment before the server starts.
 * Values that look secret (by the entry's name, length and randomness) are handed to
 * the pep as keyed digests (common/secrets.h), so that it recognises them in any
 * message without knowing them.  The key is fresh in every start.
 */
#ifndef LAUNCHER_SECRETS_H
#define LAUNCHER_SECRETS_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct strv;

/* Does the entry NAME=value hold something to recognise?  Pure. */
bool secrets_is_secret(const char *name, const char *value);

/*
 * The digests of the secret ones among entries ("NAME=value"), and of all in certain, in
 * the encodings that a peer would use (as is, hexadecimal, percent, base64 at three
 * alignments).  What is shorter than SECRETS_GRAM cannot be recognised and is left out.
 * *ret_data is the caller's to free.  *ret_count is how many values are known.
 */
int secrets_digest(const struct strv *entries, const struct strv *certain, void **ret_data,
		   size_t *ret_len, size_t *ret_count, struct err *err);

#endif /* LAUNCHER_SECRETS_H */
