/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * A cgroup with processes of its own cannot give its children controllers, so ours is
 * made beside the one that we are in: its parent must be writable to this user, hand
 * "memory" and "pids" down (cgroup.subtree_control), and let us move processes in it
 * (cgroup.procs).  The child is born in it (CLONE_INTO_CGROUP, Linux 5.7): no moment
 * without the limit.  A server cannot leave: no cgroup file system is mounted inside,
 * nor, in the tier nouserns, writable.
 *
 * The launcher locks itself out of the file system, so another process removes the
 * directory: forked before, with nothing but a pipe, the parent's descriptor and a filter
 * that lets it remove empty directories.  It acts when the launcher ends, also by SIGKILL,
 * and belongs to nobody's children: a sweep of the tier nouserns would take it for the
 * server's.  What a crash of the machine's or its own leaves is removed by whoever makes
 * the next one: the parent is locked for that moment, so that none goes between its making
 * and its first process; each is locked, shared, as long as its launcher lives.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/limits.h"
#include "common/lock.h"
#include "filters/filters.h"
#include "launcher/cgroup.h"
#include "policies/policy.h"

#define PREFIX "mcp-confine-"
/* Init, and the dialler of a server that listens, are in it too. */
#define TASKS_OF_OURS 2

/* Where the hierarchy of version 2 is mounted whole: /proc/self/mountinfo (proc(5)). */
static bool find_mount(char *ret, size_t size)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096], root[1024], point[1024];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		if (!strstr(line, " - cgroup2 ") ||
		    sscanf(line, "%*s %*s %*s %1023s %1023s", root, point) != 2 || strcmp(root, "/") != 0 ||
		    strchr(point, '\\'))
			continue;
		found = (size_t)snprintf(ret, size, "%s", point) < size;
	}
	if (f)
		fclose(f);
	return found;
}

/* Our own place in it: the line "0::/path" (cgroups(7)). */
static bool find_self(char *ret, size_t size)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[4096];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		/* "/.." is outside of our cgroup namespace. */
		if (strncmp(line, "0::/", 4) != 0 || strstr(line, "/.."))
			continue;
		found = (size_t)snprintf(ret, size, "%s", line + 3) < size;
	}
	if (f)
		fclose(f);
	return found;
}

static bool has_word(int dir, const char *file, const char *word)
{
	cleanup_close int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
	char text[1024] = "";
	size_t len = strlen(word);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return false;
	for (const char *p = text; *p; p += strcspn(p, " \n"), p += strspn(p, " \n"))
		if (strcspn(p, " \n") == len && !strncmp(p, word, len))
			return true;
	return false;
}

static bool refuse(struct cgroup *c, const char *words)
{
	snprintf(c->why, sizeof(c->why), "%s", words);
	return false;
}

static bool look(struct cgroup *c)
{
	char mount[1024], self[1024];
	char *slash;

	if (!find_mount(mount, sizeof(mount)))
		return refuse(c, "cgroup version 2 is not mounted");
	if (!find_self(self, sizeof(self)))
		return refuse(c, "this process is in no cgroup of version 2 that can be seen here");
	if (!strcmp(self, "/"))
		return refuse(c, "this process is in the root cgroup, which has no parent");
	snprintf(c->parent, sizeof(c->parent), "%s%s", mount, self);
	slash = strrchr(c->parent, '/');
	*slash = '\0';
	c->parent_fd = open(c->parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->parent_fd < 0)
		return refuse(c, "the cgroup above ours cannot be opened");
	if (faccessat(c->parent_fd, ".", W_OK | X_OK, AT_EACCESS) < 0 ||
	    faccessat(c->parent_fd, "cgroup.procs", W_OK, AT_EACCESS) < 0)
		return refuse(c, "the cgroup above ours is not delegated to this user");
	if (!has_word(c->parent_fd, "cgroup.subtree_control", "memory") ||
	    !has_word(c->parent_fd, "cgroup.subtree_control", "pids"))
		return refuse(c, "the cgroup above ours does not hand down \"memory\" and \"pids\"");
	return true;
}

int cgroup_find(const struct policy_limits *limits, struct cgroup *ret, struct err *err)
{
	struct cgroup c = { .is_wanted = limits->memory_total || limits->require_cgroup,
			    .parent_fd = -1, .dir = -1, .events = -1 };

	if (c.is_wanted)
		c.is_possible = look(&c);
	if (!c.is_possible && limits->require_cgroup) {
		cgroup_done(&c);
		return err_set(err, EPERM,
			       "the policy requires a cgroup (limits.require_cgroup), and %s; start the "
			       "client where one is delegated: systemd-run --user --scope COMMAND",
			       c.why);
	}
	*ret = c;
	return 0;
}

/* Nobody in it, and no launcher that is about to: rmdir(2) refuses where processes are. */
static void remove_ended(int parent)
{
	cleanup_close int again = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = again < 0 ? NULL : fdopendir(again);

	if (!d)
		return;
	again = -1;
	for (struct dirent *e; (e = readdir(d));) {
		cleanup_close int fd = -1;

		if (strncmp(e->d_name, PREFIX, sizeof(PREFIX) - 1) != 0)
			continue;
		fd = openat(parent, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			unlinkat(parent, e->d_name, AT_REMOVEDIR);
	}
	closedir(d);
}

static int set(const struct cgroup *c, const char *file, uint64_t value, struct err *err)
{
	cleanup_close int fd = openat(c->dir, file, O_WRONLY | O_CLOEXEC);
	char text[32];
	int r;

	/* A kernel without swap has no memory.swap.max: nothing to forbid. */
	if (fd < 0 && errno == ENOENT && !strcmp(file, "memory.swap.max"))
		return 0;
	if (fd < 0)
		return err_errno(err, errno, "open %s/%s/%s", c->parent, c->name, file);
	snprintf(text, sizeof(text), "%" PRIu64, value);
	r = fd_write_all(fd, text, strlen(text));
	return r < 0 ? err_errno(err, -r, "write %s/%s/%s", c->parent, c->name, file) : 0;
}

static int make(struct cgroup *c, const char *id, struct err *err)
{
	snprintf(c->name, sizeof(c->name), PREFIX "%.32s", id);
	if (flock(c->parent_fd, LOCK_EX) < 0)
		return err_errno(err, errno, "lock %s", c->parent);
	remove_ended(c->parent_fd);
	if (mkdirat(c->parent_fd, c->name, 0700) < 0)
		return err_errno(err, errno, "make %s/%s", c->parent, c->name);
	c->dir = openat(c->parent_fd, c->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->dir < 0 || flock(c->dir, LOCK_SH) < 0)
		return err_errno(err, errno, "open %s/%s", c->parent, c->name);
	flock(c->parent_fd, LOCK_UN);
	return 0;
}

/* Where the descriptors of the process that removes it lie. */
enum { LIFELINE = 0, GONE, PARENT, ABOVE };

static _Noreturn void wait_and_remove(const struct cgroup *c, int lifeline, int gone)
{
	int parent = fcntl(c->parent_fd, F_DUPFD, ABOVE);
	struct err err = {0};
	sigset_t all;
	char byte;

	lifeline = fcntl(lifeline, F_DUPFD, ABOVE);
	gone = fcntl(gone, F_DUPFD, ABOVE);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	if (parent < 0 || lifeline < 0 || gone < 0 || dup2(lifeline, LIFELINE) < 0 ||
	    dup2(gone, GONE) < 0 || dup2(parent, PARENT) < 0 || fd_close_from(ABOVE) < 0 ||
	    lock_memory(&err) < 0 || lock_privileges(&err) < 0 ||
	    lock_syscalls(&filter_cgroup, &err) < 0)
		_exit(125);
	while (read(LIFELINE, &byte, 1) < 0 && errno == EINTR)
		;
	/* What was in it was killed already, and goes in its own time. */
	for (int i = 0; i < LIMIT_FLUSH_GRACE / 10; i++) {
		if (unlinkat(PARENT, c->name, AT_REMOVEDIR) == 0 || errno != EBUSY)
			break;
		poll(NULL, 0, 10);
	}
	_exit(0);
}

/* Its parent ends at once, so that it is nobody's here. */
static int start_remover(struct cgroup *c, struct err *err)
{
	int lifeline[2] = { -1, -1 }, gone[2] = { -1, -1 };
	pid_t pid = -1;
	int r = 0;

	if (pipe2(lifeline, O_CLOEXEC) == 0 && pipe2(gone, O_CLOEXEC) == 0)
		pid = fork();
	if (pid < 0)
		r = err_errno(err, errno, "start what removes the cgroup");
	if (pid == 0) {
		close(lifeline[1]);
		close(gone[0]);
		setsid();
		if (fork() == 0)
			wait_and_remove(c, lifeline[0], gone[1]);
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
	c->lifeline = lifeline[1];
	c->gone = gone[0];
	if (lifeline[0] >= 0)
		close(lifeline[0]);
	if (gone[1] >= 0)
		close(gone[1]);
	return r;
}

int cgroup_make(const struct policy_limits *limits, const char *id, struct cgroup *c,
		struct err *err)
{
	int r;

	if (!c->is_possible)
		return 0;
	r = make(c, id, err);
	if (r == 0)
		r = start_remover(c, err);
	if (r == 0 && limits->memory_total)
		r = set(c, "memory.max", limits->memory_total, err);
	if (r == 0 && limits->memory_total)
		r = set(c, "memory.swap.max", 0, err);
	if (r == 0 && limits->processes)
		r = set(c, "pids.max", limits->processes + TASKS_OF_OURS, err);
	if (r == 0) {
		c->events = openat(c->dir, "memory.events", O_RDONLY | O_CLOEXEC);
		if (c->events < 0)
			r = err_errno(err, errno, "open %s/%s/memory.events", c->parent, c->name);
	}
	return r;
}

unsigned long cgroup_killed(const struct cgroup *c)
{
	char text[512] = "";
	const char *at;

	if (c->events <= 0 || read(c->events, text, sizeof(text) - 1) <= 0)
		return 0;
	at = strstr(text, "oom_kill ");
	return at ? strtoul(at + sizeof("oom_kill ") - 1, NULL, 10) : 0;
}

void cgroup_done(struct cgroup *c)
{
	int *all[] = { &c->events, &c->dir, &c->parent_fd, &c->lifeline, &c->gone };
	char byte;

	/* It ends when the lifeline closes, and its end of the other pipe with it. */
	if (c->lifeline > 0 && c->gone > 0) {
		close(c->lifeline);
		c->lifeline = -1;
		while (read(c->gone, &byte, 1) < 0 && errno == EINTR)
			;
	}
	c->name[0] = '\0';
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (*all[i] > 0)
			close(*all[i]);
		*all[i] = -1;
	}
}
