/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registry - where npm and pip of this machine fetch from, and whom they trust
 *
 * Read from their configuration by us, as the user; what they get of it is the address and
 * the certificates, never the file, which may hold tokens; a credential only where it is
 * asked for (login.h).  Where the administrator's policy names one, it is that one.  Where nothing is configured
 * the program itself is asked for its default, confined and without a network.
 */
#ifndef LAUNCHER_REGISTRY_H
#define LAUNCHER_REGISTRY_H

#include "common/strv.h"
#include "launcher/login.h"

struct err;
struct tool;
struct user;

struct registry {
	char *url;	    /* https://HOST[:PORT][/PATH], without a credential */
	struct strv scopes; /* npm: "@scope:registry=URL" */
	struct strv hosts;  /* "host:port": the registry's, the scopes', then --host's */
	struct strv addresses; /* --address */
	char *ca;	    /* a file of certificates, or NULL */
	struct login login; /* for it; is_wanted is the caller's to set */
};

/* given: --registry, or NULL; wants_login: --token.  Return: 0 or -errno with words. */
int registry_npm(const struct user *u, const char *given, bool wants_login,
		 struct registry *ret, struct err *err);

/* python is the interpreter that pip runs in. */
int registry_pypi(const struct user *u, const char *given, bool wants_login,
		  const char *python, struct registry *ret, struct err *err);

/*
 * "host:port" of an https URL, appended to hosts once.  A URL with a credential, of another
 * scheme, or whose host is no name is -EPERM or -EINVAL with words.
 */
int registry_host(const char *url, struct strv *hosts, struct err *err);

/* What a tool needs to reach it: destinations, addresses, certificates. */
int registry_grant(const struct registry *r, struct tool *t, struct err *err);

void registry_done(struct registry *r);

#endif /* LAUNCHER_REGISTRY_H */
