/* SPDX-License-Identifier: Apache-2.0 */
/*
 * configs_cli - the command line of wrap, unwrap and audit-configs, and which files it means
 */
#ifndef LAUNCHER_CONFIGS_CLI_H
#define LAUNCHER_CONFIGS_CLI_H

#include <stdbool.h>

#include "configs/clients.h"

struct err;
struct place_files;
struct user;

struct configs_cli {
	bool yes, dry_run, json, all_users;
	const struct client *client; /* --client, or NULL */
	char *const *files;	     /* NULL-terminated; empty: all that are found */
};

/* argv[0] is the subcommand, which decides what options there are.  0 or -EINVAL. */
int configs_cli_parse(int argc, char *const *argv, struct configs_cli *ret, struct err *err);

/* The files that wrap works on: those given, or those of this user and this directory. */
int configs_cli_files(const struct configs_cli *cli, const struct user *user,
		      struct place_files *ret, struct err *err);

/*
 * Ask on the terminal: 1 yes, 0 no.  Without a terminal -ENOTTY, and words that name --yes.
 */
int configs_cli_ask(const char *question, struct err *err);

#endif /* LAUNCHER_CONFIGS_CLI_H */
