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
 *
 * A client in a session of its own (a terminal, ssh) is in no such place: its cgroup and
 * the one above are the system's.  The user's service manager may have processes of this
 * user's moved from there into a part that it was given.  So the first process of the
 * sandbox is made as ever, waits, and is moved with the process that removes, which here
 * removes nothing: it keeps the scope until the launcher has read what was killed in it.
 * What the manager made is looked up under our own process and read back, limit by limit.
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
#include "launcher/scope.h"
#include "policies/policy.h"

#define PREFIX "mcp-confine-"
/* Init, and the dialler of a server that listens, are in it too. */
#define TASKS_OF_OURS 2
/* There the process that holds it, too. */
#define TASKS_IN_SCOPE (TASKS_OF_OURS + 1)
/* Microseconds in which cpu.max counts; the kernel's own default. */
#define CPU_PERIOD 100000
#define CPU_PERIOD_TEXT "100000"

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

/* The place of a process in it: the line "0::/path" of /proc/PID/cgroup (cgroups(7)). */
static bool find_place(const char *file, char *ret, size_t size)
{
	FILE *f = fopen(file, "re");
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

static void close_one(int *fd)
{
	if (*fd > 0)
		close(*fd);
	*fd = -1;
}

static bool refuse(struct cgroup *c, const char *words)
{
	snprintf(c->why, sizeof(c->why), "%s", words);
	return false;
}

static bool look(const struct policy_limits *limits, struct cgroup *c)
{
	char mount[1024], self[1024];
	char *slash;

	if (!find_mount(mount, sizeof(mount)))
		return refuse(c, "cgroup version 2 is not mounted");
	if (!find_place("/proc/self/cgroup", self, sizeof(self)))
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
	if (limits->cpu_percent && !has_word(c->parent_fd, "cgroup.subtree_control", "cpu"))
		return refuse(c, "the cgroup above ours does not hand down \"cpu\"");
	return true;
}

/* What a scope would be read back from must be there, too. */
static bool look_for_manager(struct cgroup *c)
{
	char mount[1024], why[SCOPE_WHY];
	size_t len = strlen(c->why);

	if (!find_mount(mount, sizeof(mount)))
		return false;
	c->manager = scope_connect(why);
	if (c->manager < 0) {
		snprintf(c->why + len, sizeof(c->why) - len, "; and %s", why);
		return false;
	}
	close_one(&c->parent_fd);
	c->parent[0] = c->why[0] = '\0';
	return c->is_scope = true;
}

static int require(const char *why, struct err *err)
{
	return err_set(err, EPERM,
		       "the policy requires a cgroup (limits.require_cgroup), and %s; start the client "
		       "where one is delegated: systemd-run --user --scope COMMAND", why);
}

int cgroup_find(const struct policy_limits *limits, struct cgroup *ret, struct err *err)
{
	struct cgroup c = { .is_wanted = limits->memory_total || limits->cpu_percent ||
					 limits->require_cgroup,
			    .parent_fd = -1, .dir = -1, .manager = -1, .events = -1 };

	if (c.is_wanted)
		c.is_possible = look(limits, &c) || look_for_manager(&c);
	if (!c.is_possible && limits->require_cgroup) {
		cgroup_done(&c);
		return require(c.why, err);
	}
	*ret = c;
	return 0;
}

void cgroup_words(const struct policy_limits *limits, const struct cgroup *c, char *ret, size_t size)
{
	const char *what = limits->memory_total && limits->cpu_percent ?
				   "limits.memory_total and limits.cpu_percent are" :
			   limits->cpu_percent ? "limits.cpu_percent is" :
						 "limits.memory_total is";

	snprintf(ret, size, "%s not held: %s; only the limits of each process are; where it must be held: "
		 "\"require_cgroup\": true", what, c->why);
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

/* behind: what else the file wants, or "". */
static int set(const struct cgroup *c, const char *file, uint64_t value, const char *behind,
	       struct err *err)
{
	cleanup_close int fd = openat(c->dir, file, O_WRONLY | O_CLOEXEC);
	char text[48];
	int r;

	/* A kernel without swap has no memory.swap.max: nothing to forbid. */
	if (fd < 0 && errno == ENOENT && !strcmp(file, "memory.swap.max"))
		return 0;
	if (fd < 0)
		return err_errno(err, errno, "open %s/%s/%s", c->parent, c->name, file);
	snprintf(text, sizeof(text), "%" PRIu64 "%s", value, behind);
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
	/* Of a scope there is nothing to remove: its manager does when nobody is in it. */
	int parent = fcntl(c->is_scope ? lifeline : c->parent_fd, F_DUPFD, ABOVE);
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
	if (c->is_scope)
		_exit(0);
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
	pid_t pid = -1, child;
	int r = 0;

	if (pipe2(lifeline, O_CLOEXEC) == 0 && pipe2(gone, O_CLOEXEC) == 0)
		pid = fork();
	if (pid < 0)
		r = err_errno(err, errno, "start what removes the cgroup");
	if (pid == 0) {
		close(lifeline[1]);
		close(gone[0]);
		setsid();
		child = fork();
		if (child == 0)
			wait_and_remove(c, lifeline[0], gone[1]);
		fd_write_all(gone[1], &child, sizeof(child));
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
	if (pid > 0 && (read(gone[0], &c->holder, sizeof(c->holder)) != sizeof(c->holder) || c->holder < 0))
		r = err_set(err, ECHILD, "what removes the cgroup could not be started");
	c->lifeline = lifeline[1];
	c->gone = gone[0];
	if (lifeline[0] >= 0)
		close(lifeline[0]);
	if (gone[1] >= 0)
		close(gone[1]);
	return r;
}

static int open_events(struct cgroup *c, struct err *err)
{
	c->events = openat(c->dir, "memory.events", O_RDONLY | O_CLOEXEC);
	return c->events < 0 ? err_errno(err, errno, "open memory.events of %s", c->name) : 0;
}

int cgroup_make(const struct policy_limits *limits, const char *id, struct cgroup *c,
		struct err *err)
{
	int r;

	if (!c->is_possible)
		return 0;
	if (c->is_scope)
		return start_remover(c, err);
	r = make(c, id, err);
	if (r == 0)
		r = start_remover(c, err);
	if (r == 0 && limits->memory_total)
		r = set(c, "memory.max", limits->memory_total, "", err);
	if (r == 0 && limits->memory_total)
		r = set(c, "memory.swap.max", 0, "", err);
	if (r == 0 && limits->processes)
		r = set(c, "pids.max", limits->processes + TASKS_OF_OURS, "", err);
	if (r == 0 && limits->cpu_percent)
		r = set(c, "cpu.max", limits->cpu_percent * (CPU_PERIOD / 100), " " CPU_PERIOD_TEXT, err);
	return r == 0 ? open_events(c, err) : r;
}

/* --- a scope ------------------------------------------------------------------------------ */

bool cgroup_is_placed_later(const struct cgroup *c)
{
	return c->is_possible && c->is_scope;
}

/* The number at the start of a file of the cgroup's; false for "max" and for none. */
static bool get(const struct cgroup *c, const char *file, uint64_t *ret, uint64_t *ret_second)
{
	cleanup_close int fd = openat(c->dir, file, O_RDONLY | O_CLOEXEC);
	char text[64] = "";

	*ret_second = 0;
	return fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 &&
	       sscanf(text, "%" SCNu64 " %" SCNu64, ret, ret_second) >= 1;
}

/* What was asked for, as the kernel has it: memory in whole pages, time as a part. */
static bool holds(const struct policy_limits *limits, const struct cgroup *c)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t value, period;

	if (limits->memory_total && (!get(c, "memory.max", &value, &period) ||
				     value / page > limits->memory_total / page))
		return false;
	if (limits->memory_total && get(c, "memory.swap.max", &value, &period) && value > 0)
		return false;
	if (limits->processes && (!get(c, "pids.max", &value, &period) ||
				  value > limits->processes + TASKS_IN_SCOPE))
		return false;
	/* A per cent more: the manager rounds. */
	return !limits->cpu_percent || (get(c, "cpu.max", &value, &period) && period &&
					value * 100 / period <= limits->cpu_percent + 1);
}

/* The directory of the cgroup that pid is in, which must be called c->name. */
static int open_place(struct cgroup *c, pid_t pid, char why[static SCOPE_WHY])
{
	char mount[1024], place[1024], file[40], path[2100];
	const char *base;

	snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)pid);
	if (!find_mount(mount, sizeof(mount)) || !find_place(file, place, sizeof(place))) {
		snprintf(why, SCOPE_WHY, "the cgroup that it was put in cannot be seen");
		return -1;
	}
	base = strrchr(place, '/');
	if (strcmp(base + 1, c->name) != 0) {
		snprintf(why, SCOPE_WHY, "this user's service manager made a scope without it");
		return -1;
	}
	snprintf(path, sizeof(path), "%s%s", mount, place);
	c->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->dir < 0)
		snprintf(why, SCOPE_WHY, "%.100s cannot be opened", path);
	return c->dir < 0 ? -1 : 0;
}

static int place(const struct policy_limits *limits, const char *id, pid_t pid, struct cgroup *c,
		 char why[static SCOPE_WHY])
{
	const struct scope_limits wanted = {
		.memory = limits->memory_total,
		.tasks = limits->processes ? limits->processes + TASKS_IN_SCOPE : 0,
		.cpu = limits->cpu_percent,
	};
	const pid_t pids[] = { pid, c->holder };
	struct err quiet = {0};

	snprintf(c->name, sizeof(c->name), PREFIX "%.32s.scope", id);
	if (scope_make(c->manager, c->name, &wanted, pids, 2, why) < 0 || open_place(c, pid, why) < 0)
		return -1;
	if (!holds(limits, c)) {
		snprintf(why, SCOPE_WHY, "the scope of this user's service manager lacks a limit: that has not "
			 "the controllers (user@.service, Delegate=pids memory cpu)");
		return -1;
	}
	return limits->memory_total ? open_events(c, &quiet) : 0;
}

int cgroup_place(const struct policy_limits *limits, const char *id, pid_t pid, struct cgroup *c,
		 struct err *err)
{
	char why[SCOPE_WHY] = "";

	if (!cgroup_is_placed_later(c))
		return 0;
	if (place(limits, id, pid, c, why) < 0) {
		c->is_possible = false;
		c->name[0] = '\0';
		snprintf(c->why, sizeof(c->why), "%s", why);
	}
	close_one(&c->manager);
	return !c->is_possible && limits->require_cgroup ? require(c->why, err) : 0;
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
	int *all[] = { &c->events, &c->dir, &c->parent_fd, &c->lifeline, &c->gone, &c->manager };
	char byte;

	/* It ends when the lifeline closes, and its end of the other pipe with it. */
	if (c->lifeline > 0 && c->gone > 0) {
		close(c->lifeline);
		c->lifeline = -1;
		while (read(c->gone, &byte, 1) < 0 && errno == EINTR)
			;
	}
	c->name[0] = '\0';
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		close_one(all[i]);
}
