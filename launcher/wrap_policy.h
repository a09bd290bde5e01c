/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wrap_policy - the policy file that wrap would write for an entry, and its name
 *
 * A name that is free, or that means exactly this policy already; one that the
 * administrator gave to another command is not free.  Nothing is written here.
 */
#ifndef LAUNCHER_WRAP_POLICY_H
#define LAUNCHER_WRAP_POLICY_H

#include <stdbool.h>

#include "common/strv.h"

struct draft;
struct err;
struct identity;
struct user;

/* A policy and its secrets, by the name that it has; shared by entries that are the same. */
struct wrap_policy {
	char id[65];
	char *path;		 /* of the policy file */
	char *text;
	const char *profile;	 /* static */
	struct strv secrets;	 /* path, value, path, value ... */
	bool exists;		 /* as it is, with its secrets: nothing to write */
};

struct wrap_context {
	const struct user *user;
	const struct identity *identity;
	const char *cwd;	 /* what relative names of the entry mean; absolute */
	const struct strv *taken; /* id, key, id, key ... of this plan so far */
};

/*
 * Name the policy of a server called `name` and write its text: d without its files, which
 * are filled in from secrets (a variable's name or "argument-N", then the value, in turn).
 * Return: 0, or -errno with words.
 */
int wrap_policy_choose(const struct wrap_context *c, const char *client, const char *name,
		       struct draft *d, const struct strv *secrets, struct wrap_policy *ret,
		       struct err *err);

/* All that makes the policy what it is: its text and its secrets.  Caller frees. */
char *wrap_policy_key(const struct wrap_policy *p);

void wrap_policy_done(struct wrap_policy *p);

#endif /* LAUNCHER_WRAP_POLICY_H */
