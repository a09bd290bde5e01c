/* SPDX-License-Identifier: Apache-2.0 */
/*
 * walk - resolve a path component by component and remember every symlink passed
 *
 * A path that will be bound into the sandbox is resolved once, by descriptor, and
 * pinned: what is bound later is compared with the device and inode found here.
 * Symlinks are followed only where nobody else could have put them: in a directory
 * that belongs to root or to this user and that others cannot write (a sticky one
 * counts when the link itself is root's or ours).
 */
#ifndef LAUNCHER_WALK_H
#define LAUNCHER_WALK_H

#include <limits.h>
#include <sys/stat.h>

#include "common/strv.h"

struct err;

struct walk_link {
	char *path; /* where the symlink lies, its own directory resolved */
	char *text; /* what it says */
};

struct walk {
	char real[PATH_MAX]; /* absolute, without symlink, "." or ".." */
	struct stat st;	     /* of what it names */
	struct walk_link *links;
	size_t n_links;
};

/* path is absolute.  Return: 0; -ENOENT, -ELOOP, -EPERM (a symlink not to be trusted). */
int walk_path(const char *path, struct walk *ret, struct err *err);

void walk_done(struct walk *w);

/* Is path equal to dir or below it?  Both absolute and resolved. */
int walk_is_below(const char *path, const char *dir);

#endif /* LAUNCHER_WALK_H */
