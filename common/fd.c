/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/sys.h"

/* The kernel's own bound on RLIMIT_NOFILE where nobody raised it (fs.nr_open). */
#define FD_MOST ((rlim_t)1 << 20)

int fd_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int fd_read_all(int fd, size_t max, char **ret_data, size_t *ret_len, struct err *err)
{
	cleanup_free char *buf = NULL;
	size_t size = 0, len = 0;

	for (;;) {
		ssize_t n;

		if (len + 1 >= size) {
			char *grown;

			if (len > max)
				return err_set(err, EFBIG, "more than %zu bytes", max);
			size = size ? size * 2 : 4096;
			grown = realloc(buf, size);
			if (!grown)
				return err_errno(err, ENOMEM, "read");
			buf = grown;
		}
		n = read(fd, buf + len, size - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, errno, "read");
		if (n == 0)
			break;
		len += (size_t)n;
	}
	if (len > max)
		return err_set(err, EFBIG, "more than %zu bytes", max);
	buf[len] = '\0';
	*ret_data = take_ptr(&buf);
	*ret_len = len;
	return 0;
}

int fd_sealed(const char *name, const void *data, size_t len, struct err *err)
{
	cleanup_close int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r;

	if (fd < 0)
		return err_errno(err, errno, "memfd_create %s", name);
	r = fd_write_all(fd, data, len);
	if (r < 0)
		return err_errno(err, -r, "write memfd %s", name);
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(err, errno, "seek memfd %s", name);
	if (fcntl(fd, F_ADD_SEALS,
		  F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return err_errno(err, errno, "seal memfd %s", name);
	return take_fd(&fd);
}

int fd_place(int fd, int number, struct err *err)
{
	if (fd == number) {
		int flags = fcntl(fd, F_GETFD);

		if (flags < 0 || fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC) < 0)
			return err_errno(err, errno, "keep descriptor %d", fd);
		return 0;
	}
	if (dup2(fd, number) < 0)
		return err_errno(err, errno, "place descriptor %d as %d", fd, number);
	return 0;
}

/*
 * close_range(2) by hand: what /proc/self/fd lists, or else every number there can be.
 * Only for single-threaded callers, where no descriptor appears meanwhile.
 */
static int each_from(unsigned int from, bool closes)
{
	DIR *dir = opendir("/proc/self/fd");
	struct rlimit limit = { 1024, 1024 };
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		int fd = atoi(e->d_name);

		if (e->d_name[0] == '.' || fd < (int)from || fd == dirfd(dir))
			continue;
		if (closes ? close(fd) < 0 : fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
			closedir(dir);
			return -1;
		}
	}
	if (dir)
		return closedir(dir);
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -1;
	/* One above the soft limit of today may have been opened under a higher one. */
	for (rlim_t fd = from; fd < limit.rlim_max && fd < FD_MOST; fd++) {
		if (closes)
			close((int)fd);
		else
			fcntl((int)fd, F_SETFD, FD_CLOEXEC);
	}
	return 0;
}

int fd_close_from(unsigned int from)
{
	int r = sys_close_range(from, ~0U, 0);

	return r < 0 ? each_from(from, true) : r;
}

int fd_cloexec_from(unsigned int from)
{
	int r = sys_close_range(from, ~0U, SYS_CLOSE_RANGE_CLOEXEC);

	return r < 0 ? each_from(from, false) : r;
}

int fd_parse(const char *text, int *ret_fd, struct err *err)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno || end == text || *end || n < 0 || n > INT32_MAX)
		return err_set(err, EINVAL, "%s: not a descriptor number", text);
	if (fcntl((int)n, F_GETFD) < 0)
		return err_errno(err, errno, "descriptor %ld", n);
	*ret_fd = (int)n;
	return 0;
}

int fd_have_stdio(struct err *err)
{
	for (;;) {
		int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

		if (fd < 0)
			return err_errno(err, errno, "open /dev/null");
		if (fd > 2) {
			close(fd);
			return 0;
		}
		/* It took the place of a closed standard descriptor: it stays. */
		if (fcntl(fd, F_SETFD, 0) < 0)
			return err_errno(err, errno, "descriptor %d", fd);
	}
}
