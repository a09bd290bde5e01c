/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime_npm - npm packages: what a file belongs to, and what npx would run
 */
#ifndef LAUNCHER_RUNTIME_NPM_H
#define LAUNCHER_RUNTIME_NPM_H

#include <stdbool.h>

#include "common/strv.h"

struct err;
struct runtime_query;

/*
 * The name under which npm installed the package that the file lies in: what its
 * package.json says, when that is also where it lies (node_modules/NAME).  A name picks a
 * profile and a persistent home, and anybody can write one into a manifest: nor does it
 * count inside of another package, which may bring what it likes and start it as its own.
 * From malloc, or NULL.
 */
char *runtime_npm_name(const char *file);

/* Does this script lie where only a package manager writes: in a project's .bin, outside
 * of every package, or in pnpm's directory of the user's programs? */
bool runtime_npm_is_shim(const char *home, const char *file);

/* The "name" in dir/package.json, from malloc, or NULL. */
char *runtime_npm_own_name(const char *dir);

/* Is there a dir/package.json?  *ret_has_name: and does it name a package? */
bool runtime_npm_has_manifest(const char *dir, bool *ret_has_name);

/*
 * argv of an npx (or of `npm exec`, from its second word) to the argv of the installed
 * program, without running either: "node", its file, the arguments.  command is the path
 * that npx was found under, npx what that resolves to.
 * Return: 0, -ENOENT when it would have to download, -EINVAL for an option that this
 * does not know.
 */
int runtime_npm_npx(const struct runtime_query *q, const char *command, const char *npx,
		    char *const *argv, struct strv *ret_argv, struct err *err);

/* The program `command` of the package `name` below modules (a node_modules), from malloc,
 * or NULL. */
char *runtime_npm_program(const char *modules, const char *name, const char *command);

#endif /* LAUNCHER_RUNTIME_NPM_H */
