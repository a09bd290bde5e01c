/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mountinfo - the table of mounts as the kernel writes it (proc(5), mountinfo)
 *
 * Read whole, and taken apart line by line, in place.
 */
#ifndef LAUNCHER_MOUNTINFO_H
#define LAUNCHER_MOUNTINFO_H

#include <stdbool.h>

struct err;

struct mountinfo {
	long id;
	const char *path; /* the mount point, its escapes undone */
	const char *type; /* of the file system */
};

/* All of /proc/self/mountinfo; *ret_table is the caller's to free.  Return: 0 or -errno. */
int mountinfo_read(char **ret_table, struct err *err);

/* One line without its newline, which is taken apart.  Return: false for one that is none. */
bool mountinfo_parse(char *line, struct mountinfo *ret);

/* Undo the octal escapes in place: space, tab, newline, backslash. */
void mountinfo_unescape(char *s);

#endif /* LAUNCHER_MOUNTINFO_H */
