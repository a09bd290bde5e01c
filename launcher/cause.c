/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/cause.h"

static const char *const limits[CAUSE_LIMITS] = {
	[CAUSE_MAX_USER] = "max_user_namespaces", [CAUSE_MAX_MNT] = "max_mnt_namespaces",
	[CAUSE_MAX_PID] = "max_pid_namespaces",	  [CAUSE_MAX_NET] = "max_net_namespaces",
	[CAUSE_MAX_IPC] = "max_ipc_namespaces",	  [CAUSE_MAX_UTS] = "max_uts_namespaces",
	[CAUSE_MAX_CGROUP] = "max_cgroup_namespaces",
};

/* --- facts ------------------------------------------------------------------------- */

/* The first bytes of a file, up to its newline.  Return: 0, or -1 and "". */
static int read_line(const char *path, char *ret, size_t size)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, ret, size - 1);

	ret[n > 0 ? n : 0] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
	return n > 0 ? 0 : -1;
}

static long read_number(const char *path)
{
	char text[32];

	return read_line(path, text, sizeof(text)) < 0 ? -1 : strtol(text, NULL, 10);
}

static long read_status(const char *name)
{
	FILE *f = fopen("/proc/self/status", "re");
	size_t len = strlen(name);
	long value = -1;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len) && line[len] == ':')
			value = strtol(line + len + 1, NULL, 10);
	if (f)
		fclose(f);
	return value;
}

static void find_container(char ret[static 32])
{
	static const struct {
		const char *path, *name;
	} marks[] = {
		{ "/.dockerenv", "Docker" },
		{ "/run/.containerenv", "Podman" },
		{ "/.flatpak-info", "Flatpak" },
		{ "/run/secrets/kubernetes.io", "Kubernetes" },
		{ "/dev/lxd/sock", "LXD" },
	};

	ret[0] = '\0';
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (access(marks[i].path, F_OK) == 0) {
			snprintf(ret, 32, "%s", marks[i].name);
			return;
		}
	/* systemd's convention for managers of containers. */
	read_line("/run/systemd/container", ret, 32);
}

/*
 * From the mount table: is something mounted over a part of /proc (then the kernel
 * refuses a new one to us: it would show what is hidden), and is "/" a mount at all
 * (a chroot may have none, and then no user namespace can be made).
 */
static void read_mounts(struct cause_facts *f)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	bool has_root = false;
	char line[4096], point[64];

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%*s %*s %*s %*s %63s", point) != 1)
			continue;
		has_root = has_root || !strcmp(point, "/");
		/* binfmt_misc hides an empty directory, which does not count. */
		if (!strncmp(point, "/proc/", 6) && strcmp(point, "/proc/sys/fs/binfmt_misc") != 0)
			memcpy(f->masked, point, sizeof(f->masked));
	}
	f->is_chroot = file && !has_root;
	if (file)
		fclose(file);
}

void cause_read(struct cause_facts *ret)
{
	struct cause_facts f = {0};
	struct utsname u;
	ssize_t len;

	for (size_t i = 0; i < CAUSE_LIMITS; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/sys/user/%s", limits[i]);
		f.max[i] = read_number(path);
	}
	f.unprivileged_userns_clone = read_number("/proc/sys/kernel/unprivileged_userns_clone");
	f.apparmor_restricts =
		read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
	f.seccomp_mode = read_status("Seccomp");
	find_container(f.container);
	read_mounts(&f);
	read_line("/sys/kernel/security/lsm", f.lsm, sizeof(f.lsm));
	if (uname(&u) == 0) {
		sscanf(u.release, "%d.%d", &f.major, &f.minor);
		f.is_wsl1 = strstr(u.release, "-Microsoft") != NULL;
	}
	len = readlink("/proc/self/exe", f.self, sizeof(f.self) - 1);
	f.self[len > 0 ? len : 0] = '\0';
	*ret = f;
}

/* --- judging ----------------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static void say(struct cause *c, const char *mend,
						      const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->why, sizeof(c->why), fmt, ap);
	va_end(ap);
	snprintf(c->mend, sizeof(c->mend), "%s", mend);
}

static bool is_refusal(int error)
{
	return error == EPERM || error == EACCES || error == ENOSYS;
}

/* A filter or a container around us explains a refusal of anything. */
static bool judge_surroundings(int error, const struct cause_facts *f, struct cause *c)
{
	if (f->container[0] && is_refusal(error)) {
		say(c,
		    "run mcp-confine on the host; or start the container with a seccomp profile "
		    "that allows user namespaces; or set sandbox.minimum_tier to nouserns",
		    "this is a %s container, and its %s forbids it", f->container,
		    f->seccomp_mode == 2 ? "seccomp filter" : "configuration");
		return true;
	}
	if (f->seccomp_mode == 2 && is_refusal(error)) {
		say(c,
		    "start mcp-confine outside of it (a container, or a service with "
		    "SystemCallFilter= or RestrictNamespaces=); or set sandbox.minimum_tier to "
		    "nouserns",
		    "a seccomp filter around us forbids it");
		return true;
	}
	return false;
}

static bool judge_kernel(const struct cause_facts *f, struct cause *c)
{
	if (f->is_wsl1) {
		say(c, "wsl --set-version DISTRIBUTION 2, in Windows",
		    "WSL 1 is not a Linux kernel");
		return true;
	}
	if (f->major && (f->major < 5 || (f->major == 5 && f->minor < 13))) {
		say(c, "install a kernel of Linux 5.13 or newer", "Linux %d.%d is too old",
		    f->major, f->minor);
		return true;
	}
	return false;
}

static void judge_namespace(int error, const struct cause_facts *f, struct cause *c)
{
	char mend[sizeof(c->mend)];

	if (f->unprivileged_userns_clone == 0) {
		say(c, "the administrator: sysctl -w kernel.unprivileged_userns_clone=1, and the same "
		       "in /etc/sysctl.d",
		    "the sysctl kernel.unprivileged_userns_clone is 0");
		return;
	}
	for (size_t i = 0; i < CAUSE_LIMITS; i++) {
		if (f->max[i] != 0)
			continue;
		snprintf(mend, sizeof(mend),
			 "the administrator: sysctl -w user.%s=10000, and the same in /etc/sysctl.d",
			 limits[i]);
		say(c, mend, "the sysctl user.%s is 0", limits[i]);
		return;
	}
	if (error == ENOSPC || error == EUSERS) {
		say(c, "end programs that hold namespaces, or raise user.max_*_namespaces",
		    "a limit on namespaces is reached, of this user or of the namespace around us");
		return;
	}
	if (judge_surroundings(error, f, c))
		return;
	if (f->is_chroot)
		say(c, "start mcp-confine outside of it", "we are in a chroot, where the kernel allows "
							  "no user namespace");
	else if (error == EINVAL)
		say(c, "use a kernel with CONFIG_USER_NS, CONFIG_PID_NS, CONFIG_NET_NS, CONFIG_IPC_NS, "
		       "CONFIG_UTS_NS and CONFIG_CGROUPS",
		    "this kernel was built without it");
	else
		say(c, "see the log of the kernel or of auditd for the denial",
		    "a security module or the kernel refuses it");
}

static void judge_map(int error, const struct cause_facts *f, struct cause *c)
{
	char mend[sizeof(c->mend)];

	if (f->apparmor_restricts == 1) {
		snprintf(mend, sizeof(mend),
			 "the administrator: printf 'abi <abi/4.0>,\\ninclude <tunables/global>\\n"
			 "profile mcp-confine %s flags=(unconfined) { userns, }\\n' "
			 ">/etc/apparmor.d/mcp-confine && apparmor_parser -r /etc/apparmor.d/mcp-confine",
			 f->self[0] ? f->self : "/usr/bin/mcp-confine");
		say(c, mend,
		    "AppArmor gives privileges in user namespaces to named programs only "
		    "(kernel.apparmor_restrict_unprivileged_userns is 1)");
		return;
	}
	if (!judge_surroundings(error, f, c))
		say(c, "see the log of the kernel or of auditd for the denial",
		    "a security module refuses privileges in user namespaces");
}

static void judge_proc(int error, const struct cause_facts *f, struct cause *c)
{
	if (f->masked[0] && error == EPERM)
		say(c,
		    "run mcp-confine outside of the container, or start that with an unmasked /proc "
		    "(--security-opt unmask=ALL, systempaths=unconfined); or set "
		    "sandbox.minimum_tier to nouserns",
		    "a part of /proc is hidden from us (%s), so the kernel forbids a new one",
		    f->masked);
	else
		judge_map(error, f, c);
}

static void judge_landlock(int error, const struct cause_facts *f, struct cause *c)
{
	if (error == EOPNOTSUPP && f->lsm[0])
		say(c, "add lsm=landlock,... to the kernel's command line, the modules of "
		       "/sys/kernel/security/lsm behind it, and boot again",
		    "Landlock is not in the list of security modules (%s)", f->lsm);
	else if (error == EOPNOTSUPP)
		say(c, "add landlock to the list behind lsm= on the kernel's command line and boot "
		       "again",
		    "Landlock is built in and switched off at boot");
	else if (judge_kernel(f, c))
		return;
	else if (f->seccomp_mode == 2)
		say(c, "start mcp-confine outside of it, or let it allow landlock_create_ruleset, "
		       "landlock_add_rule and landlock_restrict_self",
		    "a seccomp filter around us (a container's, a service's) forbids it%s",
		    error == ENOSYS ? ", or this kernel was built without it" : "");
	else
		say(c, "use a kernel with CONFIG_SECURITY_LANDLOCK=y",
		    "this kernel was built without Landlock");
}

void cause_judge(enum cause_step step, int error, const struct cause_facts *facts,
		 struct cause *ret)
{
	struct cause c = {0};

	switch (step) {
	case CAUSE_NAMESPACE:
		if (!judge_kernel(facts, &c))
			judge_namespace(error, facts, &c);
		break;
	case CAUSE_MAP:
	case CAUSE_PRIVILEGE:
	case CAUSE_MOUNT:
		if (!judge_kernel(facts, &c))
			judge_map(error, facts, &c);
		break;
	case CAUSE_PROC:
		judge_proc(error, facts, &c);
		break;
	case CAUSE_LANDLOCK:
		judge_landlock(error, facts, &c);
		break;
	case CAUSE_SECCOMP:
	case CAUSE_CALL:
	case CAUSE_OTHER:
		if (!judge_kernel(facts, &c) && !judge_surroundings(error, facts, &c))
			say(&c, "use a distribution's kernel of Linux 5.13 or newer",
			    "the kernel refuses it");
		break;
	}
	*ret = c;
}

void cause_find(enum cause_step step, int error, struct cause *ret)
{
	struct cause_facts facts;

	cause_read(&facts);
	cause_judge(step, error, &facts, ret);
}

int cause_set(struct err *err, enum cause_step step, int error, const char *fmt, ...)
{
	struct cause c;
	char words[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	cause_find(step, error, &c);
	return err_set(err, error, "%s: %s: %s; %s", words, strerror(error), c.why, c.mend);
}
