/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path - small questions about paths, asked as the user
 *
 * What comes from malloc is the caller's; NULL is also the answer when memory is out or a
 * path would be longer than PATH_MAX, so that a finder then finds nothing.
 */
#ifndef LAUNCHER_PATH_H
#define LAUNCHER_PATH_H

#include <stdbool.h>
#include <stddef.h>

/* dirname, from malloc; path is absolute. */
char *path_dir(const char *path);

/* What follows the last slash; points into path. */
const char *path_last(const char *path);

/* As asprintf(), or NULL. */
__attribute__((format(printf, 1, 2))) char *path_make(const char *fmt, ...);

/* name as it is when absolute, else below dir. */
char *path_below(const char *dir, const char *name);

/* Without symlink, "." or ".."; NULL when it does not exist. */
char *path_real(const char *path);

bool path_is_dir(const char *path);
bool path_is_file(const char *path);

/* May this path be one step of a way that we make up from words of a file: not empty, no
 * slash, and neither "." nor ".."? */
bool path_is_name(const char *name);

/*
 * A small text file, NUL-terminated: at most `max` bytes of a regular file that is
 * root's or this user's; NULL for any other.
 */
char *path_read(const char *path, size_t max);

#endif /* LAUNCHER_PATH_H */
