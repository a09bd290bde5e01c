/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/limits.h"
#include "launcher/account.h"
#include "launcher/replace.h"

/* Does someone else decide which file a name in the directory is? */
static int check_directory(int dir, const char *path, struct err *err)
{
	struct stat st;

	if (fstat(dir, &st) < 0)
		return err_errno(err, errno, "%s", path);
	if (st.st_uid != getuid() && st.st_uid != 0)
		return err_set(err, EPERM, "%s: its directory belongs to user %u; not touched", path,
			       (unsigned int)st.st_uid);
	if (!(st.st_mode & S_ISVTX) &&
	    ((st.st_mode & S_IWOTH) || ((st.st_mode & S_IWGRP) && !account_group_is_private(getuid(), st.st_gid))))
		return err_set(err, EPERM, "%s: its directory can be written by others; chmod go-w it",
			       path);
	return 0;
}

static int check_file(const struct stat *st, const char *path, struct err *err)
{
	if (!S_ISREG(st->st_mode))
		return err_set(err, EINVAL, "%s: not a regular file", path);
	if (st->st_uid != getuid())
		return err_set(err, EPERM, "%s: owned by user %u; that user has to do it", path,
			       (unsigned int)st->st_uid);
	if (st->st_nlink > 1)
		return err_set(err, EMLINK,
			       "%s: the file has %lu names; a replacement would change only this one",
			       path, (unsigned long)st->st_nlink);
	if (st->st_mode & (S_IWOTH))
		return err_set(err, EPERM, "%s: can be written by others; chmod o-w it", path);
	return 0;
}

static int open_file(const struct replace *f, struct err *err)
{
	int fd = openat(f->dir, f->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && errno == ELOOP)
		return err_set(err, ELOOP,
			       "%s: a symbolic link; give the file it leads to by its own name", f->path);
	return fd < 0 ? err_errno(err, errno, "%s", f->path) : fd;
}

static int read_file(struct replace *f, struct err *err)
{
	cleanup_close int fd = open_file(f, err);
	int r;

	if (fd < 0)
		return fd;
	if (fstat(fd, &f->st) < 0)
		return err_errno(err, errno, "%s", f->path);
	r = check_file(&f->st, f->path, err);
	if (r == 0 && fd_read_all(fd, LIMIT_CONFIG, &f->text, &f->len, err) < 0)
		r = err_wrap(err, "%s", f->path);
	return r;
}

int replace_open(const char *path, struct replace *ret, struct err *err)
{
	struct replace f = { .dir = -1, .path = strdup(path) };
	cleanup_free char *parent = strdup(path);
	char *slash = parent ? strrchr(parent, '/') : NULL;
	int r;

	if (!f.path || !parent) {
		free(f.path);
		return err_errno(err, ENOMEM, "%s", path);
	}
	f.name = slash ? f.path + (slash - parent) + 1 : f.path;
	if (slash)
		slash[slash == parent] = '\0';
	f.dir = open(slash ? parent : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = f.dir < 0 ? err_errno(err, errno, "%s", path) : check_directory(f.dir, path, err);
	if (r == 0)
		r = read_file(&f, err);
	if (r < 0) {
		replace_close(&f);
		return r;
	}
	*ret = f;
	return 0;
}

void replace_close(struct replace *f)
{
	if (f->dir >= 0)
		close(f->dir);
	free(f->path);
	free(f->text);
	*f = (struct replace){ .dir = -1 };
}

/* Access control lists and the like; what the file system does not take is left. */
static void copy_attributes(int from, int to)
{
	char names[4096], value[4096];
	ssize_t len = flistxattr(from, names, sizeof(names));

	for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1) {
		ssize_t size = fgetxattr(from, names + at, value, sizeof(value));

		if (size >= 0)
			(void)!fsetxattr(to, names + at, value, (size_t)size, 0);
	}
}

/* A file of a random name, 0600, with the text on the disk. */
static int write_temporary(int dir, char name[static 64], const char *text, size_t len,
			   struct err *err)
{
	cleanup_close int fd = -1;
	unsigned long long random;
	int r;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return err_errno(err, errno, "getrandom");
	snprintf(name, 64, ".mcp-confine-%016llx.tmp", random);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, errno, "make a new file");
	r = fd_write_all(fd, text, len);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(dir, name, 0);
		return err_errno(err, -r, "write a new file");
	}
	return take_fd(&fd);
}

/* Is the file still the one that was read, byte for byte? */
static int check_unchanged(const struct replace *f, int now, struct err *err)
{
	cleanup_free char *text = NULL;
	struct stat st;
	size_t len;

	if (fstat(now, &st) < 0 || fd_read_all(now, LIMIT_CONFIG, &text, &len, NULL) < 0 ||
	    st.st_ino != f->st.st_ino || len != f->len || memcmp(text, f->text, len) != 0)
		return err_set(err, EBUSY, "%s: changed while this was going on; try again", f->path);
	return 0;
}

int replace_write(struct replace *f, const char *text, size_t len, struct err *err)
{
	cleanup_close int old = open_file(f, err), fd = -1;
	char name[64];
	int r;

	if (old < 0)
		return old;
	fd = write_temporary(f->dir, name, text, len, err);
	if (fd < 0)
		return err_wrap(err, "%s", f->path);
	copy_attributes(old, fd);
	r = f->st.st_gid != getgid() && fchown(fd, (uid_t)-1, f->st.st_gid) < 0 ?
		    err_errno(err, errno, "%s: keep its group %u; chgrp it to one of yours", f->path,
			      (unsigned int)f->st.st_gid) :
		    0;
	if (r == 0 && (fchmod(fd, f->st.st_mode & 07777) < 0 || fsync(fd) < 0))
		r = err_errno(err, errno, "%s: keep its mode", f->path);
	if (r == 0)
		r = check_unchanged(f, old, err);
	if (r == 0 && renameat(f->dir, name, f->dir, f->name) < 0)
		r = err_errno(err, errno, "%s: replace", f->path);
	if (r < 0)
		unlinkat(f->dir, name, 0);
	else if (fsync(f->dir) < 0)
		r = err_errno(err, errno, "%s: synchronise its directory", f->path);
	return r;
}

int replace_read(const char *path, char **ret_text, size_t *ret_len, struct err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, errno, "open");
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "not a regular file");
	return fd_read_all(fd, LIMIT_CONFIG, ret_text, ret_len, err);
}

bool replace_holds(const char *path, const char *text)
{
	cleanup_free char *there = NULL;
	size_t len;

	return replace_read(path, &there, &len, NULL) == 0 && len == strlen(text) &&
	       !memcmp(there, text, len);
}

int replace_create(const char *path, const char *text, size_t len, int may_replace,
		   struct err *err)
{
	cleanup_free char *parent = strdup(path);
	char *slash = parent ? strrchr(parent, '/') : NULL, name[64];
	cleanup_close int dir = -1, fd = -1;
	int r;

	if (!slash)
		return err_errno(err, parent ? EINVAL : ENOMEM, "%s", path);
	*slash = '\0';
	dir = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_errno(err, errno, "%s", parent);
	r = check_directory(dir, path, err);
	if (r < 0)
		return r;
	fd = write_temporary(dir, name, text, len, err);
	if (fd < 0)
		return err_wrap(err, "%s", path);
	/* link(2) does not replace; rename(2) does. */
	r = may_replace ? renameat(dir, name, dir, slash + 1) : linkat(dir, name, dir, slash + 1, 0);
	r = r < 0 ? err_errno(err, errno, "%s", path) : 0;
	if (r < 0 || !may_replace)
		unlinkat(dir, name, 0);
	if (r == 0 && fsync(dir) < 0)
		r = err_errno(err, errno, "%s: synchronise its directory", path);
	return r;
}

int replace_make_directory(const char *path, struct err *err)
{
	cleanup_free char *copy = strdup(path);

	if (!copy)
		return err_errno(err, ENOMEM, "%s", path);
	for (char *p = copy + 1;; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(copy, 0700) < 0 && errno != EEXIST)
			return err_errno(err, errno, "make directory %s", copy);
		*p = c;
		if (!c)
			return 0;
	}
}
