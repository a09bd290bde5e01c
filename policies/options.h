/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options - what a command line says, as the weakest policy document
 *
 * So that options pass through the same loader and the same merge as every file, and
 * can only name paths and destinations, or narrow; a lower tier holds only where no file
 * names a tier.
 */
#ifndef POLICIES_OPTIONS_H
#define POLICIES_OPTIONS_H

#include <stdbool.h>

#include "common/strv.h"

struct bundle;
struct err;

struct options {
	struct strv read, write, overlay; /* absolute paths */
	const char *minimum_tier; /* a word of the policy's, or NULL */
	struct strv connect;	 /* "name:port" */
	struct strv addresses;	 /* ranges that are not public; counts with connect only */
	bool has_room; /* the limits of an installer, which takes more than a server */
};

/* Append a layer that lets through the tools of globs[len], which have commas between them,
 * and no other.  Return: 0 or -errno. */
int options_bound_tools(struct bundle *b, const char *globs, size_t len, struct err *err);

/* Append them to the bundle; nothing when there are none.  Return: 0 or -errno. */
int options_add(struct bundle *b, const struct options *o, struct err *err);

#endif /* POLICIES_OPTIONS_H */
