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

static json_t *question(const struct remote_config *c, const char *server, const char *session,
			const struct wire_call *call)
{
	char digest[2 * SHA256_SIZE + 1];
	json_t *arguments = arguments_of(call);

	call_hex(call->digest, digest);
	/* "o*": without it when it is NULL.  arguments_known tells the two apart. */
	return json_pack("{s:{s:s,s:s},s:{s:s},s:{s:s,s:s%,s:{s:s}},s:{s:s,s:s,s:b,s:o*,s:[s]}}",
			 "subject", "type", "user", "id", c->user,
			 "action", "name", call_method((enum call_kind)call->kind),
			 "resource", "type", call_noun((enum call_kind)call->kind), "id", call->tool, (size_t)call->tool_len,
			 "properties", "server", server,
			 "context", "session", session, "call_digest", digest,
			 "arguments_known", arguments != NULL || !call->arguments_total,
			 "arguments", arguments, "supported_obligations", "step-up");
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

/* Is it a step-up that our channel gives?  A class of authentication must be one that
 * the authorization server is asked for anyway, and is then checked in the ID token. */
static bool is_possible(const struct remote_config *c, const json_t *obligation)
{
	const char *type = json_string_value(json_object_get(obligation, "type"));
	const json_t *properties = json_object_get(obligation, "properties");
	const json_t *acr = json_object_get(properties, "acr_value");

	if (!type || strcmp(type, "step-up") != 0 || json_object_get(properties, "amr_values"))
		return false;
	return !acr || (c->has_ciba && json_is_string(acr) && c->acr_values[0] &&
			!strcmp(json_string_value(acr), c->acr_values));
}

/* Only step-up is known; every other obligation cannot be met, so the permit is none. */
static enum pdp_verdict read_obligations(const struct remote_config *c, const json_t *list,
					 struct err *err)
{
	enum pdp_verdict verdict = PDP_PERMIT;

	if (!list)
		return PDP_PERMIT;
	if (!json_is_array(list)) {
		err_set(err, EACCES, "obligations of the PDP that are no list");
		return PDP_DENY;
	}
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (!is_possible(c, json_array_get(list, i))) {
			err_set(err, EACCES, "an obligation of the PDP that cannot be met");
			return PDP_DENY;
		}
		verdict = PDP_STEP_UP;
	}
	return verdict;
}

static enum pdp_verdict read_authzen(const struct remote_config *c, const json_t *answer, struct err *err)
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
		c, json_object_get(json_object_get(answer, "context"), "obligations"), err);
}

/* true; or an object with allow: true, and perhaps obligations.  Undefined is a no. */
static enum pdp_verdict read_opa(const struct remote_config *c, const json_t *answer, struct err *err)
{
	const json_t *result = json_object_get(answer, "result");

	if (json_is_true(result))
		return PDP_PERMIT;
	if (json_is_object(result) && json_is_true(json_object_get(result, "allow")))
		return read_obligations(c, json_object_get(result, "obligations"), err);
	err_set(err, EACCES, result ? "the PDP said no" : "the PDP's document is undefined");
	return PDP_DENY;
}

enum pdp_verdict pdp_read(const struct remote_config *c, const struct http_reply *reply,
			  struct err *err)
{
	json_auto_t *answer = NULL;

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
	return c->pdp == REMOTE_PDP_OPA ? read_opa(c, answer, err) : read_authzen(c, answer, err);
}
