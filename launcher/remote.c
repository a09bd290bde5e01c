/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/remote.h"
#include "launcher/remote.h"
#include "launcher/session.h"
#include "policies/load.h"
#include "policies/policy.h"

/* Where distributions keep the bundle of trusted authorities. */
static const char *const bundles[] = {
	"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem",
};

/* The whole file as text in to[size]. */
static int take_file(const char *path, char *to, size_t size, struct err *err)
{
	cleanup_free char *text = NULL;
	size_t len;
	int r = load_file(path, LOAD_USER, &text, &len, err);

	if (r == 0)
		return err_set(err, ENOENT, "%s: no such file; the policy names it", path);
	if (r < 0)
		return r;
	if (len >= size || strlen(text) != len)
		return err_set(err, EFBIG, "%s: too large, or not text", path);
	memcpy(to, text, len + 1);
	return 0;
}

int remote_check_secret(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) == 0 && (st.st_mode & (S_IRWXG | S_IRWXO)))
		return err_set(err, EPERM, "%s: others can read it; chmod 600 it", path);
	return 0;
}

/* A secret: nobody else may read it.  A last newline is the editor's. */
static int take_secret(const char *path, char *to, size_t size, struct err *err)
{
	int r = remote_check_secret(path, err);

	if (r < 0)
		return r;
	r = take_file(path, to, size, err);
	if (r == 0)
		to[strcspn(to, "\r\n")] = '\0';
	return r == 0 && !*to ? err_set(err, EINVAL, "%s: is empty", path) : r;
}

static int take_key(const char *path, char *to, size_t size, struct err *err)
{
	int r = remote_check_secret(path, err);

	return r < 0 ? r : take_file(path, to, size, err);
}

static int take_ca(const char *path, char *to, struct err *err)
{
	if (path)
		return take_file(path, to, REMOTE_CA, err);
	for (size_t i = 0; i < sizeof(bundles) / sizeof(*bundles); i++) {
		struct err ignored = {0};

		/* Some are symlinks, which load_file() does not follow. */
		cleanup_free char *real = realpath(bundles[i], NULL);

		if (real && take_file(real, to, REMOTE_CA, &ignored) == 0)
			return 0;
	}
	return err_set(err, ENOENT, "no bundle of certificate authorities on this system; install "
				    "ca-certificates, or name one with ca_file");
}

static void take(char *to, size_t size, const char *text)
{
	snprintf(to, size, "%s", text ? text : "");
}

int remote_take_client(const struct policy_client *p, struct remote_client *c,
		       struct err *err)
{
	static const uint32_t auth[] = {
		[POLICY_AUTH_UNSET] = REMOTE_AUTH_NONE,
		[POLICY_AUTH_SECRET_POST] = REMOTE_AUTH_POST,
		[POLICY_AUTH_SECRET_BASIC] = REMOTE_AUTH_BASIC,
		[POLICY_AUTH_PRIVATE_KEY_JWT] = REMOTE_AUTH_JWT,
		[POLICY_AUTH_TLS] = REMOTE_AUTH_TLS,
		[POLICY_AUTH_TLS_SELF_SIGNED] = REMOTE_AUTH_TLS,
		[POLICY_AUTH_SPIFFE_JWT] = REMOTE_AUTH_SPIFFE_JWT,
		[POLICY_AUTH_SPIFFE_X509] = REMOTE_AUTH_SPIFFE_X509,
	};
	int r = 0;

	c->auth = auth[p->auth];
	take(c->issuer, sizeof(c->issuer), p->issuer);
	take(c->client_id, sizeof(c->client_id), p->client_id);
	take(c->key_id, sizeof(c->key_id), p->key_id);
	take(c->algorithm, sizeof(c->algorithm), p->algorithm);
	take(c->spiffe_socket, sizeof(c->spiffe_socket), p->spiffe_socket);
	if (c->auth == REMOTE_AUTH_JWT || c->auth == REMOTE_AUTH_TLS)
		r = take_key(p->credential_file, c->credential, sizeof(c->credential), err);
	else if (p->credential_file)
		r = take_secret(p->credential_file, c->credential, sizeof(c->credential), err);
	return r < 0 ? r : take_ca(p->ca_file, c->ca, err);
}

static int take_ciba(const struct policy_ciba *p, struct remote_config *c, struct err *err)
{
	const char *hint_file = p->login_hint_token_file ? p->login_hint_token_file :
							   p->id_token_hint_file;
	int r;

	c->has_ciba = 1;
	c->is_strict = p->details != POLICY_DETAILS_MESSAGE;
	c->is_signed = p->request == POLICY_REQUEST_SIGNED;
	take(c->request_key_id, sizeof(c->request_key_id), p->request_key_id);
	take(c->scope, sizeof(c->scope), p->scope);
	take(c->approver, sizeof(c->approver), p->approver);
	take(c->acr_values, sizeof(c->acr_values), p->acr_values);
	take(c->details_type, sizeof(c->details_type), p->details_type);
	take(c->resource, sizeof(c->resource), p->resource);
	take(c->hint, sizeof(c->hint), p->login_hint);
	c->hint_kind = p->login_hint		  ? REMOTE_HINT_LOGIN :
		       p->login_hint_token_file ? REMOTE_HINT_LOGIN_TOKEN :
						    REMOTE_HINT_ID_TOKEN;
	r = remote_take_client(&p->client, &c->client, err);
	if (r == 0 && p->request_key_file)
		r = take_key(p->request_key_file, c->request_key, sizeof(c->request_key), err);
	if (r == 0 && hint_file)
		r = take_secret(hint_file, c->hint, sizeof(c->hint), err);
	if (r == 0 && p->user_code_file)
		r = take_secret(p->user_code_file, c->user_code, sizeof(c->user_code), err);
	return r < 0 ? err_wrap(err, "approval.ciba") : 0;
}

static int take_pdp(const struct policy_pdp *p, struct remote_config *c, struct err *err)
{
	const char *base = p->socket ? "http://pdp" : p->url, *path = p->path;
	size_t len = strlen(base);
	int r = 0;

	c->pdp = p->kind == POLICY_PDP_OPA ? REMOTE_PDP_OPA : REMOTE_PDP_AUTHZEN;
	while (len && base[len - 1] == '/')
		len--;
	while (path && *path == '/')
		path++;
	if (p->kind == POLICY_PDP_OPA)
		snprintf(c->pdp_url, sizeof(c->pdp_url), "%.*s/v1/data/%s", (int)len, base, path);
	else
		snprintf(c->pdp_url, sizeof(c->pdp_url), "%.*s/%s", (int)len, base,
			 path ? path : "access/v1/evaluation");
	take(c->pdp_socket, sizeof(c->pdp_socket), p->socket);
	take(c->principal, sizeof(c->principal), p->principal);
	take(c->agent, sizeof(c->agent), p->agent);
	take(c->model, sizeof(c->model), p->model);
	take(c->model_version, sizeof(c->model_version), p->model_version);
	take(c->agent_scope, sizeof(c->agent_scope), p->scope);
	if (p->token_file)
		r = take_secret(p->token_file, c->pdp_token, sizeof(c->pdp_token), err);
	if (r == 0 && p->url)
		r = take_ca(p->ca_file, c->pdp_ca, err);
	return r < 0 ? err_wrap(err, "pdp") : 0;
}

static int take_scim(const struct policy_revocation *p, struct remote_config *c, struct err *err)
{
	const struct policy_scim *s = &p->scim;
	const char *base = s->socket ? "http://scim" : s->url;
	size_t len = strlen(base);
	int r = 0;

	while (len && base[len - 1] == '/')
		len--;
	snprintf(c->scim_url, sizeof(c->scim_url), "%.*s/%s/%s", (int)len, base,
		 s->type == POLICY_SCIM_USERS ? "Users" : "Agents", s->id);
	take(c->scim_socket, sizeof(c->scim_socket), s->socket);
	c->scim_absent_is_live = s->absent != POLICY_ABSENT_REVOKED;
	c->scim_interval = (uint32_t)p->interval * 1000;
	c->scim_deny_after = (uint32_t)p->deny_after * 1000;
	if (s->token_file)
		r = take_secret(s->token_file, c->scim_token, sizeof(c->scim_token), err);
	if (r == 0 && s->url)
		r = take_ca(s->ca_file, c->scim_ca, err);
	return r < 0 ? err_wrap(err, "revocation.scim") : 0;
}

int remote_open_config(const struct session *s, struct err *err)
{
	const struct policy *p = &s->policy;
	struct remote_config *c = calloc(1, sizeof(*c));
	int r = 0;

	if (!c)
		return err_errno(err, ENOMEM, "broker");
	take(c->user, sizeof(c->user), s->user.name);
	if (p->approval.channel == POLICY_CHANNEL_CIBA)
		r = take_ciba(&p->approval.ciba, c, err);
	if (r == 0 && policy_wants_pdp(p))
		r = take_pdp(&p->pdp, c, err);
	if (r == 0 && policy_wants_scim(p))
		r = take_scim(&p->revocation, c, err);
	c->has_desk = policy_wants_person(p) || policy_wants_pdp(p);
	if (r == 0)
		r = fd_sealed("remote", c, sizeof(*c), err);
	explicit_bzero(c, sizeof(*c));
	free(c);
	return r;
}
