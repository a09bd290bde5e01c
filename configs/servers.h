/* SPDX-License-Identifier: Apache-2.0 */
/*
 * servers - the servers of one configuration, and what kind of entry each is
 */
#ifndef CONFIGS_SERVERS_H
#define CONFIGS_SERVERS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/strv.h"
#include "configs/clients.h"
#include "configs/tree.h"

struct err;

enum server_kind {
	SERVER_UNKNOWN = 0, /* neither a command nor a URL that is understood: see why */
	SERVER_STDIO,	    /* a command that the client starts */
	SERVER_REMOTE,	    /* a URL */
	SERVER_INTERNAL,    /* a part of the client, no process of its own */
};

/* Borrows from the tree and the client. */
struct server {
	const char *name;
	char where[160]; /* the keys on the way to it, "projects//home/me/x" or "" */
	enum server_kind kind;
	bool is_disabled;
	const char *why; /* SERVER_UNKNOWN: words; static */
	const struct node *entry; /* holds command, args and env */
	const struct node *outer; /* the entry with all members; mostly the same */
	const struct node *command, *args, *env; /* as they stand, of whatever kind; or NULL */
};

struct servers {
	struct server *v;
	size_t n;
};

/*
 * Each entry below the client's ways to its servers.  A member twice on such a way, or in
 * an entry, is an error: which one counts is not known.  Return: 0 or -errno.
 */
int servers_find(const struct client *client, const struct tree *tree, struct servers *ret,
		 struct err *err);

/* The one of that name at that place, or NULL. */
const struct server *servers_get(const struct servers *s, const char *where, const char *name);

/*
 * The command line of a SERVER_STDIO entry.  -EINVAL names what is no string; argv[0] is
 * never empty.
 */
int servers_argv(const struct client *client, const struct server *server, struct strv *ret,
		 struct err *err);

/* Does the client replace something in the text (${...}, and what its row says)? */
bool servers_has_variable(const struct client *client, const char *text);

void servers_done(struct servers *s);

#endif /* CONFIGS_SERVERS_H */
