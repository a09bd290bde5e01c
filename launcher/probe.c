/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/strv.h"
#include "common/sys.h"
#include "launcher/commands.h"
#include "launcher/probe.h"
#include "launcher/user.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define NAME "status-probe"

/* What was planted; the same words inside and outside. */
struct place {
	const char *home, *dir, *abstract;
	pid_t pid; /* of the process outside */
};

/* Answers: 0 it could, an errno. */
typedef int (*attempt)(const struct place *p);

static int answer(long result)
{
	return result < 0 ? errno : 0;
}

static int read_file(const struct place *p)
{
	char path[512], byte;
	int fd;

	snprintf(path, sizeof(path), "%s/secret", p->dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? errno : answer(read(fd, &byte, 1));
}

static int write_file(const struct place *p)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/new", p->dir);
	return answer(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static int cut_file(const struct place *p)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/victim", p->dir);
	return answer(truncate(path, 0));
}

static int change_mode(const struct place *p)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/victim", p->dir);
	return answer(chmod(path, 0600));
}

/* The planted directory is in it, so the list is the real one. */
static int list_home(const struct place *p)
{
	DIR *dir = opendir(p->home);
	const char *name = strrchr(p->dir, '/');
	bool found = false;
	struct dirent *e;

	if (!dir || !name)
		return errno;
	while ((e = readdir(dir)))
		found = found || !strcmp(e->d_name, name + 1);
	closedir(dir);
	return found ? 0 : ENOENT;
}

static int connect_to(const char *path, size_t len)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	if (len > sizeof(to.sun_path))
		return ENAMETOOLONG;
	memcpy(to.sun_path, path, len);
	return answer(connect(fd, (struct sockaddr *)&to,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)));
}

static int connect_named(const struct place *p)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/s", p->dir);
	return connect_to(path, strlen(path) + 1);
}

static int connect_abstract(const struct place *p)
{
	char name[108] = "";
	size_t len = strlen(p->abstract);

	if (len > sizeof(name) - 1)
		return ENAMETOOLONG;
	memcpy(name + 1, p->abstract, len);
	return connect_to(name, len + 1);
}

static int make_tcp(const struct place *p)
{
	(void)p;
	return answer(socket(AF_INET, SOCK_STREAM, 0));
}

static int make_netlink(const struct place *p)
{
	(void)p;
	return answer(socket(AF_NETLINK, SOCK_RAW, 0));
}

static int make_uring(const struct place *p)
{
	unsigned char params[120] = {0}; /* struct io_uring_params */

	(void)p;
	return answer(syscall(SYS_io_uring_setup, 1, params));
}

static int signal_process(const struct place *p)
{
	return answer(kill(p->pid, 0));
}

static int trace_process(const struct place *p)
{
	return answer(ptrace(PTRACE_SEIZE, p->pid, NULL, NULL));
}

static int read_environment(const struct place *p)
{
	char path[64], byte;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)p->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? errno : answer(read(fd, &byte, 1));
}

static int read_command_line(const struct place *p)
{
	char path[64], byte;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)p->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? errno : answer(read(fd, &byte, 1));
}

static int make_namespace(const struct place *p)
{
	(void)p;
	return answer(unshare(CLONE_NEWUSER));
}

static int use_keyring(const struct place *p)
{
	(void)p;
	return answer(syscall(SYS_keyctl, 0 /* GET_KEYRING_ID */, -4 /* the user's */, 1));
}

static int use_terminal(const struct place *p)
{
	(void)p;
	return answer(open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC));
}

static int gain_privileges(const struct place *p)
{
	(void)p;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? EPERM : 0;
}

static const struct {
	const char *name;
	attempt run;
} checks[] = {
	{ "read a file in your home", read_file },
	{ "write a file in your home", write_file },
	{ "truncate a file in your home", cut_file },
	{ "change the mode of a file", change_mode },
	{ "list your home", list_home },
	{ "connect to a named Unix socket", connect_named },
	{ "connect to an abstract socket", connect_abstract },
	{ "make a TCP socket", make_tcp },
	{ "make a netlink socket", make_netlink },
	{ "use io_uring", make_uring },
	{ "signal another process", signal_process },
	{ "trace another process", trace_process },
	{ "read its environment", read_environment },
	{ "read its command line", read_command_line },
	{ "make a user namespace", make_namespace },
	{ "use your keyring", use_keyring },
	{ "make a terminal", use_terminal },
	{ "gain privileges by exec", gain_privileges },
};

/* In a child, for an attempt may change the process or end it. */
static int run_check(size_t i, const struct place *p)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(checks[i].run(p));
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
}

int probe_inside(int argc, char **argv)
{
	struct place p;

	if (argc != 5)
		return 125;
	p = (struct place){ argv[1], argv[2], argv[3], atoi(argv[4]) };
	/* stdout carries messages only; the pep passes stderr on line by line. */
	for (size_t i = 0; i < COUNT(checks); i++)
		fprintf(stderr, "probe %zu %d\n", i, run_check(i, &p));
	return 0;
}

/* --- outside ------------------------------------------------------------------------- */

static int listen_at(const char *path, size_t len)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || len > sizeof(at.sun_path))
		return -1;
	memcpy(at.sun_path, path, len);
	if (bind(fd, (struct sockaddr *)&at,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0 ||
	    listen(fd, 8) < 0)
		return -1;
	return fd;
}

/* A directory in the home, with what the attempts are made on. */
static int plant(char *dir, char abstract[static 64], struct err *err)
{
	char path[512], name[108] = "";

	if (!mkdtemp(dir))
		return err_errno(err, errno, "make %s", dir);
	for (const char *const *f = (const char *const[]){ "secret", "victim", NULL }; *f; f++) {
		cleanup_close int fd = -1;

		snprintf(path, sizeof(path), "%s/%s", dir, *f);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0 || fd_write_all(fd, "planted\n", 8) < 0)
			return err_errno(err, errno, "make %s", path);
	}
	snprintf(path, sizeof(path), "%s/s", dir);
	snprintf(abstract, 64, "mcp-confine-%d-%s", (int)getpid(), dir + strlen(dir) - 6);
	memcpy(name + 1, abstract, strlen(abstract));
	if (listen_at(path, strlen(path) + 1) < 0 || listen_at(name, strlen(abstract) + 1) < 0)
		return err_errno(err, errno, "make a socket in %s", dir);
	return 0;
}

static void clear(const char *dir)
{
	static const char *const names[] = { "secret", "victim", "new", "s" };
	cleanup_close int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; fd >= 0 && i < COUNT(names); i++)
		unlinkat(fd, names[i], 0);
	rmdir(dir);
}

static _Noreturn void become_run(const struct place *p, const char *self, int in, int err_fd)
{
	char pid[16];
	struct strv argv = {0};
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	const char *words[] = { "mcp-confine", "run", "--name", NAME, "--minimum-tier", "nouserns",
				"--", self, "probe-inside", p->home, p->dir, p->abstract, pid };

	snprintf(pid, sizeof(pid), "%d", (int)p->pid);
	for (size_t i = 0; i < COUNT(words); i++)
		if (strv_add(&argv, words[i]) < 0)
			_exit(125);
	if (null < 0 || dup2(in, 0) < 0 || dup2(null, 1) < 0 || dup2(err_fd, 2) < 0)
		_exit(125);
	execv(self, argv.v);
	_exit(125);
}

/* Start the server's part; answers[] from its stderr, -1 where none came. */
static int run_confined(const struct place *p, int answers[static COUNT(checks)],
			struct err *err)
{
	char self[512], line[1024];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int in[2], out[2], status, value;
	FILE *lines;
	size_t i;
	pid_t pid;

	if (len < 0 || pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		return err_errno(err, errno, "pipe");
	self[len] = '\0';
	for (i = 0; i < COUNT(checks); i++)
		answers[i] = -1;
	pid = fork();
	if (pid == 0)
		become_run(p, self, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	lines = fdopen(out[0], "r");
	if (pid < 0 || !lines)
		return err_errno(err, errno, "start mcp-confine run");
	while (fgets(line, sizeof(line), lines)) {
		if (sscanf(line, "[" NAME "] probe %zu %d", &i, &value) == 2 && i < COUNT(checks))
			answers[i] = value;
		else
			fputs(line, stderr); /* the launcher's own words */
	}
	fclose(lines);
	close(in[1]);
	if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
		return err_set(err, EIO, "the confined part did not run; see the line above");
	return 0;
}

static void print_answer(int value)
{
	printf("%-16s", value == 0 ? "can" : value < 0 ? "no answer" : strerrorname_np(value));
}

static int print_table(const int *outside, const int *inside)
{
	int bad = 0;

	printf("%-32s%-16s%-16s\n", "attempt", "natively", "confined");
	for (size_t i = 0; i < COUNT(checks); i++) {
		const char *verdict = inside[i] > 0 ? outside[i] ? "refused; natively too" : "refused" :
						      "OPEN";

		bad += inside[i] <= 0;
		printf("%-32s", checks[i].name);
		print_answer(outside[i]);
		print_answer(inside[i]);
		puts(verdict);
	}
	printf("%s\n", bad ? "something stays open: see the rows above, and the tier's list in "
			     "mcp-confine status" :
			     "every attempt was refused");
	return bad ? 1 : 0;
}

int probe_outside(void)
{
	int outside[COUNT(checks)], inside[COUNT(checks)], r;
	cleanup_free char *dir = NULL;
	struct user user = {0};
	struct err err = {0};
	char abstract[64];
	struct place p;

	r = user_find(&user, &err);
	if (r == 0 && asprintf(&dir, "%s/.mcp-confine-probe-XXXXXX", user.home) < 0)
		r = err_errno(&err, ENOMEM, "probe");
	if (r == 0)
		r = plant(dir, abstract, &err);
	p = (struct place){ user.home, dir, abstract, getpid() };
	fflush(NULL);
	for (size_t i = 0; r == 0 && i < COUNT(checks); i++)
		outside[i] = run_check(i, &p);
	if (r == 0)
		r = run_confined(&p, inside, &err);
	if (dir)
		clear(dir);
	if (r < 0)
		say_error(&err);
	else
		r = print_table(outside, inside);
	user_done(&user);
	return r < 0 ? 125 : r;
}
