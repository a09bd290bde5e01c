/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nolinks - open a path and follow no symlink on the way
 *
 * openat2(2) with RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS (Linux 5.6).  Where that
 * call is missing or a filter refuses it, the path is walked with openat(2) and
 * O_NOFOLLOW, one component at a time: the same answers, a symlink anywhere is ELOOP.
 */
#ifndef COMMON_NOLINKS_H
#define COMMON_NOLINKS_H

/*
 * A relative path starts at dirfd; it may not hold "..".  flags: O_PATH, and what goes
 * with it.  Return: a descriptor (O_CLOEXEC), or -1 and errno as open(2); ELOOP for a
 * symlink, EXDEV for "..".
 */
int nolinks_open(int dirfd, const char *path, int flags);

/* The walk alone, for tests. */
int nolinks_walk(int dirfd, const char *path, int flags);

#endif /* COMMON_NOLINKS_H */
