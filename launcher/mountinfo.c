/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "launcher/mountinfo.h"

/* A host with ten thousand mounts below a granted directory still fits. */
#define TABLE_MAX ((size_t)16 << 20)

void mountinfo_unescape(char *s)
{
	char *out = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] && s[3]) {
			*out++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
			s += 3;
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
}

bool mountinfo_parse(char *line, struct mountinfo *ret)
{
	char *save = NULL, *type = strstr(line, " - "), *path = NULL, *end;
	struct mountinfo m = {0};

	if (!type)
		return false;
	type += 3;
	type[strcspn(type, " ")] = '\0';
	m.type = type;
	m.id = strtol(line, &end, 10);
	if (end == line || *end != ' ')
		return false;
	for (int field = 1; field <= 5; field++)
		path = strtok_r(field == 1 ? line : NULL, " ", &save);
	if (!path)
		return false;
	mountinfo_unescape(path);
	m.path = path;
	*ret = m;
	return true;
}

int mountinfo_read(char **ret_table, struct err *err)
{
	cleanup_close int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	size_t len;

	if (fd < 0)
		return err_errno(err, errno, "open /proc/self/mountinfo");
	return fd_read_all(fd, TABLE_MAX, ret_table, &len, err);
}
