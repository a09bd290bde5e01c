/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offlimits - paths that must not become visible
 *
 * Two lists.  Keys, and what a login executes, are refused whoever names them.  What a
 * program's own files lead to (a symlink, a #! line, pyvenv.cfg) was perhaps written by
 * the attacker: of that nothing is granted which is a home or above one, a directory
 * that many programs share, or a place where a program keeps passwords and sessions.
 *
 * Paths are absolute and resolved; a listed directory that is a symlink counts where it
 * leads, too: where it led when that home was first asked about.  Reads the file system,
 * changes nothing.
 */
#ifndef LAUNCHER_OFFLIMITS_H
#define LAUNCHER_OFFLIMITS_H

#include <stdbool.h>

/* Is path equal to, below, or (when `above` is set) above a place of keys in that home? */
bool offlimits_is_key(const char *home, const char *path, bool above);

/* Does path reach into `dir`, or dir into path, also where dir is reached by a symlink?
 * dir need not exist. */
bool offlimits_touches(const char *path, const char *dir);

/*
 * The name that path has below home, or that of a directory which holds home, where it has
 * another one: another mount of the same directory, or another case on a file system that
 * does not tell cases apart.  Found by device and inode, as they are when that home is
 * first asked about.  From malloc, or NULL: path has no other name that counts here.
 */
char *offlimits_alias(const char *home, const char *path);

/* Why path is not granted by inference: a few words, static.  NULL: it may be. */
const char *offlimits_inferred(const char *home, const char *path);

#endif /* LAUNCHER_OFFLIMITS_H */
