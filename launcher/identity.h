/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identity - is a command this very program?
 *
 * Known by what it is, the file that runs now or a byte-for-byte copy of it, never by
 * what it is called: a script named mcp-confine is a script.
 */
#ifndef LAUNCHER_IDENTITY_H
#define LAUNCHER_IDENTITY_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

struct err;

struct identity {
	int fd;	    /* of this program */
	struct stat st;
	char *path; /* where it lies: absolute, no symlink */
	uid_t uid;  /* whose copies count beside root's */
};

/* Return: 0 or -errno; a program that was replaced since it started has no path. */
int identity_open(uid_t uid, struct identity *ret, struct err *err);

/*
 * Would starting `command` start this program?  A bare name is looked for in path (or in
 * the system's directories when that is NULL); a relative path never is.  A copy that
 * another user could change is none.
 */
bool identity_is_ours(const struct identity *id, const char *command, const char *path);

void identity_close(struct identity *id);

#endif /* LAUNCHER_IDENTITY_H */
