/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/private.h"
#include "launcher/user.h"

static int open_directory(int at, const char *name)
{
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool is_name(const struct dirent *e)
{
	return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

/* As the owner we can undo whatever mode a server gave its directory. */
static int open_owned(int at, const char *name)
{
	int fd = open_directory(at, name);
	struct stat st;

	if (fd >= 0 || errno != EACCES)
		return fd;
	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode) ||
	    fchmodat(at, name, 0700, 0) < 0)
		return -1;
	return open_directory(at, name);
}

/*
 * Empty the directory `name` of `top`: files go, directories move up into top under
 * new names.  So a tree of any depth is removed with two descriptors and no recursion:
 * what lies in it was made by a hostile program.
 */
static int flatten(int top, const char *name, unsigned int *serial)
{
	int fd = open_owned(top, name);
	struct dirent *e;
	DIR *dir;

	if (fd < 0)
		return -errno;
	fchmod(fd, 0700);
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	while ((e = readdir(dir))) {
		char up[32];

		if (!is_name(e) || unlinkat(fd, e->d_name, 0) == 0)
			continue;
		snprintf(up, sizeof(up), ".up-%u", (*serial)++);
		/* Moving a directory changes its "..", which its own mode must allow. */
		if (renameat(fd, e->d_name, top, up) < 0 &&
		    (fchmodat(fd, e->d_name, 0700, 0) < 0 || renameat(fd, e->d_name, top, up) < 0))
			break;
	}
	closedir(dir);
	return 0;
}

void private_remove(int at, const char *name)
{
	unsigned int serial = 0;
	bool is_moving = true;

	while (is_moving) {
		int top = open_owned(at, name);
		DIR *dir = top < 0 ? NULL : fdopendir(top);
		struct dirent *e;

		is_moving = false;
		if (!dir) {
			if (top >= 0)
				close(top);
			break;
		}
		while ((e = readdir(dir))) {
			if (!is_name(e) || unlinkat(top, e->d_name, 0) == 0)
				continue;
			if (unlinkat(top, e->d_name, AT_REMOVEDIR) == 0 ||
			    (flatten(top, e->d_name, &serial) == 0 &&
			     unlinkat(top, e->d_name, AT_REMOVEDIR) == 0))
				is_moving = true;
		}
		closedir(dir);
	}
	unlinkat(at, name, AT_REMOVEDIR);
}

/* Every directory that no living launcher holds. */
static void remove_stale(int parent)
{
	int fd = dup(parent);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	rewinddir(dir);
	while ((e = readdir(dir))) {
		cleanup_close int one = -1;

		if (!is_name(e))
			continue;
		one = open_owned(parent, e->d_name);
		if (one >= 0 && flock(one, LOCK_EX | LOCK_NB) == 0)
			private_remove(parent, e->d_name);
	}
	closedir(dir);
}

int private_open(const struct user *user, const char *id, char **ret_path, struct err *err)
{
	cleanup_free char *path = NULL, *whole = NULL;
	cleanup_close int parent = -1, fd = -1;
	int r = user_state(user, "private", &path, err);

	if (r < 0)
		return r;
	if (asprintf(&whole, "%s/%s", path, id) < 0)
		return err_errno(err, ENOMEM, "private directory");
	parent = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* Held while we look and make: a directory without its lock yet is not stale. */
	if (parent < 0 || flock(parent, LOCK_EX) < 0)
		return err_errno(err, errno, "lock %s", path);
	remove_stale(parent);
	if (mkdirat(parent, id, 0700) < 0)
		return err_errno(err, errno, "make %s", whole);
	fd = open_directory(parent, id);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || mkdirat(fd, "home", 0700) < 0 ||
	    mkdirat(fd, "tmp", 0700) < 0)
		return err_errno(err, errno, "make %s", whole);
	*ret_path = take_ptr(&whole);
	return take_fd(&fd);
}
