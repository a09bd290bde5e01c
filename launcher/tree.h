/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree - a directory of a package as one thing: settled, digested, compared, removed
 *
 * What lies in it was written by whoever published the package.  Nothing here follows a
 * symlink, and every bound is named: a tree that passes one is refused, never cut.
 */
#ifndef LAUNCHER_TREE_H
#define LAUNCHER_TREE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

#define TREE_DIGEST 32 /* SHA-256 */
#define TREE_HEX (2 * TREE_DIGEST + 1)

/* What cannot stay as it is when an ordinary user changes the file.  No padding: it is
 * digested as it lies. */
struct tree_inode {
	uint64_t number, size;
	int64_t written, changed; /* mtime, ctime, in nanoseconds */
	uint64_t mode;
};

struct tree_entry {
	char *path;   /* below the tree */
	mode_t mode;  /* type and permission bits */
	uint64_t size;
	char *target; /* of a symlink */
	struct tree_inode inode;
	uint8_t content[TREE_DIGEST]; /* of a regular file; zero while not read */
};

struct tree {
	struct tree_entry *v; /* sorted by path, bytewise */
	size_t n;
	uint64_t bytes;
	uint8_t seal[TREE_DIGEST]; /* of names, modes, sizes, inodes and times of change */
};

/* Only look at the inodes: names, modes, links, and the seal.  Return: 0 or -errno. */
int tree_look(const char *dir, struct tree *ret, struct err *err);

/* And read every file.  Return: 0 or -errno. */
int tree_read(const char *dir, struct tree *ret, struct err *err);

/*
 * Make it what may be run: directories and regular files only, and symlinks that stay in
 * it (openat2(2), RESOLVE_BENEATH); read-only, no set-ID bits.  may_leave (or NULL) is the
 * one symlink that may lead out.  Return: 0, -EPERM with the path, or -errno.
 */
int tree_settle(const char *dir, const char *may_leave, struct err *err);

/* SHA-256 over the sorted paths with type, mode, content or target, as "sha256-HEX". */
void tree_digest(const struct tree *t, char ret[static TREE_HEX + 7]);

/* Bytes as lower-case hexadecimal. */
void tree_hex(const uint8_t digest[static TREE_DIGEST], char ret[static TREE_HEX]);

/* Remove dir and all below, whatever its modes.  No dir is no error. */
int tree_remove(const char *dir, struct err *err);

void tree_done(struct tree *t);

#endif /* LAUNCHER_TREE_H */
