/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "shims/remote/client.h"
#include "shims/remote/http.h"
#include "shims/remote/jws.h"
#include "shims/remote/workload.h"

#define ASSERTION "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#define SPIFFE_ASSERTION "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe"
/* Seconds: the agent is on this machine. */
#define SVID_TIMEOUT 10

void client_proof_done(struct client_proof *p)
{
	char *all[] = { p->form, p->header, p->identity };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (all[i])
			explicit_bzero(all[i], strlen(all[i]));
		free(all[i]);
	}
	*p = (struct client_proof){0};
}

/* --- forms -------------------------------------------------------------------------------- */

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

void client_add(char **form, const char *name, const char *value)
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

int client_random(char ret[static 33], struct err *err)
{
	unsigned char raw[16];

	if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
		return err_errno(err, errno, "getrandom");
	for (size_t i = 0; i < sizeof(raw); i++)
		snprintf(ret + 2 * i, 3, "%02x", raw[i]);
	return 0;
}

/* --- proofs ------------------------------------------------------------------------------- */

static int assert_identity(const struct remote_client *c, time_t now, char **form,
			   struct err *err)
{
	cleanup_free char *token = NULL;
	json_auto_t *claims = NULL;
	char jti[33];
	int r = client_random(jti, err);

	if (r < 0)
		return r;
	/* The issuer is the sole audience (draft-ietf-oauth-rfc7523bis). */
	claims = json_pack("{s:s,s:s,s:s,s:s,s:I,s:I}", "iss", c->client_id, "sub", c->client_id,
			   "aud", c->issuer, "jti", jti, "iat", (json_int_t)now, "exp",
			   (json_int_t)now + 60);
	r = claims ? jws_sign(c->credential, c->algorithm, NULL, c->key_id[0] ? c->key_id : NULL,
			      claims, &token, err) :
		     err_errno(err, ENOMEM, "client assertion");
	if (r < 0)
		return r;
	client_add(form, "client_id", c->client_id);
	client_add(form, "client_assertion_type", ASSERTION);
	client_add(form, "client_assertion", token);
	return 0;
}

/* RFC 6749, section 2.3.1: both are form-encoded before they become base64. */
static char *basic(const struct remote_client *c)
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

bool client_needs_svid(const struct remote_client *c)
{
	return c->auth == REMOTE_AUTH_SPIFFE_JWT || c->auth == REMOTE_AUTH_SPIFFE_X509;
}

int client_prove(const struct remote_client *c, const char *svid, time_t now,
		 struct client_proof *ret, struct err *err)
{
	struct client_proof p = { .form = strdup("") };
	int r = client_needs_svid(c) && !svid ? -EINVAL : 0;

	switch (r == 0 ? (enum remote_auth)c->auth : REMOTE_AUTH_NONE) {
	case REMOTE_AUTH_POST:
		client_add(&p.form, "client_id", c->client_id);
		client_add(&p.form, "client_secret", c->credential);
		break;
	case REMOTE_AUTH_BASIC:
		p.header = basic(c);
		r = p.header ? 0 : -ENOMEM;
		break;
	case REMOTE_AUTH_JWT:
		r = assert_identity(c, now, &p.form, err);
		break;
	case REMOTE_AUTH_SPIFFE_JWT:
		/* The assertion alone names the client. */
		client_add(&p.form, "client_assertion_type", SPIFFE_ASSERTION);
		client_add(&p.form, "client_assertion", svid);
		break;
	case REMOTE_AUTH_TLS:
	case REMOTE_AUTH_SPIFFE_X509:
		client_add(&p.form, "client_id", c->client_id); /* RFC 8705, section 2 */
		p.identity = strdup(c->auth == REMOTE_AUTH_TLS ? c->credential : svid);
		r = p.identity ? 0 : -ENOMEM;
		break;
	case REMOTE_AUTH_NONE:
	default:
		r = -EINVAL;
	}
	if (r == 0 && !p.form)
		r = -ENOMEM;
	if (r < 0) {
		client_proof_done(&p);
		return err && err->code ? err_wrap(err, "client authentication") :
					  err_set(err, -r, "client authentication");
	}
	*ret = p;
	return 0;
}

/* --- SVIDs -------------------------------------------------------------------------------- */

/* The SPIFFE ID that we want to be; NULL: whichever the agent says that we are. */
static const char *id_of(const struct remote_client *c)
{
	return !strncmp(c->client_id, "spiffe://", 9) ? c->client_id : NULL;
}

struct http_call *client_ask_svid(const struct remote_client *c, struct http *http,
				  void (*done)(void *, const struct http_reply *),
				  void *context)
{
	bool is_jwt = c->auth == REMOTE_AUTH_SPIFFE_JWT;
	uint8_t message[WORKLOAD_REQUEST];
	long len = is_jwt ? workload_ask_jwt(c->issuer, id_of(c), message) : 0;
	const struct http_request request = {
		.url = is_jwt ? "http://localhost" WORKLOAD_JWT_PATH : "http://localhost" WORKLOAD_X509_PATH,
		.socket = c->spiffe_socket, .grpc = is_jwt ? HTTP_GRPC_ONE : HTTP_GRPC_FIRST,
		.body = (const char *)message, .body_len = len < 0 ? 0 : (size_t)len,
		.timeout = SVID_TIMEOUT,
	};

	return len < 0 ? NULL : http_start(http, &request, done, context);
}

int client_read_svid(const struct remote_client *c, const struct http_reply *reply, char **ret,
		     struct err *err)
{
	cleanup_free char *text = malloc(REMOTE_CREDENTIAL);
	const uint8_t *data = (const uint8_t *)reply->body;
	int r;

	if (!text)
		return err_errno(err, ENOMEM, "SVID");
	if (reply->failure)
		return err_set(err, EPROTO, "the Workload API at %s: %s", c->spiffe_socket,
			       reply->failure);
	if (c->auth == REMOTE_AUTH_SPIFFE_JWT)
		r = workload_read_jwt(data, reply->len, id_of(c), text, REMOTE_CREDENTIAL, err);
	else
		r = workload_read_x509(data, reply->len, id_of(c), text, REMOTE_CREDENTIAL, err);
	if (r == 0)
		*ret = take_ptr(&text);
	return r;
}
