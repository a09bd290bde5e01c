/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/limits.h"
#include "common/strv.h"
#include "launcher/values.h"
#include "policies/policy.h"

static int check_file(int fd, const char *path, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(err, errno, "value file %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "value file %s: not a regular file", path);
	if (st.st_uid != getuid() && st.st_uid != 0)
		return err_set(err, EPERM, "value file %s: owned by user %u; chown it to yourself",
			       path, (unsigned int)st.st_uid);
	/* Root may share a file of its own with a group. */
	if (st.st_mode & (st.st_uid == 0 ? S_IWGRP | S_IRWXO : S_IRWXG | S_IRWXO))
		return err_set(err, EPERM, "value file %s: others can read or change it; chmod 600 it",
			       path);
	return 0;
}

int values_read(const char *path, char **ret_value, struct err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	cleanup_free char *text = NULL;
	size_t len;
	int r;

	if (fd < 0)
		return err_errno(err, errno, "value file %s, which the policy names", path);
	r = check_file(fd, path, err);
	if (r < 0)
		return r;
	r = fd_read_all(fd, LIMIT_SECRET, &text, &len, err);
	if (r < 0)
		return err_wrap(err, "value file %s", path);
	if (strlen(text) != len)
		return err_set(err, EINVAL, "value file %s: a NUL byte in it", path);
	if (len && text[len - 1] == '\n')
		text[--len] = '\0';
	if (!len)
		return err_set(err, EINVAL, "value file %s: empty; write the value into it", path);
	*ret_value = take_ptr(&text);
	return 0;
}

int values_fill_command(struct policy *policy, struct strv *known, struct err *err)
{
	for (size_t i = 0; i < policy->command_files.n; i++) {
		const char *entry = policy->command_files.v[i], *behind;
		cleanup_free char *value = NULL;
		size_t index = strtoul(entry, NULL, 10);
		int r = values_read(strchr(entry, '=') + 1, &value, err);

		if (r < 0)
			return r;
		behind = strchr(value, '=');
		if (strv_addf(known, "argument=%s", value) < 0 ||
		    (behind && behind[1] && strv_addf(known, "argument=%s", behind + 1) < 0))
			return err_errno(err, ENOMEM, "arguments");
		free(policy->command.v[index]);
		policy->command.v[index] = take_ptr(&value);
	}
	return 0;
}
