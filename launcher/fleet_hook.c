/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fleet hook - Cursor asks before a tool of an MCP server runs: is that server ours?
 *
 * The question is one JSON object on stdin (cursor.com/docs/agent/hooks): the server as
 * "command", its command line joined by blanks, or as "url".  The answer is one object on
 * stdout, {"permission": "allow" | "deny"}.
 *
 * Theory of operation.  Only "PROGRAM run NAME" is allowed, where PROGRAM is the path this
 * very program lies at and NAME a server of the administrator's.  The path is compared as
 * text and not by what it leads to: what is joined by blanks has lost where the words end,
 * so a link "mcp-confine" of a user's, beside a program "mcp-confine run x" in the same
 * directory, would pass for us and start that.  In a directory of root's there is no such
 * neighbour, and that is where `fleet render` demands the program to be.
 *
 * What cannot be read, or says less than that, is denied; when not even the answer can be
 * written the exit status is 2, which Cursor takes for a denial too.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/limits.h"
#include "launcher/fleet.h"
#include "launcher/identity.h"
#include "launcher/show.h"
#include "policies/bundle.h"

#define ADMIN SYSCONFDIR "/mcp-confine"

/* The arguments of the call stand in the question too. */
#define QUESTION_MAX (64 * MIB)

enum { EXIT_ANSWERED = 0, EXIT_DENIED = 2 };

/* Return: what follows the words and one blank, or NULL. */
static const char *behind(const char *text, const char *words)
{
	size_t len = strlen(words);

	return !strncmp(text, words, len) && text[len] == ' ' ? text + len + 1 : NULL;
}

static bool deny(struct err *why, const char *words)
{
	err_set(why, EPERM, "%s", words);
	return false;
}

static bool is_known(const char *admin, const char *name, struct err *why)
{
	struct bundle bundle = {0};
	struct err err = {0};

	if (bundle_find_administrators(admin, LOAD_ADMIN, name, &bundle, &err) < 0) {
		err_set(why, EPERM, "%s", err.text);
		return false;
	}
	bundle_done(&bundle);
	return true;
}

bool fleet_hook_allows(const char *program, const char *admin, const char *text, size_t len,
		       struct err *why)
{
	json_auto_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *url = json_object_get(root, "url"), *event;
	const char *command = json_string_value(json_object_get(root, "command")), *rest;

	if (!json_is_object(root))
		return deny(why, "what Cursor asked is no JSON object");
	event = json_object_get(root, "hook_event_name");
	if (event && (!json_is_string(event) ||
		      strcmp(json_string_value(event), "beforeMCPExecution") != 0))
		return deny(why, "this hook answers beforeMCPExecution and nothing else");
	if (url && !json_is_null(url))
		return deny(why, "a remote MCP server is not among the administrator's");
	if (!command)
		return deny(why, "Cursor did not say what the MCP server's command is");
	rest = behind(command, program);
	rest = rest ? behind(rest, "run") : NULL;
	if (!rest) {
		err_set(why, EPERM, "this MCP server does not run behind mcp-confine; its command must be: "
				    "%s run NAME", program);
		return false;
	}
	return is_known(admin, rest, why);
}

static int answer(bool is_allowed, const struct err *why)
{
	if (is_allowed) {
		fputs("{\"permission\": \"allow\"}\n", stdout);
	} else {
		fputs("{\"permission\": \"deny\", \"user_message\": ", stdout);
		show_json(stdout, why->text);
		fputs(", \"agent_message\": ", stdout);
		show_json(stdout, why->text);
		fputs("}\n", stdout);
	}
	return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_ANSWERED : EXIT_DENIED;
}

int fleet_hook_main(int argc, char **argv)
{
	struct identity id = { .fd = -1 };
	cleanup_free char *text = NULL;
	struct err why = {0};
	bool is_allowed = false;
	size_t len;
	int r = argc > 1 ? err_set(&why, EINVAL, "fleet hook: unexpected argument %s", argv[1]) : 0;

	if (r == 0)
		r = identity_open(getuid(), &id, &why);
	if (r == 0)
		r = fd_read_all(STDIN_FILENO, QUESTION_MAX, &text, &len, &why);
	if (r == 0)
		is_allowed = fleet_hook_allows(id.path, ADMIN, text, len, &why);
	r = answer(is_allowed, &why);
	identity_close(&id);
	return r;
}
