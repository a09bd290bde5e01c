/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "launcher/limits.h"
#include "policies/policy.h"

static int lower(int resource, rlim_t value, const char *name, struct err *err)
{
	struct rlimit now;

	if (getrlimit((__rlimit_resource_t)resource, &now) < 0)
		return err_errno(err, errno, "getrlimit %s", name);
	if (value > now.rlim_max)
		value = now.rlim_max;
	now.rlim_cur = now.rlim_max = value;
	if (setrlimit((__rlimit_resource_t)resource, &now) < 0)
		return err_errno(err, errno, "setrlimit %s", name);
	return 0;
}

#define FILES_WANTED 4096
/* Standard streams, pipes, memory files, the log, both processes, and a few at once. */
#define FILES_BESIDE_MOUNTS 48

int limits_files(size_t mounts, struct err *err)
{
	struct rlimit now;

	if (getrlimit(RLIMIT_NOFILE, &now) < 0)
		return err_errno(err, errno, "getrlimit RLIMIT_NOFILE");
	if (now.rlim_max < mounts + FILES_BESIDE_MOUNTS)
		return err_set(err, EMFILE,
			       "at most %llu files may be open and a start needs %zu; raise the limit "
			       "(ulimit -Hn)", (unsigned long long)now.rlim_max,
			       mounts + FILES_BESIDE_MOUNTS);
	if (now.rlim_cur >= FILES_WANTED)
		return 0;
	now.rlim_cur = now.rlim_max < FILES_WANTED ? now.rlim_max : FILES_WANTED;
	if (setrlimit(RLIMIT_NOFILE, &now) < 0)
		return err_errno(err, errno, "setrlimit RLIMIT_NOFILE");
	return 0;
}

/* As systemd gives a user's services 100 and browsers their tabs 300: we go first. */
#define OOM_SCORE 500

static int write_number(const char *path, int value)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC);
	char text[32];

	if (fd < 0)
		return -errno;
	snprintf(text, sizeof(text), "%d", value);
	return fd_write_all(fd, text, strlen(text));
}

static long read_number(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[32] = "";

	return fd < 0 || read(fd, text, sizeof(text) - 1) <= 0 ? 0 : strtol(text, NULL, 10);
}

int limits_prefer(struct err *err)
{
	static const char path[] = "/proc/self/oom_score_adj";
	int r = 0;

	/* Lowering it again needs CAP_SYS_RESOURCE over the first user namespace. */
	if (read_number(path) < OOM_SCORE)
		r = write_number(path, OOM_SCORE);
	return r < 0 ? err_errno(err, -r, "write %s", path) : 0;
}

int limits_enter(const struct policy_limits *limits, struct err *err)
{
	const struct {
		int resource;
		uint64_t value;
		const char *name;
		int is_always; /* a 0 is meant */
	} all[] = {
		{ RLIMIT_DATA, limits->memory, "RLIMIT_DATA", 0 },
		{ RLIMIT_NPROC, limits->processes, "RLIMIT_NPROC", 0 },
		{ RLIMIT_NOFILE, limits->open_files, "RLIMIT_NOFILE", 0 },
		{ RLIMIT_FSIZE, limits->file_size, "RLIMIT_FSIZE", 0 },
		{ RLIMIT_CPU, limits->cpu, "RLIMIT_CPU", 0 },
		/* No file, and 1 is the value at which a core_pattern that is a pipe starts
		 * nothing either (core(5)); filter B keeps it. */
		{ RLIMIT_CORE, 1, "RLIMIT_CORE", 1 },
		{ RLIMIT_MSGQUEUE, 0, "RLIMIT_MSGQUEUE", 1 },
		{ RLIMIT_RTPRIO, 0, "RLIMIT_RTPRIO", 1 },
		/* Where the user may go below nice 0 (audio servers), a server may not. */
		{ RLIMIT_NICE, 0, "RLIMIT_NICE", 1 },
		/* Queued signals and timers are counted for the user, here and outside. */
		{ RLIMIT_SIGPENDING, 1024, "RLIMIT_SIGPENDING", 0 },
		{ RLIMIT_MEMLOCK, (uint64_t)8 << 20, "RLIMIT_MEMLOCK", 0 },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		int r = 0;

		if (all[i].value || all[i].is_always)
			r = lower(all[i].resource, (rlim_t)all[i].value, all[i].name, err);
		if (r < 0)
			return r;
	}
	return 0;
}
