/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mcp-confine - start a local MCP server so that it can do what its policy says and
 * nothing else
 *
 * Theory of operation
 *
 * The launcher reads trusted input (command line, policy files), plans (session.c,
 * plan.c), makes the descriptors and starts the others (spawn.c): mcp-confine-pep,
 * which judges every message, and pid 1 of new namespaces, which builds the sandbox
 * (enter.c) and executes the server in it.  Then it locks itself and waits (wait.c).
 *
 * stdout carries MCP and nothing else while a server runs; diagnostics go to stderr.
 * Exit codes are env(1)'s: 125 we failed, 126 cannot execute, 127 not found, 128+n
 * killed by signal n, else the server's own.
 */
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "launcher/arguments.h"
#include "common/layer.h"
#include "launcher/commands.h"
#include "launcher/probe.h"

static const struct command {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{ "run", run_main, "start a server, confined and judged" },
	{ "explain", explain_main, "print what run would do: the sandbox, the rules, what stays open" },
	{ "learn", learn_main, "run, record what is refused, and propose the smallest policy for it" },
	{ "decide", decide_main, "print what would happen to the messages on stdin" },
	{ "changes", changes_main, "show, apply or discard what a server changed in an overlay" },
	{ "approve", approve_main, "answer calls that wait for approval, at a terminal" },
	{ "delegate", delegate_main, "mint, narrow, show or revoke a capability for a server" },
	{ "pins", pins_main, "show, accept or forget what is remembered of a server's tools" },
	{ "log", log_main, "read, follow and check the audit logs" },
	{ "revoke", revoke_main, "stop a server, an agent's servers or all, now and until restored" },
	{ "restore", restore_main, "take a revocation of this user back" },
	{ "install", install_main, "fetch a package, confined, to run it from its own copy" },
	{ "list", list_main, "the installed packages, checked" },
	{ "update", update_main, "show what a newer version changes, and then take it" },
	{ "rollback", rollback_main, "go back to the version before" },
	{ "remove", remove_main, "remove an installed package" },
	{ "scan", scan_main, "print where a file holds secrets, by class; exit 1 when it does" },
	{ "status", status_main, "try what this kernel offers, and say how to mend what is missing" },
	{ "wrap", wrap_main, "put the local servers of the MCP clients' configurations behind run" },
	{ "unwrap", unwrap_main, "give the configurations back as they were" },
	{ "audit-configs", audit_configs_main, "list every configured server, and whether it is confined" },
	{ "fleet", fleet_main, "write the managed files that hold the clients of many machines to run" },
	{ "report", report_main, "for each server: why it runs, what holds it, what happened, what changed" },
};

static void usage(FILE *out)
{
	fputs("usage: mcp-confine run SERVER\n"
	      "       mcp-confine run [--profile P] [--read DIR] [--write DIR] [--overlay DIR]\n"
	      "                       [--connect NAME:PORT] [--env NAME[=VALUE]] [--name NAME]\n"
	      "                       [--minimum-tier T] [--listen unix:PATH] [--capability-file FILE]\n"
	      "                       [--dry-run] [--timing] -- COMMAND [ARG ...]\n"
	      "       mcp-confine explain (SERVER | [options] -- COMMAND [ARG ...])\n"
	      "       mcp-confine learn [--initialize] [--names] [--json] [--out FILE]\n"
	      "                       (SERVER | [options of run] -- COMMAND [ARG ...])\n"
	      "       mcp-confine decide [--from-server] (SERVER | [options] -- COMMAND) < MESSAGES\n"
	      "       mcp-confine approve [list | show CODE | yes CODE | no CODE]\n"
	      "       mcp-confine delegate --server NAME --expires 8h [--tools GLOB,...] [--path DIR]\n"
	      "                       [--calls N] [--id NAME]\n"
	      "       mcp-confine delegate --from FILE [--tools GLOB,...] [--path DIR] [--calls N] ...\n"
	      "       mcp-confine delegate --show FILE | --revoke ID\n"
	      "       mcp-confine scan [--pii CLASS,...] [--environment] [FILE]\n"
	      "       mcp-confine changes show [--diff] SERVER [PATH ...]\n"
	      "       mcp-confine changes apply [--yes] [--trusted] [--overwrite] SERVER [PATH ...]\n"
	      "       mcp-confine changes discard [--yes] SERVER [PATH ...]\n"
	      "       mcp-confine pins show|accept|forget SERVER [TOOL]\n"
	      "       mcp-confine log [--json] [--follow] [--since T] [--until T] [--event E]\n"
	      "                       [--decision allow|deny|change|ask] [--session ID] [SERVER ...]\n"
	      "       mcp-confine log verify [--head NUMBER:HASH] [SERVER ...]\n"
	      "       mcp-confine log head [SERVER ...]\n"
	      "       mcp-confine revoke (SERVER | --agent ID | --all) [--reason WORDS]\n"
	      "       mcp-confine restore (SERVER | --agent ID | --all)\n"
	      "       mcp-confine install [--scripts] [--token] [--registry URL] [--host NAME[:PORT]]\n"
	      "                       [--address RANGE] [--python PATH] [--write-policy]\n"
	      "                       npm:NAME[@VERSION] | pypi:NAME[==VERSION] | file:X.mcpb |\n"
	      "                       file:server.json\n"
	      "       mcp-confine update [options of install] [--yes] [NAME [-- ARG ...]]\n"
	      "       mcp-confine list | rollback NAME | remove NAME\n"
	      "       mcp-confine status [--json | --probe]\n"
	      "       mcp-confine wrap [--yes | --dry-run] [--client NAME] [FILE ...]\n"
	      "       mcp-confine unwrap [--yes | --dry-run] [--client NAME] [FILE ...]\n"
	      "       mcp-confine audit-configs [--json] [--all-users] [--client NAME] [FILE ...]\n"
	      "       mcp-confine fleet render [--out DIR] [--policy DIR] [--program PATH]\n"
	      "                       [--vscode-registry URL] [SERVER ...]\n"
	      "       mcp-confine fleet hook < QUESTION\n"
	      "       mcp-confine report [--json | --out DIR | --check] [SERVER ...]\n"
	      "       mcp-confine --version | --help\n\n",
	      out);
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		fprintf(out, "  %-13s %s\n", commands[i].name, commands[i].summary);
	fputs("\n`mcp-confine wrap` does it for the clients it knows; by hand, put `mcp-confine run --`\n"
	      "before the server's command in the client's configuration.\n"
	      "See mcp-confine(1) and mcp-confine-policy(5).\n", out);
}

int main(int argc, char **argv)
{
	struct err err = {0};

	arguments_keep(argc, argv);
	layer_announce();
	if (argc < 2 || !argv[1]) {
		err_set(&err, 22, "no command; try mcp-confine --help");
		say_error(&err);
		return 125;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return 0;
	}
	if (!strcmp(argv[1], "--version")) {
		puts("mcp-confine " VERSION);
		return 0;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(argv[1], commands[i].name) != 0)
			continue;
		if (argc > 2 && (!strcmp(argv[2], "--help") || !strcmp(argv[2], "-h"))) {
			usage(stdout);
			return 0;
		}
		return commands[i].main(argc - 1, argv + 1);
	}
	/* What `status --probe` runs as a server of ours; of no use to anybody else. */
	if (!strcmp(argv[1], "probe-inside"))
		return probe_inside(argc - 1, argv + 1);
	err_set(&err, 22, "unknown command %s; try mcp-confine --help", argv[1]);
	say_error(&err);
	return 125;
}
