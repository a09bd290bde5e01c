/* SPDX-License-Identifier: Apache-2.0 */
/*
 * around - the machine that somebody else has: run a program with something missing
 *
 *   around [--ENOSYS CALL | --EPERM CALL | --KILL CALL]... [--no-userns] [--mask-proc]
 *          [--as UID:GID] -- PROGRAM [ARG...]
 *
 * A seccomp filter answers the named calls (unshare, clone3 and clone only where they
 * would make a namespace, with "namespaces" for all three).  Root may also ask for a host
 * whose user.max_user_namespaces is 0 (--no-userns) or a container that hides a part of
 * /proc (--mask-proc), both in a user namespace in which every id is itself, so nothing
 * of the machine is changed, and then become the ordinary user UID.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "around: %s: %s\n", what, strerror(errno));
	exit(99);
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		die(path);
	close(fd);
}

/* A map of everything must be written from the namespace outside: by a child there. */
static void enter_userns(int more)
{
	int ready[2], status = 1;
	pid_t parent = getpid(), pid;
	char path[64], byte;

	if (pipe(ready) < 0 || (pid = fork()) < 0)
		die("fork");
	if (pid == 0) {
		if (read(ready[0], &byte, 1) != 1)
			_exit(99);
		for (int i = 0; i < 2; i++) {
			snprintf(path, sizeof(path), "/proc/%d/%cid_map", (int)parent, "ug"[i]);
			put(path, "0 0 4294967295");
		}
		_exit(0);
	}
	if (unshare(CLONE_NEWUSER | more) < 0 || write(ready[1], "", 1) != 1)
		die("unshare");
	if (waitpid(pid, &status, 0) < 0 || status)
		die("map the users");
}

static void rule(scmp_filter_ctx ctx, uint32_t action, const char *name)
{
	static const uint64_t flags[] = { CLONE_NEWNS,	CLONE_NEWCGROUP, CLONE_NEWUTS,
					  CLONE_NEWIPC, CLONE_NEWUSER,	 CLONE_NEWPID,
					  CLONE_NEWNET };
	int r = 0;

	if (!strcmp(name, "namespaces")) {
		for (size_t i = 0; i < sizeof(flags) / sizeof(*flags) && r == 0; i++) {
			r = seccomp_rule_add(ctx, action, SCMP_SYS(clone), 1,
					     SCMP_A0(SCMP_CMP_MASKED_EQ, flags[i], flags[i]));
			if (r == 0)
				r = seccomp_rule_add(ctx, action, SCMP_SYS(unshare), 1,
						     SCMP_A0(SCMP_CMP_MASKED_EQ, flags[i], flags[i]));
		}
		/* As the filters of container engines: its flags cannot be read. */
		if (r == 0)
			r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	} else {
		r = seccomp_rule_add(ctx, action, seccomp_syscall_resolve_name(name), 0);
	}
	if (r < 0) {
		errno = -r;
		die(name);
	}
}

int main(int argc, char **argv)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	bool has_rules = false;
	int i;

	if (!ctx)
		die("seccomp_init");
	for (i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		uint32_t action = !strcmp(argv[i], "--ENOSYS") ? SCMP_ACT_ERRNO(ENOSYS) :
				  !strcmp(argv[i], "--EPERM")	? SCMP_ACT_ERRNO(EPERM) :
				  !strcmp(argv[i], "--KILL")	? SCMP_ACT_KILL_PROCESS :
				  !strcmp(argv[i], "--EOPNOTSUPP") ? SCMP_ACT_ERRNO(EOPNOTSUPP) :
								  0;

		if (action && i + 1 < argc) {
			rule(ctx, action, argv[++i]);
			has_rules = true;
		} else if (!strcmp(argv[i], "--as") && i + 1 < argc) {
			unsigned int uid, gid;

			if (sscanf(argv[++i], "%u:%u", &uid, &gid) != 2 || setgroups(0, NULL) < 0 ||
			    setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
				die("become the user");
		} else if (!strcmp(argv[i], "--no-userns")) {
			enter_userns(0);
			put("/proc/sys/user/max_user_namespaces", "0");
		} else if (!strcmp(argv[i], "--mask-proc")) {
			enter_userns(CLONE_NEWNS);
			if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
			    mount("none", "/proc/sys/kernel", "tmpfs", MS_RDONLY, NULL) < 0)
				die("mask /proc");
		} else {
			fprintf(stderr, "around: %s?\n", argv[i]);
			return 99;
		}
	}
	if (i + 1 >= argc)
		return 99;
	if (has_rules) {
		int r = seccomp_load(ctx);

		if (r < 0) {
			errno = -r;
			die("seccomp_load");
		}
	}
	execvp(argv[i + 1], argv + i + 1);
	die(argv[i + 1]);
}
