/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * watch_start() forks.  The child waits for one byte from the process that is about to
 * become the server; the kernel puts its pid beside it (SCM_CREDENTIALS, translated from
 * its namespace to ours).  It attaches by PTRACE_SEIZE, answers, and locks itself: a filter
 * without any call that opens, and of ptrace(2) only what goes on with who is traced
 * already.  No Landlock: the kernel lets a process look at another one only from the same
 * domain or from above (landlock(7)), and the directories of the server's descriptors are
 * read from /proc, by a descriptor that was opened before.
 *
 * Memory is bounded and nothing is allocated: a slot for each thread that is inside of a
 * call, and a table of the records that were written, by a keyed hash.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/lock.h"
#include "common/siphash.h"
#include "filters/filters.h"
#include "launcher/watch.h"
#include "launcher/watch_calls.h"

#define THREADS 4096	/* sixteen times the default of limits.processes; a power of two */
#define SEEN 32768	/* four times WATCH_RECORDS; a power of two */

struct thread {
	pid_t tid; /* 0: free */
	int nr;	   /* -1: in no call */
	uint64_t args[6];
};

static struct watch {
	int out, proc;
	uint64_t key[2];
	struct thread threads[THREADS];
	uint64_t seen[SEEN];
	size_t n_seen;
	uint32_t lost;
} w;

/* --- records ---------------------------------------------------------------------------- */

/* Is it new?  The table is never more than a quarter full. */
static bool is_new(uint64_t hash)
{
	size_t i = hash % SEEN;

	hash |= 1; /* 0 is a free slot */
	while (w.seen[i] && w.seen[i] != hash)
		i = (i + 1) % SEEN;
	if (w.seen[i])
		return false;
	if (w.n_seen == WATCH_RECORDS) {
		w.lost++;
		return false;
	}
	w.seen[i] = hash;
	w.n_seen++;
	return true;
}

static void put(struct watch_record r, const char *text, size_t len)
{
	char line[sizeof(r) + WATCH_TEXT];

	if (len > WATCH_TEXT) {
		w.lost++;
		return;
	}
	r.len = (uint16_t)len;
	memset(line, 0, sizeof(r));
	memcpy(line, &r, sizeof(r));
	memcpy(line + sizeof(r), text, len);
	if (r.what != WATCH_LOST && !is_new(siphash(w.key, line, sizeof(r) + len)))
		return;
	/* Nobody reads any more: the session is as good as over. */
	if (fd_write_all(w.out, line, sizeof(r) + len) < 0)
		_exit(125);
}

/* --- the server's memory -------------------------------------------------------------- */

/* One word of a process that is traced; raw, since libc's wrapper mixes value and error. */
static bool peek(pid_t tid, uint64_t address, unsigned long *ret)
{
	return syscall(SYS_ptrace, PTRACE_PEEKDATA, tid, address, ret) == 0;
}

/* size bytes, or up to a NUL when is_text.  Return: the length, or -1. */
static ssize_t read_memory(pid_t tid, uint64_t from, char *out, size_t size, bool is_text)
{
	size_t len = 0;

	while (len < size) {
		size_t skip = from % sizeof(long), n = sizeof(long) - skip;
		unsigned long word;
		char bytes[sizeof(word)];

		if (!peek(tid, from - skip, &word))
			return -1;
		memcpy(bytes, &word, sizeof(word));
		n = n < size - len ? n : size - len;
		for (size_t i = 0; i < n; i++) {
			if (is_text && !bytes[skip + i])
				return (ssize_t)len;
			out[len++] = bytes[skip + i];
		}
		from += n;
	}
	return is_text ? -1 : (ssize_t)len;
}

/* What a name without a slash in front is relative to, with a slash behind it. */
static ssize_t read_base(pid_t tid, int fd, char *out, size_t size)
{
	char name[48];
	ssize_t n;

	if (fd == AT_FDCWD)
		snprintf(name, sizeof(name), "%d/cwd", (int)tid);
	else
		snprintf(name, sizeof(name), "%d/fd/%d", (int)tid, fd);
	n = readlinkat(w.proc, name, out, size - 1);
	if (n <= 0 || (size_t)n >= size - 1 || out[0] != '/')
		return -1;
	out[n++] = '/';
	return n;
}

/* The path that an argument names, absolute.  Return: its length, or -1. */
static ssize_t read_path(const struct thread *t, int dir, int path, char *out, size_t size)
{
	int fd = dir == WATCH_NO_DIR ? AT_FDCWD : (int)t->args[dir];
	char name[WATCH_TEXT + 1];
	ssize_t len = read_memory(t->tid, t->args[path], name, sizeof(name), true), base = 0;

	if (len < 0 || (len > 0 && name[0] != '/'))
		base = len < 0 ? -1 : read_base(t->tid, fd, out, size);
	/* An empty name is that descriptor itself: it is there. */
	if (len <= 0 || base < 0 || (size_t)len > size - (size_t)base) {
		w.lost += len != 0;
		return -1;
	}
	memcpy(out + base, name, (size_t)len);
	return base + len;
}

/* --- what a call was refused ------------------------------------------------------------ */

static void note_path(const struct thread *t, const struct watch_call *c, int error)
{
	char path[2 * WATCH_TEXT];
	int opens = watch_open_access(t->nr, t->args);
	struct watch_record r = { .what = c->what, .error = error,
				  .access = opens < 0 ? c->access : (uint8_t)opens };
	ssize_t len = read_path(t, c->dir, c->path, path, sizeof(path));

	if (len > 0)
		put(r, path, (size_t)len);
}

static void note_connect(const struct thread *t, int error)
{
	struct sockaddr_un to = {0};
	size_t size = t->args[2] < sizeof(to) ? (size_t)t->args[2] : sizeof(to);
	struct watch_record r = { .what = WATCH_UNIX, .error = error };
	ssize_t n = read_memory(t->tid, t->args[1], (char *)&to, size, false);

	if (n <= (ssize_t)sizeof(to.sun_family))
		return;
	/* Names without a path are of the network namespace: nobody's but its own. */
	if (to.sun_family == AF_UNIX && to.sun_path[0] == '/')
		put(r, to.sun_path, strnlen(to.sun_path, (size_t)n - sizeof(to.sun_family)));
}

static void note_socket(const struct thread *t, int error)
{
	struct watch_record r = { .what = WATCH_INET, .error = error };

	if (t->args[0] == AF_INET || t->args[0] == AF_INET6)
		put(r, "", 0);
}

/* Code of its own that is mapped from where nothing may be executed: a module of Node's. */
static void note_code(const struct thread *t, int error)
{
	struct watch_record r = { .what = WATCH_CODE, .error = error };
	char path[WATCH_TEXT + 2];
	ssize_t len;

	if (!(t->args[2] & PROT_EXEC) || t->args[3] & MAP_ANONYMOUS)
		return;
	len = read_base(t->tid, (int)t->args[4], path, sizeof(path));
	if (len > 1)
		put(r, path, (size_t)len - 1);
}

static void note_call(const struct thread *t, int error)
{
	/* Libraries ask and go on without; every start would have them. */
	static const int tried[] = { SYS_clone3, SYS_openat2, SYS_set_mempolicy, SYS_mbind };
	struct watch_record r = { .what = WATCH_CALL, .error = error, .call = (uint32_t)t->nr };

	for (size_t i = 0; i < sizeof(tried) / sizeof(*tried); i++)
		if (t->nr == tried[i])
			return;
	for (size_t i = 0; i < filter_names_n; i++)
		if (filter_names[i].nr == t->nr)
			put(r, "", 0);
}

static void note_failure(const struct thread *t, int error)
{
	int limit = watch_limit_of(t->nr, error);

	if (limit >= 0) {
		put((struct watch_record){ .what = WATCH_LIMIT, .call = (uint32_t)limit,
					   .error = error }, "", 0);
		return;
	}
	if (t->nr == SYS_connect)
		note_connect(t, error);
	else if (t->nr == SYS_socket)
		note_socket(t, error);
	else if (t->nr == SYS_mmap && (error == EPERM || error == EACCES))
		note_code(t, error);
	else if (error == ENOSYS || error == EPERM)
		note_call(t, error);
	if (error != ENOENT && error != EACCES && error != EPERM && error != EROFS && error != EXDEV)
		return;
	for (const struct watch_call *c = NULL; (c = watch_call_next(t->nr, c));)
		note_path(t, c, error);
}

/* What it makes in a private home is gone at the end, without a word to the server. */
static void note_success(const struct thread *t)
{
	struct watch_record r = { .what = WATCH_MADE, .access = WATCH_CREATE };
	const struct watch_call *c = watch_call_next(t->nr, NULL);
	char path[2 * WATCH_TEXT];
	ssize_t len;

	if (!c || watch_open_access(t->nr, t->args) != WATCH_CREATE)
		return;
	len = read_path(t, c->dir, c->path, path, sizeof(path));
	if (len > 0)
		put(r, path, (size_t)len);
}

/* --- processes ------------------------------------------------------------------------ */

/* The slot of that thread; with `make` a new one, or NULL when all are taken. */
static struct thread *thread_of(pid_t tid, bool make)
{
	struct thread *unused = NULL;

	for (size_t n = 0, i = (size_t)tid % THREADS; n < THREADS; n++, i = (i + 1) % THREADS) {
		if (w.threads[i].tid == tid)
			return &w.threads[i];
		if (!w.threads[i].tid && !unused)
			unused = &w.threads[i];
		/* -1: was taken once, so the search goes on behind it. */
		if (!w.threads[i].tid)
			break;
		if (w.threads[i].tid < 0 && !unused)
			unused = &w.threads[i];
	}
	if (!make || !unused)
		return NULL;
	unused->tid = tid;
	unused->nr = -1;
	return unused;
}

static void forget(pid_t tid)
{
	struct thread *t = thread_of(tid, false);

	if (t)
		t->tid = -1;
}

static void take_call(pid_t tid)
{
	struct __ptrace_syscall_info info;
	struct thread *t = thread_of(tid, true);

	if (!t) {
		w.lost++;
		return;
	}
	if (syscall(SYS_ptrace, PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		t->nr = (int)info.entry.nr;
		memcpy(t->args, info.entry.args, sizeof(t->args));
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT && t->nr >= 0) {
		if (info.exit.is_error)
			note_failure(t, (int)-info.exit.rval);
		else
			note_success(t);
		t->nr = -1;
	}
}

static void go_on(pid_t tid, int request, int sig)
{
	syscall(SYS_ptrace, request, tid, 0, (unsigned long)sig);
}

static void take_stop(pid_t tid, int status)
{
	int sig = WSTOPSIG(status), event = status >> 16;
	unsigned long former;

	if (sig == (SIGTRAP | 0x80)) {
		take_call(tid);
		go_on(tid, PTRACE_SYSCALL, 0);
	} else if (event == PTRACE_EVENT_STOP &&
		   (sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU)) {
		go_on(tid, PTRACE_LISTEN, 0);
	} else {
		/* The thread that called execve has the leader's number from here on. */
		if (event == PTRACE_EVENT_EXEC &&
		    syscall(SYS_ptrace, PTRACE_GETEVENTMSG, tid, 0, &former) == 0 &&
		    (pid_t)former != tid)
			forget((pid_t)former);
		go_on(tid, PTRACE_SYSCALL, event ? 0 : sig);
	}
}

static _Noreturn void loop(void)
{
	int status;
	pid_t tid;

	for (;;) {
		tid = wait4(-1, &status, __WALL, NULL);
		if (tid < 0 && errno == EINTR)
			continue;
		if (tid < 0)
			break;
		if (WIFSTOPPED(status))
			take_stop(tid, status);
		else
			forget(tid);
	}
	if (w.lost)
		put((struct watch_record){ .what = WATCH_LOST, .call = w.lost }, "", 0);
	_exit(0);
}

/* --- the beginning ----------------------------------------------------------------------- */

/* Who asks to be watched; 0: it ended before it could. */
static pid_t who_asks(int ask)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(struct ucred))];
	} control = {0};
	char byte;
	struct iovec v = { &byte, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	ssize_t n;

	do
		n = recvmsg(ask, &m, 0);
	while (n < 0 && errno == EINTR);
	if (n == 1 && CMSG_FIRSTHDR(&m) && CMSG_FIRSTHDR(&m)->cmsg_type == SCM_CREDENTIALS) {
		struct ucred c;

		memcpy(&c, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(c));
		return c.pid;
	}
	return 0;
}

static int attach(pid_t pid)
{
	const unsigned long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK |
				      PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
	struct err err = {0};

	if (syscall(SYS_ptrace, PTRACE_SEIZE, pid, 0, options) < 0)
		return errno;
	if (lock_memory(&err) < 0 || lock_privileges(&err) < 0 ||
	    lock_syscalls(&filter_watch, &err) < 0)
		return err.code;
	return 0;
}

enum { FD_ASK = 3, FD_OUT, FD_PROC, FDS };

/* What every other process of a start holds would hide its end from those it belongs to. */
static int keep(int ask, int out)
{
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* Out of the way first, so that no dup2 below overwrites a source. */
	ask = fcntl(ask, F_DUPFD, FDS);
	out = fcntl(out, F_DUPFD, FDS);
	proc = proc < 0 ? proc : fcntl(proc, F_DUPFD, FDS);
	if (ask < 0 || out < 0 || proc < 0 || null < 0)
		return -errno;
	if (dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(ask, FD_ASK) < 0 ||
	    dup2(out, FD_OUT) < 0 || dup2(proc, FD_PROC) < 0 || fd_close_from(FDS) < 0)
		return -errno;
	return 0;
}

static _Noreturn void watch_run(int ask, int out, pid_t launcher)
{
	sigset_t all;
	int error;
	pid_t pid;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != launcher)
		_exit(125);
	setsid();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	if (keep(ask, out) < 0 || getrandom(w.key, sizeof(w.key), 0) != (ssize_t)sizeof(w.key))
		_exit(125);
	w.out = FD_OUT;
	w.proc = FD_PROC;
	pid = who_asks(FD_ASK);
	if (pid <= 0)
		_exit(0);
	error = attach(pid);
	if (fd_write_all(FD_ASK, &error, sizeof(error)) < 0 || error)
		_exit(125);
	close(FD_ASK);
	loop();
}

int watch_start(int out, int *ret_server, struct err *err)
{
	pid_t launcher = getpid(), pid;
	int pair[2], on = 1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(err, errno, "socketpair");
	if (setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0) {
		int r = err_errno(err, errno, "SO_PASSCRED");

		close(pair[0]);
		close(pair[1]);
		return r;
	}
	pid = fork();
	if (pid == 0) {
		close(pair[1]);
		watch_run(pair[0], out, launcher);
	}
	close(pair[0]);
	if (pid < 0) {
		close(pair[1]);
		return err_errno(err, errno, "fork");
	}
	*ret_server = pair[1];
	return 0;
}

int watch_await(int server, struct err *err)
{
	int error = 0;
	ssize_t n;

	/* Nothing of ours is in this process that its next moment does not give away: until
	 * its exec it holds what every server's holds, behind all layers. */
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return err_errno(err, errno, "prctl PR_SET_DUMPABLE");
	if (fd_write_all(server, "", 1) < 0)
		return err_set(err, EPIPE, "learn: who watches has ended; start it again");
	do
		n = read(server, &error, sizeof(error));
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(error))
		return err_set(err, EPIPE, "learn: who watches has ended; start it again");
	return error ? err_errno(err, error, "learn: the server cannot be traced "
				 "(kernel.yama.ptrace_scope 3, or a filter around us, forbids it)") : 0;
}
