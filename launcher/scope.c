/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The manager listens on a socket of its own, /run/user/UID/systemd/private, beside the
 * bus: there is no bus to ask for, no name to look up, and every signal of the manager's
 * comes without a match rule.  MCP clients do not hand XDG_RUNTIME_DIR down, so its value
 * is not asked for: the directory is /run/user/UID (pam_systemd(8)), and what lies there
 * counts when it belongs to this user and nobody else may write in it.
 *
 * One call, one answer, one signal: StartTransientUnit, its job, and JobRemoved for that
 * job.  Why not systemd-run: it can put only itself in a scope, and would have to stand
 * between the client and us.  Why not busctl: it goes by the bus, which some machines do
 * not run, cannot wait for the job, and is a program more that must be the system's.  What
 * is said here is a few hundred bytes, both ways bounded (dbus.h).
 *
 * The manager is this user's own, and as trusted as that; it is not believed either: the
 * caller reads the limits back from the cgroup.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "launcher/dbus.h"
#include "launcher/scope.h"

#define MANAGER_TIMEOUT 5000 /* ms: of the whole talk, so that a start is never hung */
#define CALL_MAX 2048

struct talk {
	int fd;
	int64_t until; /* CLOCK_MONOTONIC, ms */
	uint8_t data[DBUS_MAX];
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

__attribute__((format(printf, 2, 3)))
static int refuse(char why[static SCOPE_WHY], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, SCOPE_WHY, fmt, ap);
	va_end(ap);
	return -1;
}

/* --- the way there ---------------------------------------------------------------------- */

/* A directory of this user's in which nobody else can put a socket. */
static int check_directory(const char *path, char why[static SCOPE_WHY])
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return refuse(why, "there is no service manager of this user's (%s: %s)", path,
			      strerror(errno));
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022))
		return refuse(why, "%s is no directory of this user's alone", path);
	return 0;
}

int scope_connect(char why[static SCOPE_WHY])
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct ucred peer = {0};
	socklen_t len = sizeof(peer);
	cleanup_close int fd = -1;
	char dir[64];

	snprintf(dir, sizeof(dir), "/run/user/%u", (unsigned int)geteuid());
	if (check_directory(dir, why) < 0)
		return -1;
	snprintf(to.sun_path, sizeof(to.sun_path), "%s/systemd/private", dir);
	/* A manager that takes no connection any more must not hold us up: EAGAIN. */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return refuse(why, "no service manager of this user's answers (%s: %s)", to.sun_path,
			      strerror(errno));
	/* In another pid namespace our numbers would be other processes. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || peer.uid != geteuid() ||
	    peer.pid <= 0)
		return refuse(why, "who listens at %s is not this user's service manager", to.sun_path);
	return take_fd(&fd);
}

/* --- bytes ------------------------------------------------------------------------------ */

static int wait_for(const struct talk *t, short events, char why[static SCOPE_WHY])
{
	struct pollfd p = { .fd = t->fd, .events = events };

	for (;;) {
		int64_t left = t->until - now_ms();
		int r = left <= 0 ? 0 : poll(&p, 1, (int)left);

		if (r > 0)
			return 0;
		if (r == 0)
			return refuse(why, "this user's service manager does not answer");
		if (errno != EINTR)
			return refuse(why, "poll: %s", strerror(errno));
	}
}

static int say(const struct talk *t, const void *data, size_t len, char why[static SCOPE_WHY])
{
	const char *p = data;

	while (len) {
		ssize_t n;

		if (wait_for(t, POLLOUT, why) < 0)
			return -1;
		n = send(t->fd, p, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return refuse(why, "this user's service manager hangs up: %s", strerror(errno));
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* len bytes to data. */
static int hear(const struct talk *t, void *data, size_t len, char why[static SCOPE_WHY])
{
	char *p = data;

	while (len) {
		ssize_t n;

		if (wait_for(t, POLLIN, why) < 0)
			return -1;
		n = recv(t->fd, p, len, MSG_DONTWAIT);
		if (n == 0)
			return refuse(why, "this user's service manager hangs up");
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return refuse(why, "this user's service manager hangs up: %s", strerror(errno));
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* "Authentication Protocol", EXTERNAL: the kernel tells who we are. */
static int authenticate(const struct talk *t, char why[static SCOPE_WHY])
{
	char text[96], uid[16], hex[33] = "";
	size_t len = 0;
	int n;

	snprintf(uid, sizeof(uid), "%u", (unsigned int)geteuid());
	for (size_t i = 0; uid[i]; i++)
		snprintf(hex + 2 * i, 3, "%02x", (unsigned int)(unsigned char)uid[i]);
	/* The first byte carries the credentials. */
	n = snprintf(text, sizeof(text), "%cAUTH EXTERNAL %s\r\n", '\0', hex);
	if (say(t, text, (size_t)n, why) < 0)
		return -1;
	do {
		if (len == sizeof(text) - 1 || hear(t, text + len, 1, why) < 0)
			return refuse(why, "this user's service manager does not let us in");
		len++;
	} while (text[len - 1] != '\n');
	if (strncmp(text, "OK ", 3) != 0)
		return refuse(why, "this user's service manager does not let us in");
	return say(t, "BEGIN\r\n", 7, why);
}

/* --- the talk --------------------------------------------------------------------------- */

static size_t write_call(void *data, size_t size, const char *name, const struct scope_limits *l,
			 const pid_t *pids, size_t n)
{
	uint32_t numbers[4] = {0};
	struct dbus m;
	size_t array;

	for (size_t i = 0; i < n && i < 4; i++)
		numbers[i] = (uint32_t)pids[i];
	dbus_begin(&m, data, size, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
		   "StartTransientUnit", "ssa(sv)a(sa(sv))");
	dbus_string(&m, name);
	dbus_string(&m, "fail"); /* when there is another of that name */
	array = dbus_array(&m, 8);
	dbus_pair_string(&m, "Description", "an MCP server, by mcp-confine");
	dbus_pair_string(&m, "CollectMode", "inactive-or-failed");
	dbus_pair_u32s(&m, "PIDs", numbers, n);
	if (l->memory) {
		dbus_pair_u64(&m, "MemoryMax", l->memory);
		dbus_pair_u64(&m, "MemorySwapMax", 0);
	}
	if (l->tasks)
		dbus_pair_u64(&m, "TasksMax", l->tasks);
	if (l->cpu)
		dbus_pair_u64(&m, "CPUQuotaPerSecUSec", l->cpu * 10000);
	dbus_array_end(&m, array, 8);
	array = dbus_array(&m, 8); /* no units beside it */
	dbus_array_end(&m, array, 8);
	return dbus_end(&m);
}

static int next(struct talk *t, struct dbus_reply *ret, char why[static SCOPE_WHY])
{
	size_t len;

	if (hear(t, t->data, DBUS_HEADER, why) < 0)
		return -1;
	len = dbus_length(t->data);
	if (len < DBUS_HEADER)
		return refuse(why, "this user's service manager says what is no message");
	if (hear(t, t->data + DBUS_HEADER, len - DBUS_HEADER, why) < 0)
		return -1;
	if (!dbus_parse(t->data, len, ret))
		return refuse(why, "this user's service manager says what is no message");
	return 0;
}

/* The job is done when the processes are where they belong: "done". */
static int wait_for_job(struct talk *t, char why[static SCOPE_WHY])
{
	char job[128] = "", of[128], unit[128], result[32], words[96];
	struct dbus_reply r;
	uint32_t id;

	for (;;) {
		if (next(t, &r, why) < 0)
			return -1;
		if (r.type == DBUS_ERROR && r.answers == 1) {
			if (!dbus_take_string(&r, words, sizeof(words)))
				words[0] = '\0';
			return refuse(why, "this user's service manager refuses: %s",
				      words[0] ? words : r.error);
		}
		/* The answer comes before what it tells of. */
		if (r.type == DBUS_RETURN && r.answers == 1 && !dbus_take_string(&r, job, sizeof(job)))
			return refuse(why, "this user's service manager answers without a job");
		if (r.type != DBUS_SIGNAL || strcmp(r.member, "JobRemoved") != 0 || !job[0])
			continue;
		if (!dbus_take_u32(&r, &id) || !dbus_take_string(&r, of, sizeof(of)) ||
		    !dbus_take_string(&r, unit, sizeof(unit)) ||
		    !dbus_take_string(&r, result, sizeof(result)) || strcmp(of, job) != 0)
			continue;
		return strcmp(result, "done") != 0 ?
			       refuse(why, "this user's service manager makes no scope: %s", result) :
			       0;
	}
}

int scope_make(int manager, const char *name, const struct scope_limits *limits, const pid_t *pids,
	       size_t n, char why[static SCOPE_WHY])
{
	struct talk t = { .fd = manager, .until = now_ms() + MANAGER_TIMEOUT };
	char call[CALL_MAX];
	size_t len = write_call(call, sizeof(call), name, limits, pids, n);

	if (!len)
		return refuse(why, "the name of the scope is too long");
	if (authenticate(&t, why) < 0 || say(&t, call, len, why) < 0)
		return -1;
	return wait_for_job(&t, why);
}
