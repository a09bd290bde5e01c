/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime_npm - npm packages: what a file belongs to, and what npx would run
 */
#ifndef LAUNCHER_RUNTIME_NPM_H
#define LAUNCHER_RUNTIME_NPM_H

#include "common/strv.h"

struct err;
struct runtime_query;

/* The "name" of the nearest package.json at or above the file; from malloc, or NULL. */
char *runtime_npm_name(const char *file);

/*
 * argv of an npx (or `npm exec`) to the argv of the installed program, without running
 * either: "node", its file, the arguments.  npx is the resolved path of npx itself.
 * Return: 0, -ENOENT when it would have to download, -EINVAL for an option that this
 * does not know.
 */
int runtime_npm_npx(const struct runtime_query *q, const char *npx, char *const *argv,
		    struct strv *ret_argv, struct err *err);

#endif /* LAUNCHER_RUNTIME_NPM_H */
