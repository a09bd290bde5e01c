/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime_grant - what a runtime may read without anybody naming it
 *
 * Everything that inference makes visible passes here.  A package is written by whoever
 * published it: what its files lead to is granted only when it is no place of keys, no
 * home and nothing that many programs share (offlimits).
 */
#ifndef LAUNCHER_RUNTIME_GRANT_H
#define LAUNCHER_RUNTIME_GRANT_H

#include <stdbool.h>

struct err;
struct runtime;
struct runtime_query;

/* Why nothing infers this resolved path, a few words; NULL: it may be granted. */
const char *runtime_never(const struct runtime_query *q, const char *path);

/* Grant what path resolves to; -EACCES with its name when that is off limits. */
int runtime_grant(const struct runtime_query *q, struct runtime *r, const char *path,
		  const char *why, struct err *err);

/*
 * Grant what a file of the package names.  named_by is that file.  What is off limits,
 * or not this user's or root's, or not there, is not granted: a note says so.
 * Return: 1 granted, 0 not, -errno.
 */
int runtime_infer(const struct runtime_query *q, struct runtime *r, const char *path,
		  const char *named_by, const char *why, struct err *err);

/* Add a note, once; what does not fit into their number is counted by a last one. */
__attribute__((format(printf, 2, 3))) int runtime_note(struct runtime *r, const char *fmt, ...);

/*
 * Say that the server may need the resolved `path`, which only a user can grant: the plan
 * adds ": --read PATH" to the words, or, when it is granted, lets code be loaded from it.
 */
__attribute__((format(printf, 3, 4))) int runtime_want(struct runtime *r, const char *path,
						       const char *fmt, ...);

/*
 * The package that a script belongs to: the outermost node_modules on its way, the
 * directory of the nearest manifest, or the file alone.  path is resolved; it may be a
 * directory.
 */
int runtime_grant_script(const struct runtime_query *q, struct runtime *r, const char *path,
			 struct err *err);

/* The nearest directory at or above dir with a manifest, below every directory that is
 * off limits; from malloc, or NULL. */
char *runtime_package_root(const struct runtime_query *q, const char *dir);

#endif /* LAUNCHER_RUNTIME_GRANT_H */
