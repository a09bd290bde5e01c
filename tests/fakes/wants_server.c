/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wants_server - a stdio MCP server that tries what its arguments say, tells on stderr what
 * it got, and then answers initialize and tools/list
 *
 * An argument is WAY:PATH; its answer "WAY:PATH 0" or the errno.  At a call of a tool it
 * tries them once more.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int close_it(int fd)
{
	return fd < 0 ? -1 : close(fd);
}

static int try_unix(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), r;

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	r = connect(fd, (struct sockaddr *)&to, sizeof(to));
	close(fd);
	return r;
}

/* In a child, so that what it starts is seen as well. */
static int try_exec(const char *name)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execlp(name, name, (char *)NULL);
		_exit(errno);
	}
	waitpid(pid, &status, 0);
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
	return errno ? -1 : 0;
}

static void *open_it(void *path)
{
	close_it(open(path, O_RDONLY | O_CLOEXEC));
	return NULL;
}

/* As many files as there are numbers below it, in threads as well. */
static int try_flood(const char *text)
{
	static const char *const names[] = { "/srv/a", "/srv/b" };
	long n = strtol(text, NULL, 10);
	pthread_t t[2];
	char path[64];

	for (int i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, open_it, (void *)(uintptr_t)names[i]);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	for (long i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/etc/../home/flood/%ld", i);
		close_it(open(path, O_RDONLY | O_CLOEXEC));
		snprintf(path, sizeof(path), "/flood/%ld", i);
		mkdir(path, 0700);
	}
	return 0;
}

/* A directory, and a name in it that is relative to its descriptor. */
static int try_relative(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[512];
	int fd, r;

	snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	r = close_it(openat(fd, slash + 1, O_RDONLY | O_CLOEXEC));
	if (r == 0 && chdir(dir) == 0)
		r = close_it(open(slash + 1, O_RDONLY | O_CLOEXEC));
	close(fd);
	return r;
}

static int try(const char *way, const char *path)
{
	struct stat st;
	DIR *d;

	if (!strcmp(way, "read"))
		return close_it(open(path, O_RDONLY | O_CLOEXEC));
	if (!strcmp(way, "stat"))
		return stat(path, &st);
	if (!strcmp(way, "list")) {
		d = opendir(path);
		return d ? closedir(d) : -1;
	}
	if (!strcmp(way, "write"))
		return close_it(open(path, O_WRONLY | O_CLOEXEC));
	if (!strcmp(way, "create"))
		return close_it(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	if (!strcmp(way, "mkdir"))
		return mkdir(path, 0700) < 0 && errno != EEXIST ? -1 : 0;
	if (!strcmp(way, "remove"))
		return unlink(path);
	if (!strcmp(way, "unix"))
		return try_unix(path);
	if (!strcmp(way, "exec"))
		return try_exec(path);
	if (!strcmp(way, "relative"))
		return try_relative(path);
	if (!strcmp(way, "inet"))
		return close_it(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	if (!strcmp(way, "ptrace"))
		return (int)syscall(SYS_ptrace, 0, 0, 0, 0);
	if (!strcmp(way, "flood"))
		return try_flood(path);
	if (!strcmp(way, "files"))
		for (int fd = 0; fd >= 0;)
			fd = dup(0);
	if (!strcmp(way, "files"))
		return -1;
	if (!strcmp(way, "hang"))
		for (;;)
			pause();
	errno = EINVAL;
	return -1;
}

static void try_all(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		char way[32] = "";
		const char *colon = strchr(argv[i], ':');

		if (!colon || colon - argv[i] >= (long)sizeof(way))
			continue;
		memcpy(way, argv[i], (size_t)(colon - argv[i]));
		errno = 0;
		dprintf(2, "%s %d\n", argv[i], try(way, colon + 1) < 0 ? errno : 0);
	}
}

/* Not a parser: the tests' requests have a number for their id. */
static void answer(const char *line)
{
	const char *id = strstr(line, "\"id\":");
	const char *result = "{\"tools\":[{\"name\":\"again\",\"inputSchema\":{\"type\":\"object\"}}]}";

	if (!id)
		return;
	if (strstr(line, "\"initialize\""))
		result = "{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{\"tools\":{}},"
			 "\"serverInfo\":{\"name\":\"wants\",\"version\":\"1\"}}";
	else if (strstr(line, "\"tools/call\""))
		result = "{\"content\":[]}";
	printf("{\"jsonrpc\":\"2.0\",\"id\":%ld,\"result\":%s}\n", strtol(id + 5, NULL, 10), result);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static char line[1 << 20];

	try_all(argc, argv);
	while (fgets(line, sizeof(line), stdin)) {
		if (strstr(line, "\"tools/call\""))
			try_all(argc, argv);
		answer(line);
	}
	return 0;
}
