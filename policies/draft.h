/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draft - write the policy of one server
 *
 * What load_text() reads: used by `wrap`, which moves a server's command line and
 * environment from a client's configuration into a policy.
 */
#ifndef POLICIES_DRAFT_H
#define POLICIES_DRAFT_H

#include <stddef.h>

#include "common/strv.h"

struct err;

struct draft {
	const char *server;	   /* its name, or NULL */
	const char *package;	   /* whose profile it starts from, or NULL: the default one */
	struct strv command;	   /* argv */
	struct strv command_files; /* INDEX=path: that argument is in the file */
	struct strv env_set;	   /* NAME=value */
	struct strv env_files;	   /* NAME=path */
	struct strv env_pass;	   /* names */
};

/*
 * *ret_text (caller frees) is indented JSON with a newline at its end; what the profile of
 * the package says is copied into it, so that the file says all that holds.  *ret_profile
 * (static) is the profile's name.  -EINVAL when a string is not UTF-8.
 */
int draft_write(const struct draft *d, char **ret_text, const char **ret_profile,
		   struct err *err);

void draft_done(struct draft *d);

#endif /* POLICIES_DRAFT_H */
