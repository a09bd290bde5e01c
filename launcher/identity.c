/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/identity.h"

int identity_open(uid_t uid, struct identity *ret, struct err *err)
{
	struct identity id = { .fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), .uid = uid };
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	struct stat st;

	if (id.fd < 0 || len < 0 || fstat(id.fd, &id.st) < 0) {
		int r = err_errno(err, errno, "open /proc/self/exe");

		identity_close(&id);
		return r;
	}
	path[len] = '\0';
	if (stat(path, &st) < 0 || st.st_dev != id.st.st_dev || st.st_ino != id.st.st_ino) {
		identity_close(&id);
		return err_set(err, ESTALE,
			       "%s: this program was moved or replaced since it started; try again",
			       path);
	}
	id.path = strdup(path);
	if (!id.path) {
		identity_close(&id);
		return err_errno(err, ENOMEM, "identity");
	}
	*ret = id;
	return 0;
}

void identity_close(struct identity *id)
{
	if (id->fd >= 0)
		close(id->fd);
	free(id->path);
	*id = (struct identity){ .fd = -1 };
}

static bool same_bytes(int a, int b, off_t size)
{
	char x[16384], y[16384];
	off_t at = 0;

	while (at < size) {
		ssize_t n = pread(a, x, sizeof(x), at);

		if (n <= 0 || pread(b, y, (size_t)n, at) != n || memcmp(x, y, (size_t)n) != 0)
			return false;
		at += n;
	}
	return true;
}

static bool is_this(const struct identity *id, const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		return false;
	if (st.st_dev == id->st.st_dev && st.st_ino == id->st.st_ino)
		return true;
	/* What someone else can write may be another program tomorrow. */
	if ((st.st_uid != 0 && st.st_uid != id->uid) || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return false;
	return st.st_size == id->st.st_size && same_bytes(fd, id->fd, st.st_size);
}

bool identity_is_ours(const struct identity *id, const char *command, const char *path)
{
	cleanup_free char *list = NULL;
	char *rest;

	if (*command == '/')
		return is_this(id, command);
	if (!*command || strchr(command, '/'))
		return false;
	list = strdup(path && *path ? path : "/usr/local/bin:/usr/bin:/bin");
	rest = list;
	for (char *dir; rest && (dir = strsep(&rest, ":"));) {
		cleanup_free char *file = NULL;

		/* An empty or relative part means the client's directory, which nobody knows. */
		if (*dir != '/' || asprintf(&file, "%s/%s", dir, command) < 0)
			return false;
		/* The first one that could be executed is the one that is. */
		if (access(file, X_OK) == 0)
			return is_this(id, file);
	}
	return false;
}
