/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/limits.h"
#include "policies/load.h"

static int check_owner(const char *path, const struct stat *st, enum load_trust trust,
		       struct err *err)
{
	if (st->st_uid != 0 && (trust == LOAD_ADMIN || st->st_uid != getuid()))
		return err_set(err, EPERM, "policy %s: owned by user %u; make it %s", path,
			       (unsigned int)st->st_uid,
			       trust == LOAD_ADMIN ? "root's: chown root" : "yours: chown it");
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return err_set(err, EPERM, "policy %s: writable by others; chmod go-w it", path);
	return 0;
}

/*
 * Of a user's policy the directory counts too: who may write it can put another file of
 * this user's in the place of this one.  Return: 0, also when it is not there, or -errno.
 */
static int check_directory(const char *path, struct err *err)
{
	cleanup_free char *dir = strdup(path);
	char *slash = dir ? strrchr(dir, '/') : NULL;
	struct stat st;

	if (!slash || slash == dir)
		return dir ? 0 : err_errno(err, ENOMEM, "policy %s", path);
	*slash = '\0';
	if (stat(dir, &st) < 0)
		return 0;
	return check_owner(dir, &st, LOAD_USER, err);
}

/* Down from / without following a symlink; with LOAD_ADMIN each directory is root's. */
static int open_admin(const char *path, struct err *err)
{
	cleanup_close int dir = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char name[256], so_far[4096] = "";
	const char *p = path + 1;

	while (dir >= 0) {
		size_t len = strcspn(p, "/"), at = strlen(so_far);
		cleanup_close int next = -1;
		struct stat st;
		int r;

		if (len >= sizeof(name) || at + len + 2 > sizeof(so_far))
			return err_errno(err, ENAMETOOLONG, "policy %s", path);
		memcpy(name, p, len);
		name[len] = '\0';
		so_far[at] = '/';
		memcpy(so_far + at + 1, name, len + 1);
		next = openat(dir, name, (p[len] ? O_PATH | O_DIRECTORY : O_RDONLY | O_NONBLOCK) |
						 O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return errno == ENOENT ? -ENOENT :
						 err_errno(err, errno, "policy %s", so_far);
		if (fstat(next, &st) < 0)
			return err_errno(err, errno, "policy %s", so_far);
		r = check_owner(so_far, &st, LOAD_ADMIN, err);
		if (r < 0)
			return r;
		if (!p[len])
			return take_fd(&next);
		close(dir);
		dir = take_fd(&next);
		p += len + 1;
	}
	return err_errno(err, errno, "open /");
}

int load_file(const char *path, enum load_trust trust, char **ret_text, size_t *ret_len,
	      struct err *err)
{
	cleanup_close int fd = -1;
	struct stat st;
	int r;

	if (trust == LOAD_ADMIN) {
		fd = open_admin(path, err);
	} else {
		r = check_directory(path, err);
		if (r < 0)
			return r;
		fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0 && errno != ENOENT && errno != ENOTDIR)
			return err_errno(err, errno, "policy %s", path);
	}
	if (fd < 0)
		return err && err->code ? -err->code : 0;
	if (fstat(fd, &st) < 0)
		return err_errno(err, errno, "policy %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "policy %s: not a regular file", path);
	r = check_owner(path, &st, trust, err);
	if (r < 0)
		return r;
	r = fd_read_all(fd, LIMIT_POLICY, ret_text, ret_len, err);
	return r < 0 ? err_wrap(err, "policy %s", path) : 1;
}
