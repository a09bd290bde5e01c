/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/layer.h"
#include "common/sys.h"
#include "launcher/cause.h"
#include "launcher/ns.h"

static int write_file(const char *path, const char *text, struct err *err)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return cause_set(err, CAUSE_MAP, errno, "open %s", path);
	r = fd_write_all(fd, text, strlen(text));
	return r < 0 ? cause_set(err, CAUSE_MAP, -r, "write %s", path) : 0;
}

int ns_map(uid_t uid, gid_t gid, struct err *err)
{
	char text[64];
	int r;

	/* Linux 3.19: a group map can be written without privilege only after this. */
	r = write_file("/proc/self/setgroups", "deny", err);
	if (r < 0)
		return r;
	snprintf(text, sizeof(text), "%u %u 1\n", (unsigned int)uid, (unsigned int)uid);
	r = write_file("/proc/self/uid_map", text, err);
	if (r < 0)
		return r;
	snprintf(text, sizeof(text), "%u %u 1\n", (unsigned int)gid, (unsigned int)gid);
	return write_file("/proc/self/gid_map", text, err);
}

int ns_rename(struct err *err)
{
	if (sethostname("mcp-confine", 11) < 0 || setdomainname("", 0) < 0)
		return cause_set(err, CAUSE_PRIVILEGE, errno, "set the host name of the sandbox");
	return 0;
}

pid_t ns_fork(uint64_t namespaces, int *ret_pidfd)
{
	return ns_fork_into(namespaces, -1, ret_pidfd);
}

pid_t ns_fork_into(uint64_t namespaces, int cgroup, int *ret_pidfd)
{
	pid_t pid = sys_clone3(namespaces | CLONE_PIDFD, cgroup, ret_pidfd);

	/* A namespace that is refused is refused by clone(2) again: nothing is lost. */
	if (pid < 0 && cgroup < 0 && (errno == ENOSYS || errno == EPERM))
		pid = sys_clone(namespaces | CLONE_PIDFD, ret_pidfd);
	return pid;
}

/* Paths and words for errors lie on it; what is not touched costs nothing. */
#define STACK ((size_t)512 * 1024)

pid_t ns_vfork(int (*run)(void *), void *arg, int *ret_pidfd)
{
	const int flags = CLONE_VM | CLONE_VFORK | 17 /* SIGCHLD */;
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
	pid_t pid;
	int error;

	if (stack == MAP_FAILED)
		return -1;
	/* Below it nothing is mapped that an overflow could reach. */
	if (mprotect(stack, 4096, PROT_NONE) < 0)
		return -1;
	pid = ret_pidfd ? clone(run, stack + STACK, flags | CLONE_PIDFD, arg, ret_pidfd) :
			  clone(run, stack + STACK, flags, arg);
	error = errno;
	munmap(stack, STACK);
	errno = error;
	return pid;
}

/* All but the two that are made aside (aside.h), and for what a test leaves out. */
static uint64_t wanted(void)
{
	static const struct {
		const char *name;
		uint64_t flag;
	} all[] = {
		{ "user", CLONE_NEWUSER }, { "mount", CLONE_NEWNS }, { "pid", CLONE_NEWPID },
		{ "uts", CLONE_NEWUTS },   { "cgroup", CLONE_NEWCGROUP },
	};
	uint64_t flags = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (!layer_is_out(all[i].name))
			flags |= all[i].flag;
	return flags;
}

pid_t ns_clone(int cgroup, int *ret_pidfd, struct err *err)
{
	int pidfd = -1;
	pid_t pid = ns_fork_into(wanted(), cgroup, &pidfd);

	/* What only the cgroup can have refused: the namespaces answer otherwise. */
	if (pid < 0 && cgroup >= 0 && errno != EPERM && errno != ENOSPC && errno != EUSERS)
		return err_errno(err, errno, "start in a cgroup (clone3, Linux 5.7); without "
				 "limits.memory_total and limits.require_cgroup none is needed");
	if (pid < 0)
		return cause_set(err, CAUSE_NAMESPACE, errno, "make the namespaces of the sandbox");
	*ret_pidfd = pidfd;
	return pid;
}
