/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gen - print the seccomp programs as C (build time only)
 *
 * usage: gen [--arch x86_64|aarch64] [--prefix NAME] [--sanitized]
 *
 * A server gets stacked filters, because libseccomp cannot give one call both an
 * unconditional and a conditional rule, and because rules on arguments must compare the
 * 32 bits that the kernel uses: the rest of a register is the caller's to fill
 * (CVE-2019-7303, CVE-2019-10063).  So arguments are always compared by MASKED_EQ on
 * the low half.  A foreign architecture (int 0x80, x32) kills the process.
 *
 * Our own processes get short lists; another call there means that the process was
 * taken over, and kills it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOW32 0xffffffffULL

static uint32_t arch;

static _Noreturn void die(const char *what, const char *name, int r)
{
	fprintf(stderr, "filters/gen: %s: %s: %s\n", name, what, strerror(-r));
	exit(1);
}

/* Calls that exist on x86_64 only; anything else unknown is a mistake in a table. */
static bool is_legacy(const char *name)
{
	static const char *const names[] = {
		"open", "creat", "dup2", "stat", "lstat", "access", "getdents", "mkdir", "rmdir",
		"unlink", "rename", "link", "symlink", "readlink", "chmod", "chown", "lchown",
		"utime", "utimes", "futimesat", "mknod", "inotify_init", "fork", "vfork", "pause",
		"arch_prctl", "getpgrp", "getrlimit", "time", "alarm", "epoll_create", "epoll_wait",
		"poll", "select", "eventfd", "signalfd", "pipe", "modify_ldt", "iopl", "ioperm",
		"uselib", "ustat", "sysfs",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

/* The number on the target, or a negative one when it has no such call. */
static int number(const char *name)
{
	int nr = seccomp_syscall_resolve_name_arch(arch, name);

	if (nr == __NR_SCMP_ERROR)
		die("no such system call", name, -ENOSYS);
	if (nr < 0 && !is_legacy(name))
		die("not on this architecture, and not listed as legacy", name, -ENOSYS);
	/* Rules name calls by the build machine's numbers; libseccomp translates. */
	return nr < 0 ? nr : seccomp_syscall_resolve_name(name);
}

static scmp_filter_ctx new_filter(uint32_t action)
{
	scmp_filter_ctx ctx = seccomp_init(action);
	int r;

	if (!ctx)
		die("seccomp_init", "filter", -ENOMEM);
	if (arch != seccomp_arch_native()) {
		r = seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE);
		if (r == 0)
			r = seccomp_arch_add(ctx, arch);
		if (r < 0)
			die("set the architecture", "filter", r);
	}
	r = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (r == 0)
		r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (r < 0)
		die("set the attributes", "filter", r);
	return ctx;
}

static void rule(scmp_filter_ctx ctx, uint32_t action, const char *name)
{
	int nr = number(name), r;

	if (nr < 0)
		return;
	r = seccomp_rule_add_exact(ctx, action, nr, 0);
	if (r < 0)
		die("add a rule", name, r);
}

/* Refuse the call when (argument & mask) == value; compared in the low 32 bits. */
static void refuse_if(scmp_filter_ctx ctx, int error, const char *name, unsigned int arg,
		      uint64_t mask, uint64_t value)
{
	int nr = number(name), r;

	if (nr < 0)
		return;
	r = seccomp_rule_add_exact(ctx, SCMP_ACT_ERRNO((uint32_t)error), nr, 1,
				   SCMP_CMP(arg, SCMP_CMP_MASKED_EQ, mask & LOW32, value & LOW32));
	if (r < 0)
		die("add a rule on an argument", name, r);
}

/* --- the server's two ----------------------------------------------------------------- */

static scmp_filter_ctx server_calls(void)
{
	scmp_filter_ctx ctx = new_filter(SCMP_ACT_ERRNO(ENOSYS));

#define CALL(name, why) rule(ctx, SCMP_ACT_ALLOW, #name);
#define EPERM_(name, why) rule(ctx, SCMP_ACT_ERRNO(EPERM), #name);
/* The default action: libseccomp refuses a rule for it, the row states the intent. */
#define NOSYS(name, why) number(#name);
#include "filters/server_calls.h"
#undef CALL
#undef EPERM_
#undef NOSYS
	return ctx;
}

/* Refused as soon as one of the 32 bits is not value's. */
static void only(scmp_filter_ctx ctx, int error, const char *name, unsigned int arg,
		 uint64_t value)
{
	for (unsigned int bit = 0; bit < 32; bit++)
		refuse_if(ctx, error, name, arg, 1ULL << bit, ~value & 1ULL << bit);
}

/*
 * 0, 8 (bit 3 alone) and all ones pass.  With the other 31 bits on a ring, any other
 * value has a set bit somewhere whose successor is clear; what is left is all ones
 * without bit 3.
 */
static void plain(scmp_filter_ctx ctx, int error, const char *name, unsigned int arg)
{
	for (unsigned int bit = 0; bit < 32; bit++) {
		unsigned int next = (bit + 1) % 32 == 3 ? 4 : (bit + 1) % 32;

		if (bit != 3)
			refuse_if(ctx, error, name, arg, 1ULL << bit | 1ULL << next, 1ULL << bit);
	}
	refuse_if(ctx, error, name, arg, 1ULL << 0 | 1ULL << 3, 1ULL << 0);
}

static void refuse_both(scmp_filter_ctx ctx, int error, const char *name,
			const struct scmp_arg_cmp cmp[static 2])
{
	int nr = number(name), r;

	if (nr < 0)
		return;
	r = seccomp_rule_add_exact_array(ctx, SCMP_ACT_ERRNO((uint32_t)error), nr, 2, cmp);
	if (r < 0)
		die("add a rule on two arguments", name, r);
}

/* The one comparison of a whole register: the kernel uses all 64 bits of a pointer. */
static void sets(scmp_filter_ctx ctx, int error, const char *name, unsigned int arg,
		 uint64_t value, unsigned int pointer)
{
	refuse_both(ctx, error, name,
		    (const struct scmp_arg_cmp[2]){
			    SCMP_CMP(arg, SCMP_CMP_MASKED_EQ, LOW32, value),
			    SCMP_CMP(pointer, SCMP_CMP_NE, 0) });
}

/* The same for two arguments at once. */
static void refuse_if_both(scmp_filter_ctx ctx, int error, const char *name, unsigned int arg,
			   uint64_t mask, uint64_t value, unsigned int arg2, uint64_t mask2,
			   uint64_t value2)
{
	int nr = number(name), r;

	if (nr < 0)
		return;
	r = seccomp_rule_add_exact(
		ctx, SCMP_ACT_ERRNO((uint32_t)error), nr, 2,
		SCMP_CMP(arg, SCMP_CMP_MASKED_EQ, mask & LOW32, value & LOW32),
		SCMP_CMP(arg2, SCMP_CMP_MASKED_EQ, mask2 & LOW32, value2 & LOW32));
	if (r < 0)
		die("add a rule on two arguments", name, r);
}

/* Families below 64 one by one, larger numbers by any of the higher bits. */
static void only_families(scmp_filter_ctx ctx, const char *name)
{
	for (uint64_t family = 0; family < 64; family++)
		if (family != AF_UNIX && family != AF_INET && family != AF_INET6)
			refuse_if(ctx, EAFNOSUPPORT, name, 0, LOW32, family);
	for (unsigned int bit = 6; bit < 32; bit++)
		refuse_if(ctx, EAFNOSUPPORT, name, 0, 1ULL << bit, 1ULL << bit);
}

/*
 * Of the internet families TCP and UDP, by number or by default, and nothing else: no
 * raw socket, no SCTP (which a SEQPACKET of protocol 0 would be), MPTCP, UDP-Lite, ICMP.
 */
static void only_tcp_and_udp(scmp_filter_ctx ctx)
{
	static const uint64_t families[] = { AF_INET, AF_INET6 };

	for (size_t i = 0; i < 2; i++) {
		for (uint64_t type = 0; type < 16; type++)
			if (type != SOCK_STREAM && type != SOCK_DGRAM)
				refuse_if_both(ctx, EPROTONOSUPPORT, "socket", 0, LOW32,
					       families[i], 1, 0xf, type);
		for (uint64_t protocol = 1; protocol < 256; protocol++)
			if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)
				refuse_if_both(ctx, EPROTONOSUPPORT, "socket", 0, LOW32,
					       families[i], 2, LOW32, protocol);
		for (unsigned int bit = 8; bit < 32; bit++)
			refuse_if_both(ctx, EPROTONOSUPPORT, "socket", 0, LOW32, families[i], 2,
				       1ULL << bit, 1ULL << bit);
	}
}

/* The families of a server without a network, or with what the policy names. */
static void families(scmp_filter_ctx ctx, const char *name, bool has_internet)
{
	if (!has_internet) {
		only(ctx, EAFNOSUPPORT, name, 0, AF_UNIX);
		return;
	}
	only_families(ctx, name);
	only_tcp_and_udp(ctx);
}

static scmp_filter_ctx server_arguments(bool has_internet)
{
	scmp_filter_ctx ctx = new_filter(SCMP_ACT_ALLOW);

#define ALL LOW32
#define TMPFILE 020000000 /* __O_TMPFILE without the O_DIRECTORY that goes with it */
#define REFUSE(error, name, arg, mask, value, why)                                       \
	refuse_if(ctx, error, #name, arg, mask, value);
#define REFUSE2(error, name, arg, mask, value, arg2, mask2, value2, why)                 \
	refuse_both(ctx, error, #name,                                                   \
		    (const struct scmp_arg_cmp[2]){                                      \
			    SCMP_CMP(arg, SCMP_CMP_MASKED_EQ, mask, value),              \
			    SCMP_CMP(arg2, SCMP_CMP_MASKED_EQ, mask2, value2) });
#define ONLY(error, name, arg, value, why) only(ctx, error, #name, arg, value);
#define SETS(error, name, arg, value, pointer, why) sets(ctx, error, #name, arg, value, pointer);
#define FAMILIES(name, why) families(ctx, #name, has_internet);
#define PLAIN(error, name, arg, why) plain(ctx, error, #name, arg);
#include "filters/server_arguments.h"
	return ctx;
}

static scmp_filter_ctx server_no_sockets(void)
{
	scmp_filter_ctx ctx = new_filter(SCMP_ACT_ALLOW);

#define REFUSED(error, name, why) rule(ctx, SCMP_ACT_ERRNO(error), #name);
#include "filters/server_no_sockets.h"
	return ctx;
}

/* Refuse the call unless the argument is 0.  All 64 bits are compared: what the kernel
 * would cut off is refused as well. */
static void refuse_unless_zero(scmp_filter_ctx ctx, const char *name, unsigned int arg)
{
	int nr = number(name), r;

	if (nr < 0)
		return;
	r = seccomp_rule_add_exact(ctx, SCMP_ACT_ERRNO(EPERM), nr, 1,
				   SCMP_CMP(arg, SCMP_CMP_NE, 0));
	if (r < 0)
		die("add a rule on an argument", name, r);
}

static void refuse_all(scmp_filter_ctx ctx, int error, const char *const *names)
{
	for (; *names; names++)
		rule(ctx, SCMP_ACT_ERRNO((uint32_t)error), *names);
}

/*
 * A third one where a server has no namespaces (tier nouserns): what those would have
 * kept from it and Landlock does not mediate, or not before a later ABI.
 */
static scmp_filter_ctx server_bare(void)
{
	/* Named sockets of the host (ABI 9), abstract ones (ABI 6): a session bus starts
	 * programs.  With no socket() at all, only pairs exist. */
	static const char *const sockets[] = { "connect", "bind", "listen", "accept", "accept4",
					       NULL };
	/* The ipc namespace's. */
	static const char *const sysv[] = { "shmget", "shmat",	"shmctl", "semget", "semop",
					    "semtimedop", "semctl", "msgget", "msgsnd", "msgrcv",
					    "msgctl", NULL };
	/* By path, of any file of the user's; by descriptor of any that may be read, since
	 * no mount here is read-only. */
	static const char *const paths[] = { "truncate", "chmod", "fchmodat", "chown", "lchown",
					     "fchownat", "utime", "utimes", "futimesat", "setxattr",
					     "lsetxattr", "removexattr", "lremovexattr",
					     "inotify_add_watch", "inotify_init", "inotify_init1",
					     "fchmod", "fchown", "fsetxattr", "fremovexattr",
					     NULL };
	/* Of another process of the user's. */
	static const char *const others[] = { "prlimit64", "sched_setaffinity", "sched_setparam",
					      "sched_setscheduler", "sched_setattr" };
	static const char *const opens[] = { "open", "openat" };
	scmp_filter_ctx ctx = new_filter(SCMP_ACT_ALLOW);

	rule(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT), "socket");
	refuse_all(ctx, EPERM, sockets);
	refuse_all(ctx, ENOSYS, sysv);
	refuse_all(ctx, EPERM, paths);
	refuse_unless_zero(ctx, "utimensat", 1); /* NULL: futimens(3) */
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		refuse_unless_zero(ctx, others[i], 0);
	refuse_unless_zero(ctx, "setpriority", 0);
	refuse_unless_zero(ctx, "setpriority", 1);
	refuse_unless_zero(ctx, "ioprio_set", 1);
	refuse_if(ctx, EPERM, "ioprio_set", 0, LOW32, 3 /* IOPRIO_WHO_USER */);
	/* Everything that can be signalled. */
	refuse_if(ctx, EPERM, "kill", 0, LOW32, LOW32);
	/* Truncation without the right to write (ABI 3); and access mode 3, which opens any
	 * file for what needs a descriptor only.  openat2's flags cannot be read. */
	rule(ctx, SCMP_ACT_ERRNO(ENOSYS), "openat2");
	for (unsigned int i = 0; i < 2; i++) {
		refuse_if(ctx, EPERM, opens[i], i + 1, O_ACCMODE | O_TRUNC, O_RDONLY | O_TRUNC);
		refuse_if(ctx, EPERM, opens[i], i + 1, O_ACCMODE, O_ACCMODE);
	}
	return ctx;
}

/* --- our own ----------------------------------------------------------------------------- */

#define COMMON_CALLS                                                                     \
	"read", "write", "close", "exit", "exit_group", "rt_sigreturn", "restart_syscall",\
		"poll", "ppoll", "clock_gettime", "brk", "munmap", "madvise", "futex",    \
		"getpid", "rt_sigprocmask"

static const char *const init_calls[] = { COMMON_CALLS, "wait4", "waitid", "kill", NULL };
static const char *const launcher_calls[] = { COMMON_CALLS, "wait4", "waitid", "writev",
					      "fstat", "newfstatat", "pidfd_send_signal", NULL };
/* The same where no pid namespace ends what a server left: sweep.c. */
static const char *const init_bare_calls[] = { COMMON_CALLS, "wait4", "waitid", "kill",
					       "pread64", NULL };
static const char *const launcher_bare_calls[] = { COMMON_CALLS, "wait4", "waitid", "writev",
						   "fstat", "newfstatat", "pidfd_send_signal",
						   "pread64", "kill", NULL };
static const char *const pep_calls[] = { COMMON_CALLS, "writev", "recvfrom", "sendto",
					 "fstat", "newfstatat", "mremap", NULL };
/* Accepts on a socket that it made before; makes none. */
static const char *const broker_calls[] = { COMMON_CALLS, "writev", "recvfrom", "sendto",
					    "accept4", "getsockopt", "unlinkat", "fstat",
					    "newfstatat", NULL };
/* libcurl, OpenSSL and the resolver of libc, with its threads.  A call that a version of
 * these adds must not kill: ENOSYS, and they do without. */
static const char *const remote_calls[] = {
	COMMON_CALLS, "writev", "readv", "pread64", "recvfrom", "sendto", "recvmsg", "sendmsg",
	"sendmmsg", "recvmmsg", "socket", "socketpair", "connect", "bind", "shutdown",
	"getsockname", "getpeername", "getsockopt", "setsockopt", "accept4", "pipe2", "eventfd2",
	"fcntl", "dup", "openat", "fstat", "newfstatat", "statx", "lseek", "access", "faccessat",
	"readlink", "readlinkat", "getdents64", "unlinkat", "renameat", "renameat2", "mremap", "set_robust_list", "rseq",
	"sched_yield", "sched_getaffinity", "gettid", "getuid", "geteuid", "getgid", "getegid",
	"getrandom", "uname", "sysinfo", "rt_sigaction", "sigaltstack", "tgkill", "nanosleep",
	"clock_nanosleep", "clock_getres", "gettimeofday", "time", "prlimit64", "membarrier",
	"epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_wait", NULL,
};
/* c-ares reads the resolver configuration again when it asks, and opens sockets; relays
 * are socket, connect, splice. */
static const char *const egress_calls[] = {
	COMMON_CALLS, "writev", "recvfrom", "sendto", "recvmsg", "fstat", "newfstatat", "mremap",
	"lseek", "openat", "open", "socket", "connect", "getsockname", "getpeername",
	"getsockopt", "setsockopt", "accept4", "shutdown", "splice", "pipe2", "fcntl", "ioctl",
	"getrandom", "gettimeofday", "access", "faccessat", "uname", "bind", NULL
};
/* Appends to logs below one directory, and begins new ones; reads what is revoked. */
static const char *const keeper_calls[] = {
	COMMON_CALLS, "writev", "recvfrom", "sendto", "openat", "fstat", "newfstatat", "lseek",
	"pread64", "pwrite64", "flock", "ftruncate", "fdatasync", "renameat", "renameat2",
	"unlinkat", "fcntl", "mremap", "inotify_add_watch", "getuid", "geteuid", NULL
};
/* What ASan and UBSan call behind our back. */
static const char *const sanitizer_calls[] = {
	"mmap", "mprotect", "sigaltstack", "sched_yield", "gettid", "tgkill", "rt_sigaction",
	"prctl", "getrusage", "sched_getaffinity", "clone", "openat", "readlink", "readlinkat",
	"uname", "lseek", "ioctl", "prlimit64", "pipe2", "dup", "getppid", "exit", NULL,
};

static bool is_in(const char *const *list, const char *name)
{
	for (; *list; list++)
		if (!strcmp(*list, name))
			return true;
	return false;
}

static scmp_filter_ctx ours(const char *const *calls, bool sanitized)
{
	scmp_filter_ctx ctx =
		new_filter(sanitized ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_KILL_PROCESS);

	for (size_t i = 0; calls[i]; i++)
		rule(ctx, SCMP_ACT_ALLOW, calls[i]);
	for (size_t i = 0; sanitized && sanitizer_calls[i]; i++)
		if (!is_in(calls, sanitizer_calls[i]))
			rule(ctx, SCMP_ACT_ALLOW, sanitizer_calls[i]);
	/* Memory for a large allocation, never executable. */
	for (uint64_t prot = 0; !sanitized && prot <= (PROT_READ | PROT_WRITE); prot++) {
		int r = seccomp_rule_add_exact(
			ctx, SCMP_ACT_ALLOW, number("mmap"), 2, SCMP_A2(SCMP_CMP_EQ, prot),
			SCMP_A3(SCMP_CMP_EQ, MAP_PRIVATE | MAP_ANONYMOUS));

		if (r < 0)
			die("add a rule", "mmap", r);
	}
	return ctx;
}

/*
 * Who watches a server for `learn`: of ptrace(2) what goes on with processes that it has
 * already.  It attaches to nobody else, writes to no memory and no register, opens nothing.
 */
static scmp_filter_ctx watch(bool sanitized)
{
	static const char *const calls[] = { COMMON_CALLS, "wait4", "readlinkat", NULL };
	static const uint64_t requests[] = {
		2 /* PTRACE_PEEKDATA */, 24 /* PTRACE_SYSCALL */, 0x4201 /* PTRACE_GETEVENTMSG */,
		0x4208 /* PTRACE_LISTEN */, 0x420e /* PTRACE_GET_SYSCALL_INFO */,
	};
	scmp_filter_ctx ctx = ours(calls, sanitized);

	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		int r = seccomp_rule_add_exact(ctx, SCMP_ACT_ALLOW, number("ptrace"), 1,
					       SCMP_A0(SCMP_CMP_EQ, requests[i]));

		if (r < 0)
			die("add a rule", "ptrace", r);
	}
	return ctx;
}

/* Who removes the cgroup at the end: an empty directory, and nothing else. */
static scmp_filter_ctx cgroup(bool sanitized)
{
	static const char *const calls[] = { COMMON_CALLS, NULL };
	scmp_filter_ctx ctx = ours(calls, sanitized);
	int r = seccomp_rule_add_exact(ctx, SCMP_ACT_ALLOW, number("unlinkat"), 1,
				       SCMP_A2(SCMP_CMP_EQ, AT_REMOVEDIR));

	if (r < 0)
		die("add a rule", "unlinkat", r);
	return ctx;
}

/* Memory without execution, threads without processes, and a few harmless ioctl(2). */
static scmp_filter_ctx remote(void)
{
	static const uint64_t requests[] = { 0x541b /* FIONREAD */, 0x5421 /* FIONBIO */ };
	const uint64_t thread = CLONE_VM | CLONE_THREAD | CLONE_SIGHAND;
	scmp_filter_ctx ctx = new_filter(SCMP_ACT_ERRNO(ENOSYS));
	int r = 0;

	for (size_t i = 0; remote_calls[i]; i++)
		rule(ctx, SCMP_ACT_ALLOW, remote_calls[i]);
	for (size_t i = 0; i < 2 && r == 0; i++)
		r = seccomp_rule_add_exact(ctx, SCMP_ACT_ALLOW, number("ioctl"), 1,
					   SCMP_A1(SCMP_CMP_MASKED_EQ, LOW32, requests[i]));
	if (r == 0)
		r = seccomp_rule_add_exact(ctx, SCMP_ACT_ALLOW, number("mmap"), 1,
					   SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (r == 0)
		r = seccomp_rule_add_exact(ctx, SCMP_ACT_ALLOW, number("mprotect"), 1,
					   SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (r == 0)
		r = seccomp_rule_add_exact(ctx, SCMP_ACT_ALLOW, number("clone"), 1,
					   SCMP_A0(SCMP_CMP_MASKED_EQ, thread, thread));
	if (r == 0)
		r = seccomp_rule_add_exact(ctx, SCMP_ACT_ALLOW, number("prctl"), 1,
					   SCMP_A0(SCMP_CMP_MASKED_EQ, LOW32, PR_SET_NAME));
	if (r < 0)
		die("add a rule on an argument", "remote", r);
	return ctx;
}

/* --- output --------------------------------------------------------------------------------- */

static const char *prefix = "filter";

static void print(const char *name, scmp_filter_ctx ctx)
{
	struct sock_filter insn;
	FILE *file = tmpfile();
	size_t n = 0;
	int r;

	if (!file)
		die("tmpfile", name, -errno);
	r = seccomp_export_bpf(ctx, fileno(file));
	if (r < 0)
		die("export", name, r);
	rewind(file);
	printf("static const struct sock_filter %s_insns[] = {\n", name);
	while (fread(&insn, sizeof(insn), 1, file) == 1) {
		printf("\t{ 0x%02x, %u, %u, 0x%08x },\n", insn.code, insn.jt, insn.jf, insn.k);
		n++;
	}
	printf("};\nconst struct lock_filter %s_%s = { %s_insns, %zu };\n\n", prefix, name, name,
	       n);
	fclose(file);
	seccomp_release(ctx);
}

/* What no policy grants, by number, for words: the rows that are refused. */
static void print_names(void)
{
	static const char *const names[] = {
#define CALL(name, why)
#define EPERM_(name, why) #name,
#define NOSYS(name, why) #name,
#include "filters/server_calls.h"
#undef CALL
#undef EPERM_
#undef NOSYS
	};

	puts("const struct filter_name filter_names[] = {");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		int nr = seccomp_syscall_resolve_name_arch(arch, names[i]);

		if (nr >= 0)
			printf("\t{ %d, \"%s\" },\n", nr, names[i]);
	}
	puts("};\nconst size_t filter_names_n = sizeof(filter_names) / sizeof(*filter_names);");
}

int main(int argc, char **argv)
{
	bool sanitized = false;

	arch = seccomp_arch_native();
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--sanitized")) {
			sanitized = true;
		} else if (!strcmp(argv[i], "--arch") && i + 1 < argc) {
			arch = seccomp_arch_resolve_name(argv[++i]);
			if (!arch)
				die("unknown architecture", argv[i], -EINVAL);
		} else if (!strcmp(argv[i], "--prefix") && i + 1 < argc) {
			prefix = argv[++i];
		} else {
			die("unknown argument", argv[i], -EINVAL);
		}
	}
	puts("/* Generated by filters/gen.c. */\n#include <linux/filter.h>\n\n"
	     "#include \"filters/filters.h\"\n");
	print("server_calls", server_calls());
	print("server_arguments", server_arguments(false));
	print("server_arguments_net", server_arguments(true));
	print("server_no_sockets", server_no_sockets());
	print("server_bare", server_bare());
	print("init_bare", ours(init_bare_calls, sanitized));
	print("launcher_bare", ours(launcher_bare_calls, sanitized));
	print("init", ours(init_calls, sanitized));
	print("launcher", ours(launcher_calls, sanitized));
	print("cgroup", cgroup(sanitized));
	print("pep", ours(pep_calls, sanitized));
	print("broker", ours(broker_calls, sanitized));
	print("remote", remote());
	print("egress", ours(egress_calls, sanitized));
	print("keeper", ours(keeper_calls, sanitized));
	print("watch", watch(sanitized));
	if (!strcmp(prefix, "filter"))
		print_names();
	return 0;
}
