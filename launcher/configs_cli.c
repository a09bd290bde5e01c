/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/configs_cli.h"
#include "launcher/places.h"
#include "launcher/user.h"

static int take_client(const char *name, struct configs_cli *c, struct err *err)
{
	char names[512] = "";

	c->client = clients_named(name);
	if (c->client)
		return 0;
	for (size_t i = 0; i < n_clients; i++) {
		size_t len = strlen(names);

		snprintf(names + len, sizeof(names) - len, "%s%s", i ? ", " : "", clients[i].name);
	}
	return err_set(err, EINVAL, "--client %.64s: no such client; there are %s", name, names);
}

int configs_cli_parse(int argc, char *const *argv, struct configs_cli *ret, struct err *err)
{
	static const struct option wrap[] = {
		{ "yes", no_argument, NULL, 'y' }, { "dry-run", no_argument, NULL, 'n' },
		{ "client", required_argument, NULL, 'c' }, { 0 },
	};
	static const struct option audit[] = {
		{ "json", no_argument, NULL, 'j' }, { "all-users", no_argument, NULL, 'a' },
		{ "client", required_argument, NULL, 'c' }, { 0 },
	};
	const bool is_audit = !strcmp(argv[0], "audit-configs");
	struct configs_cli c = {0};
	int opt, r = 0;

	optind = 0;
	opterr = 0;
	while (r == 0 &&
	       (opt = getopt_long(argc, argv, is_audit ? ":" : ":y", is_audit ? audit : wrap, NULL)) != -1) {
		c.yes |= opt == 'y';
		c.dry_run |= opt == 'n';
		c.json |= opt == 'j';
		c.all_users |= opt == 'a';
		if (opt == 'c')
			r = take_client(optarg, &c, err);
		else if (opt == '?' || opt == ':')
			r = err_set(err, EINVAL, opt == ':' ? "option %s needs a value" :
				    "unknown option %s; see mcp-confine --help", argv[optind - 1]);
	}
	if (r < 0)
		return r;
	c.files = argv + optind;
	if (c.all_users && *c.files)
		return err_set(err, EINVAL, "--all-users finds the files itself; leave out %s", *c.files);
	*ret = c;
	return 0;
}

/* The absolute name, its last part unresolved: a link is the caller's to refuse. */
static char *absolute(const char *file)
{
	cleanup_free char *copy = strdup(file), *parent = NULL;
	char *slash = copy ? strrchr(copy, '/') : NULL, *path = NULL;

	if (!copy)
		return NULL;
	if (slash)
		*slash = '\0';
	parent = realpath(slash ? (slash == copy ? "/" : copy) : ".", NULL);
	if (!parent || asprintf(&path, "%s/%s", strcmp(parent, "/") ? parent : "",
				slash ? slash + 1 : file) < 0)
		return NULL;
	return path;
}

static int add_given(const struct configs_cli *cli, const char *file, struct place_files *list,
		     struct err *err)
{
	cleanup_free char *path = absolute(file);
	const struct client *client = cli->client ? cli->client : path ? clients_for_path(path) : NULL;
	enum place_scope scope = PLACE_USER;
	struct stat st;

	if (!path || lstat(path, &st) < 0)
		return err_errno(err, errno, "%s", file);
	/* A file of a client's project place is shared like one that was found there. */
	for (const struct client_place *p = client ? client->places : NULL; p && p->scope; p++) {
		const char *end = strstr(path, p->path);

		if (p->scope == PLACE_PROJECT && end && !end[strlen(p->path)])
			scope = PLACE_PROJECT;
	}
	return places_add(list, path, client, scope, err);
}

int configs_cli_files(const struct configs_cli *cli, const struct user *user,
		      struct place_files *ret, struct err *err)
{
	cleanup_free char *cwd = getcwd(NULL, 0);
	const struct places_query q = {
		.home = user->home, .cwd = cwd && *cwd == '/' ? cwd : NULL, .use_environment = true,
		.only = cli->client,
	};
	int r = 0;

	if (!*cli->files)
		return places_find(&q, ret, err);
	for (char *const *file = cli->files; *file && r == 0; file++)
		r = add_given(cli, *file, ret, err);
	return r;
}

int configs_cli_ask(const char *question, struct err *err)
{
	cleanup_free char *line = NULL;
	size_t size = 0;

	if (!isatty(0) || !isatty(1))
		return err_set(err, ENOTTY, "no terminal to ask on; look at the plan, then add --yes");
	printf("%s [y/N] ", question);
	fflush(stdout);
	return getline(&line, &size, stdin) > 0 && (line[0] == 'y' || line[0] == 'Y');
}
