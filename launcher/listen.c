/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/listen.h"

/* What a socket's path can have, less a dot, the digits of a pid and the end. */
#define PATH_MOST (sizeof(((struct sockaddr_un *)NULL)->sun_path) - 12)

static int check_where(const char *where, struct sockaddr_un *ret, struct err *err)
{
	const char *path = where + 5;

	if (!strncmp(where, "tcp:", 4) || !strncmp(where, "http", 4))
		return err_set(err, EINVAL,
			       "--listen %s: mcp-confine opens no TCP port; give unix:PATH", where);
	if (strncmp(where, "unix:", 5) != 0 || path[0] != '/')
		return err_set(err, EINVAL, "--listen %s: not unix:PATH with an absolute path",
			       where);
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) > PATH_MOST)
		return err_set(err, ENAMETOOLONG, "--listen %s: longer than %zu bytes", where,
			       PATH_MOST);
	memcpy(ret->sun_path, path, strlen(path) + 1);
	return 0;
}

/* Whoever may write the directory could put another socket in our place. */
static int check_directory(const char *path, struct err *err)
{
	cleanup_free char *copy = strdup(path);
	struct stat st;
	char *dir;

	if (!copy)
		return err_errno(err, ENOMEM, "--listen");
	dir = dirname(copy);
	if (stat(dir, &st) < 0)
		return err_errno(err, errno, "--listen: %s", dir);
	if (st.st_uid != getuid() || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return err_set(err, EPERM,
			       "--listen: %s can be written by others; use a directory of yours "
			       "alone, below $XDG_RUNTIME_DIR",
			       dir);
	return 0;
}

/* Nothing stands there, or a socket of ours whose listener is gone: that is removed. */
static int clear_stale(const struct sockaddr_un *at, struct err *err)
{
	cleanup_close int fd = -1;
	struct stat st;

	if (lstat(at->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : err_errno(err, errno, "--listen: %s", at->sun_path);
	if (!S_ISSOCK(st.st_mode) || st.st_uid != getuid())
		return err_set(err, EEXIST,
			       "--listen: %s exists and is no socket of this user's; remove it or "
			       "choose another path",
			       at->sun_path);
	/* Of another type: a listener answers EPROTOTYPE and is not disturbed (unix(7)). */
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(err, errno, "--listen: socket");
	if (connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0 || errno != ECONNREFUSED)
		return err_set(err, EADDRINUSE, "--listen: %s is in use by another process",
			       at->sun_path);
	if (unlink(at->sun_path) < 0)
		return err_errno(err, errno, "--listen: remove the stale %s", at->sun_path);
	return 0;
}

static int open_listener(const struct sockaddr_un *at, struct err *err)
{
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un made = *at;
	size_t len = strlen(at->sun_path);
	mode_t mask;
	int r;

	if (fd < 0)
		return err_errno(err, errno, "--listen: socket");
	/* Under another name until it listens: one that only exists looks stale. */
	snprintf(made.sun_path + len, sizeof(made.sun_path) - len, ".%d", (int)getpid());
	/* 0600 from its first moment. */
	mask = umask(0177);
	r = bind(fd, (const struct sockaddr *)&made, sizeof(made));
	umask(mask);
	if (r < 0)
		return err_errno(err, errno, "--listen: bind %s", made.sun_path);
	if (listen(fd, 1) < 0 || renameat2(AT_FDCWD, made.sun_path, AT_FDCWD, at->sun_path,
					   RENAME_NOREPLACE) < 0) {
		r = err_errno(err, errno, "--listen: listen on %s", at->sun_path);
		unlink(made.sun_path);
		return r;
	}
	return take_fd(&fd);
}

/* A client of this user.  Root may pass any mode, and is turned away as well. */
static int accept_own(int listener)
{
	cleanup_close int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 ||
	    peer.uid != getuid())
		return -1;
	return take_fd(&fd);
}

static int wait_for_client(int listener, int signals, int *ret_signal, struct err *err)
{
	for (;;) {
		struct pollfd p[] = { { listener, POLLIN, 0 }, { signals, POLLIN, 0 } };
		struct signalfd_siginfo info;
		int fd;

		if (poll(p, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			return err_errno(err, errno, "--listen: poll");
		}
		if (p[1].revents && read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
			*ret_signal = (int)info.ssi_signo;
			return -EINTR;
		}
		fd = p[0].revents ? accept_own(listener) : -1;
		if (fd >= 0)
			return fd;
	}
}

int listen_accept(const char *where, int signals, int *ret_signal, struct err *err)
{
	cleanup_close int listener = -1, fd = -1;
	struct sockaddr_un at;
	int r = check_where(where, &at, err);

	if (r == 0)
		r = check_directory(at.sun_path, err);
	if (r == 0)
		r = clear_stale(&at, err);
	if (r < 0)
		return r;
	listener = open_listener(&at, err);
	if (listener < 0)
		return listener;
	fd = wait_for_client(listener, signals, ret_signal, err);
	unlink(at.sun_path);
	if (fd < 0)
		return fd;
	if (dup2(fd, 0) < 0 || dup2(fd, 1) < 0)
		return err_errno(err, errno, "--listen: place the connection");
	return 0;
}
