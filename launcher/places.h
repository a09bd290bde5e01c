/* SPDX-License-Identifier: Apache-2.0 */
/*
 * places - which configuration files of MCP clients exist
 */
#ifndef LAUNCHER_PLACES_H
#define LAUNCHER_PLACES_H

#include <stdbool.h>
#include <stddef.h>

#include "configs/clients.h"

struct err;

struct place_file {
	char *path;
	const struct client *client;
	enum place_scope scope;
	unsigned long long dev, ino;
};

struct place_files {
	struct place_file *v;
	size_t n;
};

struct places_query {
	const char *home; /* absolute */
	const char *cwd;  /* for project files, or NULL */
	bool use_environment; /* CODEX_HOME, XDG_CONFIG_HOME and so on: this user's own */
	bool is_system;	      /* the administrator's files, and nothing of home */
	bool is_packaged;     /* what extensions brought, too */
	const struct client *only; /* or NULL */
};

/* Each existing file once, in the order of the table.  Return: 0 or -errno. */
int places_find(const struct places_query *q, struct place_files *list, struct err *err);

/* A file that was given by name; client NULL: known by its path or by what it holds. */
int places_add(struct place_files *list, const char *path, const struct client *client,
	       enum place_scope scope, struct err *err);

void places_done(struct place_files *list);

#endif /* LAUNCHER_PLACES_H */
