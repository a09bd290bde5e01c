/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/account.h"
#include "launcher/user.h"

void user_done(struct user *u)
{
	free(u->name);
	free(u->home);
	free(u->account_home);
	free(u->config);
	free(u->state);
	free(u->data);
	*u = (struct user){0};
}

/* $HOME, when it is an absolute path to a directory of this user's. */
static const char *environment_home(void)
{
	const char *home = getenv("HOME");
	struct stat st;

	if (!home || home[0] != '/' || stat(home, &st) < 0 || !S_ISDIR(st.st_mode) ||
	    st.st_uid != getuid())
		return NULL;
	return home;
}

/* own: the home of the user database, or what stands for it.  Return: 0 or -errno. */
static int fill(struct user *u, const char *name, const char *own, const char *env,
		struct err *err)
{
	u->name = strdup(name);
	u->home = realpath(env ? env : own, NULL);
	u->account_home = u->home ? realpath(own, NULL) : NULL;
	if (!u->home || !u->account_home)
		return err_errno(err, errno, "home directory %s", u->home || !env ? own : env);
	/* Of the resolved home: a grant is compared with these as paths. */
	if (!u->name || asprintf(&u->config, "%s/.config/mcp-confine", u->account_home) < 0 ||
	    asprintf(&u->state, "%s/.local/state/mcp-confine", u->account_home) < 0 ||
	    asprintf(&u->data, "%s/.local/share/mcp-confine", u->account_home) < 0)
		return err_errno(err, ENOMEM, "user");
	return 0;
}

int user_find(struct user *ret, struct err *err)
{
	const char *env = environment_home(), *own;
	struct user u = { .uid = getuid(), .gid = getgid() };
	struct account account;
	int r;

	if (getauxval(AT_SECURE) || geteuid() != getuid() || getegid() != getgid())
		return err_set(err, EPERM,
			       "mcp-confine must not be set-user-ID; remove the bit: chmod ug-s");
	r = account_find(u.uid, &account);
	if (r < 0)
		return err_errno(err, -r, "user database");
	own = account.home && account.home[0] == '/' ? account.home : env;
	if (own)
		r = fill(&u, account.name ? account.name : "user", own, env, err);
	else
		r = err_set(err, ENOENT,
			    "no home directory for user %u; add one to the user database",
			    (unsigned int)u.uid);
	account_done(&account);
	if (r < 0) {
		user_done(&u);
		return r;
	}
	*ret = u;
	return 0;
}

/* mkdir -p, 0700 for what is new. */
static int make_directories(char *path, struct err *err)
{
	for (char *p = path + 1;; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return err_errno(err, errno, "make directory %s", path);
		*p = c;
		if (!c)
			return 0;
	}
}

static int own_directory(const struct user *u, const char *top, const char *below,
			 char **ret_path, struct err *err)
{
	cleanup_free char *path = NULL;
	struct stat st;
	int r;

	if (asprintf(&path, "%s%s%s", top, below ? "/" : "", below ? below : "") < 0)
		return err_errno(err, ENOMEM, "state directory");
	r = make_directories(path, err);
	if (r < 0)
		return r;
	if (lstat(path, &st) < 0)
		return err_errno(err, errno, "directory %s", path);
	if (!S_ISDIR(st.st_mode) || st.st_uid != u->uid || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return err_set(err, EPERM,
			       "directory %s: not a directory of this user's alone; chmod 700 it",
			       path);
	/* Resolved: ~/.local may be a symlink, and what is bound is opened without any. */
	*ret_path = realpath(path, NULL);
	return *ret_path ? 0 : err_errno(err, errno, "state directory %s", path);
}

int user_state(const struct user *u, const char *below, char **ret_path, struct err *err)
{
	return own_directory(u, u->state, below, ret_path, err);
}

int user_data(const struct user *u, const char *below, char **ret_path, struct err *err)
{
	return own_directory(u, u->data, below, ret_path, err);
}
