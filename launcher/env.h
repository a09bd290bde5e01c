/* SPDX-License-Identifier: Apache-2.0 */
/*
 * env - the server's environment, by allow list
 *
 * Everything else is removed, and handed to secrets so that the pep recognises the
 * values that looked secret.
 */
#ifndef LAUNCHER_ENV_H
#define LAUNCHER_ENV_H

#include "common/strv.h"

struct err;
struct policy;
struct runtime;
struct user;

struct env {
	struct strv server; /* NAME=value, for execve */
	struct strv known;  /* entries whose values must not cross when they look secret */
	struct strv injected; /* entries taken from files: secret whatever they look like */
};

/*
 * environ_ is the client's environment; given holds `--env` of the command line: NAME
 * (pass it) or NAME=value (set it).  Return: 0 or -errno.
 */
int env_build(char *const *environ_, const struct policy *policy, const struct strv *given,
	      const struct runtime *runtime, const struct user *user, struct env *ret,
	      struct err *err);

/* Set NAME=value, in place of an entry of that name.  Return: 0 or -ENOMEM. */
int env_put(struct strv *list, const char *entry);

void env_done(struct env *e);

#endif /* LAUNCHER_ENV_H */
