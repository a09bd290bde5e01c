/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login - the user's credentials for a private registry, for the fetch alone
 *
 * npm and pip see nothing of the user's configuration.  Where `--token` asks for it, what
 * they need to be let in is written to a file of the staging directory, in the one form
 * that each reads (npmrc, netrc), and removed again before anything of a package can run.
 * Only what is meant for the registry's own hosts is taken.  The words never hold a value.
 */
#ifndef LAUNCHER_LOGIN_H
#define LAUNCHER_LOGIN_H

#include <stdbool.h>

#include "common/strv.h"

struct err;

struct login {
	bool is_wanted;	     /* --token */
	bool is_known;	     /* the configuration has one for a host of the registry */
	struct strv npm;     /* "//host/path/:_authToken=value", as npm's files have them */
	char *user, *password; /* pip's */
	char *text;	     /* of the file, when it is wanted; wiped by login_done() */
};

/* One line of an npmrc.  Keys that are no credential are passed over.  Return: 0, -ENOMEM. */
int login_take_npmrc(struct login *l, const char *key, const char *value);

/*
 * Take the credential out of an index's URL, which loses it.  Return: 1 there was one, 0
 * none, -EINVAL with words when it cannot be read.
 */
int login_take_url(struct login *l, char *url, struct err *err);

/* What a netrc(5) says of host, unless a URL said it before.  Return: 0 or -ENOMEM. */
int login_take_netrc(struct login *l, const char *path, const char *host);

/*
 * Make the text for these hosts ("host:port").  Return: 0, -EINVAL when a value cannot be
 * written or its variable is not set, -ENOENT when it is wanted and there is none.
 */
int login_settle_npm(struct login *l, const struct strv *hosts, struct err *err);
int login_settle_pip(struct login *l, const char *host, struct err *err);

/* The text into a new file that only the user reads.  Return: 0 or -errno. */
int login_write(const struct login *l, const char *path, struct err *err);

void login_done(struct login *l);

#endif /* LAUNCHER_LOGIN_H */
