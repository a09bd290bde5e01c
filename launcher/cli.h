/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli - the command line of run, explain and decide
 */
#ifndef LAUNCHER_CLI_H
#define LAUNCHER_CLI_H

#include <stdbool.h>

#include "common/strv.h"
#include "policies/options.h"

struct err;

struct cli {
	const char *server;  /* a server that a policy file names, or NULL */
	char *const *command; /* the ad hoc command behind "--", or NULL */
	const char *profile; /* --profile, or NULL */
	const char *listen;  /* --listen: unix:PATH, or NULL */
	const char *capability; /* --capability-file: FILE, or NULL */
	const char *name;    /* --name: what logs and state call it, or NULL */
	struct options options; /* --read, --write, --overlay (absolute), --connect */
	struct strv env;     /* --env */
	bool dry_run;
	bool has_timing;     /* run --timing */
	bool from_server;    /* decide --from-server */
	bool help;
	/* learn */
	const char *out;     /* --out: where the proposal goes, or NULL */
	bool does_initialize, as_json, with_names;
};

/*
 * argv[0] is the subcommand.  cwd makes relative paths absolute.  Return: 0 or -EINVAL
 * with words that name the argument.
 */
int cli_parse(int argc, char *const *argv, const char *cwd, struct cli *ret,
	      struct err *err);

void cli_done(struct cli *c);

#endif /* LAUNCHER_CLI_H */
