/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fstree - a directory of a package as one thing: settled, digested, compared, removed
 *
 * What lies in it was written by whoever published the package.  Nothing here follows a
 * symlink, and every bound is named: a tree that passes one is refused, never cut.
 */
#ifndef LAUNCHER_FSTREE_H
#define LAUNCHER_FSTREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

#define FSTREE_DIGEST 32 /* SHA-256 */
#define FSTREE_SEAL ((size_t)256 << 20) /* bytes: all paths of the largest tree */
#define FSTREE_HEX (2 * FSTREE_DIGEST + 1)

struct fstree_entry {
	char *path;   /* below the tree */
	mode_t mode;  /* type and permission bits */
	uint64_t size;
	char *target; /* of a symlink */
	uint8_t content[FSTREE_DIGEST]; /* of a regular file; zero while not read */
};

struct fstree {
	struct fstree_entry *v; /* sorted by path, bytewise */
	size_t n;
	uint64_t bytes;
};

/*
 * What is cheap to look at again: the paths, and a digest of what cannot stay as it is when
 * an ordinary user changes a file, a directory's list of names included: modes, sizes, and
 * the inodes' numbers and times.  *ret (from malloc) is NULL while the tree is so new that a
 * further change could carry the same time.  Return: 0 or -errno.
 */
int fstree_seal(const char *dir, char **ret, size_t *ret_len, struct err *err);

/* Does it still hold?  One lstat(2) a file; no directory is read and no file opened. */
bool fstree_has_seal(const char *dir, const char *seal, size_t len);

/* Read every file.  Return: 0 or -errno. */
int fstree_read(const char *dir, struct fstree *ret, struct err *err);

/*
 * Make it what may be run: directories and regular files only, and symlinks that stay in
 * it (openat2(2), RESOLVE_BENEATH); read-only, no set-ID bits.  may_leave (or NULL) is the
 * one symlink that may lead out.  Return: 0, -EPERM with the path, or -errno.
 */
int fstree_settle(const char *dir, const char *may_leave, struct err *err);

/* SHA-256 over the sorted paths with type, mode, content or target, as "sha256-HEX". */
void fstree_digest(const struct fstree *t, char ret[static FSTREE_HEX + 7]);

/* Bytes as lower-case hexadecimal. */
void fstree_hex(const uint8_t digest[static FSTREE_DIGEST], char ret[static FSTREE_HEX]);

/* Remove dir and all below, whatever its modes.  No dir is no error. */
int fstree_remove(const char *dir, struct err *err);

void fstree_done(struct fstree *t);

#endif /* LAUNCHER_FSTREE_H */
