/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files, a row for each.  What a member means to its client stands at its writer, with
 * the page or the source that says so; what a client does not offer stands in the row, and
 * is printed by `fleet render`: a file that looks like an enforcement and is none would be
 * worse than no file.
 *
 * Every name is of [A-Za-z0-9._-] and the program of fleet_check_program()'s letters, so
 * one kind of quoted string serves JSON and TOML alike.
 */
#include "launcher/fleet.h"
#include "launcher/show.h"

/* "PROGRAM", "run", "NAME" as members of an entry: {"command": ..., "args": [...]}. */
static void entry(FILE *out, const struct fleet *f, size_t i, const char *type)
{
	fputs("    ", out);
	show_json(out, f->labels.v[i]);
	fputs(": {", out);
	if (type)
		fprintf(out, "\"type\": \"%s\", ", type);
	fputs("\"command\": ", out);
	show_json(out, f->program);
	fputs(", \"args\": [\"run\", ", out);
	show_json(out, f->servers.v[i]);
	fputs("]}", out);
}

static void entries(FILE *out, const struct fleet *f, const char *type)
{
	fputs("  \"mcpServers\": {", out);
	for (size_t i = 0; i < f->servers.n; i++) {
		fputs(i ? ",\n" : "\n", out);
		entry(out, f, i, type);
	}
	fputs(f->servers.n ? "\n  }" : "}", out);
}

/*
 * Claude Code, code.claude.com/docs/en/managed-mcp, "Exclusive control with
 * managed-mcp.json": only what this file defines is loaded; an empty map is no MCP at all.
 */
static void claude_servers(FILE *out, const struct fleet *f)
{
	fputs("{\n", out);
	entries(out, f, "stdio");
	fputs("\n}\n", out);
}

/*
 * The same page, "Policy-based control": serverCommand is the whole argv, exactly.  While
 * the list has entries and none of them is a URL or a name, no remote server passes; an
 * empty list lets nothing pass.  The connectors of claude.ai stay out unless they are let
 * in beside the managed set.
 */
static void claude_settings(FILE *out, const struct fleet *f)
{
	fputs("{\n  \"allowManagedMcpServersOnly\": true,\n  \"allowAllClaudeAiMcps\": false,\n"
	      "  \"allowedMcpServers\": [", out);
	for (size_t i = 0; i < f->servers.n; i++) {
		fputs(i ? ",\n    {\"serverCommand\": [" : "\n    {\"serverCommand\": [", out);
		show_json(out, f->program);
		fputs(", \"run\", ", out);
		show_json(out, f->servers.v[i]);
		fputs("]}", out);
	}
	fputs(f->servers.n ? "\n  ]\n}\n" : "]\n}\n", out);
}

/*
 * Codex, github.com/openai/codex codex-rs/config/src/mcp_requirements.rs: a server of the
 * user's must be named here, its command be the identity's, and, where there is a matcher
 * of its name, its arguments be as many and each as said.  The identity alone lets any
 * arguments pass, so every server has both; the matchers are also what holds for servers
 * that plugins bring.  Both tables stand here when they are empty: then nothing passes.
 */
static void codex_requirements(FILE *out, const struct fleet *f)
{
	fputs("[mcp_servers]\n", out);
	for (size_t i = 0; i < f->servers.n; i++) {
		fputs("\n[mcp_servers.", out);
		show_json(out, f->labels.v[i]);
		fputs(".identity]\ncommand = ", out);
		show_json(out, f->program);
		fputc('\n', out);
	}
	fputs("\n[mcp_server_matchers]\n", out);
	for (size_t i = 0; i < f->servers.n; i++) {
		fputs("\n[mcp_server_matchers.", out);
		show_json(out, f->labels.v[i]);
		fputs("]\ncommand = ", out);
		show_json(out, f->program);
		fputs("\nargs = [{ match = \"exact\", value = \"run\" }, { match = \"exact\", value = ", out);
		show_json(out, f->servers.v[i]);
		fputs(" }]\n", out);
	}
}

/* The same servers, for every user to have: the system's layer of Codex's configuration. */
static void codex_servers(FILE *out, const struct fleet *f)
{
	for (size_t i = 0; i < f->servers.n; i++) {
		fputs(i ? "\n[mcp_servers." : "[mcp_servers.", out);
		show_json(out, f->labels.v[i]);
		fputs("]\ncommand = ", out);
		show_json(out, f->program);
		fputs("\nargs = [\"run\", ", out);
		show_json(out, f->servers.v[i]);
		fputs("]\n", out);
	}
	if (!f->servers.n)
		fputs("# no server\n", out);
}

/*
 * Gemini CLI, github.com/google-gemini/gemini-cli docs/cli/enterprise.md, "More secure
 * pattern": a list of names says nothing of what is started, but a definition of the
 * system's stands over the user's of the same name, so both are here.  mcp.serverCommand is
 * one more way to name a server; empty, it names none.  An empty list of names is no list
 * to it (packages/core/src/tools/mcp-client-manager.ts), so with no server at all the list
 * holds one name, which is excluded as well.
 */
static void gemini_settings(FILE *out, const struct fleet *f)
{
	fputs("{\n  \"mcp\": {\n    \"serverCommand\": \"\",\n    \"allowed\": [", out);
	for (size_t i = 0; i < f->labels.n; i++) {
		fputs(i ? ", " : "", out);
		show_json(out, f->labels.v[i]);
	}
	if (!f->labels.n)
		fputs("\"mcp-confine-none\"],\n    \"excluded\": [\"mcp-confine-none\"", out);
	fputs("]\n  },\n", out);
	entries(out, f, NULL);
	fputs("\n}\n", out);
}

/*
 * VS Code, github.com/microsoft/vscode build/lib/policies/policyData.jsonc: ChatMCP is
 * none, registry or all.  It knows no list of commands.  What can be had is nothing, or what
 * a registry of the administrator's lists.
 */
static void vscode_policy(FILE *out, const struct fleet *f)
{
	if (!f->registry) {
		fputs("{\n  \"ChatMCP\": \"none\"\n}\n", out);
		return;
	}
	fputs("{\n  \"ChatMCP\": \"registry\",\n  \"McpGalleryServiceUrl\": ", out);
	show_json(out, f->registry);
	fputs("\n}\n", out);
}

/*
 * Cursor, cursor.com/docs/agent/hooks: the hooks of /etc/cursor/hooks.json hold for every
 * user and stand over all others; failClosed makes one that fails a refusal.  The command
 * is a line for a shell; the letters of the program need no quoting.
 */
static void cursor_hooks(FILE *out, const struct fleet *f)
{
	fprintf(out, "{\n  \"version\": 1,\n  \"hooks\": {\n    \"beforeMCPExecution\": [\n"
		     "      {\"command\": \"%s fleet hook\", \"timeout\": 30, \"failClosed\": true}\n"
		     "    ]\n  }\n}\n", f->program);
}

const struct fleet_file fleet_files[] = {
	{ "Claude Code", "etc/claude-code/managed-mcp.json", claude_servers,
	  "what a user runs beside Claude Code" },
	{ "Claude Code", "etc/claude-code/managed-settings.json", claude_settings,
	  "one file for all settings: merge it into yours when you have one" },
	{ "Codex", "etc/codex/requirements.toml", codex_requirements,
	  "the variables and the directory that a user's entry gives; a version without "
	  "mcp_server_matchers (0.169.0) holds the command and not its arguments, which only "
	  "\"enforce\" in policy.json then bounds" },
	{ "Codex", "etc/codex/config.toml", codex_servers,
	  "offers the servers and holds nobody to them: requirements.toml does" },
	{ "Gemini CLI", "etc/gemini-cli/settings.json", gemini_settings,
	  "its option --allowed-mcp-server-names and its variable GEMINI_CLI_SYSTEM_SETTINGS_PATH "
	  "go round it" },
	{ "VS Code", "etc/vscode/policy.json", vscode_policy,
	  "it knows no list of commands: MCP is off, or what the registry of --vscode-registry "
	  "lists; not in its web server" },
	{ "Cursor", "etc/cursor/hooks.json", cursor_hooks,
	  "a server of the user's is started, with the user's rights; its tools are not called" },
};
const size_t n_fleet_files = sizeof(fleet_files) / sizeof(*fleet_files);
