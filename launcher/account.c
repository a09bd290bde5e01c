/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <spawn.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/limits.h"
#include "launcher/account.h"

void account_done(struct account *a)
{
	free(a->name);
	free(a->home);
	*a = (struct account){0};
}

/* Start getent(1).  key may be NULL: all.  Return: 0, *ret_pid and the descriptor that its
 * output comes from; -errno, -ENOENT on a machine without it. */
static int start(const char *database, const char *key, pid_t *ret_pid, int *ret_fd)
{
	char *argv[] = { "getent", (char *)(uintptr_t)database, (char *)(uintptr_t)key, NULL };
	char *environment[] = { "PATH=/usr/bin:/bin", "LC_ALL=C", NULL };
	posix_spawn_file_actions_t files;
	int out[2], r;

	if (pipe2(out, O_CLOEXEC) < 0)
		return -errno;
	r = -posix_spawn_file_actions_init(&files);
	if (r == 0) {
		r = -posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
		if (r == 0)
			r = -posix_spawn_file_actions_adddup2(&files, out[1], 1);
		if (r == 0)
			r = -posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
		if (r == 0)
			r = -posix_spawn(ret_pid, "/usr/bin/getent", &files, NULL, argv, environment);
		posix_spawn_file_actions_destroy(&files);
	}
	close(out[1]);
	if (r < 0)
		close(out[0]);
	else
		*ret_fd = out[0];
	return r;
}

/* What getent says, whole: fgetpwent(3) wants a file that it can seek in. */
struct asked {
	char *text;
	FILE *answer;
};

static void asked_done(struct asked *a)
{
	if (a->answer)
		fclose(a->answer);
	free(a->text);
}

/* Return: 0, and an answer, or NULL for an empty one; -errno as start(). */
static int ask(struct asked *ret, const char *database, const char *key)
{
	size_t len = 0;
	ssize_t n = 1;
	pid_t pid;
	int fd, r;

	*ret = (struct asked){ .text = malloc(LIMIT_ACCOUNTS) };
	if (!ret->text)
		return -ENOMEM;
	r = start(database, key, &pid, &fd);
	if (r < 0)
		return r;
	while (len < LIMIT_ACCOUNTS && n != 0) {
		n = read(fd, ret->text + len, LIMIT_ACCOUNTS - len);
		if (n < 0 && errno != EINTR) {
			r = -errno;
			break;
		}
		len += n > 0 ? (size_t)n : 0;
	}
	close(fd);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	if (r == 0 && len == LIMIT_ACCOUNTS)
		r = -EFBIG;
	if (r == 0 && len > 0 && !(ret->answer = fmemopen(ret->text, len, "re")))
		r = -errno;
	return r;
}

static int take(const struct passwd *pw, struct account *ret)
{
	*ret = (struct account){ pw->pw_uid, pw->pw_gid, strdup(pw->pw_name), strdup(pw->pw_dir) };
	if (ret->name && ret->home)
		return 1;
	account_done(ret);
	return -ENOMEM;
}

/* The next entry that is one: "+" and "-" are words of NIS, and stand for others. */
static const struct passwd *next_user(FILE *f)
{
	const struct passwd *pw;

	do
		pw = fgetpwent(f);
	while (pw && (!pw->pw_name || !pw->pw_dir || strchr("+-", pw->pw_name[0])));
	return pw;
}

static int find_user(FILE *f, uid_t uid, struct account *ret)
{
	const struct passwd *pw;

	while (f && (pw = next_user(f)))
		if (pw->pw_uid == uid)
			return take(pw, ret);
	return 0;
}

int account_find(uid_t uid, struct account *ret)
{
	FILE *file = fopen("/etc/passwd", "re");
	struct asked asked;
	char key[16];
	int r = 0;

	*ret = (struct account){0};
	if (file) {
		r = find_user(file, uid, ret);
		fclose(file);
	}
	if (r != 0)
		return r;
	snprintf(key, sizeof(key), "%u", (unsigned int)uid);
	r = ask(&asked, "passwd", key);
	if (r == 0)
		r = find_user(asked.answer, uid, ret);
	asked_done(&asked);
	return r == -ENOENT ? 0 : r;
}

static int each_of(FILE *f, int (*each)(const struct account *a, void *data), void *data)
{
	const struct passwd *pw;
	int r = 0;

	while (f && r >= 0 && (pw = next_user(f))) {
		struct account a;

		r = take(pw, &a);
		if (r > 0)
			r = each(&a, data);
		account_done(&a);
	}
	return r < 0 ? r : 0;
}

int account_each(int (*each)(const struct account *a, void *data), void *data)
{
	struct asked asked;
	FILE *file;
	int r = ask(&asked, "passwd", NULL);

	/* getent lists what is in the file too. */
	if (r == 0)
		r = each_of(asked.answer, each, data);
	asked_done(&asked);
	if (r != -ENOENT)
		return r;
	file = fopen("/etc/passwd", "re");
	if (!file)
		return errno == ENOENT ? 0 : -errno;
	r = each_of(file, each, data);
	fclose(file);
	return r;
}

/* Return: 1 private, 0 not, -1 when the group is not among these. */
static int is_private_in(FILE *f, const char *name, gid_t gid)
{
	const struct group *g;

	while (f && (g = fgetgrent(f))) {
		if (g->gr_gid != gid)
			continue;
		if (strcmp(g->gr_name, name) != 0)
			return 0;
		for (char **member = g->gr_mem; *member; member++)
			if (strcmp(*member, name) != 0)
				return 0;
		return 1;
	}
	return -1;
}

bool account_group_is_private(uid_t uid, gid_t gid)
{
	FILE *file = fopen("/etc/group", "re");
	struct asked asked;
	struct account a;
	char key[16];
	int is = account_find(uid, &a) > 0 && a.gid == gid ? -1 : 0;

	if (is < 0)
		is = is_private_in(file, a.name, gid);
	if (file)
		fclose(file);
	if (is < 0) {
		snprintf(key, sizeof(key), "%u", (unsigned int)gid);
		if (ask(&asked, "group", key) == 0)
			is = is_private_in(asked.answer, a.name, gid);
		asked_done(&asked);
	}
	account_done(&a);
	return is > 0;
}
