/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uri - one spelling for every URI that means the same, or none (RFC 3986, section 6)
 *
 * A rule is held against the normal form: scheme and host in lower case, percent-encoded
 * bytes decoded, "." and ".." gone, no empty or default port, file: with three slashes.
 * What different readers resolve differently has no normal form: encoded slashes, dots
 * that are segments, backslashes, double encoding, controls and spaces, user information,
 * hosts that are not plain ASCII, ".." in a file: URI (a symlink makes it another file).
 */
#ifndef POLICIES_URI_H
#define POLICIES_URI_H

#include <stddef.h>

/* Room for a normal form. */
#define URI_SIZE ((size_t)8192)

/*
 * Write the normal form of text[len] to out[URI_SIZE], NUL-terminated.
 * Return: 0, or -EINVAL when there is none (too long included).
 */
int uri_normalize(const char *text, size_t len, char *out, size_t *ret_len);

/* Stands for an expression of a template: any text, or none.  No URI holds this byte. */
#define URI_HOLE '\1'

/*
 * The same for a URI template (RFC 6570): its literal parts as every expansion's normal
 * form has them, each expression one URI_HOLE.  -EINVAL also when an expression could make
 * another part of it: in or before the scheme, in a percent-encoding, in the host of a
 * file: URI.
 */
int uri_normalize_template(const char *text, size_t len, char *out, size_t *ret_len);

/* The absolute path of a normal form file:///PATH; NULL for any other. */
const char *uri_path(const char *normal);

#endif /* POLICIES_URI_H */
