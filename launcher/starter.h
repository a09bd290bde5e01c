/* SPDX-License-Identifier: Apache-2.0 */
/*
 * starter - a first policy for an installed package, and what its manifest asks for
 *
 * A manifest is written by whoever published the package, so nothing of it becomes a
 * grant: the policy names the command and nothing else, and each wish is a sentence for
 * the user, with the member that would grant it.
 */
#ifndef LAUNCHER_STARTER_H
#define LAUNCHER_STARTER_H

#include <jansson.h>

#include "common/strv.h"
#include "launcher/spec.h"

struct err;
struct user;

struct starter {
	json_t *policy;
	struct strv wishes;
	char name[65]; /* of the server */
};

/* Of a package from npm or PyPI, or of a bundle (from its manifest.json): of the version
 * in `dir`, or for NULL of whatever `current` leads to when it runs.  manifest: a
 * server.json's entry of it, or NULL. */
int starter_make(const struct user *u, const struct spec *s, const char *dir, json_t *manifest,
		 struct starter *ret, struct err *err);

/* The first package of a server.json that can be installed.  *ret_entry is borrowed. */
int starter_choose(json_t *server, struct spec *ret, json_t **ret_entry, struct err *err);

/* Write it to the user's servers/NAME.json.  -EEXIST when there is one. */
int starter_write(const struct user *u, const struct starter *s, char **ret_path,
		  struct err *err);

void starter_done(struct starter *s);

#endif /* LAUNCHER_STARTER_H */
