/* SPDX-License-Identifier: Apache-2.0 */
/*
 * needles - keyed digests of a secret value, in every encoding that a peer would use
 *
 * As is, inside of JSON, hexadecimal, percent, base64 at three alignments: the form is
 * common/secrets.h's.  The launcher makes those of the environment; who refreshes a token
 * makes those of the new one, under the same keys.
 */
#ifndef COMMON_NEEDLES_H
#define COMMON_NEEDLES_H

#include <stddef.h>

#include "common/secrets.h"

struct err;

struct needles {
	struct secrets_header head;
	struct secrets_needle *v;
	char (*beginnings)[2 * SECRETS_GRAM]; /* of each needle, for its probes */
	size_t n;
};

/* Under new random keys.  Return: 0 or -errno.  needles_done() in any case. */
int needles_start(struct needles *ret, struct err *err);

/* Under the keys of those that there are. */
void needles_again(struct needles *ret, const struct secrets_header *head);

/* What is shorter than SECRETS_GRAM cannot be recognised and is left out.  0 or -ENOMEM. */
int needles_add(struct needles *l, const char *value);

/* The form of common/secrets.h; *ret_data is the caller's to free.  0 or -ENOMEM. */
int needles_finish(struct needles *l, void **ret_data, size_t *ret_len, struct err *err);

void needles_done(struct needles *l);

#endif /* COMMON_NEEDLES_H */
