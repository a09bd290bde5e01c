/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/err.h"
#include "shims/remote/client.h"
#include "shims/remote/exchange.h"
#include "shims/remote/http.h"
#include "shims/remote/jws.h"

#define GRANT "urn:ietf:params:oauth:grant-type:token-exchange"
#define ACCESS_TOKEN "urn:ietf:params:oauth:token-type:access_token"
/* Shorter than this a token cannot be recognised when it comes back in a message. */
#define SHORT 16

int exchange_read_metadata(const struct http_reply *reply, const struct remote_token *t,
			   struct exchange_metadata *ret, struct err *err)
{
	bool is_mtls = t->client.auth == REMOTE_AUTH_TLS || t->client.auth == REMOTE_AUTH_SPIFFE_X509;
	json_auto_t *m = answer_object(reply, 200);
	const char *issuer = json_string_value(json_object_get(m, "issuer"));

	if (reply->failure)
		return err_set(err, EPROTO, "%s: %s", t->client.issuer, reply->failure);
	if (!m)
		return err_set(err, EPROTO, "%s: no metadata, status %ld", t->client.issuer,
			       reply->status);
	if (!issuer || strcmp(issuer, t->client.issuer) != 0)
		return err_set(err, EPROTO, "%s: its metadata names another issuer", t->client.issuer);
	if (!answer_endpoint(m, "token_endpoint", is_mtls, ret->token))
		return err_set(err, EPROTO, "%s: its metadata has no token endpoint with https",
			       t->client.issuer);
	if (!answer_endpoint(m, "jwks_uri", false, ret->jwks))
		ret->jwks[0] = '\0';
	return 0;
}

char *exchange_form(const struct remote_token *t, const char *subject, const char *actor,
		    const char *auth)
{
	char *form = strdup(auth);

	client_add(&form, "grant_type", GRANT);
	client_add(&form, "subject_token", subject);
	client_add(&form, "subject_token_type", ACCESS_TOKEN);
	if (actor) {
		client_add(&form, "actor_token", actor);
		client_add(&form, "actor_token_type", ACCESS_TOKEN);
	}
	client_add(&form, "requested_token_type", ACCESS_TOKEN);
	client_add(&form, "scope", t->scope);
	if (t->audience[0])
		client_add(&form, "audience", t->audience);
	if (t->resource[0])
		client_add(&form, "resource", t->resource);
	return form;
}

/* Is each word of one list in the other? */
static bool is_within(const char *words, const char *list)
{
	for (const char *p = words; *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");
		const char *q = list;
		bool is_in = !len;

		while (*q && !is_in) {
			size_t n = strcspn(q, " ");

			is_in = n == len && !strncmp(p, q, n);
			q += n + strspn(q + n, " ");
		}
		if (!is_in)
			return false;
		p += len;
	}
	return true;
}

static bool is_target(const struct remote_token *t, const json_t *one)
{
	const char *text = json_string_value(one);

	return text && ((t->audience[0] && !strcmp(text, t->audience)) ||
			(t->resource[0] && !strcmp(text, t->resource)));
}

/* One audience, or a list of which all are what was asked for. */
static bool is_for_target(const struct remote_token *t, const json_t *aud)
{
	json_t *one;
	size_t i;

	if (!json_is_array(aud))
		return is_target(t, aud);
	json_array_foreach(aud, i, one)
		if (!is_target(t, one))
			return false;
	return json_array_size(aud) > 0;
}

/* What a token that is a JWT says of itself must not be wider than the answer says. */
static int check_claims(const json_t *claims, const struct remote_token *t, struct err *err)
{
	const json_t *scope = json_object_get(claims, "scope");

	if (!is_for_target(t, json_object_get(claims, "aud")))
		return err_set(err, EACCES, "the token is for others than what was asked for (aud)");
	if (scope && (!json_is_string(scope) || !is_within(json_string_value(scope), t->scope)))
		return err_set(err, EACCES, "the token can do more than was asked for (scope)");
	return 0;
}

static int64_t lifetime(const json_t *grant, const json_t *claims, time_t now)
{
	const json_t *in = json_object_get(grant, "expires_in"), *exp = json_object_get(claims, "exp");
	int64_t left = json_is_integer(in) ? json_integer_value(in) : 0;

	/* The later of the two would be how long it is really good for. */
	if (json_is_integer(exp) && json_integer_value(exp) - (int64_t)now > left)
		left = json_integer_value(exp) - (int64_t)now;
	return left;
}

int exchange_read(const struct http_reply *reply, const struct remote_token *t,
		  const char *subject, time_t now, struct exchange_grant *ret, struct err *err)
{
	json_auto_t *grant = answer_object(reply, 200), *claims = NULL;
	const char *type = json_string_value(json_object_get(grant, "token_type"));
	const char *issued = json_string_value(json_object_get(grant, "issued_token_type"));
	const json_t *scope = json_object_get(grant, "scope");
	char code[64];

	if (reply->failure)
		return err_set(err, EPROTO, "the authorization server: %s", reply->failure);
	if (!grant) {
		json_auto_t *error = answer_object(reply, reply->status);

		return err_set(err, EPROTO, "the authorization server refused the exchange: %s (%ld)",
			       answer_error(error, code, sizeof(code)), reply->status);
	}
	if (!answer_text(grant, "access_token", ret->token, sizeof(ret->token)) ||
	    strlen(ret->token) < SHORT || !type || strcasecmp(type, "Bearer") != 0)
		return err_set(err, EPROTO, "the answer to the exchange has no bearer token that can be used");
	if (!issued || strcmp(issued, ACCESS_TOKEN) != 0)
		return err_set(err, EACCES, "the token is of another type than was asked for");
	if (!strcmp(ret->token, subject))
		return err_set(err, EACCES, "the answer is the user's own token");
	if (scope && (!json_is_string(scope) || !is_within(json_string_value(scope), t->scope)))
		return err_set(err, EACCES, "more scope was granted than asked for");
	if (jws_read(ret->token, &claims, NULL) == 0 && check_claims(claims, t, err) < 0)
		return -EACCES;
	ret->expires_in = lifetime(grant, claims, now);
	if (ret->expires_in < 1)
		return err_set(err, EACCES, "the token does not say when it expires");
	if (ret->expires_in > t->lifetime)
		return err_set(err, EACCES, "the token is good for %lld s, more than delegation.lifetime (%u s)",
			       (long long)ret->expires_in, t->lifetime);
	return 0;
}

int exchange_check_act(const json_t *claims, const struct remote_token *t, struct err *err)
{
	const char *sub = json_string_value(json_object_get(json_object_get(claims, "act"), "sub"));
	const char *iss = json_string_value(json_object_get(claims, "iss"));

	if (!iss || strcmp(iss, t->client.issuer) != 0)
		return err_set(err, EACCES, "the token is of another issuer");
	if (!sub)
		return err_set(err, EACCES, "the token does not say who acts (act): it impersonates the user");
	return strcmp(sub, t->actor) ? err_set(err, EACCES, "the token says that another acts (act)") : 0;
}
