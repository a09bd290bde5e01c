/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "common/call.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "shims/remote/ciba.h"
#include "shims/remote/http.h"
#include "shims/remote/jws.h"

#define GRANT "urn:openid:params:grant-type:ciba"
#define ASSERTION "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
/* Clocks of two machines; what an ID token may be off by. */
#define SKEW 60

/* --- JSON ---------------------------------------------------------------------------------- */

/* The object in a reply that has the status; NULL. */
static json_t *object_of(const struct http_reply *reply, long status)
{
	json_t *value;

	if (reply->failure || reply->status != status || !reply->is_json)
		return NULL;
	value = json_loadb(reply->body, reply->len, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(value))
		return value;
	json_decref(value);
	return NULL;
}

/* A string member in ret[size], printable ASCII.  Return: is it one that fits? */
static bool take_text(const json_t *object, const char *name, char *ret, size_t size)
{
	const char *text = json_string_value(json_object_get(object, name));

	if (!text || !*text || strlen(text) >= size)
		return false;
	for (const char *p = text; *p; p++)
		if (*p < 0x21 || *p > 0x7e)
			return false;
	memcpy(ret, text, strlen(text) + 1);
	return true;
}

static bool has_word(const json_t *object, const char *name, const char *word)
{
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(object, name), i, one)
		if (json_is_string(one) && !strcmp(json_string_value(one), word))
			return true;
	return false;
}

/* --- metadata ------------------------------------------------------------------------------ */

int ciba_metadata_url(const char *issuer, int which, char *ret)
{
	const char *path = strchr(issuer + 8, '/');
	size_t host = path ? (size_t)(path - issuer) : strlen(issuer);
	size_t len = strlen(issuer);
	int n;

	if (len && issuer[len - 1] == '/')
		len--;
	if (which == 0)
		n = snprintf(ret, CIBA_URL, "%.*s/.well-known/openid-configuration", (int)len,
			     issuer);
	else
		n = snprintf(ret, CIBA_URL, "%.*s/.well-known/oauth-authorization-server%.*s",
			     (int)host, issuer, len > host ? (int)(len - host) : 0, issuer + host);
	return n < CIBA_URL ? 0 : -ENAMETOOLONG;
}

static bool take_endpoint(const json_t *metadata, const char *name, bool is_mtls, char *ret)
{
	const json_t *aliases = json_object_get(metadata, "mtls_endpoint_aliases");

	if (is_mtls && take_text(aliases, name, ret, CIBA_URL))
		return !strncmp(ret, "https://", 8);
	return take_text(metadata, name, ret, CIBA_URL) && !strncmp(ret, "https://", 8);
}

int ciba_read_metadata(const struct http_reply *reply, const struct remote_config *c,
		       struct ciba_metadata *ret, struct err *err)
{
	json_auto_t *m = object_of(reply, 200);
	bool is_mtls = c->auth == REMOTE_AUTH_TLS;
	const char *issuer = json_string_value(json_object_get(m, "issuer"));

	if (reply->failure)
		return err_set(err, EPROTO, "%s: %s", c->issuer, reply->failure);
	if (!m)
		return err_set(err, EPROTO, "%s: no metadata, status %ld", c->issuer, reply->status);
	if (!issuer || strcmp(issuer, c->issuer) != 0)
		return err_set(err, EPROTO, "%s: its metadata names another issuer", c->issuer);
	if (!take_endpoint(m, "token_endpoint", is_mtls, ret->token) ||
	    !take_endpoint(m, "backchannel_authentication_endpoint", is_mtls, ret->backchannel) ||
	    !take_endpoint(m, "jwks_uri", false, ret->jwks))
		return err_set(err, EPROTO, "%s: its metadata lacks an endpoint for CIBA, or one is "
					    "not https", c->issuer);
	if (!has_word(m, "backchannel_token_delivery_modes_supported", "poll") ||
	    !has_word(m, "grant_types_supported", GRANT))
		return err_set(err, EPROTO, "%s: does not offer CIBA in poll mode", c->issuer);
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

/* application/x-www-form-urlencoded: all but the unreserved as %XX. */
static char *percent(const char *text)
{
	char *out = malloc(3 * strlen(text) + 1), *p = out;

	for (; out && *text; text++) {
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~", *text))
			*p++ = *text;
		else
			p += sprintf(p, "%%%02X", (unsigned int)(unsigned char)*text);
	}
	if (out)
		*p = '\0';
	return out;
}

/* Append "&name=value" to *form (NULL: no memory, for good). */
static void add(char **form, const char *name, const char *value)
{
	cleanup_free char *escaped = *form ? percent(value) : NULL;
	char *grown;

	if (!*form)
		return;
	if (!escaped || asprintf(&grown, "%s%s%s=%s", *form, **form ? "&" : "", name, escaped) < 0)
		grown = NULL;
	free(*form);
	*form = grown;
}

static int assert_identity(const struct remote_config *c, time_t now, char **form,
			   struct err *err)
{
	cleanup_free char *token = NULL;
	json_auto_t *claims = NULL;
	unsigned char raw[16];
	char jti[33];
	int r;

	if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
		return err_errno(err, errno, "getrandom");
	for (size_t i = 0; i < sizeof(raw); i++)
		snprintf(jti + 2 * i, 3, "%02x", raw[i]);
	/* The issuer is the sole audience (draft-ietf-oauth-rfc7523bis). */
	claims = json_pack("{s:s,s:s,s:s,s:s,s:I,s:I}", "iss", c->client_id, "sub", c->client_id,
			   "aud", c->issuer, "jti", jti, "iat", (json_int_t)now, "exp",
			   (json_int_t)now + 60);
	r = claims ? jws_sign(c->credential, NULL, c->key_id[0] ? c->key_id : NULL, claims, &token,
			      err) :
		     err_errno(err, ENOMEM, "client assertion");
	if (r < 0)
		return r;
	add(form, "client_id", c->client_id);
	add(form, "client_assertion_type", ASSERTION);
	add(form, "client_assertion", token);
	return 0;
}

/* RFC 6749, section 2.3.1: both are form-encoded before they become base64. */
static char *basic(const struct remote_config *c)
{
	cleanup_free char *id = percent(c->client_id), *secret = percent(c->credential);
	cleanup_free char *pair = NULL;
	char *out;
	size_t len;

	if (!id || !secret || asprintf(&pair, "%s:%s", id, secret) < 0)
		return NULL;
	len = strlen(pair);
	out = malloc(6 + 4 * ((len + 2) / 3) + 1);
	if (out) {
		memcpy(out, "Basic ", 6);
		EVP_EncodeBlock((unsigned char *)out + 6, (unsigned char *)pair, (int)len);
	}
	return out;
}

int ciba_authenticate(const struct remote_config *c, time_t now, char **ret_form,
		      char **ret_header, struct err *err)
{
	char *form = strdup("");
	int r = 0;

	*ret_header = NULL;
	switch ((enum remote_auth)c->auth) {
	case REMOTE_AUTH_POST:
		add(&form, "client_id", c->client_id);
		add(&form, "client_secret", c->credential);
		break;
	case REMOTE_AUTH_BASIC:
		*ret_header = basic(c);
		if (!*ret_header)
			r = -ENOMEM;
		break;
	case REMOTE_AUTH_JWT:
		r = assert_identity(c, now, &form, err);
		break;
	case REMOTE_AUTH_TLS:
		add(&form, "client_id", c->client_id); /* RFC 8705, section 2 */
		break;
	case REMOTE_AUTH_NONE:
	default:
		r = -EINVAL;
	}
	if (r == 0 && !form)
		r = -ENOMEM;
	if (r < 0) {
		free(form);
		return err_set(err, -r, "client authentication");
	}
	*ret_form = form;
	return 0;
}

char *ciba_request_form(const struct remote_config *c, const struct ciba_metadata *m,
			const char *binding_message, const char *details, unsigned int expiry,
			const char *auth)
{
	static const char *const hints[] = { "", "login_hint", "login_hint_token", "id_token_hint" };
	char *form = strdup(auth), text[16];

	add(&form, "scope", c->scope[0] ? c->scope : "openid");
	add(&form, hints[c->hint_kind & 3], c->hint);
	add(&form, "binding_message", binding_message);
	snprintf(text, sizeof(text), "%u", expiry);
	add(&form, "requested_expiry", text);
	if (c->acr_values[0])
		add(&form, "acr_values", c->acr_values);
	/* Sent to who does not take it, it is an error (CIBA Core 1.0, section 7.1). */
	if (c->user_code[0] && m->takes_user_code)
		add(&form, "user_code", c->user_code);
	if (c->resource[0])
		add(&form, "resource", c->resource); /* RFC 8707 */
	if (details)
		add(&form, "authorization_details", details);
	return form;
}

char *ciba_poll_form(const char *auth_req_id, const char *auth)
{
	char *form = strdup(auth);

	add(&form, "grant_type", GRANT);
	add(&form, "auth_req_id", auth_req_id);
	return form;
}

/* --- answers -------------------------------------------------------------------------------- */

/* The error code of a reply for a message: ours to print. */
static const char *error_of(const json_t *object, char *ret, size_t size)
{
	if (!take_text(object, "error", ret, size))
		snprintf(ret, size, "no error code");
	return ret;
}

int ciba_read_ack(const struct http_reply *reply, struct ciba_ack *ret, struct err *err)
{
	json_auto_t *ack = object_of(reply, 200);
	const json_t *interval = json_object_get(ack, "interval");
	const json_t *expires = json_object_get(ack, "expires_in");
	char code[64];

	if (reply->failure)
		return err_set(err, EPROTO, "the authorization server: %s", reply->failure);
	if (!ack) {
		json_auto_t *error = object_of(reply, reply->status);

		return err_set(err, EPROTO, "the authorization server refused the request: %s (%ld)",
			       error_of(error, code, sizeof(code)), reply->status);
	}
	if (!take_text(ack, "auth_req_id", ret->auth_req_id, sizeof(ret->auth_req_id)) ||
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
	error = object_of(reply, reply->status);
	error_of(error, code, sizeof(code));
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
	json_auto_t *grant = object_of(reply, 200);
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
	return has_word(claims, "aud", client) && (json_array_size(aud) == 1 || azp);
}

int ciba_check_claims(const json_t *claims, const struct remote_config *c, time_t now,
		      struct err *err)
{
	const char *iss = json_string_value(json_object_get(claims, "iss"));
	const char *sub = json_string_value(json_object_get(claims, "sub"));
	const char *acr = json_string_value(json_object_get(claims, "acr"));
	const json_t *exp = json_object_get(claims, "exp"), *iat = json_object_get(claims, "iat");

	if (!iss || strcmp(iss, c->issuer) != 0)
		return err_set(err, EACCES, "the ID token is of another issuer");
	if (!is_audience(claims, c->client_id))
		return err_set(err, EACCES, "the ID token is for another client");
	if (!json_is_integer(exp) || json_integer_value(exp) <= (json_int_t)now - SKEW ||
	    !json_is_integer(iat) || json_integer_value(iat) > (json_int_t)now + SKEW)
		return err_set(err, EACCES, "the ID token is expired, or of the future");
	if (!sub || strcmp(sub, c->approver) != 0)
		return err_set(err, EACCES, "somebody else than the configured approver agreed");
	if (c->acr_values[0] && acr) {
		/* A space-separated list: one of them. */
		for (const char *p = c->acr_values; *p; p += strspn(p, " ")) {
			size_t len = strcspn(p, " ");

			if (strlen(acr) == len && !strncmp(p, acr, len))
				return 0;
			p += len;
		}
	}
	return c->acr_values[0] ? err_set(err, EACCES, "the approver was not authenticated as the "
						       "policy asks (acr)") :
				  0;
}
