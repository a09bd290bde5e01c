/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "shims/pep/vocabulary.h"

enum { CLIENT_ASKS = 1, SERVER_ASKS = 2, CLIENT_TELLS = 4, SERVER_TELLS = 8 };

static const struct {
	const char *name;
	unsigned int who;
} methods[] = {
	{ "initialize", CLIENT_ASKS },
	{ "server/discover", CLIENT_ASKS },
	{ "ping", CLIENT_ASKS | SERVER_ASKS },
	{ "tools/list", CLIENT_ASKS },
	{ "tools/call", CLIENT_ASKS },
	{ "prompts/list", CLIENT_ASKS },
	{ "prompts/get", CLIENT_ASKS },
	{ "resources/list", CLIENT_ASKS },
	{ "resources/templates/list", CLIENT_ASKS },
	{ "resources/read", CLIENT_ASKS },
	{ "resources/subscribe", CLIENT_ASKS },
	{ "resources/unsubscribe", CLIENT_ASKS },
	{ "resources/directory/read", CLIENT_ASKS },
	{ "skills/list", CLIENT_ASKS },
	{ "skills/get", CLIENT_ASKS },
	{ "subscriptions/listen", CLIENT_ASKS },
	{ "completion/complete", CLIENT_ASKS },
	{ "logging/setLevel", CLIENT_ASKS },
	{ "tasks/get", CLIENT_ASKS | SERVER_ASKS },
	{ "tasks/result", CLIENT_ASKS | SERVER_ASKS },
	{ "tasks/cancel", CLIENT_ASKS | SERVER_ASKS },
	{ "tasks/list", CLIENT_ASKS | SERVER_ASKS },
	{ "tasks/update", CLIENT_ASKS },
	{ "roots/list", SERVER_ASKS },
	{ "sampling/createMessage", SERVER_ASKS },
	{ "elicitation/create", SERVER_ASKS },
	{ "notifications/initialized", CLIENT_TELLS },
	{ "notifications/roots/list_changed", CLIENT_TELLS },
	{ "notifications/cancelled", CLIENT_TELLS | SERVER_TELLS },
	{ "notifications/progress", CLIENT_TELLS | SERVER_TELLS },
	{ "notifications/tasks/status", CLIENT_TELLS | SERVER_TELLS },
	{ "notifications/tasks", SERVER_TELLS },
	{ "notifications/message", SERVER_TELLS },
	{ "notifications/tools/list_changed", SERVER_TELLS },
	{ "notifications/prompts/list_changed", SERVER_TELLS },
	{ "notifications/resources/list_changed", SERVER_TELLS },
	{ "notifications/resources/updated", SERVER_TELLS },
	{ "notifications/subscriptions/acknowledged", SERVER_TELLS },
	{ "notifications/elicitation/complete", SERVER_TELLS },
};

bool vocabulary_has(enum vocabulary_from from, bool is_request, const char *name, size_t len)
{
	unsigned int who = is_request ? CLIENT_ASKS : CLIENT_TELLS;

	if (from == FROM_SERVER)
		who *= 2; /* the server's bit stands beside the client's */
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		if (strlen(methods[i].name) == len && !memcmp(methods[i].name, name, len))
			return methods[i].who & who;
	return false;
}
