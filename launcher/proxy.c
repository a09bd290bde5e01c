/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <nettle/base64.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/proxy.h"

#define CREDENTIALS_MAX 1024 /* of the file; in base64 it fits beside "Basic " */

static int check_owner(const char *path, const struct stat *st, struct err *err)
{
	if (!S_ISREG(st->st_mode))
		return err_set(err, EINVAL, "%s: not a regular file", path);
	if (st->st_uid != 0 && st->st_uid != getuid())
		return err_set(err, EPERM, "%s: owned by user %u; make it root's or yours", path,
			       (unsigned int)st->st_uid);
	if (st->st_mode & (S_IRWXO | S_IWGRP) || (st->st_uid != 0 && st->st_mode & S_IRWXG))
		return err_set(err, EPERM, "%s: others can read or write it; chmod %s it", path,
			       st->st_uid ? "600" : "640");
	return 0;
}

/* The first line, without its end.  Return: its length or -errno. */
static int read_line(const char *path, char line[static CREDENTIALS_MAX + 2], struct err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	ssize_t n;
	size_t len;
	int r;

	if (fd < 0 && errno == EACCES)
		return err_set(err, EACCES, "%s: you cannot read it; the administrator gives it a group of "
					    "yours: chgrp GROUP it, chmod 640 it", path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, errno, "%s", path);
	r = check_owner(path, &st, err);
	if (r < 0)
		return r;
	n = read(fd, line, CREDENTIALS_MAX + 1);
	if (n < 0)
		return err_errno(err, errno, "%s", path);
	line[n] = '\0';
	len = strcspn(line, "\r\n");
	if (!len || len > CREDENTIALS_MAX || len + 2 < (size_t)n)
		return err_set(err, EINVAL, "%s: holds not one line of 1 to %d bytes", path, CREDENTIALS_MAX);
	line[len] = '\0';
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < 0x20 || (unsigned char)line[i] == 0x7f)
			return err_set(err, EINVAL, "%s: holds a control character", path);
	return (int)len;
}

static int value_of(const char *path, const char *line, size_t len, char *ret, struct err *err)
{
	static const char basic[] = "Basic ";
	bool is_whole = !strncasecmp(line, basic, sizeof(basic) - 1) ||
			!strncasecmp(line, "Bearer ", 7);

	if (is_whole) {
		for (size_t i = 0; i < len; i++)
			if ((unsigned char)line[i] > 126)
				return err_set(err, EINVAL, "%s: holds what no header may", path);
		memcpy(ret, line, len + 1);
		return 0;
	}
	if (!strchr(line, ':') || line[0] == ':')
		return err_set(err, EINVAL, "%s: holds neither user:password nor the value of a header "
					    "(Basic ..., Bearer ...)", path);
	memcpy(ret, basic, sizeof(basic) - 1);
	base64_encode_raw(ret + sizeof(basic) - 1, len, (const uint8_t *)line);
	ret[sizeof(basic) - 1 + BASE64_ENCODE_RAW_LENGTH(len)] = '\0';
	return 0;
}

int proxy_authorization(const char *path, char ret[static PROXY_AUTHORIZATION], struct err *err)
{
	char line[CREDENTIALS_MAX + 2];
	int r;

	static_assert(sizeof("Basic ") + BASE64_ENCODE_RAW_LENGTH(CREDENTIALS_MAX) <= PROXY_AUTHORIZATION,
		      "the longest line fits");
	r = read_line(path, line, err);
	if (r > 0)
		r = value_of(path, line, (size_t)r, ret, err);
	explicit_bzero(line, sizeof(line));
	return r < 0 ? err_wrap(err, "credentials of the proxy") : 0;
}
