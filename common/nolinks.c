/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/nolinks.h"
#include "common/sys.h"

static bool has_dotdot(const char *path)
{
	for (const char *p = path; (p = strstr(p, "..")); p += 2)
		if ((p == path || p[-1] == '/') && (p[2] == '/' || !p[2]))
			return true;
	return false;
}

/* O_PATH | O_NOFOLLOW opens a symlink itself, magic ones too: it is seen, not followed. */
static int open_component(int dir, const char *name, int flags)
{
	/* Asked for a directory, open(2) says ENOTDIR to a symlink: that is told apart here. */
	cleanup_close int fd =
		openat(dir, name, (flags & ~O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	errno = S_ISLNK(st.st_mode)				      ? ELOOP :
		(flags & O_DIRECTORY) && !S_ISDIR(st.st_mode) ? ENOTDIR :
								  0;
	return errno ? -1 : take_fd(&fd);
}

int nolinks_walk(int dirfd, const char *path, int flags)
{
	cleanup_close int dir = -1;
	const char *p = path + strspn(path, "/");

	if (has_dotdot(path)) {
		errno = EXDEV;
		return -1;
	}
	dir = openat(dirfd, path[0] == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	while (dir >= 0) {
		size_t len = strcspn(p, "/");
		const char *rest = p + len + strspn(p + len, "/");
		char name[NAME_MAX + 1] = ".";
		int next;

		if (len > NAME_MAX) {
			errno = ENAMETOOLONG;
			return -1;
		}
		if (len)
			memcpy(name, p, len + 1);
		name[len ? len : 1] = '\0';
		/* A slash behind the last name asks for a directory, as in open(2). */
		next = open_component(dir, name,
				      *rest ? O_PATH | O_DIRECTORY :
					      flags | (rest > p + len ? O_DIRECTORY : 0));
		if (next < 0 || !*rest)
			return next;
		close(dir);
		dir = next;
		p = rest;
	}
	return -1;
}

int nolinks_open(int dirfd, const char *path, int flags)
{
	int fd;

	if (has_dotdot(path)) {
		errno = EXDEV;
		return -1;
	}
	fd = sys_openat2(dirfd, path, flags | O_CLOEXEC, 0,
			 RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
	/* Filters of containers answer what they do not know by either. */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = nolinks_walk(dirfd, path, flags);
	return fd;
}
