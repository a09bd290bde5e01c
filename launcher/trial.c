/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/landlock.h"
#include "common/lock.h"
#include "common/sys.h"
#include "filters/filters.h"
#include "launcher/cgroup.h"
#include "launcher/mount.h"
#include "launcher/net.h"
#include "launcher/ns.h"
#include "launcher/scope.h"
#include "launcher/trial.h"
#include "policies/policy.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static int wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	/* A filter around us may kill instead of refusing. */
	return WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
}

/* A trial that needs an earlier one, which fails, has nothing to say. */
#define NEEDS_ANOTHER 255

/* Run it in a child; what it returns is an errno, 0 or NEEDS_ANOTHER. */
static int in_child(int (*run)(long), long argument)
{
	int error;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		_exit(run(argument));
	error = pid < 0 ? errno : wait_for(pid);
	return error == NEEDS_ANOTHER ? TRIAL_NOT_TRIED : error;
}

/* --- namespaces, one by one ---------------------------------------------------------- */

static int try_namespace(long flag)
{
	struct err err = {0};
	uid_t uid = getuid();
	gid_t gid = getgid();

	if (unshare(CLONE_NEWUSER) < 0)
		return errno;
	if (flag && ns_map(uid, gid, &err) < 0)
		return err.code;
	return flag && unshare((int)flag) < 0 ? errno : 0;
}

static int try_map(long unused)
{
	struct err err = {0};
	uid_t uid = getuid();
	gid_t gid = getgid();

	(void)unused;
	if (unshare(CLONE_NEWUSER) < 0)
		return NEEDS_ANOTHER;
	return ns_map(uid, gid, &err) < 0 ? err.code : 0;
}

static int try_all_namespaces(long unused)
{
	int pidfd = -1;
	pid_t pid = ns_fork(NS_ALL, &pidfd);

	(void)unused;
	if (pid == 0)
		_exit(0);
	return pid < 0 ? errno : wait_for(pid);
}

/* --- building a root, in order, in one child ----------------------------------------- */

struct building {
	struct mount_ways ways;
	int tmpfs, proc, usr, clone;
	uid_t uid;
	gid_t gid;
};

static int step_map(struct building *b)
{
	struct err err = {0};

	return ns_map(b->uid, b->gid, &err) < 0 ? err.code : 0;
}

static int step_hostname(struct building *b)
{
	struct err err = {0};

	(void)b;
	return ns_rename(&err) < 0 ? err.code : 0;
}

static int step_network(struct building *b)
{
	struct err err = {0};

	(void)b;
	return net_isolate(&err) < 0 ? err.code : 0;
}

static int step_private(struct building *b)
{
	(void)b;
	return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? errno : 0;
}

/* Is there the newer call of these?  What a sandbox is built with is tried below. */
static int step_has_make(struct building *b)
{
	mount_find(&b->ways);
	return b->ways.old_make ? ENOSYS : 0;
}

static int step_has_clone(struct building *b)
{
	return b->ways.old_clone ? ENOSYS : 0;
}

static int step_has_flags(struct building *b)
{
	return b->ways.old_flags ? ENOSYS : 0;
}

static int step_has_attach(struct building *b)
{
	return b->ways.old_attach ? ENOSYS : 0;
}

static int step_tmpfs(struct building *b)
{
	b->tmpfs = mount_make(&b->ways, "tmpfs", NULL, 0, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, NULL, 0);
	return b->tmpfs < 0 ? -b->tmpfs : 0;
}

static int step_proc(struct building *b)
{
	b->proc = mount_make(&b->ways, "proc", NULL, 0, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, NULL, 0);
	return b->proc < 0 ? -b->proc : 0;
}

static int step_limit(struct building *b)
{
	cleanup_close int fd =
		openat(b->proc, "sys/user/max_user_namespaces", O_WRONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return errno;
	r = fd_write_all(fd, "0", 1);
	if (r < 0)
		return -r;
	/* It must hold. */
	return unshare(CLONE_NEWUSER) == 0 ? EBADE : 0;
}

static int step_clone(struct building *b)
{
	b->usr = open("/usr", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (b->usr < 0)
		return errno;
	b->clone = mount_clone(&b->ways, b->usr, true, 0);
	return b->clone < 0 ? -b->clone : 0;
}

/* It must hold: nothing can be made in what is read-only. */
static int step_flags(struct building *b)
{
	struct statvfs fs;
	int fd = mount_clone(&b->ways, b->usr, true,
			     MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);

	if (fd < 0)
		return -fd;
	return fstatvfs(fd, &fs) < 0 ? errno : fs.f_flag & ST_RDONLY ? 0 : EBADE;
}

static int step_attach(struct building *b)
{
	return -mount_attach(&b->ways, b->tmpfs, b->usr);
}

static int step_pivot(struct building *b)
{
	if (fchdir(b->tmpfs) < 0 || sys_pivot_root(".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
		return errno;
	return 0;
}

static const struct {
	struct trial trial;
	int (*run)(struct building *b);
} steps[] = {
	{ { "uid_map_in_sandbox", "mapping of the user", "the server keeps its uid", TRIAL_FOR_FULL,
	    CAUSE_MAP, 0 }, step_map },
	{ { "host_name", "sethostname", "hides the host's name", TRIAL_FOR_FULL, CAUSE_PRIVILEGE, 0 },
	  step_hostname },
	{ { "network_empty", "empty network", "nothing in it is up", TRIAL_FOR_FULL,
	    CAUSE_PRIVILEGE, 0 }, step_network },
	{ { "mount_private", "mounts made private", "nothing reaches the host", TRIAL_FOR_FULL,
	    CAUSE_MOUNT, 0 }, step_private },
	{ { "fsopen", "fsopen, fsmount", "else mount(2), on a stage", TRIAL_OPTIONAL, CAUSE_MOUNT, 0 },
	  step_has_make },
	{ { "open_tree", "open_tree", "else mount(2), on a stage", TRIAL_OPTIONAL, CAUSE_MOUNT, 0 },
	  step_has_clone },
	{ { "mount_setattr", "mount_setattr", "else mount(2), one mount after the other", TRIAL_OPTIONAL,
	    CAUSE_MOUNT, 0 }, step_has_flags },
	{ { "move_mount", "move_mount", "else mount(2)", TRIAL_OPTIONAL, CAUSE_MOUNT, 0 },
	  step_has_attach },
	{ { "mount_tmpfs", "a new tmpfs", "the empty root", TRIAL_FOR_FULL, CAUSE_MOUNT, 0 },
	  step_tmpfs },
	{ { "mount_proc", "a new /proc", "only the server's processes", TRIAL_FOR_FULL, CAUSE_PROC, 0 },
	  step_proc },
	{ { "nested_limit", "limit on nested namespaces", "none inside", TRIAL_FOR_FULL,
	    CAUSE_MAP, 0 }, step_limit },
	{ { "bind", "binds by descriptor", "what is granted", TRIAL_FOR_FULL, CAUSE_MOUNT, 0 },
	  step_clone },
	{ { "bind_read_only", "read-only for whole trees", "and it holds", TRIAL_FOR_FULL,
	    CAUSE_MOUNT, 0 }, step_flags },
	{ { "attach", "a mount put in its place", "what was made", TRIAL_FOR_FULL, CAUSE_MOUNT, 0 },
	  step_attach },
	{ { "pivot_root", "pivot_root", "the old root goes", TRIAL_FOR_FULL, CAUSE_MOUNT, 0 },
	  step_pivot },
};

/* In pid 1 of the namespaces: an errno a step, until one fails that has no way round. */
static _Noreturn void build(int out, uid_t uid, gid_t gid)
{
	struct building b = { {0}, -1, -1, -1, -1, uid, gid };

	for (size_t i = 0; i < COUNT(steps); i++) {
		unsigned char error = (unsigned char)steps[i].run(&b);

		if (fd_write_all(out, &error, 1) < 0 || (error && steps[i].trial.need))
			break;
	}
	_exit(0);
}

/* Return: 0 and errors filled, or the errno of the clone itself. */
static int run_steps(int errors[static COUNT(steps)])
{
	int pipe_[2], pidfd = -1, error;
	uid_t uid = getuid();
	gid_t gid = getgid();
	unsigned char byte;
	pid_t pid;

	for (size_t i = 0; i < COUNT(steps); i++)
		errors[i] = TRIAL_NOT_TRIED;
	if (pipe2(pipe_, O_CLOEXEC) < 0)
		return errno;
	fflush(NULL);
	pid = ns_fork(NS_ALL, &pidfd);
	error = errno;
	if (pid == 0)
		build(pipe_[1], uid, gid);
	close(pipe_[1]);
	if (pid < 0) {
		close(pipe_[0]);
		return error;
	}
	for (size_t i = 0; i < COUNT(steps) && read(pipe_[0], &byte, 1) == 1; i++)
		errors[i] = byte;
	close(pipe_[0]);
	close(pidfd);
	error = wait_for(pid);
	/* Killed in the middle of a step, and so before its answer. */
	for (size_t i = 0; error && i < COUNT(steps); i++)
		if (errors[i] == TRIAL_NOT_TRIED &&
		    (!i || !errors[i - 1] || !steps[i - 1].trial.need)) {
			errors[i] = error;
			break;
		}
	return 0;
}

int trial_sandbox(struct trial *ret_failed)
{
	int errors[COUNT(steps)], r = run_steps(errors);

	if (r) {
		*ret_failed = (struct trial){ "namespaces", "all namespaces at once", "",
					      TRIAL_FOR_FULL, CAUSE_NAMESPACE, r };
		return r;
	}
	for (size_t i = 0; i < COUNT(steps); i++) {
		if (!errors[i] || !steps[i].trial.need)
			continue;
		*ret_failed = steps[i].trial;
		ret_failed->error = errors[i];
		return errors[i];
	}
	return 0;
}

/* --- what both tiers need ------------------------------------------------------------- */

static int try_privileges(long unused)
{
	struct err err = {0};

	(void)unused;
	return lock_privileges(&err) < 0 ? err.code : 0;
}

static int try_seccomp(long unused)
{
	struct err err = {0};

	(void)unused;
	if (lock_privileges(&err) < 0 || lock_syscalls(&filter_server_arguments, &err) < 0 ||
	    lock_syscalls(&filter_server_calls, &err) < 0)
		return err.code;
	/* They must hold: io_uring is refused by one, a TCP socket by the other. */
	if (syscall(SYS_io_uring_setup, 1, NULL) != -1 || errno != EPERM)
		return EBADE;
	return socket(AF_INET, SOCK_STREAM, 0) != -1 || errno != EAFNOSUPPORT ? EBADE : 0;
}

static int try_landlock(long unused)
{
	struct err err = {0};
	int error = landlock_errno();

	(void)unused;
	if (error)
		return error;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return errno;
	if (lock_files(&err) < 0)
		return err.code;
	/* It must hold. */
	return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0 || errno != EACCES ? EBADE : 0;
}

static int try_landlock_abi(long at_least)
{
	int abi = landlock_abi();

	return abi >= at_least ? 0 : abi ? EOPNOTSUPP : landlock_errno();
}

static int try_sealed(long unused)
{
	struct err err = {0};
	int fd = fd_sealed("trial", "x", 1, &err);

	(void)unused;
	if (fd < 0)
		return err.code;
	return write(fd, "y", 1) >= 0 ? EBADE : 0;
}

static int try_pidfd_open(long unused)
{
	(void)unused;
	return sys_pidfd_open(getpid(), 0) < 0 ? errno : 0;
}

static int try_pidfd_signal(long unused)
{
	int pidfd = -1;
	pid_t pid = ns_fork(0, &pidfd);

	(void)unused;
	if (pid == 0) {
		pause();
		_exit(0);
	}
	if (pid < 0)
		return errno;
	if (sys_pidfd_send_signal(pidfd, SIGKILL) < 0) {
		int error = errno;

		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return error;
	}
	return waitpid(pid, NULL, 0) == pid ? 0 : errno;
}

static int try_subreaper(long unused)
{
	char path[64];

	(void)unused;
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return errno;
	/* From ABI 6 on the kernel itself finds them all: kill(-1) in a signal scope. */
	if (landlock_abi() >= 6)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	return access(path, R_OK) < 0 ? errno : 0;
}

static int try_openat2(long unused)
{
	(void)unused;
	return sys_openat2(AT_FDCWD, "/", O_PATH | O_CLOEXEC, 0, RESOLVE_NO_SYMLINKS) < 0 ? errno :
											    0;
}

static int try_clone3(long unused)
{
	int pidfd = -1;
	pid_t pid = sys_clone3(CLONE_PIDFD, -1, &pidfd);

	(void)unused;
	if (pid == 0)
		_exit(0);
	return pid < 0 ? errno : wait_for(pid);
}

static int try_close_range(long unused)
{
	(void)unused;
	return sys_close_range(3, ~0U, SYS_CLOSE_RANGE_CLOEXEC) < 0 ? errno : 0;
}

static const struct policy_limits together = { .memory_total = 64 << 20, .processes = 16 };

/* What run would do for limits of all processes together. */
static int try_cgroup(long unused)
{
	struct err err = {0};
	struct cgroup c;
	int r = cgroup_find(&together, &c, &err);
	bool is_found = r == 0 && c.is_possible && !c.is_scope;

	(void)unused;
	cgroup_done(&c);
	return r < 0 ? err.code : is_found ? 0 : EACCES;
}

/* Made for real, around a child that does nothing, and gone with it. */
static int try_scope(long unused)
{
	struct cgroup c = { .is_wanted = true, .is_possible = true, .is_scope = true };
	int held[2], error = EACCES;
	char why[SCOPE_WHY], id[24], byte;
	struct err err = {0};
	pid_t pid;

	(void)unused;
	c.manager = scope_connect(why);
	if (c.manager < 0)
		return ENOENT;
	snprintf(id, sizeof(id), "trial-%d", (int)getpid());
	if (pipe2(held, O_CLOEXEC) < 0 || cgroup_make(&together, id, &c, &err) < 0)
		return EIO;
	pid = fork();
	if (pid == 0) {
		close(held[1]);
		_exit(read(held[0], &byte, 1) < 0);
	}
	if (pid > 0 && cgroup_place(&together, id, pid, &c, &err) == 0 && c.is_possible)
		error = 0;
	close(held[1]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	cgroup_done(&c);
	return error;
}

static const struct {
	struct trial trial;
	int (*run)(long argument);
	long argument;
} singles[] = {
	{ { "user_namespace", "user namespace", "", TRIAL_FOR_FULL, CAUSE_NAMESPACE, 0 },
	  try_namespace, 0 },
	{ { "uid_map", "uid_map, gid_map", "", TRIAL_FOR_FULL, CAUSE_MAP, 0 }, try_map, 0 },
	{ { "mount_namespace", "mount namespace", "", TRIAL_FOR_FULL, CAUSE_NAMESPACE, 0 },
	  try_namespace, CLONE_NEWNS },
	{ { "pid_namespace", "pid namespace", "", TRIAL_FOR_FULL, CAUSE_NAMESPACE, 0 },
	  try_namespace, CLONE_NEWPID },
	{ { "network_namespace", "network namespace", "", TRIAL_FOR_FULL, CAUSE_NAMESPACE, 0 },
	  try_namespace, CLONE_NEWNET },
	{ { "ipc_namespace", "ipc namespace", "", TRIAL_FOR_FULL, CAUSE_NAMESPACE, 0 },
	  try_namespace, CLONE_NEWIPC },
	{ { "uts_namespace", "uts namespace", "", TRIAL_FOR_FULL, CAUSE_NAMESPACE, 0 },
	  try_namespace, CLONE_NEWUTS },
	{ { "cgroup_namespace", "cgroup namespace", "", TRIAL_FOR_FULL, CAUSE_NAMESPACE, 0 },
	  try_namespace, CLONE_NEWCGROUP },
	{ { "all_namespaces", "all of them at once", "", TRIAL_FOR_FULL, CAUSE_NAMESPACE, 0 },
	  try_all_namespaces, 0 },
	{ { "landlock", "Landlock", "files; refuses what is not granted", TRIAL_FOR_BOTH,
	    CAUSE_LANDLOCK, 0 }, try_landlock, 0 },
	{ { "landlock_truncate", "Landlock ABI 3", "truncation; else by seccomp in nouserns",
	    TRIAL_OPTIONAL, CAUSE_LANDLOCK, 0 }, try_landlock_abi, 3 },
	{ { "landlock_tcp", "Landlock ABI 4", "TCP, a second layer", TRIAL_OPTIONAL,
	    CAUSE_LANDLOCK, 0 }, try_landlock_abi, 4 },
	{ { "landlock_scope", "Landlock ABI 6", "signals; what nouserns needs to end all for sure",
	    TRIAL_OPTIONAL, CAUSE_LANDLOCK, 0 }, try_landlock_abi, 6 },
	{ { "landlock_sockets", "Landlock ABI 9", "named sockets in granted directories",
	    TRIAL_OPTIONAL, CAUSE_LANDLOCK, 0 }, try_landlock_abi, 9 },
	{ { "no_new_privs", "no_new_privs, capabilities", "", TRIAL_FOR_BOTH, CAUSE_OTHER, 0 },
	  try_privileges, 0 },
	{ { "seccomp", "seccomp", "both filters, and they hold", TRIAL_FOR_BOTH, CAUSE_SECCOMP, 0 },
	  try_seccomp, 0 },
	{ { "memfd_seal", "sealed memfd", "the policy on its way", TRIAL_FOR_BOTH, CAUSE_CALL, 0 },
	  try_sealed, 0 },
	{ { "pidfd_send_signal", "pidfd_send_signal", "", TRIAL_FOR_BOTH, CAUSE_CALL, 0 },
	  try_pidfd_signal, 0 },
	{ { "subreaper", "child subreaper", "nouserns: nothing survives",
	    TRIAL_FOR_NOUSERNS, CAUSE_CALL, 0 }, try_subreaper, 0 },
	{ { "pidfd_open", "pidfd_open", "the client's end; else only its pipes tell", TRIAL_OPTIONAL,
	    CAUSE_CALL, 0 }, try_pidfd_open, 0 },
	{ { "openat2", "openat2", "else each path is walked with O_NOFOLLOW", TRIAL_OPTIONAL,
	    CAUSE_CALL, 0 }, try_openat2, 0 },
	{ { "clone3", "clone3", "else clone", TRIAL_OPTIONAL, CAUSE_CALL, 0 }, try_clone3, 0 },
	{ { "close_range", "close_range", "else /proc/self/fd is walked", TRIAL_OPTIONAL, CAUSE_CALL,
	    0 }, try_close_range, 0 },
	{ { "cgroup_delegation", "delegated cgroup v2", "limits of all processes together; else a scope",
	    TRIAL_OPTIONAL, CAUSE_OTHER, 0 }, try_cgroup, 0 },
	{ { "user_scope", "scope of the user's systemd", "the same; else each process's limits alone",
	    TRIAL_OPTIONAL, CAUSE_OTHER, 0 }, try_scope, 0 },
};

static_assert(COUNT(singles) + COUNT(steps) <= TRIAL_MAX, "TRIAL_MAX is too small");

size_t trial_all(struct trial v[static TRIAL_MAX])
{
	int errors[COUNT(steps)];
	size_t n = 0;

	for (size_t i = 0; i < COUNT(singles); i++) {
		v[n] = singles[i].trial;
		v[n++].error = in_child(singles[i].run, singles[i].argument);
	}
	run_steps(errors);
	for (size_t i = 0; i < COUNT(steps); i++) {
		v[n] = steps[i].trial;
		v[n++].error = errors[i];
	}
	return n;
}
