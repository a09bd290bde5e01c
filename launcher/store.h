/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store - the packages that mcp-confine installed for this user
 *
 *   ~/.local/share/mcp-confine/packages/
 *     lock                  held exclusively by who changes anything
 *     staging/              of the one install that runs; swept by the next
 *     npm/@scope+name/      likewise pypi/, mcpb/
 *       current             a symlink: what runs
 *       previous            a symlink: where rollback goes
 *       sha256-HEX/         named by the digest of its tree
 *         lock.json         names, versions, integrity, digest, date
 *         seal              of the inodes when the digest was last seen to hold
 *         tree/             read-only
 */
#ifndef LAUNCHER_STORE_H
#define LAUNCHER_STORE_H

#include <jansson.h>

#include "common/strv.h"
#include "launcher/fstree.h"
#include "launcher/spec.h"

struct err;
struct user;

/* An exclusive lock, and the staging directory swept and made anew.  Return: a descriptor
 * to close at the end, -EWOULDBLOCK while another install runs, or -errno. */
int store_lock(const struct user *u, char **ret_staging, struct err *err);

/*
 * Where `which` ("current" or "previous") of a package leads, resolved; from malloc, or
 * NULL when there is none.  home is the account's.
 */
char *store_find(const char *home, enum spec_kind kind, const char *name, const char *which);

/* The directory of the installed package that path lies in ("…/sha256-HEX"), from malloc,
 * or NULL.  data is user->data. */
char *store_of(const char *data, const char *path);

/* The lock file of dir; NULL when it is none. */
json_t *store_read_lock(const char *dir);

/*
 * Settle and digest staging/package/tree, write its lock file (the digest, the size and the
 * date are added to lock) and move it to its place.  Nothing runs from there yet.
 * *ret_dir is the caller's to free.
 */
int store_commit(const struct user *u, const struct spec *s, const char *staging,
		 const char *may_leave, json_t *lock, char **ret_dir, struct err *err);

/* Let `current` be dir, and `previous` what it was; what is neither is removed. */
int store_select(const struct user *u, const struct spec *s, const char *dir, struct err *err);

/* Remove what is neither current nor previous of a package. */
int store_sweep(const struct user *u, const struct spec *s, struct err *err);

/* Is the tree what its lock says?  Cheap while no inode changed.  Return: 0, -EBADMSG
 * with words when it is not, or -errno. */
int store_verify(const char *dir, struct err *err);

/* All packages, as "npm:NAME", sorted.  Return: 0 or -errno. */
int store_list(const struct user *u, struct strv *ret, struct err *err);

/* The package that a user calls `text`: "npm:NAME", or NAME when only one has it; a version
 * behind it stays in ret.  Return: 0, -ENOENT, -EINVAL. */
int store_name(const struct user *u, const char *text, struct spec *ret, struct err *err);

/* All of one package. */
int store_remove(const struct user *u, const struct spec *s, struct err *err);

#endif /* LAUNCHER_STORE_H */
