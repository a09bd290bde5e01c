/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>

#include "launcher/watch_calls.h"

#define AT(nr, dir, path, access) { SYS_##nr, dir, path, WATCH_PATH, access }
#define P(nr, path, access) { SYS_##nr, WATCH_NO_DIR, path, WATCH_PATH, access }

static const struct watch_call calls[] = {
	AT(openat, 0, 1, WATCH_READ),
	AT(newfstatat, 0, 1, WATCH_LOOK),
	AT(statx, 0, 1, WATCH_LOOK),
	AT(faccessat, 0, 1, WATCH_LOOK),
	AT(faccessat2, 0, 1, WATCH_LOOK),
	AT(readlinkat, 0, 1, WATCH_LOOK),
	AT(mkdirat, 0, 1, WATCH_NAME),
	AT(mknodat, 0, 1, WATCH_NAME),
	AT(unlinkat, 0, 1, WATCH_NAME),
	AT(renameat, 0, 1, WATCH_NAME),
	AT(renameat, 2, 3, WATCH_NAME),
	AT(renameat2, 0, 1, WATCH_NAME),
	AT(renameat2, 2, 3, WATCH_NAME),
	AT(linkat, 0, 1, WATCH_READ),
	AT(linkat, 2, 3, WATCH_NAME),
	AT(symlinkat, 1, 2, WATCH_NAME),
	AT(fchmodat, 0, 1, WATCH_WRITE),
	AT(fchownat, 0, 1, WATCH_WRITE),
	AT(utimensat, 0, 1, WATCH_WRITE),
	P(truncate, 0, WATCH_WRITE),
	P(setxattr, 0, WATCH_WRITE),
	P(getxattr, 0, WATCH_LOOK),
	P(statfs, 0, WATCH_LOOK),
	P(chdir, 0, WATCH_LOOK),
	P(inotify_add_watch, 1, WATCH_READ),
	{ SYS_execve, WATCH_NO_DIR, 0, WATCH_EXEC, WATCH_READ },
	{ SYS_execveat, 0, 1, WATCH_EXEC, WATCH_READ },
	/* Not on architectures that came after them. */
#ifdef SYS_open
	P(open, 0, WATCH_READ),
	P(creat, 0, WATCH_CREATE),
	P(stat, 0, WATCH_LOOK),
	P(lstat, 0, WATCH_LOOK),
	P(access, 0, WATCH_LOOK),
	P(readlink, 0, WATCH_LOOK),
	P(mkdir, 0, WATCH_NAME),
	P(mknod, 0, WATCH_NAME),
	P(rmdir, 0, WATCH_NAME),
	P(unlink, 0, WATCH_NAME),
	P(rename, 0, WATCH_NAME),
	P(rename, 1, WATCH_NAME),
	P(link, 0, WATCH_READ),
	P(link, 1, WATCH_NAME),
	P(symlink, 1, WATCH_NAME),
	P(chmod, 0, WATCH_WRITE),
	P(chown, 0, WATCH_WRITE),
	P(utime, 0, WATCH_WRITE),
	P(utimes, 0, WATCH_WRITE),
	AT(futimesat, 0, 1, WATCH_WRITE),
#endif
};

const struct watch_call *watch_call_next(int nr, const struct watch_call *after)
{
	const struct watch_call *end = calls + sizeof(calls) / sizeof(*calls);

	for (const struct watch_call *c = after ? after + 1 : calls; c < end; c++)
		if (c->nr == nr)
			return c;
	return NULL;
}

int watch_open_access(int nr, const uint64_t args[static 6])
{
	uint64_t flags;

	if (nr == SYS_openat)
		flags = args[2];
#ifdef SYS_open
	else if (nr == SYS_creat)
		return WATCH_CREATE;
	else if (nr == SYS_open)
		flags = args[1];
#endif
	else
		return -1;
	/* A file without a name is made in the directory. */
	if ((flags & O_TMPFILE) == O_TMPFILE)
		return WATCH_NAME;
	if (flags & O_CREAT)
		return WATCH_CREATE;
	if (flags & O_PATH)
		return WATCH_LOOK;
	return (flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC ? WATCH_WRITE : WATCH_READ;
}

int watch_limit_of(int nr, int error)
{
	switch (error) {
	case EMFILE:
		return WATCH_LIMIT_FILES;
	case EFBIG:
		return WATCH_LIMIT_FILE_SIZE;
	case ENOSPC:
		return nr == SYS_write || nr == SYS_pwrite64 || nr == SYS_writev ||
		       nr == SYS_fallocate ? WATCH_LIMIT_SPACE : -1;
	case ENOMEM:
		return nr == SYS_mmap || nr == SYS_mremap ? WATCH_LIMIT_MEMORY : -1;
	case EAGAIN:
#ifdef SYS_fork
		if (nr == SYS_fork || nr == SYS_vfork)
			return WATCH_LIMIT_PROCESSES;
#endif
		return nr == SYS_clone ? WATCH_LIMIT_PROCESSES : -1;
	default:
		return -1;
	}
}
