/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "common/strv.h"
#include "configs/servers.h"
#include "launcher/cli.h"
#include "launcher/confined.h"
#include "launcher/identity.h"

/*
 * Variables that put other code into our own process before main() or let the client
 * find another program: the loader's, and PATH for a bare name.
 */
static const char *foreign_code(const struct server *s, bool is_bare)
{
	static const char *const names[] = { "GCONV_PATH", "GLIBC_TUNABLES", "LOCPATH", "NLSPATH",
					     NULL };

	for (const struct node *n = s->env ? s->env->first : NULL; n && n->key; n = n->next) {
		if (n->kind == NODE_STRING && !*n->text)
			continue;
		if (!strncmp(n->key, "LD_", 3) || (is_bare && !strcmp(n->key, "PATH")))
			return n->key;
		for (const char *const *name = names; *name; name++)
			if (!strcmp(n->key, *name))
				return n->key;
	}
	return NULL;
}

/* Behind the program: `run`, or `learn`, which runs behind the same layers, and what it would
 * start. */
static bool starts_a_server(const struct strv *argv, char id_name[static 65])
{
	struct cli cli = {0};
	bool is_start;

	if (argv->n < 3 || (strcmp(argv->v[1], "run") != 0 && strcmp(argv->v[1], "learn") != 0) ||
	    cli_parse((int)argv->n - 1, argv->v + 1, "/", &cli, NULL) < 0)
		return false;
	is_start = !cli.dry_run && !cli.help && (cli.server || cli.command);
	snprintf(id_name, 65, "%s", cli.server ? cli.server : "");
	cli_done(&cli);
	return is_start;
}

static enum confined check_command(const struct identity *identity, const struct client *client,
				   const struct server *server, const char *path, char *why,
				   char id_name[static 65])
{
	cleanup_strv struct strv argv = {0};
	const char *variable;
	struct err err = {0};

	if (servers_argv(client, server, &argv, &err) < 0) {
		snprintf(why, CONFINED_WHY, "%.200s", err.text);
		return CONFINED_NO;
	}
	if (!identity_is_ours(identity, argv.v[0], path)) {
		const char *slash = strrchr(argv.v[0], '/');

		if (!strcmp(slash ? slash + 1 : argv.v[0], "mcp-confine"))
			snprintf(why, CONFINED_WHY, "its command is called mcp-confine, and is another "
				 "program or is not there");
		return CONFINED_NO;
	}
	if (server->env && server->env->kind != NODE_OBJECT && server->env->kind != NODE_OTHER) {
		snprintf(why, CONFINED_WHY, "its environment is no object");
		return CONFINED_NO;
	}
	variable = foreign_code(server, !strchr(argv.v[0], '/'));
	if (!starts_a_server(&argv, id_name))
		snprintf(why, CONFINED_WHY, "it starts mcp-confine, but not a server by `run`");
	else if (variable)
		snprintf(why, CONFINED_WHY, "its variable %.64s can put other code into mcp-confine itself",
			 variable);
	else if (tree_member(server->outer, "envFile", NULL))
		snprintf(why, CONFINED_WHY, "its envFile can put other code into mcp-confine itself");
	else
		return CONFINED_YES;
	return CONFINED_NO;
}

enum confined confined_check(const struct identity *identity, const struct client *client,
			     const struct server *server, const char *path,
			     char why[static CONFINED_WHY], char id_name[static 65])
{
	*why = *id_name = '\0';
	if (server->is_disabled)
		return CONFINED_DISABLED;
	switch (server->kind) {
	case SERVER_REMOTE:
		return CONFINED_REMOTE;
	case SERVER_INTERNAL:
		return CONFINED_INTERNAL;
	case SERVER_STDIO:
		return check_command(identity, client, server, path, why, id_name);
	case SERVER_UNKNOWN:
		break;
	}
	snprintf(why, CONFINED_WHY, "%s", server->why);
	return CONFINED_NO;
}

const char *confined_word(enum confined c)
{
	static const char *const words[] = {
		[CONFINED_NO] = "not confined", [CONFINED_YES] = "confined",
		[CONFINED_REMOTE] = "remote",	[CONFINED_DISABLED] = "disabled",
		[CONFINED_INTERNAL] = "internal",
	};

	return words[c];
}
