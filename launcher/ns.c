/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/layer.h"
#include "common/sys.h"
#include "launcher/ns.h"

#define ALL_NAMESPACES                                                                   \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |      \
	 CLONE_NEWUTS | CLONE_NEWCGROUP)

static int write_file(const char *path, const char *text, struct err *err)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return err_errno(err, errno, "open %s", path);
	r = fd_write_all(fd, text, strlen(text));
	return r < 0 ? err_errno(err, -r, "write %s", path) : 0;
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
		return err_errno(err, errno, "set the host name of the sandbox");
	return 0;
}

/* The first line of a file of /proc/sys as a number, or -1. */
static long read_number(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[32] = "";

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return -1;
	return strtol(text, NULL, 10);
}

static int try_one(int flag)
{
	struct err err = {0};
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		uid_t uid = getuid();
		gid_t gid = getgid();

		if (unshare(CLONE_NEWUSER) < 0)
			_exit(errno);
		if (ns_map(uid, gid, &err) < 0)
			_exit(err.code);
		if (flag && unshare(flag) < 0)
			_exit(errno);
		_exit(0);
	}
	if (pid < 0)
		return errno;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

static void explain(int error, char *words, size_t size)
{
	if (read_number("/proc/sys/kernel/unprivileged_userns_clone") == 0)
		snprintf(words, size, "the sysctl kernel.unprivileged_userns_clone is 0; "
				      "the administrator can set it to 1");
	else if (read_number("/proc/sys/user/max_user_namespaces") == 0)
		snprintf(words, size, "the sysctl user.max_user_namespaces is 0; "
				      "the administrator can raise it");
	else if (read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1)
		snprintf(words, size,
			 "AppArmor allows user namespaces to named programs only "
			 "(kernel.apparmor_restrict_unprivileged_userns is 1); install a profile "
			 "for mcp-confine with the rule `userns,`");
	else if (access("/.dockerenv", F_OK) == 0 || access("/run/.containerenv", F_OK) == 0)
		snprintf(words, size, "this container forbids namespaces (%s); run mcp-confine "
				      "outside of it", strerror(error));
	else if (error == ENOSPC)
		snprintf(words, size, "a limit of user.max_*_namespaces is reached; "
				      "see sysctl -a | grep max_.*_namespaces");
	else
		snprintf(words, size, "the kernel or a filter around us forbids it (%s); "
				      "mcp-confine status shows each step", strerror(error));
}

int ns_try(struct ns_trial trials[static NS_TRIALS], char *words, size_t size)
{
	static const struct {
		const char *name;
		int flag;
	} steps[NS_TRIALS] = {
		{ "user", 0 },		   { "mount", CLONE_NEWNS },
		{ "pid", CLONE_NEWPID },   { "network", CLONE_NEWNET },
		{ "ipc", CLONE_NEWIPC },   { "uts", CLONE_NEWUTS },
		{ "cgroup", CLONE_NEWCGROUP },
		{ "all of them", ALL_NAMESPACES & ~CLONE_NEWUSER },
	};
	int failed = 0;

	words[0] = '\0';
	for (size_t i = 0; i < NS_TRIALS; i++) {
		trials[i] = (struct ns_trial){ steps[i].name, try_one(steps[i].flag) };
		if (trials[i].error && !failed++)
			explain(trials[i].error, words, size);
	}
	return failed;
}

/* All of them, but for what a test leaves out. */
static uint64_t wanted(void)
{
	static const struct {
		const char *name;
		uint64_t flag;
	} all[] = {
		{ "user", CLONE_NEWUSER },   { "mount", CLONE_NEWNS }, { "pid", CLONE_NEWPID },
		{ "network", CLONE_NEWNET }, { "ipc", CLONE_NEWIPC },  { "uts", CLONE_NEWUTS },
		{ "cgroup", CLONE_NEWCGROUP },
	};
	uint64_t flags = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (!layer_is_out(all[i].name))
			flags |= all[i].flag;
	return flags;
}

pid_t ns_clone(int *ret_pidfd, struct err *err)
{
	struct ns_trial trials[NS_TRIALS];
	char words[400];
	int pidfd = -1;
	pid_t pid = sys_clone3(wanted() | CLONE_PIDFD, &pidfd);
	int error = errno;

	if (pid >= 0) {
		*ret_pidfd = pidfd;
		return pid;
	}
	if (!ns_try(trials, words, sizeof(words)))
		return err_errno(err, error, "clone3 into new namespaces");
	for (size_t i = 0; i < NS_TRIALS; i++)
		if (trials[i].error)
			return err_set(err, error, "no %s namespace: %s", trials[i].name, words);
	return -error;
}
