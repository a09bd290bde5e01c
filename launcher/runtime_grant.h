/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime_grant - what a runtime may read without anybody naming it
 */
#ifndef LAUNCHER_RUNTIME_GRANT_H
#define LAUNCHER_RUNTIME_GRANT_H

#include <stdbool.h>

struct err;
struct runtime;
struct runtime_query;

/* Is the directory too much to grant because a program lies in it: a home, what is
 * above it, or a directory where many programs keep their things? */
bool runtime_is_broad(const struct runtime_query *q, const char *dir);

/* Grant a directory, or when that is broad only `file` in it, with a note. */
int runtime_grant(const struct runtime_query *q, struct runtime *r, const char *dir,
		  const char *file, const char *why, struct err *err);

/* The prefix of an interpreter: the directory above the bin that its real file is in. */
int runtime_grant_prefix(const struct runtime_query *q, struct runtime *r,
			 const char *program, struct err *err);

/* The package that a script belongs to: the outermost node_modules on its way, the
 * nearest directory with a manifest, or the file alone.  path is resolved. */
int runtime_grant_script(const struct runtime_query *q, struct runtime *r, const char *path,
			 struct err *err);

/* dirname, from malloc. */
char *runtime_dir(const char *path);

#endif /* LAUNCHER_RUNTIME_GRANT_H */
