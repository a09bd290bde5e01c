/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime_modules - where Node looks for packages, and what lies there as a symlink
 */
#ifndef LAUNCHER_RUNTIME_MODULES_H
#define LAUNCHER_RUNTIME_MODULES_H

#include <stdbool.h>

struct err;
struct runtime;
struct runtime_query;

/* Does a node_modules lie on the way? */
bool runtime_modules_is_in(const char *path);

/* Grant the outermost node_modules on the way of a resolved path, or the whole store of
 * pnpm that it lies in, and what is linked from there. */
int runtime_modules_grant(const struct runtime_query *q, struct runtime *r, const char *path,
			  struct err *err);

/*
 * Grant each node_modules that Node searches from dir upward, up to and without the home
 * and all that is off limits, with the packages linked there: those of the same
 * workspace, and those outside whose manifest bears the name of the link (npm link).
 */
int runtime_modules_upward(const struct runtime_query *q, struct runtime *r, const char *dir,
			   struct err *err);

#endif /* LAUNCHER_RUNTIME_MODULES_H */
