/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clients - the MCP clients that are known: where their files lie and how a server looks
 *
 * One row of the table and one directory below tests/clients add a client.
 */
#ifndef CONFIGS_CLIENTS_H
#define CONFIGS_CLIENTS_H

#include <stddef.h>

#include "configs/document.h"

enum place_scope {
	PLACE_USER = 1, /* below ~ or below the directory that a variable names */
	PLACE_PROJECT,	/* below the working directory: often shared with others */
	PLACE_SYSTEM,	/* the administrator's: audited, never rewritten for a user */
	PLACE_PACKAGED, /* what an extension brought, and replaces: audited only */
};

struct client_place {
	enum place_scope scope;
	const char *variable; /* names the directory that path begins in, or NULL */
	const char *path;     /* '*' stands for one name, "**" for up to eight */
};

/* What a client replaces in a string before it starts a server. */
enum client_variables {
	VARIABLES_BRACES = 1,  /* ${...}: taken for one everywhere, also where it is none */
	VARIABLES_DOLLAR = 2,  /* $NAME too */
	VARIABLES_CURLY = 4,   /* {env:NAME} and {file:path} too */
};

struct client {
	const char *name, *title;
	/* Ways to the servers, steps divided by '/', '*' for every member. */
	const char *servers[3];
	/* Member names of an entry.  args NULL: command is the whole argv. */
	const char *command, *args, *env;
	unsigned int variables;
	const struct client_place *places; /* the last one has scope 0 */
};

extern const struct client clients[];
extern const size_t n_clients;

/* The row of that name, or NULL. */
const struct client *clients_named(const char *name);

/* The row whose place the path ends like, or NULL.  Pure: nothing is looked up. */
const struct client *clients_for_path(const char *path);

/* By the name's ending; what is neither .toml nor .yaml nor .yml is JSON. */
enum document_format clients_format(const char *path);

#endif /* CONFIGS_CLIENTS_H */
