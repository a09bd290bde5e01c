/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "shims/pep/vocabulary.h"

enum { CLIENT_ASKS = 1, SERVER_ASKS = 2, CLIENT_TELLS = 4, SERVER_TELLS = 8 };
enum { L = VOCABULARY_LEGACY, M = VOCABULARY_MODERN, BOTH = VOCABULARY_ANY };

/* By era, since what one era removed must not come in under its name (MCP 2026-07-28,
 * changelog).  A server asks nothing in the modern one. */
static const struct {
	const char *name;
	unsigned int who, era;
} methods[] = {
	{ "initialize", CLIENT_ASKS, L },
	{ "server/discover", CLIENT_ASKS, BOTH },
	{ "ping", CLIENT_ASKS | SERVER_ASKS, L },
	{ "tools/list", CLIENT_ASKS, BOTH },
	{ "tools/call", CLIENT_ASKS, BOTH },
	{ "prompts/list", CLIENT_ASKS, BOTH },
	{ "prompts/get", CLIENT_ASKS, BOTH },
	{ "resources/list", CLIENT_ASKS, BOTH },
	{ "resources/templates/list", CLIENT_ASKS, BOTH },
	{ "resources/read", CLIENT_ASKS, BOTH },
	{ "resources/subscribe", CLIENT_ASKS, L },
	{ "resources/unsubscribe", CLIENT_ASKS, L },
	{ "resources/directory/read", CLIENT_ASKS, BOTH },
	{ "skills/list", CLIENT_ASKS, BOTH },
	{ "skills/get", CLIENT_ASKS, BOTH },
	{ "subscriptions/listen", CLIENT_ASKS, M },
	{ "completion/complete", CLIENT_ASKS, BOTH },
	{ "logging/setLevel", CLIENT_ASKS, L },
	/* In 2025-11-25; in the extension io.modelcontextprotocol/tasks. */
	{ "tasks/get", CLIENT_ASKS | SERVER_ASKS, BOTH },
	{ "tasks/cancel", CLIENT_ASKS | SERVER_ASKS, BOTH },
	{ "tasks/update", CLIENT_ASKS, BOTH },
	{ "tasks/result", CLIENT_ASKS | SERVER_ASKS, L },
	{ "tasks/list", CLIENT_ASKS | SERVER_ASKS, L },
	{ "roots/list", SERVER_ASKS, L },
	{ "sampling/createMessage", SERVER_ASKS, L },
	{ "elicitation/create", SERVER_ASKS, L },
	{ "notifications/initialized", CLIENT_TELLS, L },
	{ "notifications/roots/list_changed", CLIENT_TELLS, L },
	{ "notifications/cancelled", CLIENT_TELLS | SERVER_TELLS, BOTH },
	{ "notifications/progress", CLIENT_TELLS, L },
	{ "notifications/progress", SERVER_TELLS, BOTH },
	{ "notifications/tasks/status", CLIENT_TELLS | SERVER_TELLS, L },
	{ "notifications/tasks", SERVER_TELLS, BOTH },
	{ "notifications/message", SERVER_TELLS, BOTH },
	{ "notifications/tools/list_changed", SERVER_TELLS, BOTH },
	{ "notifications/prompts/list_changed", SERVER_TELLS, BOTH },
	{ "notifications/resources/list_changed", SERVER_TELLS, BOTH },
	{ "notifications/resources/updated", SERVER_TELLS, BOTH },
	{ "notifications/subscriptions/acknowledged", SERVER_TELLS, M },
	{ "notifications/elicitation/complete", SERVER_TELLS, L },
};

bool vocabulary_has(enum vocabulary_from from, bool is_request, enum vocabulary_era era,
		    const char *name, size_t len)
{
	unsigned int who = is_request ? CLIENT_ASKS : CLIENT_TELLS;

	if (from == FROM_SERVER)
		who *= 2; /* the server's bit stands beside the client's */
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		if ((methods[i].who & who) && (methods[i].era & era) &&
		    strlen(methods[i].name) == len && !memcmp(methods[i].name, name, len))
			return true;
	return false;
}

bool vocabulary_has_revision(bool is_modern, const char *name, size_t len)
{
	static const struct {
		const char *name;
		bool is_modern;
	} revisions[] = { { "2024-10-07", false }, { "2024-11-05", false },
			  { "2025-03-26", false }, { "2025-06-18", false },
			  { "2025-11-25", false }, { "2026-07-28", true } };

	for (size_t i = 0; i < sizeof(revisions) / sizeof(*revisions); i++)
		if (revisions[i].is_modern == is_modern && strlen(revisions[i].name) == len &&
		    !memcmp(revisions[i].name, name, len))
			return true;
	return false;
}
