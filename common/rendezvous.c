/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/rendezvous.h"

/* Of this user, and nobody else may write or look. */
static bool is_ours(int fd, mode_t others)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == getuid() &&
	       !(st.st_mode & others);
}

static int open_below(int parent, const char *name, int makes, const char *shown,
		      struct err *err)
{
	cleanup_close int fd = -1;

	if (makes && mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
		return err_errno(err, errno, "make directory %s/%s", shown, name);
	fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ENOENT :
					 err_errno(err, errno, "open %s/%s", shown, name);
	if (!is_ours(fd, S_IRWXG | S_IRWXO))
		return err_set(err, EPERM,
			       "%s/%s: not a directory of this user's alone; remove it, or chmod "
			       "700 it", shown, name);
	return take_fd(&fd);
}

int rendezvous_open(unsigned int i, const char *state, int makes, struct err *err)
{
	cleanup_close int parent = -1;
	char path[64];

	if (i == 0) {
		snprintf(path, sizeof(path), "/run/user/%u", (unsigned int)getuid());
		parent = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (parent < 0 || !is_ours(parent, S_IRWXG | S_IRWXO))
			return -ENOENT;
		return open_below(parent, "mcp-confine", makes, path, err);
	}
	if (i >= RENDEZVOUS_PLACES)
		return -ENOENT;
	parent = open(state, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0)
		return errno == ENOENT ? -ENOENT : err_errno(err, errno, "open %s", state);
	if (!is_ours(parent, S_IWGRP | S_IWOTH))
		return err_set(err, EPERM, "state directory %s: not a directory of this user's alone",
			       state);
	return open_below(parent, "run", makes, state, err);
}
