/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/call.h"
#include "shims/pep/elicit.h"
#include "shims/pep/gate.h"
#include "shims/pep/hold.h"
#include "shims/pep/rpc.h"
#include "shims/pep/sink.h"

/* What of the arguments a form shows; more is not read in one. */
#define SHOWN 2048
#define ID_MAX 64
/* Each byte of a name or of the arguments may become seven. */
#define MESSAGE (7 * (SHOWN + LIMIT_TOOL) + 2048)

void elicit_declared(struct gate *g, const struct rpc *m)
{
	uint32_t c = json_member(&g->json, json_member(&g->json, m->params, "capabilities"),
				 "elicitation");

	/* {} is form mode; since 2025-11-25 a client may name modes, and not this one. */
	g->declared_form = c != JSON_NONE && g->json.nodes[c].type == JSON_TAPE_OBJECT &&
			   (!g->json.nodes[c].len ||
			    json_member(&g->json, c, "form") != JSON_NONE);
}

void elicit_agreed(struct gate *g, const struct rpc_id *version)
{
	/* Versions are dates. */
	g->has_form = g->declared_form && version->len == 10 &&
		      memcmp(version->text, "2025-06-18", 10) >= 0;
}

/* --- asking -------------------------------------------------------------------------------- */

static void put_id(const struct gate *g, uint64_t serial, char ret[static ID_MAX])
{
	snprintf(ret, ID_MAX, "mcp-confine:%016" PRIx64 ":%" PRIu64, g->form_prefix, serial);
}

/* Text for the inside of a JSON string, whose reader sees printable ASCII only: what is
 * not becomes a visible escape.  Return: length; out has room for seven times len. */
static size_t put_visible(const char *text, size_t len, char *out)
{
	char *p = out;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\')
			*p++ = '\\';
		if (c >= 0x20 && c < 0x7f)
			*p++ = (char)c;
		else
			p += sprintf(p, "\\\\x%02x", c);
	}
	return (size_t)(p - out);
}

/* Return: its length. */
static size_t put_question(const struct gate *g, const struct wire_ask *ask, char *out,
			   size_t size)
{
	static char tool[7 * LIMIT_TOOL + 1], arguments[7 * SHOWN + 1];
	const struct wire_call *c = &ask->call;
	size_t shown = c->arguments_len < SHOWN ? c->arguments_len : SHOWN;
	char id[ID_MAX], code[CALL_CODE + 1], more[64] = "";
	int n;

	put_id(g, ask->serial, id);
	call_code(c->digest, code);
	tool[put_visible(c->tool, c->tool_len, tool)] = '\0';
	arguments[put_visible(c->arguments, shown, arguments)] = '\0';
	if (shown < c->arguments_total)
		snprintf(more, sizeof(more), " (NOT SHOWN: %" PRIu64 " more bytes)",
			 c->arguments_total - shown);
	n = snprintf(out, size,
		     "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"method\":\"elicitation/create\",\"params\":"
		     "{\"message\":\"mcp-confine asks, not the server: approve %s %s? %s: %s. "
		     "Arguments: %s%s\",\"requestedSchema\":{\"type\":\"object\",\"properties\":"
		     "{\"approve\":{\"type\":\"boolean\",\"title\":\"Approve this call, once\"}},"
		     "\"required\":[\"approve\"]}}}\n", id,
		     c->kind == CALL_TOOL ? "call" : "request", code,
		     c->kind == CALL_TOOL   ? "Tool" :
		     c->kind == CALL_PROMPT ? "Prompt" :
					      "Resource",
		     tool, arguments, more);
	return n > 0 && (size_t)n < size ? (size_t)n : 0;
}

/* MCP, cancellation: by who asked. */
static size_t put_withdrawal(const struct gate *g, uint64_t serial, char *out, size_t size)
{
	char id[ID_MAX];

	put_id(g, serial, id);
	return (size_t)snprintf(out, size,
				"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":"
				"{\"requestId\":\"%s\",\"reason\":\"no answer is wanted any more\"}}\n",
				id);
}

void elicit_tell(struct gate *g)
{
	static struct wire_ask ask;
	struct sink *out = g->out[FROM_SERVER];

	while (g->ask && ask_outgoing(g->ask, (int64_t)g->now, &ask)) {
		char *at = sink_reserve(out, MESSAGE);
		size_t len;

		if (!at)
			return;
		len = ask.kind == WIRE_ASK_QUESTION ? put_question(g, &ask, at, MESSAGE) :
						      put_withdrawal(g, ask.serial, at, MESSAGE);
		if (out->fd >= 0)
			out->tail += len;
		ask_told(g->ask, &ask);
	}
}

/* --- the answer ----------------------------------------------------------------------------- */

static bool read_id(const struct gate *g, uint32_t node, uint64_t *ret_serial)
{
	struct rpc_id id = rpc_id(&g->json, node);
	char prefix[ID_MAX], text[24] = "";
	size_t len;

	put_id(g, 0, prefix);
	len = strlen(prefix) - 1; /* without the 0 */
	if (!id.is_string || id.len <= len || id.len - len >= sizeof(text) ||
	    memcmp(id.text, prefix, len) != 0)
		return false;
	memcpy(text, id.text + len, id.len - len);
	*ret_serial = strspn(text, "0123456789") == id.len - len ? strtoull(text, NULL, 10) : 0;
	return true;
}

/* accept with approve: true, and nothing else, is a yes. */
static enum wire_answer_kind read_result(const struct gate *g, uint32_t result, bool *ret_by_person)
{
	uint32_t action = json_member(&g->json, result, "action");
	uint32_t approve = json_member(&g->json, json_member(&g->json, result, "content"), "approve");

	*ret_by_person = true;
	if (json_is(&g->json, action, "accept"))
		return approve != JSON_NONE && g->json.nodes[approve].type == JSON_TAPE_TRUE ?
			       WIRE_ANSWER_APPROVED :
			       WIRE_ANSWER_DENIED;
	if (json_is(&g->json, action, "decline"))
		return WIRE_ANSWER_DENIED;
	*ret_by_person = false;
	/* The form was closed: nobody decided. */
	return json_is(&g->json, action, "cancel") ? WIRE_ANSWER_EXPIRED : WIRE_ANSWER_FAILED;
}

bool elicit_reply(struct gate *g, const struct rpc *m)
{
	struct wire_answer answer = { .kind = WIRE_ANSWER_FAILED };
	bool by_person = false;

	if (!g->is_form || !read_id(g, m->id, &answer.serial))
		return false;
	if (m->kind == RPC_RESULT)
		answer.kind = read_result(g, m->result, &by_person);
	answer.by_person = by_person;
	if (ask_digest(g->ask, answer.serial, answer.digest))
		hold_answer(g, &answer);
	return true;
}
