/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/call.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "shims/remote/answer.h"
#include "shims/remote/ciba.h"
#include "shims/remote/client.h"
#include "shims/remote/http.h"
#include "shims/remote/jws.h"

#define GRANT "urn:openid:params:grant-type:ciba"
/* Clocks of two machines; what an ID token may be off by. */
#define SKEW 60
/* A signed request is sent at once (s). */
#define REQUEST_LIFE 60

/* --- metadata ------------------------------------------------------------------------------ */

int ciba_read_metadata(const struct http_reply *reply, const struct remote_config *c,
		       struct ciba_metadata *ret, struct err *err)
{
	json_auto_t *m = answer_object(reply, 200);
	bool is_mtls = c->client.auth == REMOTE_AUTH_TLS;
	const char *issuer = json_string_value(json_object_get(m, "issuer"));

	if (reply->failure)
		return err_set(err, EPROTO, "%s: %s", c->client.issuer, reply->failure);
	if (!m)
		return err_set(err, EPROTO, "%s: no metadata, status %ld", c->client.issuer, reply->status);
	if (!issuer || strcmp(issuer, c->client.issuer) != 0)
		return err_set(err, EPROTO, "%s: its metadata names another issuer", c->client.issuer);
	if (!answer_endpoint(m, "token_endpoint", is_mtls, ret->token) ||
	    !answer_endpoint(m, "backchannel_authentication_endpoint", is_mtls, ret->backchannel) ||
	    !answer_endpoint(m, "jwks_uri", false, ret->jwks))
		return err_set(err, EPROTO, "%s: its metadata lacks an endpoint for CIBA, or one is "
					    "not https", c->client.issuer);
	if (!answer_has(m, "backchannel_token_delivery_modes_supported", "poll") ||
	    !answer_has(m, "grant_types_supported", GRANT))
		return err_set(err, EPROTO, "%s: does not offer CIBA in poll mode", c->client.issuer);
	if (c->is_signed && !json_array_size(json_object_get(
				    m, "backchannel_authentication_request_signing_alg_values_supported")))
		return err_set(err, EPROTO, "%s: does not take signed authentication requests",
			       c->client.issuer);
	ret->offers_registration = json_object_get(m, "registration_endpoint") != NULL;
	ret->takes_user_code =
		json_is_true(json_object_get(m, "backchannel_user_code_parameter_supported"));
	return 0;
}

/* --- requests ------------------------------------------------------------------------------- */

json_t *ciba_details(const struct remote_config *c, const char *server, const char *session,
		     uint64_t serial, const struct wire_call *call)
{
	char digest[2 * SHA256_SIZE + 1], location[128], id[64];
	json_t *one;

	call_hex(call->digest, digest);
	snprintf(location, sizeof(location), "urn:mcp-confine:server:%.64s", server);
	snprintf(id, sizeof(id), "%.32s-%llu", session, (unsigned long long)serial);
	one = json_pack("{s:s,s:[s],s:[s],s:s%,s:s,s:{s:s,s:s}}", "type",
			c->details_type[0] ? c->details_type : "mcp_tool_call", "locations", location,
			"actions", call_method((enum call_kind)call->kind), "identifier", call->tool, (size_t)call->tool_len,
			"call_id", id, "call_digest", "alg", "sha-256", "value", digest);
	/* As text: a JSON value would be printed anew on the way, and numbers with it. */
	if (one && call->arguments_len &&
	    json_object_set_new(one, "arguments",
				json_stringn(call->arguments, call->arguments_len)) < 0 &&
	    call->arguments_len == call->arguments_total) {
		json_decref(one);
		return NULL;
	}
	if (one && call->arguments_len < call->arguments_total)
		json_object_set_new(one, "arguments_length",
				    json_integer((json_int_t)call->arguments_total));
	return one ? json_pack("[o]", one) : NULL;
}

/* The members of a request, as text; which of them a server gets. */
#define MEMBERS 9

struct members {
	struct {
		const char *name, *value;
	} v[MEMBERS];
	size_t n;
	char expiry[16];
};

static void say(struct members *m, const char *name, const char *value)
{
	if (value && *value)
		m->v[m->n].name = name, m->v[m->n++].value = value;
}

static void collect(const struct remote_config *c, const struct ciba_metadata *m,
		    const struct ciba_request *r, struct members *ret)
{
	static const char *const hints[] = { "", "login_hint", "login_hint_token", "id_token_hint" };

	ret->n = 0;
	say(ret, "scope", c->scope[0] ? c->scope : "openid");
	say(ret, hints[c->hint_kind & 3], c->hint);
	say(ret, "binding_message", r->binding_message);
	snprintf(ret->expiry, sizeof(ret->expiry), "%u", r->expiry);
	say(ret, "requested_expiry", ret->expiry);
	say(ret, "acr_values", r->acr_values);
	/* Sent to who does not take it, it is an error (CIBA Core 1.0, section 7.1). */
	say(ret, "user_code", m->takes_user_code ? c->user_code : NULL);
	say(ret, "resource", c->resource); /* RFC 8707 */
	say(ret, "authorization_details", r->details);
}

/* The same as the claims of a JWT (section 7.1.1), whose details are JSON, not text. */
static json_t *as_claims(const struct remote_config *c, const struct members *m, time_t now)
{
	char jti[33];
	json_t *claims;
	int bad = 0;

	if (client_random(jti, NULL) < 0)
		return NULL;
	claims = json_pack("{s:s,s:s,s:s,s:I,s:I,s:I}", "iss", c->client.client_id, "aud",
			   c->client.issuer, "jti", jti, "iat", (json_int_t)now, "nbf",
			   (json_int_t)now, "exp", (json_int_t)now + REQUEST_LIFE);
	for (size_t i = 0; claims && i < m->n; i++)
		bad |= json_object_set_new(claims, m->v[i].name,
					   !strcmp(m->v[i].name, "authorization_details") ?
						   json_loads(m->v[i].value, 0, NULL) :
						   json_string(m->v[i].value));
	if (!bad)
		return claims;
	json_decref(claims);
	return NULL;
}

static int sign_request(const struct remote_config *c, const struct members *m, time_t now,
			char **form, struct err *err)
{
	json_auto_t *claims = as_claims(c, m, now);
	cleanup_free char *token = NULL;
	bool is_own = c->request_key[0];
	const char *kid = is_own ? c->request_key_id : c->client.key_id;
	int r;

	if (!claims)
		return err_errno(err, ENOMEM, "signed request");
	r = jws_sign(is_own ? c->request_key : c->client.credential, c->client.algorithm,
		     "oauth-authz-req+jwt", *kid ? kid : NULL, claims, &token, err);
	if (r == 0)
		client_add(form, "request", token);
	return r < 0 ? err_wrap(err, "signed request") : 0;
}

char *ciba_request_form(const struct remote_config *c, const struct ciba_metadata *m,
			const struct ciba_request *request, const char *auth, time_t now,
			struct err *err)
{
	struct members members;
	char *form = strdup(auth);

	collect(c, m, request, &members);
	if (c->is_signed) {
		/* Nothing that is asked for stands outside of the signature. */
		if (sign_request(c, &members, now, &form, err) == 0)
			return form;
		free(form);
		return NULL;
	}
	for (size_t i = 0; i < members.n; i++)
		client_add(&form, members.v[i].name, members.v[i].value);
	if (!form)
		err_errno(err, ENOMEM, "request");
	return form;
}

char *ciba_poll_form(const char *auth_req_id, const char *auth)
{
	char *form = strdup(auth);

	client_add(&form, "grant_type", GRANT);
	client_add(&form, "auth_req_id", auth_req_id);
	return form;
}

/* --- answers -------------------------------------------------------------------------------- */

int ciba_read_ack(const struct http_reply *reply, struct ciba_ack *ret, struct err *err)
{
	json_auto_t *ack = answer_object(reply, 200);
	const json_t *interval = json_object_get(ack, "interval");
	const json_t *expires = json_object_get(ack, "expires_in");
	char code[64];

	if (reply->failure)
		return err_set(err, EPROTO, "the authorization server: %s", reply->failure);
	if (!ack) {
		json_auto_t *error = answer_object(reply, reply->status);

		return err_set(err, EPROTO, "the authorization server refused the request: %s (%ld)",
			       answer_error(error, code, sizeof(code)), reply->status);
	}
	if (!answer_text(ack, "auth_req_id", ret->auth_req_id, sizeof(ret->auth_req_id)) ||
	    !json_is_integer(expires) || json_integer_value(expires) < 1 ||
	    (interval && (!json_is_integer(interval) || json_integer_value(interval) < 0)))
		return err_set(err, EPROTO, "the authorization server's acknowledgement is malformed");
	ret->expires_in = json_integer_value(expires) > 86400 ? 86400 : json_integer_value(expires);
	/* Section 7.3: absent means five seconds. */
	ret->interval = !interval ? 5 : json_integer_value(interval);
	if (ret->interval < 1)
		ret->interval = 1;
	if (ret->interval > 3600)
		ret->interval = 3600;
	return 0;
}

enum ciba_poll ciba_read_poll(const struct http_reply *reply, struct err *err)
{
	static const struct {
		const char *code;
		enum ciba_poll means;
	} table[] = {
		{ "authorization_pending", CIBA_PENDING }, { "slow_down", CIBA_SLOW },
		{ "expired_token", CIBA_EXPIRED },	   { "access_denied", CIBA_DENIED },
	};
	json_auto_t *error = NULL;
	char code[64];

	/* RFC 8628, section 3.5: a server that does not answer is asked less often. */
	if (reply->failure || reply->status >= 500 || reply->status == 429)
		return CIBA_BUSY;
	if (reply->status == 200)
		return CIBA_ANSWER;
	error = answer_object(reply, reply->status);
	answer_error(error, code, sizeof(code));
	for (size_t i = 0; reply->status == 400 && i < sizeof(table) / sizeof(*table); i++)
		if (!strcmp(table[i].code, code))
			return table[i].means;
	/* CIBA servers differ in the status of a denial: 403 is one. */
	if (reply->status == 403 && !strcmp(code, "access_denied"))
		return CIBA_DENIED;
	err_set(err, EPROTO, "the authorization server ended the request: %s (%ld)", code,
		reply->status);
	return CIBA_FAILED;
}

int ciba_check_grant(const struct http_reply *reply, const struct remote_config *c,
		     const json_t *details, char **ret_id_token, struct err *err)
{
	json_auto_t *grant = answer_object(reply, 200);
	const char *id_token = json_string_value(json_object_get(grant, "id_token"));
	const char *type = json_string_value(json_object_get(grant, "token_type"));
	json_t *one;
	bool is_granted = !c->is_strict;
	size_t i;

	if (!grant || !json_is_string(json_object_get(grant, "access_token")) || !type ||
	    strcasecmp(type, "Bearer") != 0)
		return err_set(err, EACCES, "the token response is malformed");
	if (!id_token)
		return err_set(err, EACCES, "the token response has no ID token: who approved?");
	json_array_foreach(json_object_get(grant, "authorization_details"), i, one)
		is_granted = is_granted || json_equal(one, json_array_get(details, 0));
	if (!is_granted)
		return err_set(err, EACCES, "the grant is not for this call (authorization_details)");
	*ret_id_token = strdup(id_token);
	return *ret_id_token ? 0 : err_errno(err, ENOMEM, "ID token");
}

static bool is_audience(const json_t *claims, const char *client)
{
	const json_t *aud = json_object_get(claims, "aud");
	const char *azp = json_string_value(json_object_get(claims, "azp"));

	if (azp && strcmp(azp, client) != 0)
		return false;
	if (json_is_string(aud))
		return !strcmp(json_string_value(aud), client);
	/* OpenID Connect Core 1.0, section 3.1.3.7: several need azp. */
	return answer_has(claims, "aud", client) && (json_array_size(aud) == 1 || azp);
}

/* Is the word one of a list of words with spaces between them? */
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

int ciba_check_claims(const json_t *claims, const struct remote_config *c, const char *acr_values,
		      time_t now, struct err *err)
{
	const char *iss = json_string_value(json_object_get(claims, "iss"));
	const char *sub = json_string_value(json_object_get(claims, "sub"));
	const char *acr = json_string_value(json_object_get(claims, "acr"));
	const json_t *exp = json_object_get(claims, "exp"), *iat = json_object_get(claims, "iat");

	if (!iss || strcmp(iss, c->client.issuer) != 0)
		return err_set(err, EACCES, "the ID token is of another issuer");
	if (!is_audience(claims, c->client.client_id))
		return err_set(err, EACCES, "the ID token is for another client");
	if (!json_is_integer(exp) || json_integer_value(exp) <= (json_int_t)now - SKEW ||
	    !json_is_integer(iat) || json_integer_value(iat) > (json_int_t)now + SKEW)
		return err_set(err, EACCES, "the ID token is expired, or of the future");
	if (!sub || strcmp(sub, c->approver) != 0)
		return err_set(err, EACCES, "somebody else than the configured approver agreed");
	if (*acr_values && (!acr || !is_listed(acr_values, acr)))
		return err_set(err, EACCES, "the approver was not authenticated as the policy asks "
					    "(acr)");
	return 0;
}
