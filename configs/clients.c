/* SPDX-License-Identifier: Apache-2.0 */
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "configs/clients.h"

#define USER(path) { PLACE_USER, NULL, path }
#define PROJECT(path) { PLACE_PROJECT, NULL, path }
#define SYSTEM(path) { PLACE_SYSTEM, NULL, path }
#define PACKAGED(path) { PLACE_PACKAGED, NULL, path }
#define BELOW(variable, path) { PLACE_USER, variable, path }
#define PLACES(...) (const struct client_place[]){ __VA_ARGS__, { 0 } }
#define USUAL "command", "args", "env"

/* An extension keeps its settings below each editor that hosts it. */
#define EDITORS(path) USER("~/.config/Code/User/" path), \
	USER("~/.config/Code - Insiders/User/" path), USER("~/.config/VSCodium/User/" path), \
	USER("~/.config/Cursor/User/" path), USER("~/.config/Windsurf/User/" path), \
	USER("~/.vscode-server/data/User/" path)

const struct client clients[] = {
	{ "claude-desktop", "Claude Desktop", { "mcpServers" }, USUAL, VARIABLES_BRACES,
	  PLACES(USER("~/.config/Claude/claude_desktop_config.json"),
		 USER("~/.config/claude/claude_desktop_config.json")) },
	{ "claude-code", "Claude Code", { "mcpServers", "projects/*/mcpServers" }, USUAL,
	  VARIABLES_BRACES,
	  PLACES(BELOW("CLAUDE_CONFIG_DIR", ".claude.json"), USER("~/.claude.json"),
		 PROJECT(".mcp.json"), SYSTEM("/etc/claude-code/managed-mcp.json"),
		 PACKAGED("~/.claude/plugins/cache/**/.mcp.json")) },
	{ "vscode", "VS Code", { "servers", "mcp/servers" }, USUAL, VARIABLES_BRACES,
	  PLACES(USER("~/.config/Code/User/mcp.json"), USER("~/.config/Code/User/profiles/*/mcp.json"),
		 USER("~/.config/Code/User/settings.json"),
		 USER("~/.config/Code - Insiders/User/mcp.json"),
		 USER("~/.config/Code - Insiders/User/profiles/*/mcp.json"),
		 USER("~/.config/Code - Insiders/User/settings.json"),
		 USER("~/.config/VSCodium/User/mcp.json"),
		 USER("~/.config/VSCodium/User/profiles/*/mcp.json"),
		 USER("~/.config/VSCodium/User/settings.json"),
		 USER("~/.vscode-server/data/User/mcp.json"), PROJECT(".vscode/mcp.json"),
		 PROJECT(".vscode/settings.json")) },
	{ "copilot-cli", "Copilot CLI", { "mcpServers" }, USUAL, VARIABLES_BRACES | VARIABLES_DOLLAR,
	  PLACES(BELOW("COPILOT_HOME", "mcp-config.json"), USER("~/.copilot/mcp-config.json")) },
	{ "cursor", "Cursor", { "mcpServers" }, USUAL, VARIABLES_BRACES,
	  PLACES(USER("~/.cursor/mcp.json"), PROJECT(".cursor/mcp.json")) },
	{ "windsurf", "Windsurf", { "mcpServers" }, USUAL, VARIABLES_BRACES,
	  PLACES(USER("~/.codeium/windsurf/mcp_config.json"), USER("~/.codeium/mcp_config.json")) },
	{ "zed", "Zed", { "context_servers" }, USUAL, VARIABLES_BRACES,
	  PLACES(USER("~/.config/zed/settings.json"), PROJECT(".zed/settings.json")) },
	{ "junie", "JetBrains Junie", { "mcpServers" }, USUAL, VARIABLES_BRACES,
	  PLACES(USER("~/.junie/mcp/mcp.json"), PROJECT(".junie/mcp/mcp.json")) },
	{ "continue", "Continue", { "mcpServers" }, USUAL, VARIABLES_BRACES,
	  PLACES(USER("~/.continue/config.yaml"), USER("~/.continue/config.yml"),
		 USER("~/.continue/config.json"), USER("~/.continue/mcpServers/*.yaml"),
		 USER("~/.continue/mcpServers/*.yml"), USER("~/.continue/mcpServers/*.json"),
		 PROJECT(".continue/mcpServers/*.yaml"), PROJECT(".continue/mcpServers/*.yml"),
		 PROJECT(".continue/mcpServers/*.json")) },
	{ "cline", "Cline", { "mcpServers" }, USUAL, VARIABLES_BRACES,
	  PLACES(EDITORS("globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json")) },
	{ "roo", "Roo", { "mcpServers" }, USUAL, VARIABLES_BRACES,
	  PLACES(EDITORS("globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json"),
		 EDITORS("globalStorage/rooveterinaryinc.roo-cline/settings/cline_mcp_settings.json"),
		 PROJECT(".roo/mcp.json")) },
	{ "gemini-cli", "Gemini CLI", { "mcpServers" }, USUAL, VARIABLES_BRACES | VARIABLES_DOLLAR,
	  PLACES(BELOW("GEMINI_CLI_HOME", ".gemini/settings.json"), USER("~/.gemini/settings.json"),
		 PROJECT(".gemini/settings.json"), SYSTEM("/etc/gemini-cli/settings.json"),
		 SYSTEM("/etc/gemini-cli/system-defaults.json"),
		 PACKAGED("~/.gemini/extensions/*/gemini-extension.json")) },
	{ "antigravity", "Antigravity", { "mcpServers" }, USUAL, VARIABLES_BRACES | VARIABLES_DOLLAR,
	  PLACES(USER("~/.gemini/antigravity/mcp_config.json")) },
	{ "codex", "Codex", { "mcp_servers" }, USUAL, VARIABLES_BRACES,
	  PLACES(BELOW("CODEX_HOME", "config.toml"), USER("~/.codex/config.toml"),
		 PROJECT(".codex/config.toml"), SYSTEM("/etc/codex/config.toml")) },
	{ "goose", "Goose", { "extensions" }, "cmd", "args", "envs",
	  VARIABLES_BRACES | VARIABLES_DOLLAR, PLACES(USER("~/.config/goose/config.yaml")) },
	{ "lm-studio", "LM Studio", { "mcpServers" }, USUAL, VARIABLES_BRACES,
	  PLACES(USER("~/.lmstudio/mcp.json"), USER("~/.cache/lm-studio/mcp.json")) },
	{ "amazon-q", "Amazon Q", { "mcpServers" }, USUAL, VARIABLES_BRACES,
	  PLACES(USER("~/.aws/amazonq/mcp.json"), USER("~/.aws/amazonq/default.json"),
		 USER("~/.aws/amazonq/agents/*.json"), USER("~/.aws/amazonq/cli-agents/*.json"),
		 PROJECT(".amazonq/mcp.json"), PROJECT(".amazonq/default.json"),
		 PROJECT(".amazonq/cli-agents/*.json")) },
	{ "kiro", "Kiro", { "mcpServers" }, USUAL, VARIABLES_BRACES,
	  PLACES(USER("~/.kiro/settings/mcp.json"), USER("~/.kiro/agents/*.json"),
		 PROJECT(".kiro/settings/mcp.json"), PROJECT(".kiro/agents/*.json")) },
	{ "opencode", "opencode", { "mcp" }, "command", NULL, "environment",
	  VARIABLES_BRACES | VARIABLES_CURLY,
	  PLACES(USER("~/.config/opencode/opencode.json"), USER("~/.config/opencode/opencode.jsonc"),
		 PROJECT("opencode.json"), PROJECT("opencode.jsonc"),
		 SYSTEM("/etc/opencode/opencode.json"), SYSTEM("/etc/opencode/opencode.jsonc")) },
	{ "amp", "Amp", { "amp.mcpServers" }, USUAL, VARIABLES_BRACES,
	  PLACES(USER("~/.config/amp/settings.json"), PROJECT(".amp/settings.json")) },
	{ "crush", "Crush", { "mcp" }, USUAL, VARIABLES_BRACES | VARIABLES_DOLLAR,
	  PLACES(USER("~/.config/crush/crush.json"), PROJECT(".crush.json"), PROJECT("crush.json")) },
	{ "trae", "Trae", { "mcpServers" }, USUAL, VARIABLES_BRACES,
	  PLACES(USER("~/.config/Trae/User/mcp.json"), PROJECT(".trae/mcp.json")) },
	{ "kimi", "Kimi CLI", { "mcpServers" }, USUAL, VARIABLES_BRACES,
	  PLACES(USER("~/.kimi/mcp.json")) },
	{ "factory", "Factory", { "mcpServers" }, USUAL, VARIABLES_BRACES,
	  PLACES(USER("~/.factory/mcp.json"), PROJECT(".factory/mcp.json")) },
};

const size_t n_clients = sizeof(clients) / sizeof(*clients);

const struct client *clients_named(const char *name)
{
	for (size_t i = 0; i < n_clients; i++)
		if (!strcmp(clients[i].name, name))
			return &clients[i];
	return NULL;
}

/* Does the path end like the place?  A '*' may cross a slash here: a hint, no more. */
static bool ends_like(const char *path, const char *place)
{
	char pattern[512];

	if (!strncmp(place, "~/", 2))
		place += 2;
	snprintf(pattern, sizeof(pattern), "*/%s", *place == '/' ? place + 1 : place);
	return fnmatch(pattern, path, 0) == 0;
}

const struct client *clients_for_path(const char *path)
{
	for (size_t i = 0; i < n_clients; i++)
		for (const struct client_place *p = clients[i].places; p->scope; p++)
			if (ends_like(path, p->path))
				return &clients[i];
	return NULL;
}

enum document_format clients_format(const char *path)
{
	const char *dot = strrchr(path, '.');

	if (dot && !strcmp(dot, ".toml"))
		return DOCUMENT_TOML;
	if (dot && (!strcmp(dot, ".yaml") || !strcmp(dot, ".yml")))
		return DOCUMENT_YAML;
	return DOCUMENT_JSON;
}
