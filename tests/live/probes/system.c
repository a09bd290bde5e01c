/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets beyond families, other processes, namespaces, the kernel's rarer calls. */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/landlock.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "probes/probe.h"

static int net_socket(const struct probe *p)
{
	return answer(socket((int)p->a, (int)p->b | SOCK_CLOEXEC, (int)p->c));
}

static socklen_t address(struct sockaddr_un *to, const char *path)
{
	char buf[4096];

	to->sun_family = AF_UNIX;
	snprintf(to->sun_path, sizeof(to->sun_path), "%s", place(path, buf));
	return sizeof(*to);
}

/* A connected pair: can one end be turned to a socket with a name? */
static int net_pair_connect(const struct probe *p)
{
	struct sockaddr_un to = { 0 };
	socklen_t len = address(&to, p->path);
	int sv[2];

	if (socketpair(AF_UNIX, (int)p->a, 0, sv) < 0)
		return errno;
	return answer(connect(sv[0], (struct sockaddr *)&to, len));
}

/* Say that somebody else sends: process 1 for the client's own to believe (unix(7)). */
static int uds_spoof(const struct probe *p)
{
	struct ucred who = { .pid = (pid_t)p->a, .uid = (uid_t)p->b, .gid = getgid() };
	char control[CMSG_SPACE(sizeof(who))] = { 0 };
	struct iovec byte = { .iov_base = control, .iov_len = 1 };
	struct msghdr m = { .msg_iov = &byte, .msg_iovlen = 1, .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int sv[2];

	if (!who.pid)
		who.pid = getpid();
	if (p->b < 0)
		who.uid = getuid();
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) < 0)
		return errno;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_CREDENTIALS;
	c->cmsg_len = CMSG_LEN(sizeof(who));
	memcpy(CMSG_DATA(c), &who, sizeof(who));
	return sendmsg(sv[0], &m, 0) < 0 ? errno : 0;
}

static int net_dgram_send(const struct probe *p)
{
	struct sockaddr_un to = { 0 };
	socklen_t len = address(&to, p->path);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	if (fd < 0)
		return errno;
	/* The listener is a stream: that it is found and of the wrong kind is enough. */
	if (sendto(fd, "x", 1, 0, (struct sockaddr *)&to, len) < 0 && errno != EPROTOTYPE)
		return errno;
	return 0;
}

static int uds_connect(const struct probe *p)
{
	struct sockaddr_un to = { 0 };
	socklen_t len = address(&to, p->path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0)
		return errno;
	return answer(connect(fd, (struct sockaddr *)&to, len));
}

/* As uds_connect, below the directory of the user's session. */
static int uds_runtime(const struct probe *p)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0)
		return errno;
	snprintf(to.sun_path, sizeof(to.sun_path), "%s%u/%s", p->a ? "/tmp/tmux-" : "/run/user/",
		 (unsigned int)getuid(), p->path);
	return answer(connect(fd, (struct sockaddr *)&to, sizeof(to)));
}

/* Any socket does to ask for the flags of an interface. */
static int net_lo(const struct probe *p)
{
	struct ifreq request = { .ifr_name = "lo" };
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) < 0)
		return errno;
	if (p->a) {
		request.ifr_flags = IFF_UP;
		return answer(ioctl(sv[0], SIOCSIFFLAGS, &request));
	}
	if (ioctl(sv[0], SIOCGIFFLAGS, &request) < 0)
		return errno;
	return request.ifr_flags & IFF_UP ? YES : NO;
}

/* A descriptor that the client forgot to close; its number is given. */
static int inherited_socket(const struct probe *p)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	(void)p;
	return answer(getpeername(atoi(need("tcpfd")), (struct sockaddr *)&peer, &len));
}

static int inherited(const struct probe *p)
{
	return answer(fcntl(atoi(need(p->path)), F_GETFD));
}

static pid_t victim(void)
{
	return atoi(need("victim"));
}

static int robust_list(const struct probe *p)
{
	void *head;
	size_t len;

	(void)p;
	return answer(syscall(SYS_get_robust_list, victim(), &head, &len));
}

static int signal_victim(const struct probe *p)
{
	siginfo_t info = { .si_code = SI_QUEUE };

	(void)p;
	return answer(syscall(SYS_rt_sigqueueinfo, victim(), 0, &info));
}

static int setpriority_victim(const struct probe *p)
{
	(void)p;
	return answer(setpriority(PRIO_PROCESS, (id_t)victim(), 19));
}

static int affinity_victim(const struct probe *p)
{
	cpu_set_t set;

	(void)p;
	if (sched_getaffinity(victim(), sizeof(set), &set) < 0)
		return errno;
	return answer(sched_setaffinity(victim(), sizeof(set), &set));
}

static int limits_victim(const struct probe *p)
{
	struct rlimit now;

	(void)p;
	return answer(prlimit(victim(), RLIMIT_NOFILE, NULL, &now));
}

static int scheduler(const struct probe *p)
{
	const struct sched_param param = { .sched_priority = 1 };

	return answer(sched_setscheduler(0, (int)p->a, &param));
}

static int ioprio_realtime(const struct probe *p)
{
	(void)p;
	return answer(syscall(SYS_ioprio_set, 1 /* process */, 0, 1 << 13 /* real time */));
}

static int oom_score(const struct probe *p)
{
	char text[16] = "";
	int fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return errno;
	return atoi(text) >= p->a ? YES : NO;
}

static int core_limit(const struct probe *p)
{
	struct rlimit now;

	if (getrlimit(RLIMIT_CORE, &now) < 0)
		return errno;
	if (p->a) {
		now.rlim_cur = 0;
		return answer(setrlimit(RLIMIT_CORE, &now));
	}
	return now.rlim_cur == 1 && now.rlim_max == 1 ? YES : NO;
}

static int shm_host(const struct probe *p)
{
	(void)p;
	return answer(shmget((key_t)strtol(need("shmkey"), NULL, 10), 0, 0));
}

static int shm_own(const struct probe *p)
{
	int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);

	(void)p;
	if (id < 0)
		return errno;
	return answer(shmctl(id, IPC_RMID, NULL));
}

static int ns_unshare(const struct probe *p)
{
	return answer(unshare((int)p->a));
}

/* A user namespace first: is what comes with it to be had? */
static int ns_unshare_in_user(const struct probe *p)
{
	if (unshare(CLONE_NEWUSER) < 0)
		return errno;
	return answer(unshare((int)p->a));
}

static int ns_setns_pidfd(const struct probe *p)
{
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);

	if (fd < 0)
		return errno;
	return answer(syscall(SYS_setns, fd, p->a));
}

static int ns_inode(const struct probe *p)
{
	char buf[64] = "";

	if (readlink(p->path, buf, sizeof(buf) - 1) < 0)
		return errno;
	return !strcmp(buf, need(p->path + strlen("/proc/self/ns/"))) ? YES : NO;
}

static int call(const struct probe *p)
{
	long r = syscall(p->a, p->b, 0L, 0L, 0L, 0L, 0L);

	if (r < 0 && errno == p->c)
		return 0;
	return answer(r);
}

/* Numbers that no call has: an answer but ENOSYS is the answer. */
static int call_range(const struct probe *p)
{
	for (long nr = p->a; nr <= p->b; nr++)
		if (syscall(nr, -1L, 0L, 0L, 0L, 0L, 0L) >= 0 || errno != ENOSYS)
			return errno;
	return ENOSYS;
}

static int persona(const struct probe *p)
{
	return answer(syscall(SYS_personality, p->a));
}

static int option(const struct probe *p)
{
	return answer(prctl((int)p->a, p->b, p->c, 0, 0));
}

/* Our securebits: no root, no fixups, no ambient, each locked. */
static int securebits(const struct probe *p)
{
	int bits = prctl(PR_GET_SECUREBITS);

	return (bits & p->a) == p->a ? YES : NO;
}

static int capset_empty(const struct probe *p)
{
	uint32_t head[2] = { 0x20080522 /* version 3 */, 0 }, data[6] = { 0 };

	(void)p;
	return answer(syscall(SYS_capset, head, data));
}

/* A ruleset of one's own that allows everything must not add anything. */
static int landlock_relax(const struct probe *p)
{
	char buf[4096];
	struct landlock_ruleset_attr attr = { .handled_access_fs = LANDLOCK_ACCESS_FS_WRITE_FILE };
	struct landlock_path_beneath_attr rule = { .allowed_access = LANDLOCK_ACCESS_FS_WRITE_FILE };
	int fd = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);

	if (fd < 0)
		return errno;
	rule.parent_fd = open("/", O_PATH | O_CLOEXEC);
	if (syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return errno;
	while (syscall(SYS_landlock_restrict_self, fd, 0) == 0)
		if (!p->a)
			break;
	if (p->a)
		return errno; /* E2BIG at the sixteenth */
	return answer(open(place(p->path, buf), O_RDWR | O_CLOEXEC));
}

static int merge_memory(const struct probe *p)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)p;
	return answer(madvise(page, 4096, 12 /* MADV_MERGEABLE */));
}

/* W and X at once stay legal: compilers at run time need them. */
static int exec_anonymous(const struct probe *p)
{
	(void)p;
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0) == MAP_FAILED ? errno : 0;
}

static int attach_filter(const struct probe *p)
{
	struct {
		unsigned short len;
		const void *insns;
	} program = { 1, (const uint64_t[]){ 0x0000ffff00000006 } }; /* ret 0xffff */
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) < 0)
		return errno;
	return answer(setsockopt(sv[0], SOL_SOCKET, (int)p->a, &program, sizeof(program)));
}

static int env_has(const struct probe *p)
{
	return getenv(p->path) ? YES : NO;
}

/* The name that the program was executed by, where it says something of us. */
static int auxv_names_us(const struct probe *p)
{
	const char *name = (const char *)(uintptr_t)getauxval(AT_EXECFN);

	(void)p;
	return name && strstr(name, "mcp-confine") ? YES : NO;
}

static int domain_is_set(const struct probe *p)
{
	char name[256] = "";

	(void)p;
	if (getdomainname(name, sizeof(name) - 1) < 0)
		return errno;
	return *name && strcmp(name, "(none)") != 0 ? YES : NO;
}

const struct probe probes_system[] = {
	{ "net_dccp", net_socket, AF_INET, 6, 33, NULL },
	{ "net_netlink_audit", net_socket, AF_NETLINK, SOCK_RAW, 9, NULL },
	{ "net_unix_dgram", net_socket, AF_UNIX, SOCK_DGRAM, 0, NULL },
	{ "net_pair_connect", net_pair_connect, SOCK_STREAM, 0, 0, "sock" },
	{ "net_pair_connect_seqpacket", net_pair_connect, SOCK_SEQPACKET, 0, 0, "sock" },
	{ "net_pair_connect_dgram", net_pair_connect, SOCK_DGRAM, 0, 0, "writesock" },
	{ "net_dgram_send", net_dgram_send, 0, 0, 0, "sock" },
	{ "uds_own_credentials", uds_spoof, 0, -1, 0, NULL },
	{ "uds_spoof_pid", uds_spoof, 1, -1, 0, NULL },
	{ "uds_spoof_root", uds_spoof, 0, 0, 0, NULL },
	{ "net_lo_is_up", net_lo, 0, 0, 0, NULL },
	{ "net_lo_bring_up", net_lo, 1, 0, 0, NULL },
	{ "net_attach_filter", attach_filter, 26, 0, 0, NULL },
	{ "uds_in_granted", uds_connect, 0, 0, 0, "writesock" },
	{ "uds_podman", uds_connect, 0, 0, 0, "/run/podman/podman.sock" },
	{ "uds_containerd", uds_connect, 0, 0, 0, "/run/containerd/containerd.sock" },
	{ "uds_libvirt", uds_connect, 0, 0, 0, "/run/libvirt/libvirt-sock" },
	{ "uds_snapd", uds_connect, 0, 0, 0, "/run/snapd.socket" },
	{ "uds_nscd", uds_connect, 0, 0, 0, "/run/nscd/socket" },
	{ "uds_resolved", uds_connect, 0, 0, 0, "/run/systemd/resolve/io.systemd.Resolve" },
	{ "uds_journald", uds_connect, 0, 0, 0, "/run/systemd/journal/socket" },
	{ "uds_session_bus", uds_runtime, 0, 0, 0, "bus" },
	{ "uds_wayland", uds_runtime, 0, 0, 0, "wayland-0" },
	{ "uds_pipewire", uds_runtime, 0, 0, 0, "pipewire-0" },
	{ "uds_pulse", uds_runtime, 0, 0, 0, "pulse/native" },
	{ "uds_gpg_agent", uds_runtime, 0, 0, 0, "gnupg/S.gpg-agent" },
	{ "uds_podman_user", uds_runtime, 0, 0, 0, "podman/podman.sock" },
	{ "uds_tmux", uds_runtime, 1, 0, 0, "default" },

	{ "fds_inherited_tcp", inherited_socket, 0, 0, 0, NULL },
	{ "fds_inherited_io_uring", inherited, 0, 0, 0, "ringfd" },
	{ "fds_inherited_directory", inherited, 0, 0, 0, "dirfd" },
	{ "fds_inherited_memory", inherited, 0, 0, 0, "memfd" },

	{ "proc_robust_list_victim", robust_list, 0, 0, 0, NULL },
	{ "proc_sigqueue_victim", signal_victim, 0, 0, 0, NULL },
	{ "proc_nice_victim", setpriority_victim, 0, 0, 0, NULL },
	{ "proc_affinity_victim", affinity_victim, 0, 0, 0, NULL },
	{ "proc_limits_victim", limits_victim, 0, 0, 0, NULL },
	{ "proc_sched_fifo", scheduler, SCHED_FIFO, 0, 0, NULL },
	{ "proc_ioprio_realtime", ioprio_realtime, 0, 0, 0, NULL },
	{ "proc_killed_before_others", oom_score, 500, 0, 0, NULL },
	{ "proc_core_limit", core_limit, 0, 0, 0, NULL },
	{ "proc_core_limit_changed", core_limit, 1, 0, 0, NULL },
	{ "ipc_shm_of_host", shm_host, 0, 0, 0, NULL },
	{ "ipc_shm_own", shm_own, 0, 0, 0, NULL },

	{ "ns_unshare_pid", ns_unshare_in_user, CLONE_NEWPID, 0, 0, NULL },
	{ "ns_unshare_ipc", ns_unshare_in_user, CLONE_NEWIPC, 0, 0, NULL },
	{ "ns_unshare_uts", ns_unshare_in_user, CLONE_NEWUTS, 0, 0, NULL },
	{ "ns_unshare_cgroup", ns_unshare_in_user, CLONE_NEWCGROUP, 0, 0, NULL },
	{ "ns_unshare_time", ns_unshare_in_user, CLONE_NEWTIME, 0, 0, NULL },
	{ "ns_unshare_fs", ns_unshare, CLONE_FS, 0, 0, NULL },
	{ "ns_setns_pidfd", ns_setns_pidfd, CLONE_NEWUSER, 0, 0, NULL },
	{ "ns_user_is_host", ns_inode, 0, 0, 0, "/proc/self/ns/user" },
	{ "ns_mnt_is_host", ns_inode, 0, 0, 0, "/proc/self/ns/mnt" },
	{ "ns_pid_is_host", ns_inode, 0, 0, 0, "/proc/self/ns/pid" },
	{ "ns_net_is_host", ns_inode, 0, 0, 0, "/proc/self/ns/net" },
	{ "ns_ipc_is_host", ns_inode, 0, 0, 0, "/proc/self/ns/ipc" },
	{ "ns_uts_is_host", ns_inode, 0, 0, 0, "/proc/self/ns/uts" },
	{ "ns_cgroup_is_host", ns_inode, 0, 0, 0, "/proc/self/ns/cgroup" },

	{ "sys_process_vm_writev", call, SYS_process_vm_writev, 0, ESRCH, NULL },
	{ "sys_process_madvise", call, SYS_process_madvise, -1, EBADF, NULL },
	{ "sys_pidfd_getfd", call, SYS_pidfd_getfd, -1, EBADF, NULL },
	{ "sys_request_key", call, SYS_request_key, 0, EFAULT, NULL },
	{ "sys_io_uring_setup", call, SYS_io_uring_setup, 1, EFAULT, NULL },
	{ "sys_kexec_load", call, SYS_kexec_load, 0, 0, NULL },
	{ "sys_kexec_file_load", call, SYS_kexec_file_load, -1, 0, NULL },
	{ "sys_init_module", call, SYS_init_module, 0, 0, NULL },
	{ "sys_finit_module", call, SYS_finit_module, -1, 0, NULL },
	{ "sys_delete_module", call, SYS_delete_module, 0, 0, NULL },
	{ "sys_acct", call, SYS_acct, 0, 0, NULL },
	{ "sys_syslog", call, SYS_syslog, 10 /* size of the buffer */, 0, NULL },
	{ "sys_settimeofday", call, SYS_settimeofday, 0, 0, NULL },
	{ "sys_clock_adjtime", call, SYS_clock_adjtime, 0, EFAULT, NULL },
	{ "sys_sethostname", call, SYS_sethostname, 0, 0, NULL },
	{ "sys_mbind", call, SYS_mbind, 0, 0, NULL },
	{ "sys_move_pages", call, SYS_move_pages, 0, 0, NULL },
	{ "sys_fanotify_mark", call, SYS_fanotify_mark, -1, EINVAL, NULL },
	{ "sys_memfd_secret", call, 447, 0, 0, NULL },
	{ "sys_statmount", call, 457, 0, EFAULT, NULL },
	{ "sys_listmount", call, 458, 0, EFAULT, NULL },
	{ "sys_fchmodat2", call, 452, -1, EFAULT, NULL },
	{ "sys_vmsplice", call, SYS_vmsplice, -1, EBADF, NULL },
	{ "sys_mq_open", call, SYS_mq_open, 0, EFAULT, NULL },
#ifdef __x86_64__
	{ "sys_modify_ldt", call, SYS_modify_ldt, 0, 0, NULL },
	{ "sys_iopl", call, SYS_iopl, 0, 0, NULL },
	{ "sys_ioperm", call, SYS_ioperm, 0, EINVAL, NULL },
	{ "sys_lookup_dcookie", call, SYS_lookup_dcookie, 0, 0, NULL },
#endif
	{ "sys_numbers_of_x32", call_range, 512, 547, 0, NULL },
	{ "sys_numbers_unused", call_range, 600, 1200, 0, NULL },
	{ "sys_personality_high_bit", persona, 0x80000000 | ADDR_NO_RANDOMIZE, 0, 0, NULL },
	{ "sys_personality_compat_layout", persona, ADDR_COMPAT_LAYOUT, 0, 0, NULL },
	{ "sys_securebits_locked", securebits, 0xef & ~0x10, 0, 0, NULL },
	{ "sys_securebits_set", option, PR_SET_SECUREBITS, 0, 0, NULL },
	{ "sys_capset", capset_empty, 0, 0, 0, NULL },
	{ "sys_dumpable", option, PR_SET_DUMPABLE, 0, 0, NULL },
	{ "sys_speculation", option, PR_GET_SPECULATION_CTRL, 0, 0, NULL },
	{ "sys_merge_memory", merge_memory, 0, 0, 0, NULL },
	{ "sys_landlock_adds_nothing", landlock_relax, 0, 0, 0, "read/file" },
	{ "sys_landlock_layers", landlock_relax, 1, 0, 0, "read/file" },
	{ "exec_anonymous", exec_anonymous, 0, 0, 0, NULL },

	{ "env_vscode_ipc", env_has, 0, 0, 0, "VSCODE_IPC_HOOK_CLI" },
	{ "env_git_ipc", env_has, 0, 0, 0, "VSCODE_GIT_IPC_HANDLE" },
	{ "env_runtime_dir", env_has, 0, 0, 0, "XDG_RUNTIME_DIR" },
	{ "env_notify_socket", env_has, 0, 0, 0, "NOTIFY_SOCKET" },
	{ "env_display", env_has, 0, 0, 0, "DISPLAY" },
	{ "env_wayland", env_has, 0, 0, 0, "WAYLAND_DISPLAY" },
	{ "env_tmux", env_has, 0, 0, 0, "TMUX" },
	{ "env_ld_library_path", env_has, 0, 0, 0, "LD_LIBRARY_PATH" },
	{ "env_ld_audit", env_has, 0, 0, 0, "LD_AUDIT" },
	{ "env_gconv_path", env_has, 0, 0, 0, "GCONV_PATH" },
	{ "env_pythonpath", env_has, 0, 0, 0, "PYTHONPATH" },
	{ "env_bash_env", env_has, 0, 0, 0, "BASH_ENV" },
	{ "env_npm_auth", env_has, 0, 0, 0, "npm_config__authToken" },
	{ "info_auxv", auxv_names_us, 0, 0, 0, NULL },
	{ "info_domain", domain_is_set, 0, 0, 0, NULL },
	{ NULL, NULL, 0, 0, 0, NULL },
};
