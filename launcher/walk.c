/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/sys.h"
#include "launcher/walk.h"

#define WALK_LINKS 40 /* as the kernel: MAXSYMLINKS */

int walk_is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	if (!strcmp(dir, "/"))
		return 1;
	return !strncmp(path, dir, len) && (path[len] == '\0' || path[len] == '/');
}

void walk_done(struct walk *w)
{
	for (size_t i = 0; i < w->n_links; i++) {
		free(w->links[i].path);
		free(w->links[i].text);
	}
	free(w->links);
	*w = (struct walk){0};
}

static bool is_ours(uid_t uid)
{
	return uid == 0 || uid == getuid();
}

/* May a symlink of this owner in this directory be believed? */
static bool is_trusted(const struct stat *dir, const struct stat *link)
{
	if (!is_ours(dir->st_uid))
		return false;
	if (!(dir->st_mode & (S_IWGRP | S_IWOTH)))
		return true;
	/* A group of one's own is Debian's default; what counts is who made the link. */
	return is_ours(link->st_uid);
}

static int add_link(struct walk *w, const char *dir, const char *name, const char *text)
{
	struct walk_link *grown = reallocarray(w->links, w->n_links + 1, sizeof(*grown));
	char *path = NULL, *copy = strdup(text);

	if (grown)
		w->links = grown;
	if (!grown || !copy || asprintf(&path, "%s/%s", dir[1] ? dir : "", name) < 0) {
		free(copy);
		return -ENOMEM;
	}
	w->links[w->n_links++] = (struct walk_link){ path, copy };
	return 0;
}

/* Replace *rest by text + "/" + the old rest.  Return: 0 or -ENAMETOOLONG. */
static int prepend(char rest[static PATH_MAX * 2], const char *text)
{
	char old[PATH_MAX * 2];

	memcpy(old, rest, sizeof(old));
	if (snprintf(rest, PATH_MAX * 2, "%s/%s", text, old) >= PATH_MAX * 2)
		return -ENAMETOOLONG;
	return 0;
}

/* Take the first component off rest, of which at most NAME_MAX + 1 bytes are kept: the
 * kernel refuses that, and it never becomes the name of something else.  Return: its
 * length, 0 at the end. */
static size_t next_component(char *rest, char name[static NAME_MAX + 2])
{
	size_t skip = strspn(rest, "/"), len = strcspn(rest + skip, "/");

	if (len > NAME_MAX + 1)
		len = NAME_MAX + 1;
	memcpy(name, rest + skip, len);
	name[len] = '\0';
	memmove(rest, rest + skip + len, strlen(rest + skip + len) + 1);
	return len;
}

static void strip_last(char *path)
{
	char *slash = strrchr(path, '/');

	slash[slash == path ? 1 : 0] = '\0';
}

/* One component.  fd is the directory that w->real names and w->st describes. */
static int step(struct walk *w, int *fd, char *rest, const char *name, struct err *err)
{
	cleanup_close int next = -1;
	char text[PATH_MAX];
	struct statfs fs;
	struct stat st;
	ssize_t len;

	if (!strcmp(name, "."))
		return 0;
	next = openat(*fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (next < 0 || fstat(next, &st) < 0)
		return err_errno(err, errno, "%s%s%s", w->real, w->real[1] ? "/" : "", name);
	if (!S_ISLNK(st.st_mode)) {
		if (!strcmp(name, "..")) {
			strip_last(w->real);
		} else {
			size_t n = strlen(w->real);

			if (snprintf(w->real + n, sizeof(w->real) - n, "%s%s",
				     n > 1 ? "/" : "", name) >= (int)(sizeof(w->real) - n))
				return err_errno(err, ENAMETOOLONG, "%s", name);
		}
		w->st = st;
		close(*fd);
		*fd = take_fd(&next);
		return 0;
	}
	len = readlinkat(next, "", text, sizeof(text) - 1);
	if (len < 0)
		return err_errno(err, errno, "read symlink %s/%s", w->real, name);
	text[len] = '\0';
	/* /proc/self/root and its like lead elsewhere for each process that follows them. */
	if (fstatfs(*fd, &fs) < 0 || fs.f_type == PROC_SUPER_MAGIC)
		return err_set(err, EPERM, "%s/%s: a link of /proc; name the real path", w->real,
			       name);
	if (!is_trusted(&w->st, &st))
		return err_set(err, EPERM,
			       "%s/%s: a symlink that another user could have put there; name the real path",
			       w->real, name);
	if (w->n_links == WALK_LINKS)
		return err_errno(err, ELOOP, "%s/%s", w->real, name);
	if (add_link(w, w->real, name, text) < 0)
		return err_errno(err, ENOMEM, "symlink");
	if (prepend(rest, text) < 0)
		return err_errno(err, ENAMETOOLONG, "symlink %s/%s", w->real, name);
	if (text[0] == '/') {
		int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (root < 0 || fstat(root, &w->st) < 0)
			return err_errno(err, errno, "open /");
		close(*fd);
		*fd = root;
		memcpy(w->real, "/", 2);
	}
	return 0;
}

/*
 * A path without a symlink and without "..", which most are, in one call: it is its own
 * real name.  Return: 0, or -1 for whatever has to be looked at one by one, errors too.
 */
static int walk_straight(const char *path, struct walk *w)
{
	cleanup_close int fd = -1;
	size_t n = 0;

	for (const char *p = path + strspn(path, "/"); *p; p += strspn(p, "/")) {
		size_t len = strcspn(p, "/");

		if (len == 2 && !strncmp(p, "..", 2))
			return -1;
		if (len != 1 || *p != '.') {
			w->real[n++] = '/';
			memcpy(w->real + n, p, len);
			n += len;
		}
		p += len;
	}
	n += n == 0; /* "/" */
	w->real[n] = '\0';
	/* Linux 5.6; refused or unknown, the other way answers. */
	fd = sys_openat2(AT_FDCWD, w->real, O_PATH | O_CLOEXEC, 0,
			 RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
	return fd < 0 ? -1 : fstat(fd, &w->st);
}

/* Behind a symlink the rest may be straight.  Return: has w come to its end? */
static bool finish(struct walk *w, const char *rest)
{
	struct walk end = { .real = "/" };
	char whole[PATH_MAX];

	if (snprintf(whole, sizeof(whole), "%s/%s", w->real, rest) >= (int)sizeof(whole) ||
	    walk_straight(whole, &end) < 0)
		return false;
	memcpy(w->real, end.real, sizeof(w->real));
	w->st = end.st;
	return true;
}

static int walk_steps(const char *path, struct walk *ret, struct err *err)
{
	cleanup_close int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char rest[PATH_MAX * 2], name[NAME_MAX + 2];
	struct walk w = { .real = "/" };
	size_t links = 0;

	if (fd < 0 || fstat(fd, &w.st) < 0)
		return err_errno(err, errno, "open /");
	memcpy(rest, path, strlen(path) + 1);
	while (next_component(rest, name)) {
		int r = step(&w, &fd, rest, name, err);

		if (r < 0) {
			walk_done(&w);
			return r;
		}
		if (w.n_links > links && finish(&w, rest))
			break;
		links = w.n_links;
	}
	*ret = w;
	return 0;
}

int walk_path(const char *path, struct walk *ret, struct err *err)
{
	struct walk w = { .real = "/" };

	if (path[0] != '/')
		return err_set(err, EINVAL, "%s: not an absolute path", path);
	if (strlen(path) >= PATH_MAX)
		return err_errno(err, ENAMETOOLONG, "%.80s...", path);
	if (walk_straight(path, &w) < 0)
		return walk_steps(path, ret, err);
	*ret = w;
	return 0;
}
