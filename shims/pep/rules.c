/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <string.h>

#include "shims/pep/json.h"
#include "shims/pep/pointer.h"
#include "shims/pep/reply.h"
#include "shims/pep/rpc.h"
#include "shims/pep/rules.h"
#include "shims/pep/surface.h"

#define CALL_REFUSED "This tool call is refused by policy; trying again will not help."
#define NO_APPROVAL                                                                      \
	"This needs the approval of a person, and there is no way to ask for one here; " \
	"trying again will not help."

static const struct rules_refusal bad_name = { "not a name", "a name is missing or malformed" };
static const struct rules_refusal no_tool = { "a call without the name of a tool", CALL_REFUSED };
static const struct rules_refusal bad_tool = { "not the name of a tool", CALL_REFUSED };
static const struct rules_refusal bad_arguments = { "arguments that are not an object",
						    CALL_REFUSED };
static const struct rules_refusal bad_values = { "arguments that are not an object",
						 "arguments is not an object" };
static const struct rules_refusal too_many = { "too many arguments",
					       "The arguments are larger than the policy allows." };
static const struct rules_refusal tool_denied = { "tool", CALL_REFUSED };
static const struct rules_refusal prompt_denied = { "prompt", "refused by policy" };
static const struct rules_refusal prompt_asks = { "prompt needs approval", NO_APPROVAL };
static const struct rules_refusal uri_denied = { "resource", "refused by policy" };
static const struct rules_refusal uri_asks = { "resource needs approval", NO_APPROVAL };
static const struct rules_refusal bad_responses = { "inputResponses that are not an object",
						    "inputResponses is not an object" };
static const struct rules_refusal bad_list = { "a list that is none", "the answer is malformed" };
static const struct rules_refusal long_list = { "a list with too much to hide",
						"the answer is too large" };
static const struct rules_refusal too_large = {
	"result larger than the policy allows",
	"The result is larger than the policy allows; ask for less of it." };
static const struct rules_refusal server_request = { "server request",
						     "the answer was withheld by policy" };

static const struct rules_refusal *refusal(enum policy_decision d,
					   const struct rules_refusal *denied,
					   const struct rules_refusal *asks)
{
	switch (d) {
	case POLICY_ALLOW:
		return NULL;
	case POLICY_APPROVE:
		return asks;
	case POLICY_DENY:
		break;
	}
	return denied;
}

static bool is_type(const struct json *j, uint32_t node, enum json_type type)
{
	return node != JSON_NONE && j->nodes[node].type == (uint32_t)type;
}

/* A string of a sensible length without U+0000, or NULL. */
static const char *name_of(const struct json *j, uint32_t node, size_t max, size_t *ret_len)
{
	const char *text;

	if (!is_type(j, node, JSON_TAPE_STRING))
		return NULL;
	text = json_text(j, node, ret_len);
	return *ret_len && *ret_len <= max && !memchr(text, '\0', *ret_len) ? text : NULL;
}

/* About how many bytes a value takes as JSON; escapes are counted as one byte. */
static uint64_t measure(const struct json *j, uint32_t node)
{
	uint64_t n = 0;

	for (uint32_t i = node; i < j->nodes[node].next; i++) {
		bool has_text = j->nodes[i].type == JSON_TAPE_STRING ||
				j->nodes[i].type == JSON_TAPE_NUMBER;

		n += 3 + (has_text ? (uint64_t)j->nodes[i].len : 2);
	}
	return n;
}

static int hide(struct rules *r, uint32_t node)
{
	if (r->n_hide == LIMIT_HIDDEN)
		return -1;
	r->hide[r->n_hide++] = node;
	return 0;
}

/* --- requests of the client ------------------------------------------------------------ */

static const struct rules_refusal *check_arguments(const struct rules *r, const struct json *j,
						   uint32_t arguments, bool is_tool)
{
	uint64_t max = r->policy->messages.max_arguments;

	if (arguments == JSON_NONE)
		return NULL;
	if (!is_type(j, arguments, JSON_TAPE_OBJECT))
		return is_tool ? &bad_arguments : &bad_values;
	return max && measure(j, arguments) > max ? &too_many : NULL;
}

#define CHANGED                                                                          \
	"This tool is blocked: what it says of itself is new or changed, and the user has " \
	"not accepted that; trying again will not help."

#define PROMPT_CHANGED                                                                   \
	"this prompt is blocked: what it says of itself is new or changed, and the user has " \
	"not accepted that; trying again will not help"

/* Its pin, its name, and what it declares. */
static const struct rules_refusal *call_of_surface(struct rules *r, const char *name, size_t len)
{
	enum policy_decision d;

	if (!r->surface)
		return NULL;
	d = surface_call(r->surface, name, len, &r->made.why);
	r->pin = surface_pin(r->surface, name, len);
	r->needs_person = r->needs_person || d == POLICY_APPROVE;
	if (d != POLICY_DENY)
		return NULL;
	r->made.words = strstr(r->made.why, "pin") ? CHANGED : CALL_REFUSED;
	return &r->made;
}

static const struct rules_refusal *tool_call(struct rules *r, const struct json *j,
					     const struct rpc *m)
{
	uint32_t arguments = json_member(j, m->params, "arguments");
	const struct rules_refusal *bad = check_arguments(r, j, arguments, true);
	uint32_t node = json_member(j, m->params, "name");
	enum policy_decision d;
	struct pointer_call call;
	size_t len;
	const char *name = name_of(j, node, LIMIT_TOOL, &len);

	if (!name)
		return is_type(j, node, JSON_TAPE_STRING) ? &bad_tool : &no_tool;
	if (bad)
		return bad;
	pointer_init(&call, j, arguments);
	d = policy_decide_tool(r->policy, name, len, &call.call);
	if (d != POLICY_ALLOW)
		r->rule = policy_blame_tool(r->policy, name, len, &call.call);
	if (d == POLICY_DENY)
		return &tool_denied;
	r->needs_person = d == POLICY_APPROVE;
	return call_of_surface(r, name, len);
}

/* With the approval of a person: the gate holds it. */
static const struct rules_refusal *held(struct rules *r, enum policy_decision d,
					const struct rules_refusal *denied)
{
	r->needs_person = d == POLICY_APPROVE;
	return d == POLICY_DENY ? denied : NULL;
}

/* Is the prompt another one than the user has accepted?  NULL is a name as well. */
static bool prompt_pin(struct rules *r, const char *name, size_t len)
{
	r->made.why = r->surface ? surface_get_prompt(r->surface, name ? name : "", name ? len : 0) :
				   NULL;
	r->made.words = PROMPT_CHANGED;
	return r->made.why;
}

static const struct rules_refusal *prompt(struct rules *r, const struct json *j,
					  const struct rpc *m)
{
	uint32_t arguments = json_member(j, m->params, "arguments");
	const struct rules_refusal *bad = check_arguments(r, j, arguments, false);
	struct pointer_call call;
	size_t len;
	const char *name = name_of(j, json_member(j, m->params, "name"), LIMIT_TOOL, &len);

	/* Without rules it is the server's to say what is wrong. */
	if (bad && (bad != &bad_values || r->policy->messages.n_prompts))
		return bad;
	if (prompt_pin(r, name, len))
		return &r->made;
	if (!r->policy->messages.n_prompts)
		return NULL;
	if (!name)
		return &bad_name;
	pointer_init(&call, j, arguments);
	return held(r, policy_decide_prompt(r->policy, name, len, &call.call), &prompt_denied);
}

static const struct rules_refusal *uri(struct rules *r, const struct json *j, uint32_t node)
{
	size_t len;
	const char *text = name_of(j, node, LIMIT_LINE, &len);

	if (!r->policy->messages.n_resources)
		return NULL;
	if (!text)
		return &bad_name;
	return refusal(policy_decide_resource(r->policy, text, len), &uri_denied, &uri_asks);
}

static const struct rules_refusal *read_resource(struct rules *r, const struct json *j,
						 const struct rpc *m)
{
	uint32_t node = json_member(j, m->params, "uri");
	size_t len;
	const char *text = name_of(j, node, LIMIT_LINE, &len);

	if (!r->policy->messages.n_resources)
		return NULL;
	if (!text)
		return &bad_name;
	return held(r, policy_decide_resource(r->policy, text, len), &uri_denied);
}

/* A subscription, a directory: nothing that waits for a person. */
static const struct rules_refusal *resource(struct rules *r, const struct json *j,
					    const struct rpc *m)
{
	return uri(r, j, json_member(j, m->params, "uri"));
}

/* A completion tells about a prompt or about what a template can make. */
static const struct rules_refusal *completion(struct rules *r, const struct json *j,
					      const struct rpc *m)
{
	static const char *const deciding[] = { "type", "name", "uri", NULL };
	uint32_t ref = json_member(j, m->params, "ref");
	uint32_t type = json_member(j, ref, "type");
	bool is_prompt = json_is(j, type, "ref/prompt");
	size_t len;
	const char *text = name_of(j, json_member(j, ref, is_prompt ? "name" : "uri"), LIMIT_LINE,
				   &len);

	if (is_prompt && prompt_pin(r, text, len))
		return &r->made;
	/* In another case to another server it is about the other one. */
	if ((r->policy->messages.n_prompts || r->policy->messages.n_resources) &&
	    ((!is_prompt && !json_is(j, type, "ref/resource")) || rpc_has_variant(j, ref, deciding)))
		return &bad_name;
	if (!(is_prompt ? r->policy->messages.n_prompts : r->policy->messages.n_resources))
		return NULL;
	if (!text)
		return &bad_name;
	if (is_prompt)
		return refusal(policy_decide_prompt(r->policy, text, len, NULL), &prompt_denied,
			       &prompt_asks);
	return refusal(policy_decide_template(r->policy, text, len), &uri_denied, &uri_asks);
}

static const struct rules_refusal *listen(struct rules *r, const struct json *j,
					  const struct rpc *m)
{
	static const char *const deciding[] = { "resourceSubscriptions", NULL };
	uint32_t wanted = json_member(j, m->params, "notifications");
	uint32_t list = json_member(j, wanted, deciding[0]), at = list + 1;

	if (r->policy->messages.n_resources && rpc_has_variant(j, wanted, deciding))
		return &bad_list;
	if (list == JSON_NONE)
		return NULL;
	if (!is_type(j, list, JSON_TAPE_ARRAY))
		return &bad_list;
	for (uint32_t i = 0; i < j->nodes[list].len; i++, at = j->nodes[at].next) {
		const struct rules_refusal *bad = uri(r, j, at);

		if (bad)
			return bad;
	}
	return NULL;
}

/* --- roots -------------------------------------------------------------------------------- */

/* Leave out the roots that the policy does not name. */
static const struct rules_refusal *roots(struct rules *r, const struct json *j, uint32_t object)
{
	uint32_t list = json_member(j, object, "roots"), at = list + 1;

	if (!r->policy->messages.has_roots)
		return NULL;
	if (!is_type(j, list, JSON_TAPE_ARRAY) || pointer_has_variant(j, object, "roots"))
		return &bad_list;
	for (uint32_t i = 0; i < j->nodes[list].len; i++, at = j->nodes[at].next) {
		size_t len;
		const char *text = name_of(j, json_member(j, at, "uri"), LIMIT_LINE, &len);

		if ((!text || pointer_has_variant(j, at, "uri") ||
		     policy_decide_root(r->policy, text, len) != POLICY_ALLOW) && hide(r, at) < 0)
			return &long_list;
	}
	return NULL;
}

/* MCP 2026-07-28: what a server asked for in a result comes back in the next request. */
static const struct rules_refusal *responses(struct rules *r, const struct json *j,
					     const struct rpc *m)
{
	static const char *const deciding[] = { "roots", NULL };
	uint32_t all = json_member(j, m->params, "inputResponses"), at = all + 1;

	if (all == JSON_NONE)
		return NULL;
	if (!is_type(j, all, JSON_TAPE_OBJECT)) {
		r->code = CODE_PARAMS;
		return &bad_responses;
	}
	for (uint32_t i = 0; i < j->nodes[all].len; i++, at = j->nodes[at + 1].next) {
		const struct rules_refusal *bad =
			json_member(j, at + 1, "roots") == JSON_NONE ? NULL : roots(r, j, at + 1);

		if (!bad && r->policy->messages.has_roots && rpc_has_variant(j, at + 1, deciding))
			bad = &bad_list;
		if (bad) {
			r->code = CODE_PARAMS;
			return bad;
		}
	}
	return NULL;
}

/* --- any message that asks or tells --------------------------------------------------------- */

static const struct {
	const char *method;
	const struct rules_refusal *(*judge)(struct rules *r, const struct json *j,
					     const struct rpc *m);
} asked[] = {
	{ "tools/call", tool_call },
	{ "prompts/get", prompt },
	{ "resources/read", read_resource },
	{ "resources/directory/read", resource },
	{ "resources/subscribe", resource },
	{ "resources/unsubscribe", resource },
	{ "completion/complete", completion },
	{ "subscriptions/listen", listen },
};

const struct rules_refusal *rules_message(struct rules *r, const struct json *j,
					  const struct rpc *m, enum vocabulary_from from)
{
	r->n_hide = 0;
	r->needs_person = false;
	r->pin = NULL;
	r->code = 0;
	r->rule = NULL;
	if (from == FROM_SERVER)
		return json_is(j, m->method, "notifications/resources/updated") ?
			       resource(r, j, m) :
			       NULL;
	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		const struct rules_refusal *bad;

		if (!json_is(j, m->method, asked[i].method))
			continue;
		bad = asked[i].judge(r, j, m);
		if (bad)
			return bad;
	}
	return responses(r, j, m);
}

/* --- results ------------------------------------------------------------------------------- */

static enum policy_decision decide_element(const struct rules *r, const struct json *j,
					   uint32_t element, enum session_about about)
{
	const char *key = about == SESSION_RESOURCES_LIST ? "uri" :
			  about == SESSION_TEMPLATES_LIST ? "uriTemplate" :
							    "name";
	size_t len;
	const char *text = name_of(j, json_member(j, element, key), LIMIT_LINE, &len);

	if (!text || pointer_has_variant(j, element, key))
		return POLICY_DENY;
	switch (about) {
	case SESSION_TOOLS_LIST:
		return len > LIMIT_TOOL ? POLICY_DENY :
					  policy_decide_tool(r->policy, text, len, NULL);
	case SESSION_PROMPTS_LIST:
		return policy_decide_prompt(r->policy, text, len, NULL);
	case SESSION_RESOURCES_LIST:
		return policy_decide_resource(r->policy, text, len);
	case SESSION_TEMPLATES_LIST:
		return policy_decide_template(r->policy, text, len);
	case SESSION_OTHER:
	case SESSION_PLAIN:
	case SESSION_INITIALIZE:
	case SESSION_DISCOVER:
	case SESSION_TOOLS_CALL:
	case SESSION_PROMPTS_GET:
	case SESSION_RESOURCES_READ:
	case SESSION_COMPLETE:
	case SESSION_LISTEN:
	case SESSION_TASK_STATE:
	case SESSION_TASK_RESULT:
	case SESSION_ROOTS_LIST:
		break;
	}
	return POLICY_DENY;
}

static bool is_shown(struct rules *r, const struct json *j, uint32_t element,
		     enum session_about about)
{
	if (decide_element(r, j, element, about) == POLICY_DENY)
		return false;
	if (!r->surface)
		return true;
	return !(about == SESSION_TOOLS_LIST   ? surface_tool(r->surface, j, element) :
		 about == SESSION_PROMPTS_LIST ? surface_prompt(r->surface, j, element) :
						 surface_description(r->surface, j, element));
}

/* Lists come page by page; each page is filtered by itself and keeps its cursor. */
static const struct rules_refusal *filter(struct rules *r, const struct json *j,
					  uint32_t result, enum session_about about,
					  const char *name)
{
	uint32_t list = json_member(j, result, name), at = list + 1;

	if (!is_type(j, list, JSON_TAPE_ARRAY) || pointer_has_variant(j, result, name))
		return &bad_list;
	if (r->surface)
		surface_begin(r->surface);
	for (uint32_t i = 0; i < j->nodes[list].len; i++, at = j->nodes[at].next)
		if (!is_shown(r, j, at, about) && hide(r, at) < 0)
			return &long_list;
	return NULL;
}

static const struct rules_refusal *instructions(struct rules *r, const struct json *j,
						uint32_t result)
{
	uint32_t text = json_member(j, result, "instructions");

	if (pointer_has_variant(j, result, "instructions"))
		return &bad_list;
	if (!r->surface || text == JSON_NONE)
		return NULL;
	surface_begin(r->surface);
	if (surface_instructions(r->surface, j, text))
		hide(r, text);
	return NULL;
}

const struct rules_refusal *rules_asks(struct rules *r, const struct json *j, uint32_t object)
{
	uint32_t all = json_member(j, object, "inputRequests"), at = all + 1;

	if (r->policy->messages.server_requests == POLICY_REQUESTS_DENY)
		return &server_request;
	if (all == JSON_NONE)
		return NULL;
	if (!is_type(j, all, JSON_TAPE_OBJECT))
		return &server_request;
	for (uint32_t i = 0; i < j->nodes[all].len; i++, at = j->nodes[at + 1].next) {
		size_t len;
		const char *method =
			name_of(j, json_member(j, at + 1, "method"), LIMIT_METHOD, &len);

		if (!method || pointer_has_variant(j, at + 1, "method") ||
		    policy_decide_request(r->policy, method, len) != POLICY_REQUESTS_PASS)
			return &server_request;
	}
	return NULL;
}

/* Its name, where one is said: modern servers say it in any result, and it is enough to
 * look where a session begins and where its tools are. */
static void server(struct rules *r, const struct json *j, uint32_t result,
		   enum session_about about)
{
	static const char key[] = "io.modelcontextprotocol/serverInfo";
	uint32_t node = json_member(j, result, "serverInfo");

	if (about != SESSION_INITIALIZE && about != SESSION_DISCOVER && about != SESSION_TOOLS_LIST)
		return;
	if (about != SESSION_INITIALIZE)
		node = json_member(j, json_member(j, result, "_meta"), key);
	surface_server(r->surface, j, node);
}

const struct rules_refusal *rules_result(struct rules *r, const struct json *j, uint32_t result,
					 enum session_about about)
{
	static const struct {
		enum session_about about;
		const char *list;
	} lists[] = {
		{ SESSION_TOOLS_LIST, "tools" },
		{ SESSION_PROMPTS_LIST, "prompts" },
		{ SESSION_RESOURCES_LIST, "resources" },
		{ SESSION_TEMPLATES_LIST, "resourceTemplates" },
	};
	uint64_t max = r->policy->messages.max_result;

	r->n_hide = 0;
	if (about == SESSION_ROOTS_LIST)
		return roots(r, j, result);
	if (max && measure(j, result) > max)
		return &too_large;
	if (r->surface)
		server(r, j, result, about);
	if (about == SESSION_INITIALIZE || about == SESSION_DISCOVER)
		return instructions(r, j, result);
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		if (lists[i].about == about)
			return filter(r, j, result, about, lists[i].list);
	return NULL;
}

uint64_t rules_measure(const struct json *j, uint32_t node)
{
	return node == JSON_NONE ? 0 : measure(j, node);
}
