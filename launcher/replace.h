/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replace - read a configuration file, and put another text into its place whole
 *
 * A new file in the same directory, written, synchronised and renamed over the old one:
 * a reader, or a machine that stops, sees the one or the other.  Owner, mode and extended
 * attributes stay.  A symbolic link, a file of several names, of another owner, or in a
 * directory that someone else can write is refused, since the new file would not be what
 * the old one was, or not where it was.
 */
#ifndef LAUNCHER_REPLACE_H
#define LAUNCHER_REPLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

struct err;

struct replace {
	int dir;	   /* of the directory that holds it */
	char *path;	   /* as it was given */
	const char *name;  /* in the directory; within path */
	struct stat st;	   /* when it was read */
	char *text;
	size_t len;
};

/* Open for a replacement, and read it.  0 or -errno; replace_close() on success. */
int replace_open(const char *path, struct replace *ret, struct err *err);

/* Put text in its place, unless it has changed since it was read (-EBUSY). */
int replace_write(struct replace *f, const char *text, size_t len, struct err *err);

void replace_close(struct replace *f);

/* Only read, through symbolic links as the client does.  *ret_text is the caller's. */
int replace_read(const char *path, char **ret_text, size_t *ret_len, struct err *err);

/* Does the file hold exactly that text? */
bool replace_holds(const char *path, const char *text);

/*
 * A new file of mode 0600 with that text, whole or not at all; what was there is replaced
 * when may_replace, and -EEXIST otherwise.  The directory must exist.
 */
int replace_create(const char *path, const char *text, size_t len, int may_replace,
		   struct err *err);

/* mkdir -p, 0700 for what is new. */
int replace_make_directory(const char *path, struct err *err);

#endif /* LAUNCHER_REPLACE_H */
