/* SPDX-License-Identifier: Apache-2.0 */
/* Files: marks and modes that would stay on the host, aliases, and running code. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "probes/probe.h"

static int file_open(const struct probe *p)
{
	char buf[4096];

	return answer(open(place(p->path, buf), (int)p->a | O_CLOEXEC, (mode_t)p->b));
}

/* yes: it can be read and holds something (what is covered is empty). */
static int file_says_something(const struct probe *p)
{
	char byte, buf[4096];
	int fd = open(place(p->path, buf), O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	return read(fd, &byte, 1) == 1 ? YES : NO;
}

static int file_chmod(const struct probe *p)
{
	char buf[4096];

	return answer(chmod(place(p->path, buf), (mode_t)p->a));
}

static int file_chown(const struct probe *p)
{
	char buf[4096];

	return answer(chown(place(p->path, buf), getuid(), getgid()));
}

static int file_link(const struct probe *p)
{
	char from[4096], to[4120];

	place(p->path, from);
	snprintf(to, sizeof(to), "%.4080s.linked", from);
	return answer(link(from, to));
}

static int file_creat_mode(const struct probe *p)
{
	char buf[4096];
	const char *path = place(p->path, buf);
	struct open_how how = { .flags = O_WRONLY | O_CREAT, .mode = (unsigned int)p->a };
	long fd = p->b == SYS_openat2 ? syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how)) :
		  p->b == SYS_mknodat ? syscall(SYS_mknodat, AT_FDCWD, path, S_IFREG | p->a, 0) :
					syscall(SYS_openat, AT_FDCWD, path, p->c, p->a);
	int r = answer(fd);

	unlink(path);
	return r;
}

static int file_ioctl(const struct probe *p)
{
	char buf[4096];
	unsigned char argument[128] = { 0 };
	int fd = open(place(p->path, buf), (int)p->b | O_CLOEXEC);

	if (fd < 0)
		return errno;
	return answer(ioctl(fd, (unsigned long)p->a, argument));
}

static int file_lease(const struct probe *p)
{
	char buf[4096];
	int fd = open(place(p->path, buf), O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	return answer(fcntl(fd, F_SETLEASE, p->a));
}

static int file_xattr(const struct probe *p)
{
	char buf[4096];
	const char *const names[] = { "security.capability", "trusted.probe",
				      "system.posix_acl_access" };

	return answer(setxattr(place(p->path, buf), names[p->a], "1234", 4, 0));
}

/* A size that no file of the sandbox may have: natively a hole, nothing on the disk. */
static int file_grow(const struct probe *p)
{
	char buf[4096];
	const char *path = place(p->path, buf);
	int r, fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno;
	r = answer(ftruncate(fd, p->a));
	unlink(path);
	return r;
}

/* From a directory that is granted, through its magic link, to what lies beside it. */
static int file_beside_magic_link(const struct probe *p)
{
	char buf[4096], path[128];
	int fd = open(place(p->path, buf), O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d/../beside/secret", fd);
	return answer(open(path, O_RDONLY | O_CLOEXEC));
}

static int file_mountinfo_path(const struct probe *p)
{
	char line[4096], buf[4096];
	const char *path = place(p->path, buf);
	int found = NO;
	FILE *f = fopen("/proc/self/mountinfo", "re");

	if (!f)
		return errno;
	while (fgets(line, sizeof(line), f))
		if (strstr(line, path))
			found = YES;
	fclose(f);
	return found;
}

/* Copy of this program: mapped with PROT_EXEC, as a dynamic loader maps a library. */
static int exec_mmap(const struct probe *p)
{
	char path[4120], buf[4096];
	int fd, r;

	snprintf(path, sizeof(path), "%s/probe-library", place(p->path, buf));
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0700);
	if (fd < 0)
		return errno;
	r = copy_self(fd);
	if (!r)
		r = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED ?
			    errno : 0;
	unlink(path);
	return r;
}

/* A script whose interpreter lies where nothing may be executed. */
static int exec_script(const struct probe *p)
{
	char path[4120], buf[4096], line[4200];
	char *argv[] = { path, NULL }, *envp[] = { NULL };
	int fd, status = 0, r;
	pid_t pid;

	place(p->path, buf);
	snprintf(path, sizeof(path), "%s/probe-interpreter", buf);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	r = fd < 0 ? errno : copy_self(fd);
	if (fd >= 0)
		close(fd);
	if (r)
		return r;
	snprintf(line, sizeof(line), "#!%s\n", path);
	fd = memfd_create("script", 0);
	if (fd < 0 || write(fd, line, strlen(line)) < 0)
		return errno;
	pid = fork();
	if (pid == 0) {
		syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH);
		_exit(errno);
	}
	waitpid(pid, &status, 0);
	unlink(path);
	return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

/* A program of another architecture: its first system call is the end. */
static int exec_i386(const struct probe *p)
{
#ifdef __x86_64__
	/* mov $1, %eax; xor %ebx, %ebx; int $0x80: exit(0). */
	static const unsigned char code[] = { 0xb8, 1, 0, 0, 0, 0x31, 0xdb, 0xcd, 0x80 };
	struct {
		Elf32_Ehdr head;
		Elf32_Phdr load;
		unsigned char code[sizeof(code)];
	} image = {
		.head = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
			  .e_type = ET_EXEC, .e_machine = EM_386, .e_version = EV_CURRENT,
			  .e_entry = 0x8048000 + sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr),
			  .e_phoff = sizeof(Elf32_Ehdr), .e_ehsize = sizeof(Elf32_Ehdr),
			  .e_phentsize = sizeof(Elf32_Phdr), .e_phnum = 1 },
		.load = { .p_type = PT_LOAD, .p_vaddr = 0x8048000, .p_paddr = 0x8048000,
			  .p_filesz = sizeof(image), .p_memsz = sizeof(image),
			  .p_flags = PF_R | PF_X, .p_align = 0x1000 },
	};
	char *argv[] = { (char[]){ "i386" }, NULL }, *envp[] = { NULL };
	int fd = memfd_create("i386", MFD_CLOEXEC), status = 0;
	pid_t pid;

	(void)p;
	memcpy(image.code, code, sizeof(code));
	if (fd < 0 || write(fd, &image, sizeof(image)) < 0)
		return errno;
	pid = fork();
	if (pid == 0) {
		syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH);
		_exit(errno);
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		kill(getpid(), WTERMSIG(status)); /* the answer is the signal */
	return WEXITSTATUS(status);
#else
	(void)p;
	return ABSENT;
#endif
}

#define SETUID (S_ISUID | 0755)
#define NEW (O_WRONLY | O_CREAT)

const struct probe probes_files[] = {
	{ "fs_gnupg", file_open, O_RDONLY, 0, 0, "home/.gnupg/private" },
	{ "fs_kube", file_open, O_RDONLY, 0, 0, "home/.kube/config" },
	{ "fs_docker", file_open, O_RDONLY, 0, 0, "home/.docker/config.json" },
	{ "fs_gcloud", file_open, O_RDONLY, 0, 0, "home/.config/gcloud/credentials.db" },
	{ "fs_npmrc", file_open, O_RDONLY, 0, 0, "home/.npmrc" },
	{ "fs_pypirc", file_open, O_RDONLY, 0, 0, "home/.pypirc" },
	{ "fs_git_credentials", file_open, O_RDONLY, 0, 0, "home/.git-credentials" },
	{ "fs_codex", file_open, O_RDONLY, 0, 0, "home/.codex/auth.json" },
	{ "fs_cursor", file_open, O_RDONLY, 0, 0, "home/.cursor/mcp.json" },
	{ "fs_browser", file_open, O_RDONLY, 0, 0, "home/.mozilla/firefox/profiles.ini" },
	{ "fs_keyrings", file_open, O_RDONLY, 0, 0, "home/.local/share/keyrings/login.keyring" },
	{ "fs_our_audit_log", file_open, O_RDONLY, 0, 0, "home/.local/state/mcp-confine/audit/probe.jsonl" },
	{ "fs_root_through_proc", file_open, O_RDONLY, 0, 0, "/proc/self/root/etc/login.defs" },
	{ "fs_cwd_through_proc", file_open, O_RDONLY, 0, 0,
	  "/proc/self/cwd/../../../../../../../../etc/login.defs" },
	{ "fs_beside_magic_link", file_beside_magic_link, 0, 0, 0, "read" },
	{ "fs_kallsyms_content", file_says_something, 0, 0, 0, "/proc/kallsyms" },
	{ "fs_keys_content", file_says_something, 0, 0, 0, "/proc/keys" },
	{ "fs_cmdline_content", file_says_something, 0, 0, 0, "/proc/cmdline" },
	{ "fs_timer_list", file_says_something, 0, 0, 0, "/proc/timer_list" },
	{ "fs_boot_id", file_open, O_RDONLY, 0, 0, "/proc/sys/kernel/random/boot_id" },
	{ "fs_mountinfo_granted", file_mountinfo_path, 0, 0, 0, "write" },
	{ "fs_cgroup", file_open, O_RDONLY, 0, 0, "/sys/fs/cgroup" },
	{ "fs_dev_mem", file_open, O_RDONLY, 0, 0, "/dev/mem" },
	{ "fs_dev_kvm", file_open, O_RDWR, 0, 0, "/dev/kvm" },
	{ "fs_dev_fuse", file_open, O_RDWR, 0, 0, "/dev/fuse" },
	{ "fs_dev_tun", file_open, O_RDWR, 0, 0, "/dev/net/tun" },
	{ "fs_dev_tty", file_open, O_RDWR, 0, 0, "/dev/tty" },
	{ "fs_dev_ptmx", file_open, O_RDWR | O_NOCTTY, 0, 0, "/dev/ptmx" },
	{ "fs_dev_userfaultfd", file_open, O_RDWR, 0, 0, "/dev/userfaultfd" },
	{ "fs_dev_mqueue", file_open, O_RDONLY, 0, 0, "/dev/mqueue" },
	{ "fs_wsl_init", file_open, O_RDONLY, 0, 0, "/init" },

	{ "fsw_ro_chown", file_chown, 0, 0, 0, "read/file" },
	{ "fsw_ro_link", file_link, 0, 0, 0, "read/file" },
	{ "fsw_ro_setuid", file_chmod, SETUID, 0, 0, "read/file" },
	{ "fsw_ro_acl", file_xattr, 2, 0, 0, "read/file" },
	{ "fsw_ro_setflags", file_ioctl, FS_IOC_SETFLAGS, O_RDONLY, 0, "read/file" },
	{ "fsw_ro_lease", file_lease, F_RDLCK, 0, 0, "read/file" },
	{ "fsw_mode_granted", file_chmod, 0644, 0, 0, "write/file" },
	{ "fsw_setuid_chmod", file_chmod, SETUID, 0, 0, "write/file" },
	{ "fsw_setgid_chmod", file_chmod, S_ISGID | 0755, 0, 0, "write/file" },
	{ "fsw_setuid_openat", file_creat_mode, SETUID, SYS_openat, NEW, "write/setuid" },
	{ "fsw_setuid_openat_high_bits", file_creat_mode, SETUID | 1L << 32, SYS_openat,
	  NEW | 1L << 32, "write/setuid" },
	{ "fsw_setuid_openat2", file_creat_mode, SETUID, SYS_openat2, 0, "write/setuid" },
	{ "fsw_setuid_mknod", file_creat_mode, SETUID, SYS_mknodat, 0, "write/setuid" },
	{ "fsw_setuid_tmpfile", file_creat_mode, SETUID, SYS_openat, O_TMPFILE | O_WRONLY, "write" },
	{ "fsw_plain_openat", file_creat_mode, 0755, SYS_openat, NEW, "write/plain" },
	{ "fsw_setflags_granted", file_ioctl, FS_IOC_SETFLAGS, O_RDONLY, 0, "write/file" },
	{ "fsw_verity_granted", file_ioctl, 0x40806685, O_RDONLY, 0, "write/file" },
	{ "fsw_getflags_granted", file_ioctl, FS_IOC_GETFLAGS, O_RDONLY, 0, "write/file" },
	{ "fsw_lease_granted", file_lease, F_RDLCK, 0, 0, "write/file" },
	{ "fsw_capability_xattr", file_xattr, 0, 0, 0, "write/file" },
	{ "fsw_trusted_xattr", file_xattr, 1, 0, 0, "write/file" },
	{ "fsw_grow_past_limit", file_grow, 1L << 33, 0, 0, "write/large" },
	{ "fsw_grow_below_limit", file_grow, 1L << 30, 0, 0, "write/large" },
	{ "fsw_our_policy", file_open, O_WRONLY | O_APPEND, 0, 0, "home/.config/mcp-confine/policy.json" },
	{ "fsw_modprobe", file_open, O_WRONLY, 0, 0, "/proc/sys/kernel/modprobe" },
	{ "fsw_binfmt", file_open, O_WRONLY, 0, 0, "/proc/sys/fs/binfmt_misc/register" },
	{ "fsw_own_proc", file_open, O_WRONLY, 0, 0, "/proc/self/comm" },
	{ "fsw_uid_map", file_open, O_WRONLY, 0, 0, "/proc/self/uid_map" },
	{ "fsw_max_user_namespaces", file_open, O_WRONLY, 0, 0, "/proc/sys/user/max_user_namespaces" },
	{ "fsw_oom_score", file_open, O_WRONLY, 0, 0, "/proc/self/oom_score_adj" },

	{ "exec_mmap_tmp", exec_mmap, 0, 0, 0, "/tmp" },
	{ "exec_mmap_granted", exec_mmap, 0, 0, 0, "write" },
	{ "exec_script_interpreter", exec_script, 0, 0, 0, "write" },
	{ "exec_i386", exec_i386, 0, 0, 0, NULL },
	{ NULL, NULL, 0, 0, 0, NULL },
};
