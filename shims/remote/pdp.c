/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "common/call.h"
#include "common/err.h"
#include "shims/remote/http.h"
#include "shims/remote/pdp.h"

/* Arguments as a value when they can be one, so that a rule can look into them. */
static json_t *arguments_of(const struct wire_call *call)
{
	json_t *value = NULL;

	if (call->arguments_len == call->arguments_total)
		value = json_loadb(call->arguments, call->arguments_len,
				   JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	return value;
}

/* A member with a text, if there is one. */
static void say(json_t *object, const char *name, const char *text)
{
	if (text && *text)
		json_object_set_new(object, name, json_string(text));
}

/* Who acts for whom: what the policy states, and, apart from it, what the client says of
 * itself, which nobody has verified. */
static json_t *actors(const struct remote_config *c, const struct wire_call *call)
{
	json_t *all = json_object(), *model = json_object(), *claimed = json_object();

	say(all, "principal", c->principal);
	say(all, "agent", c->agent);
	say(all, "scope", c->agent_scope);
	say(model, "name", c->model);
	say(model, "version", c->model_version);
	if (call->client_len)
		json_object_set_new(claimed, "client", json_stringn(call->client, call->client_len));
	if (json_object_size(model))
		json_object_set(all, "model", model);
	if (json_object_size(claimed))
		json_object_set(all, "claimed", claimed);
	json_decref(model);
	json_decref(claimed);
	return all;
}

static json_t *question(const struct remote_config *c, const char *server, const char *session,
			const struct wire_call *call)
{
	char digest[2 * SHA256_SIZE + 1];
	json_t *arguments = arguments_of(call);

	call_hex(call->digest, digest);
	/* "o*": without it when it is NULL.  arguments_known tells the two apart. */
	return json_pack("{s:{s:s,s:s},s:{s:s},s:{s:s,s:s%,s:{s:s}},s:{s:s,s:s,s:b,s:o*,s:[s,s],s:o}}",
			 "subject", "type", "user", "id", c->user,
			 "action", "name", call_method((enum call_kind)call->kind),
			 "resource", "type", call_noun((enum call_kind)call->kind), "id", call->tool, (size_t)call->tool_len,
			 "properties", "server", server,
			 "context", "session", session, "call_digest", digest,
			 "arguments_known", arguments != NULL || !call->arguments_total,
			 "arguments", arguments, "supported_obligations", "step-up", "rate",
			 "actors", actors(c, call));
}

char *pdp_request(const struct remote_config *c, const char *server, const char *session,
		  const struct wire_call *call)
{
	json_auto_t *q = question(c, server, session, call), *whole = NULL;

	if (!q)
		return NULL;
	/* OPA takes its input as a member of that name. */
	whole = c->pdp == REMOTE_PDP_OPA ? json_pack("{s:O}", "input", q) : json_incref(q);
	return whole ? json_dumps(whole, JSON_COMPACT) : NULL;
}

/* Is one class among those that the approver is asked for anyway? */
static bool is_listed(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");

		if (n == len && !strncmp(p, word, n))
			return true;
		p += n;
	}
	return false;
}

/* A step-up that our channel gives?  A class of authentication is asked of the
 * authorization server and checked in its ID token; it may narrow the policy's. */
static bool take_step_up(const struct remote_config *c, const json_t *obligation,
			 struct pdp_answer *ret)
{
	const json_t *properties = json_object_get(obligation, "properties");
	const json_t *acr = json_object_get(properties, "acr_value");
	const char *text = json_string_value(acr);

	if (json_object_get(properties, "amr_values"))
		return false;
	if (!acr)
		return true;
	if (!c->has_ciba || !text || !*text || strlen(text) >= sizeof(ret->acr_values) ||
	    strpbrk(text, " \"\\\n") || (c->acr_values[0] && !is_listed(c->acr_values, text)) ||
	    (ret->acr_values[0] && strcmp(ret->acr_values, text) != 0))
		return false;
	strcpy(ret->acr_values, text);
	return true;
}

/* At most so many calls of this tool in so many seconds: we count what we let through. */
static bool take_rate(const json_t *obligation, struct pdp_answer *ret)
{
	const json_t *properties = json_object_get(obligation, "properties");
	json_int_t calls = json_integer_value(json_object_get(properties, "calls"));
	json_int_t seconds = json_integer_value(json_object_get(properties, "seconds"));

	if (json_object_size(properties) != 2 || calls < 1 || calls > 1000 || seconds < 1 ||
	    seconds > 86400 || ret->calls)
		return false;
	ret->calls = (uint32_t)calls;
	ret->seconds = (uint32_t)seconds;
	return true;
}

/* What is not known cannot be met, so the permit is none. */
static enum pdp_verdict read_obligations(const struct remote_config *c, const json_t *list,
					 struct pdp_answer *ret, struct err *err)
{
	enum pdp_verdict verdict = PDP_PERMIT;

	if (!list)
		return PDP_PERMIT;
	if (!json_is_array(list)) {
		err_set(err, EACCES, "obligations of the PDP that are no list");
		return PDP_DENY;
	}
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		const char *type = json_string_value(json_object_get(one, "type"));
		bool is_step_up = type && !strcmp(type, "step-up");

		if (is_step_up ? !take_step_up(c, one, ret) :
				 !type || strcmp(type, "rate") != 0 || !take_rate(one, ret)) {
			err_set(err, EACCES, "an obligation of the PDP that cannot be met");
			return PDP_DENY;
		}
		if (is_step_up)
			verdict = PDP_STEP_UP;
	}
	return verdict;
}

static enum pdp_verdict read_authzen(const struct remote_config *c, const json_t *answer,
				     struct pdp_answer *ret, struct err *err)
{
	const json_t *decision = json_object_get(answer, "decision");

	if (!json_is_boolean(decision)) {
		err_set(err, EPROTO, "the PDP's answer has no decision");
		return PDP_FAILED;
	}
	if (!json_is_true(decision)) {
		err_set(err, EACCES, "the PDP said no");
		return PDP_DENY;
	}
	return read_obligations(
		c, json_object_get(json_object_get(answer, "context"), "obligations"), ret, err);
}

/* true; or an object with allow: true, and perhaps obligations.  Undefined is a no. */
static enum pdp_verdict read_opa(const struct remote_config *c, const json_t *answer,
				 struct pdp_answer *ret, struct err *err)
{
	const json_t *result = json_object_get(answer, "result");

	if (json_is_true(result))
		return PDP_PERMIT;
	if (json_is_object(result) && json_is_true(json_object_get(result, "allow")))
		return read_obligations(c, json_object_get(result, "obligations"), ret, err);
	err_set(err, EACCES, result ? "the PDP said no" : "the PDP's document is undefined");
	return PDP_DENY;
}

enum pdp_verdict pdp_read(const struct remote_config *c, const struct http_reply *reply,
			  struct pdp_answer *ret, struct err *err)
{
	json_auto_t *answer = NULL;

	*ret = (struct pdp_answer){0};
	if (reply->failure) {
		err_set(err, EPROTO, "the PDP: %s", reply->failure);
		return PDP_FAILED;
	}
	if (reply->status == 200 && reply->is_json)
		answer = json_loadb(reply->body, reply->len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(answer)) {
		err_set(err, EPROTO, "the PDP answered with status %ld, or not with JSON",
			reply->status);
		return PDP_FAILED;
	}
	return c->pdp == REMOTE_PDP_OPA ? read_opa(c, answer, ret, err) :
					read_authzen(c, answer, ret, err);
}
