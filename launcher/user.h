/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user - who runs us, and the directories that are this user's
 *
 * Configuration and state hang on the home directory of the user database, so that no
 * environment variable moves a policy away; the home that the server believes in is
 * $HOME when that is a directory of this user's.
 */
#ifndef LAUNCHER_USER_H
#define LAUNCHER_USER_H

#include <sys/types.h>

struct err;

struct user {
	uid_t uid;
	gid_t gid;
	char *name;
	char *home;   /* absolute; what the server sees as HOME, real path */
	char *account_home; /* that of the user database, real path */
	char *config; /* ~/.config/mcp-confine */
	char *state;  /* ~/.local/state/mcp-confine */
	char *data;   /* ~/.local/share/mcp-confine: installed packages; no server writes there */
};

/* Refuses set-user-ID execution.  Return: 0 or -errno. */
int user_find(struct user *ret, struct err *err);

/* Make the state directory and `below` in it (or NULL), 0700, and check the owner.
 * *ret_path is the caller's to free. */
int user_state(const struct user *u, const char *below, char **ret_path, struct err *err);

/* The same in the directory of installed packages. */
int user_data(const struct user *u, const char *below, char **ret_path, struct err *err);

void user_done(struct user *u);

#endif /* LAUNCHER_USER_H */
