/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe - one attempt a line: what the place it runs in lets a program do
 *
 * Run twice by tests/live/run: natively, as the control that shows the attempt can
 * succeed at all, and as a server of mcp-confine.  Every attempt runs in a process of
 * its own, because some answers are a signal.  Static and without any library of ours,
 * since none exists inside.
 *
 *   probe [KEY=VALUE...] NAME...|all|list
 *
 * prints "NAME ANSWER", where the answer is ok, the name of an errno or of a signal,
 * yes or no for a question, or absent when this kernel lacks what is asked about.
 * It exits 0 when every name was known, whatever the answers are.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "probes/probe.h"

static const char **arguments; /* KEY=VALUE, set once by main */

static const char *argument(const char *key, size_t len)
{
	for (const char **a = arguments; *a; a++)
		if (!strncmp(*a, key, len) && (*a)[len] == '=')
			return *a + len + 1;
	return NULL;
}

/* A probe without its argument is a mistake of the caller, never an answer. */
const char *need(const char *key)
{
	const char *value = argument(key, strlen(key));

	if (!value) {
		fprintf(stderr, "probe: no %s= given\n", key);
		_exit(99);
	}
	return value;
}

/* "home/.ssh" with home=/home/x is /home/x/.ssh; what starts with / stays. */
const char *place(const char *path, char buf[4096])
{
	const char *slash = strchrnul(path, '/');
	char key[32];

	if (*path == '/')
		return path;
	snprintf(key, sizeof(key), "%.*s", (int)(slash - path), path);
	snprintf(buf, 4096, "%s%s", need(key), slash);
	return buf;
}

int answer(long result)
{
	return result < 0 ? errno : 0;
}

/* --- network -------------------------------------------------------------------- */

static int net_socket(const struct probe *p)
{
	return answer(socket((int)p->a, (int)p->b | SOCK_CLOEXEC, (int)p->c));
}

/* The kernel reads an int: bits above 32 must not carry a family past the filter. */
static int net_socket_high_bits(const struct probe *p)
{
	return answer(syscall(SYS_socket, p->a | 1L << 32, p->b, p->c));
}

/*
 * Every family there is a number for, but AF_UNIX: ok as soon as one of them opens.
 * A family of which this kernel has no module answers EAFNOSUPPORT on both sides.
 */
static int net_families(const struct probe *p)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET };

	for (int family = 2; family < (int)p->a; family++)
		for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
			if (socket(family, types[i], 0) >= 0)
				return 0;
			else if (errno != EAFNOSUPPORT && p->b)
				return errno;
	return EAFNOSUPPORT;
}

static int net_socketpair(const struct probe *p)
{
	int sv[2];

	return answer(socketpair((int)p->a, (int)p->b, (int)p->c, sv));
}

static int net_connect(const struct probe *p)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)atoi(need("port"))),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)p;
	if (fd < 0)
		return errno;
	return answer(connect(fd, (struct sockaddr *)&to, sizeof(to)));
}

static int net_vsock_connect(const struct probe *p)
{
	struct sockaddr_vm to = {
		.svm_family = AF_VSOCK,
		.svm_cid = (unsigned int)p->a,
		.svm_port = 1024,
	};
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return errno;
	return answer(connect(fd, (struct sockaddr *)&to, sizeof(to)));
}

static int net_io_uring(const struct probe *p)
{
	unsigned char params[120] = { 0 }; /* struct io_uring_params */

	memcpy(params + 8, &(uint32_t){ (uint32_t)p->a }, 4);
	return answer(syscall(SYS_io_uring_setup, 4, params));
}

static int net_io_uring_other(const struct probe *p)
{
	return answer(syscall(p->a, 999, 0, 0, 0, NULL, 0));
}

static bool file_has(const char *path, const char *words)
{
	char line[512];
	bool found = false;
	FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof(line), f))
		found = found || strstr(line, words);
	if (f)
		fclose(f);
	return found;
}

/* Is there an interface beside lo? */
static int net_interfaces(const struct probe *p)
{
	char line[512];
	int n = 0;
	FILE *f = fopen("/proc/self/net/dev", "re");

	(void)p;
	if (!f)
		return errno;
	while (fgets(line, sizeof(line), f))
		n += strchr(line, ':') && !strstr(line, " lo:");
	fclose(f);
	return n ? YES : NO;
}

static int net_listeners(const struct probe *p)
{
	char port[16];

	(void)p;
	snprintf(port, sizeof(port), ":%04X ", (unsigned int)atoi(need("port")));
	return file_has("/proc/self/net/tcp", port) ? YES : NO;
}

/* --- Unix sockets --------------------------------------------------------------- */

static int uds_connect(const struct probe *p)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	char buf[4096];
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0)
		return errno;
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", place(p->path, buf));
	return answer(connect(fd, (struct sockaddr *)&to, sizeof(to)));
}

static int uds_abstract(const struct probe *p)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *name = need("abstract");
	size_t len = strlen(name);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)p;
	if (fd < 0)
		return errno;
	memcpy(to.sun_path + 1, name, len);
	return answer(connect(fd, (struct sockaddr *)&to,
			      (socklen_t)(sizeof(sa_family_t) + 1 + len)));
}

/* --- reading -------------------------------------------------------------------- */

static int fs_open(const struct probe *p)
{
	char buf[4096];

	return answer(open(place(p->path, buf), (int)p->a | O_CLOEXEC, 0600));
}

/* yes: the directory is there and holds something. */
static int fs_list(const struct probe *p)
{
	char buf[4096];
	struct dirent *e;
	int n = 0;
	DIR *d = opendir(place(p->path, buf));

	if (!d)
		return errno;
	while ((e = readdir(d)))
		n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	closedir(d);
	return n ? YES : NO;
}

static int fs_mountinfo(const struct probe *p)
{
	char buf[4096];

	return file_has("/proc/self/mountinfo", place(p->path, buf)) ? YES : NO;
}

/* Does the list of accounts name one that is no business of the server's? */
static int fs_accounts(const struct probe *p)
{
	if (access(p->path, R_OK) < 0)
		return errno;
	return file_has(p->path, need("account")) ? YES : NO;
}

static int fs_handle(const struct probe *p)
{
	unsigned char handle[8 + 128] = { 0 };
	int mount_id;

	memcpy(handle, &(uint32_t){ 128 }, 4);
	if (!p->a)
		return answer(syscall(SYS_name_to_handle_at, AT_FDCWD, "/", handle, &mount_id, 0));
	memcpy(handle, &(uint32_t){ 8 }, 4);
	memcpy(handle + 4, &(uint32_t){ 1 }, 4);
	memcpy(handle + 8, &(uint32_t){ 2 }, 4); /* the root inode of ext4 */
	return answer(syscall(SYS_open_by_handle_at, open("/", O_RDONLY), handle, O_RDONLY));
}

/* --- writing -------------------------------------------------------------------- */

static int fsw_in_tmp(const struct probe *p)
{
	char path[] = "/tmp/probe-XXXXXX";
	int fd = mkstemp(path);

	(void)p;
	if (fd >= 0)
		unlink(path);
	return answer(fd);
}

static int fsw_unlink(const struct probe *p)
{
	char buf[4096];

	return answer(unlink(place(p->path, buf)));
}

static int fsw_rename(const struct probe *p)
{
	char from[4096], to[4096];

	place(p->path, from);
	snprintf(to, sizeof(to), "%.4080s.renamed", from);
	return answer(rename(from, to));
}

static int fsw_chmod(const struct probe *p)
{
	char buf[4096];

	return answer(chmod(place(p->path, buf), 0644));
}

static int fsw_truncate(const struct probe *p)
{
	char buf[4096];

	return answer(truncate(place(p->path, buf), 1));
}

static int fsw_utimens(const struct probe *p)
{
	char buf[4096];

	return answer(utimensat(AT_FDCWD, place(p->path, buf), NULL, 0));
}

static int fsw_xattr(const struct probe *p)
{
	char buf[4096];

	return answer(setxattr(place(p->path, buf), "user.probe", "1", 1, 0));
}

static int fsw_mkdir(const struct probe *p)
{
	char buf[4096];

	return answer(mkdir(place(p->path, buf), 0700));
}

static int fsw_symlink(const struct probe *p)
{
	char buf[4096];

	return answer(symlink("/etc/passwd", place(p->path, buf)));
}

static int fsw_mknod(const struct probe *p)
{
	char buf[4096];

	return answer(mknod(place(p->path, buf), (mode_t)p->a | 0600, 0));
}

/* A read-only descriptor, opened again for writing through its magic link. */
static int fsw_reopen(const struct probe *p)
{
	char buf[4096], link[64];
	int fd = open(place(p->path, buf), O_RDONLY);

	if (fd < 0)
		return errno;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return answer(open(link, O_RDWR));
}

static int fsw_mmap(const struct probe *p)
{
	char buf[4096];
	int fd = open(place(p->path, buf), O_RDONLY);

	if (fd < 0)
		return errno;
	return mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ? errno : 0;
}

/* --- processes ------------------------------------------------------------------ */

static bool proc_find(const char *start, pid_t *pid)
{
	struct dirent *e;
	bool found = false;
	DIR *d = opendir("/proc");

	while (d && !found && (e = readdir(d))) {
		char path[300], line[256] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%s/cmdline", e->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		found = fgets(line, sizeof(line), f) && !strncmp(line, start, strlen(start));
		*pid = atoi(e->d_name);
		fclose(f);
	}
	if (d)
		closedir(d);
	return found;
}

static int proc_visible(const struct probe *p)
{
	pid_t pid;

	return proc_find(p->path ? p->path : need("marker"), &pid) ? YES : NO;
}

/* The victim by its number outside; a reused number inside would answer for another. */
static pid_t victim(void)
{
	return atoi(need("victim"));
}

static int proc_kill(const struct probe *p)
{
	return answer(kill(victim(), (int)p->a));
}

static int proc_ptrace(const struct probe *p)
{
	(void)p;
	return answer(ptrace(PTRACE_SEIZE, victim(), NULL, NULL));
}

static int proc_vm_readv(const struct probe *p)
{
	/* Nothing is mapped at 0: EFAULT says that the victim's memory was looked into. */
	char byte;
	struct iovec local = { &byte, 1 }, remote = { NULL, 1 };

	(void)p;
	if (process_vm_readv(victim(), &local, 1, &remote, 1, 0) < 0 && errno != EFAULT)
		return errno;
	return 0;
}

static int proc_pidfd(const struct probe *p)
{
	int fd = (int)syscall(SYS_pidfd_open, victim(), 0);

	if (fd < 0 || !p->a)
		return answer(fd);
	return answer(syscall(SYS_pidfd_getfd, fd, 0, 0));
}

static int proc_status(const struct probe *p)
{
	char line[256], *at;
	int found = NO;
	FILE *f = fopen("/proc/self/status", "re");

	if (!f)
		return errno;
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, p->path, strlen(p->path)))
			continue;
		at = line + strcspn(line, "\t");
		found = strtoull(at, NULL, (int)p->b) >= (unsigned long long)p->a ? YES : NO;
	}
	fclose(f);
	return found;
}

static int proc_rlimit_raise(const struct probe *p)
{
	struct rlimit limit;

	if (getrlimit((__rlimit_resource_t)p->a, &limit) < 0)
		return errno;
	if (limit.rlim_max == RLIM_INFINITY)
		return 0; /* nothing to raise: as bad as raising it */
	limit.rlim_max++;
	return answer(setrlimit((__rlimit_resource_t)p->a, &limit));
}

static int proc_nice(const struct probe *p)
{
	return answer(setpriority(PRIO_PROCESS, 0, (int)p->a));
}

/* Signals pid 1; outside that is somebody else's, inside it is ours and immune. */
static int proc_kill_init(const struct probe *p)
{
	int r = answer(kill(1, (int)p->a));

	if (r)
		return r;
	return access("/proc/1/status", F_OK) == 0 ? 0 : ESRCH;
}

/* --- namespaces and the surface of the kernel ------------------------------------ */

static int ns_unshare(const struct probe *p)
{
	return answer(unshare((int)p->a));
}

static int ns_clone(const struct probe *p)
{
	long pid = syscall(SYS_clone, p->a | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		_exit(0);
	return answer(pid);
}

static int ns_clone3(const struct probe *p)
{
	struct clone_args how = { .flags = (uint64_t)p->a, .exit_signal = SIGCHLD };
	long pid = syscall(SYS_clone3, &how, sizeof(how));

	if (pid == 0)
		_exit(0);
	return answer(pid);
}

/* fork() must work whatever glibc makes it of. */
static int ns_fork(const struct probe *p)
{
	pid_t pid = fork();

	(void)p;
	if (pid == 0)
		_exit(0);
	return answer(pid);
}

static int ns_setns(const struct probe *p)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	(void)p;
	if (fd < 0)
		return errno;
	return answer(setns(fd, 0));
}

static int ns_mount(const struct probe *p)
{
	return answer(mount("none", "/tmp", p->path, (unsigned long)p->a, NULL));
}

static int ns_umount(const struct probe *p)
{
	return answer(umount2(p->path, MNT_DETACH));
}

static int ns_chroot(const struct probe *p)
{
	(void)p;
	return answer(chroot("/tmp"));
}

/*
 * A system call by number with arguments that the kernel refuses late: what comes back
 * says whether it was reached.  c is the errno of the call itself, which counts as ok.
 */
static int sys_call(const struct probe *p)
{
	long r = syscall(p->a, p->b, 0L, 0L, 0L, 0L, 0L);

	if (r < 0 && errno == p->c)
		return 0;
	return answer(r);
}

static int sys_bpf(const struct probe *p)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4,
				.value_size = 4, .max_entries = 1 };

	(void)p;
	return answer(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)));
}

static int sys_perf(const struct probe *p)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(attr),
					.config = PERF_COUNT_SW_TASK_CLOCK,
					.exclude_kernel = 1, .exclude_hv = 1 };

	(void)p;
	return answer(syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0));
}

static int sys_keyring(const struct probe *p)
{
	return answer(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, p->a, 1));
}

static int sys_add_key(const struct probe *p)
{
	(void)p;
	return answer(syscall(SYS_add_key, "user", "mcpc", "x", 1, KEY_SPEC_PROCESS_KEYRING));
}

static int sys_personality(const struct probe *p)
{
	return answer(personality((unsigned long)p->a));
}

static int sys_capabilities(const struct probe *p)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { 0 };

	(void)p;
	if (syscall(SYS_capget, &head, data) < 0)
		return errno;
	for (int i = 0; i < 2; i++)
		if (data[i].effective | data[i].permitted | data[i].inheritable)
			return NO;
	for (int cap = 0; cap < 64; cap++)
		if (prctl(PR_CAPBSET_READ, cap) > 0 ||
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) > 0)
			return NO;
	return YES;
}

static int sys_prctl(const struct probe *p)
{
	return answer(prctl((int)p->a, p->b, p->c, 0, 0));
}

#ifdef __x86_64__
/* The same call under its x32 number and through the 32-bit gate: one answer, death. */
static int sys_x32(const struct probe *p)
{
	(void)p;
	return answer(syscall(0x40000000 | SYS_getpid));
}

static int sys_int80(const struct probe *p)
{
	long r;

	(void)p;
	__asm__ volatile("int $0x80" : "=a"(r) : "a"(20L /* i386 getpid */) : "memory");
	return r < 0 ? (int)-r : 0;
}
#else
static int sys_x32(const struct probe *p)
{
	(void)p;
	return ABSENT;
}
#define sys_int80 sys_x32
#endif

/* --- terminals ------------------------------------------------------------------- */

/* On a pseudo terminal of our own, where there is one; else the filter answers first. */
static int tty_ioctl(const struct probe *p)
{
	char byte = 'x';
	int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		fd = 0;
	if (syscall(SYS_ioctl, fd, p->a, &byte) < 0 && errno == p->c)
		return 0;
	return errno;
}

/* --- what is inherited, and running code ------------------------------------------ */

static int fds_only_three(const struct probe *p)
{
	struct dirent *e;
	int n = 0;
	DIR *d = opendir("/proc/self/fd");

	(void)p;
	if (!d)
		return errno;
	while ((e = readdir(d)))
		n += atoi(e->d_name) > 2 && atoi(e->d_name) != dirfd(d);
	/* One more is the pipe that carries this answer. */
	n--;
	closedir(d);
	return n > 0 ? NO : YES;
}

static int env_has(const struct probe *p)
{
	const char *value = getenv(p->path);

	return value ? YES : NO;
}

/* The secret by its value, under whatever name. */
static int env_leaks(const struct probe *p)
{
	const char *secret = need("secret");

	(void)p;
	for (char **e = environ; *e; e++)
		if (strstr(*e, secret))
			return YES;
	return NO;
}

int exec_fd(int fd)
{
	char *argv[] = { (char[]){ "true" }, NULL }, *envp[] = { NULL };
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH);
		_exit(errno);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

/* This program again, which without arguments exits 0, copied to where it may write. */
int copy_self(int out)
{
	char buf[65536];
	ssize_t n;
	int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (in < 0)
		return errno;
	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, (size_t)n) != n)
			return errno;
	return n < 0 ? errno : 0;
}

static int exec_file(const struct probe *p)
{
	char buf[4096], path[4096];
	int fd, r;

	snprintf(path, sizeof(path), "%.4000s/probe-copy", place(p->path, buf));
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	if (fd < 0)
		return errno;
	r = copy_self(fd);
	close(fd);
	fd = r ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	if (!r)
		r = fd < 0 ? errno : exec_fd(fd);
	unlink(path);
	return r;
}

static int exec_memfd(const struct probe *p)
{
	int r, fd = memfd_create("probe", MFD_CLOEXEC);

	(void)p;
	if (fd < 0)
		return errno;
	r = copy_self(fd);
	return r ? r : exec_fd(fd);
}

static int exec_setuid(const struct probe *p)
{
	return answer(access(p->path, F_OK));
}

static int sys_hostname_is_host(const struct probe *p)
{
	char name[256] = "";

	(void)p;
	if (gethostname(name, sizeof(name) - 1) < 0)
		return errno;
	return !strcmp(name, need("hostname")) ? YES : NO;
}

#include "probe_table.h"

static const struct probe *const tables[] = { probes, probes_files, probes_system };

/* --- running them ----------------------------------------------------------------- */

static void print_answer(const char *name, int status, int result)
{
	const char *words;

	if (WIFSIGNALED(status)) {
		printf("%s SIG%s\n", name, sigabbrev_np(WTERMSIG(status)));
		return;
	}
	words = result == 0	 ? "ok"
		: result == YES	 ? "yes"
		: result == NO	 ? "no"
		: result == ABSENT ? "absent"
				 : strerrorname_np(result);
	printf("%s %s\n", name, words ? words : "?");
}

static bool run(const struct probe *p)
{
	int result = 0, status = 0, sv[2];
	pid_t pid;

	if (pipe2(sv, O_CLOEXEC) < 0)
		return false;
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return false;
	if (pid == 0) {
		close(sv[0]);
		result = p->run(p);
		if (write(sv[1], &result, sizeof(result)) != sizeof(result))
			_exit(98);
		_exit(0);
	}
	close(sv[1]);
	if (read(sv[0], &result, sizeof(result)) < 0)
		result = errno;
	close(sv[0]);
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status))
		return false;
	print_answer(p->name, status, result);
	return true;
}

static bool run_named(const char *name)
{
	bool found = false, ok = true;

	for (size_t t = 0; t < sizeof(tables) / sizeof(*tables); t++)
		for (const struct probe *p = tables[t]; p->name; p++) {
			if (strcmp(name, "all") && strcmp(name, p->name))
				continue;
			found = true;
			ok = run(p) && ok;
		}
	if (!found)
		fprintf(stderr, "probe: %s: no such probe\n", name);
	return found && ok;
}

int main(int argc, char **argv)
{
	bool ok = true;

	arguments = calloc((size_t)argc + 1, sizeof(*arguments));
	if (!arguments)
		return 1;
	for (int i = 1, n = 0; i < argc; i++)
		if (strchr(argv[i], '='))
			arguments[n++] = argv[i];
	/* Inside, stdout is for MCP messages and passes nothing else: answers go to
	 * stderr, where each line comes back with the server's name before it. */
	if (arguments[0] && !strcmp(arguments[0], "out=stderr"))
		stdout = stderr;
	for (int i = 1; i < argc; i++) {
		/* The name of a script whose interpreter this program is (exec_script). */
		if (strchr(argv[i], '=') || argv[i][0] == '/')
			continue;
		if (!strcmp(argv[i], "list"))
			for (size_t t = 0; t < sizeof(tables) / sizeof(*tables); t++)
				for (const struct probe *p = tables[t]; p->name; p++)
					puts(p->name);
		else
			ok = run_named(argv[i]) && ok;
	}
	return ok ? 0 : 1;
}
