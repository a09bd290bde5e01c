/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policies/load_approval.h"
#include "policies/policy.h"

enum kind { TEXT, FILE_PATH, URL, WORD, SECONDS };

/* One member of an object: where it goes, and what it must be. */
struct row {
	const char *name;
	enum kind kind;
	void *to; /* char **, or int *, or uint64_t * */
	const char *words; /* of WORD: "a|b", from 1 */
	size_t max;
};

__attribute__((format(printf, 2, 3))) static int refuse(struct approval_fault *f,
							const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->words, sizeof(f->words), fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* Printable ASCII: what goes into requests and logs, with nothing to misread in it. */
static bool is_plain(const char *text, size_t max)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			return false;
	return len > 0 && len <= max;
}

static int take_path(const char *text, const char *home, char **to, struct approval_fault *f)
{
	bool is_home = !strncmp(text, "~/", 2);
	int n;

	if (text[0] != '/' && !is_home)
		return refuse(f, "must be an absolute path or begin with ~/");
	n = asprintf(to, "%s%s", is_home ? home : "", is_home ? text + 1 : text);
	if (n < 0)
		*to = NULL;
	return n < 0 ? -ENOMEM : 0;
}

static int take_word(const char *text, const char *words, int *to, struct approval_fault *f)
{
	int n = 1;

	for (const char *p = words; text; n++) {
		size_t len = strcspn(p, "|");

		if (strlen(text) == len && !strncmp(p, text, len)) {
			*to = n;
			return 0;
		}
		if (!p[len])
			break;
		p += len + 1;
	}
	return refuse(f, "must be one of %s", words);
}

static int take_text(const char *text, const struct row *row, struct approval_fault *f)
{
	if (!text || !is_plain(text, row->max))
		return refuse(f, "must be 1 to %zu printable ASCII characters", row->max);
	if (row->kind == URL && (strncmp(text, "https://", 8) || strpbrk(text + 8, " #\\@\"<>")))
		return refuse(f, "must be an https:// URL without user or fragment");
	*(char **)row->to = strdup(text);
	return *(char **)row->to ? 0 : -ENOMEM;
}

static int take(json_t *value, const struct row *row, const char *home,
		struct approval_fault *f)
{
	const char *text = json_string_value(value);
	json_int_t n = json_integer_value(value);

	switch (row->kind) {
	case SECONDS:
		if (!json_is_integer(value) || n < 1 || n > 3600)
			return refuse(f, "must be a number of seconds from 1 to 3600");
		*(uint64_t *)row->to = (uint64_t)n;
		return 0;
	case WORD:
		return take_word(text, row->words, row->to, f);
	case FILE_PATH:
		return text ? take_path(text, home, row->to, f) : refuse(f, "must be a path");
	case TEXT:
	case URL:
		break;
	}
	return take_text(text, row, f);
}

static int object(json_t *value, const struct row *rows, size_t n, const char *ignored,
		  const char *home, struct approval_fault *f)
{
	json_t *child;
	const char *key;

	if (!json_is_object(value))
		return refuse(f, "must be an object");
	json_object_foreach(value, key, child) {
		size_t i = 0;
		int r;

		if (ignored && !strcmp(key, ignored))
			continue;
		f->keys[f->depth++] = key;
		while (i < n && strcmp(rows[i].name, key) != 0)
			i++;
		if (i == n)
			return refuse(f, "unknown member \"%.64s\"; this version has no such thing",
				      key);
		r = take(child, &rows[i], home, f);
		if (r < 0)
			return r;
		f->depth--;
	}
	return 0;
}

/* --- ciba --------------------------------------------------------------------------------- */

/* What every object has that says who we are at an authorization server. */
#define CLIENT_ROWS 8

static void client_rows(struct policy_client *c, int *auth, struct row rows[static CLIENT_ROWS])
{
	const struct row all[CLIENT_ROWS] = {
		{ "issuer", URL, &c->issuer, NULL, 500 },
		{ "client_id", TEXT, &c->client_id, NULL, 500 },
		{ "client_auth", WORD, auth,
		  "client_secret_post|client_secret_basic|private_key_jwt|tls_client_auth|"
		  "self_signed_tls_client_auth|spiffe_jwt|spiffe_x509", 0 },
		{ "credential_file", FILE_PATH, &c->credential_file, NULL, 0 },
		{ "key_id", TEXT, &c->key_id, NULL, 100 },
		{ "algorithm", TEXT, &c->algorithm, NULL, 5 },
		{ "spiffe_socket", FILE_PATH, &c->spiffe_socket, NULL, 0 },
		{ "ca_file", FILE_PATH, &c->ca_file, NULL, 0 },
	};

	memcpy(rows, all, sizeof(all));
}

static bool is_spiffe(const struct policy_client *c)
{
	return c->auth == POLICY_AUTH_SPIFFE_JWT || c->auth == POLICY_AUTH_SPIFFE_X509;
}

static int check_client(const struct policy_client *c, struct approval_fault *f)
{
	static const char *const known[] = { "ES256", "PS256", "RS256", "EdDSA" };
	bool is_known = !c->algorithm;

	if (!c->issuer || !c->client_id || !c->auth)
		return refuse(f, "needs issuer, client_id and client_auth");
	if (is_spiffe(c) && (!c->spiffe_socket || c->credential_file))
		return refuse(f, "needs spiffe_socket, the socket of the Workload API, and no "
				 "credential_file with this client_auth");
	if (!is_spiffe(c) && (!c->credential_file || c->spiffe_socket))
		return refuse(f, "needs credential_file, and no spiffe_socket, with this client_auth");
	if (c->spiffe_socket && strlen(c->spiffe_socket) > 100)
		return refuse(f, "spiffe_socket has at most 100 characters");
	for (size_t i = 0; i < sizeof(known) / sizeof(*known) && !is_known; i++)
		is_known = !strcmp(known[i], c->algorithm);
	return is_known ? 0 : refuse(f, "algorithm is one of ES256, PS256, RS256, EdDSA");
}

static int check_ciba(const struct policy_ciba *c, struct approval_fault *f)
{
	int hints = !!c->login_hint + !!c->login_hint_token_file + !!c->id_token_hint_file;
	int r = check_client(&c->client, f);

	if (r < 0)
		return r;
	/* CIBA Core 1.0, section 7.1: one and only one. */
	if (hints != 1)
		return refuse(f, "needs exactly one of login_hint, login_hint_token_file and "
				 "id_token_hint_file");
	if (!c->approver)
		return refuse(f, "needs approver: the \"sub\" that the server says for the person "
				 "who may approve");
	if (c->request == POLICY_REQUEST_SIGNED && !c->request_key_file &&
	    c->client.auth != POLICY_AUTH_PRIVATE_KEY_JWT)
		return refuse(f, "a signed request needs request_key_file, unless client_auth is "
				 "private_key_jwt");
	return 0;
}

static int load_ciba(json_t *value, const char *home, struct policy_ciba *c,
		     struct approval_fault *f)
{
	int auth = 0, details = 0, request = 0, r;
	struct row rows[] = {
		[CLIENT_ROWS] = { "scope", TEXT, &c->scope, NULL, 200 },
		{ "login_hint", TEXT, &c->login_hint, NULL, 2000 },
		{ "login_hint_token_file", FILE_PATH, &c->login_hint_token_file, NULL, 0 },
		{ "id_token_hint_file", FILE_PATH, &c->id_token_hint_file, NULL, 0 },
		{ "approver", TEXT, &c->approver, NULL, 500 },
		{ "acr_values", TEXT, &c->acr_values, NULL, 200 },
		{ "user_code_file", FILE_PATH, &c->user_code_file, NULL, 0 },
		{ "details", WORD, &details, "strict|message", 0 },
		{ "details_type", TEXT, &c->details_type, NULL, 100 },
		{ "resource", TEXT, &c->resource, NULL, 400 },
		{ "request", WORD, &request, "form|signed", 0 },
		{ "request_key_file", FILE_PATH, &c->request_key_file, NULL, 0 },
		{ "request_key_id", TEXT, &c->request_key_id, NULL, 100 },
	};

	client_rows(&c->client, &auth, rows);
	f->keys[f->depth++] = "ciba";
	c->is_set = true;
	r = object(value, rows, sizeof(rows) / sizeof(*rows), NULL, home, f);
	c->client.auth = (enum policy_client_auth)auth;
	c->details = details ? (enum policy_details)details : POLICY_DETAILS_STRICT;
	c->request = request ? (enum policy_request)request : POLICY_REQUEST_FORM;
	if (r == 0)
		r = check_ciba(c, f);
	if (r == 0)
		f->depth--;
	return r;
}

int load_approval(json_t *value, const char *home, struct policy_approval *ret,
		  struct approval_fault *fault)
{
	json_t *ciba = json_object_get(value, "ciba");
	int channel = 0, r;
	const struct row rows[] = {
		{ "channel", WORD, &channel, "local|elicitation|ciba", 0 },
		{ "timeout", SECONDS, &ret->timeout, NULL, 0 },
		{ "patience", SECONDS, &ret->patience, NULL, 0 },
	};

	r = object(value, rows, sizeof(rows) / sizeof(*rows), "ciba", home, fault);
	ret->channel = (enum policy_channel)channel;
	if (r == 0 && ciba)
		r = load_ciba(ciba, home, &ret->ciba, fault);
	if (r == 0 && (ret->channel == POLICY_CHANNEL_CIBA) != !!ciba)
		r = refuse(fault, "\"channel\": \"ciba\" and the object \"ciba\" go together");
	return r;
}

/* --- delegation --------------------------------------------------------------------------- */

static bool is_variable(const char *name)
{
	size_t len = strlen(name);

	return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == len &&
	       (name[0] < '0' || name[0] > '9') && strncmp(name, "LD_", 3) != 0;
}

static int check_delegation(const struct policy_delegation *d, struct approval_fault *f)
{
	const char *name = d->environment ? d->environment : d->file;
	int r = check_client(&d->client, f);

	if (r < 0)
		return r;
	if (!d->subject_token_file)
		return refuse(f, "needs subject_token_file: the token that is exchanged, which the "
				 "server never sees");
	/* Who names no target gets what the authorization server thinks fit. */
	if ((!d->audience && !d->resource) || !d->scope)
		return refuse(f, "needs scope, and audience or resource: what the token is for, and no "
				 "more");
	if (!!d->actor == d->may_impersonate)
		return refuse(f, "needs one of actor, the \"sub\" that the token must say acts, and "
				 "\"impersonation\": \"allow\"");
	if (!d->environment == !d->file || !is_variable(name))
		return refuse(f, "needs one of environment and file: the name of the variable that gets "
				 "the token, or the path of a file with it");
	return 0;
}

int load_delegation(json_t *value, const char *home, struct policy_delegation *d,
		    struct approval_fault *f)
{
	int auth = 0, impersonation = 0, r;
	struct row rows[] = {
		[CLIENT_ROWS] = { "subject_token_file", FILE_PATH, &d->subject_token_file, NULL, 0 },
		{ "actor_token_file", FILE_PATH, &d->actor_token_file, NULL, 0 },
		{ "audience", TEXT, &d->audience, NULL, 500 },
		{ "resource", URL, &d->resource, NULL, 500 },
		{ "scope", TEXT, &d->scope, NULL, 500 },
		{ "actor", TEXT, &d->actor, NULL, 500 },
		{ "impersonation", WORD, &impersonation, "allow", 0 },
		{ "environment", TEXT, &d->environment, NULL, 100 },
		{ "file", TEXT, &d->file, NULL, 100 },
		{ "lifetime", SECONDS, &d->lifetime, NULL, 0 },
	};

	client_rows(&d->client, &auth, rows);
	d->is_set = true;
	r = object(value, rows, sizeof(rows) / sizeof(*rows), NULL, home, f);
	d->client.auth = (enum policy_client_auth)auth;
	d->may_impersonate = impersonation == 1;
	if (!d->lifetime)
		d->lifetime = 3600;
	return r < 0 ? r : check_delegation(d, f);
}

/* --- pdp ---------------------------------------------------------------------------------- */

int load_pdp(json_t *value, const char *home, struct policy_pdp *ret,
	     struct approval_fault *fault)
{
	int kind = 0, r;
	const struct row rows[] = {
		{ "type", WORD, &kind, "opa|authzen", 0 },
		{ "url", URL, &ret->url, NULL, 500 },
		{ "socket", FILE_PATH, &ret->socket, NULL, 0 },
		{ "path", TEXT, &ret->path, NULL, 300 },
		{ "token_file", FILE_PATH, &ret->token_file, NULL, 0 },
		{ "principal", TEXT, &ret->principal, NULL, 250 },
		{ "agent", TEXT, &ret->agent, NULL, 500 },
		{ "model", TEXT, &ret->model, NULL, 120 },
		{ "model_version", TEXT, &ret->model_version, NULL, 120 },
		{ "scope", TEXT, &ret->scope, NULL, 500 },
		{ "ca_file", FILE_PATH, &ret->ca_file, NULL, 0 },
	};

	r = object(value, rows, sizeof(rows) / sizeof(*rows), NULL, home, fault);
	ret->kind = (enum policy_pdp_kind)kind;
	if (r == 0 && (!kind || !!ret->url == !!ret->socket))
		r = refuse(fault, "needs \"type\" and one of \"url\" and \"socket\"");
	if (r == 0 && ret->socket && (strlen(ret->socket) > 100 || ret->ca_file))
		r = refuse(fault, "a \"socket\" has at most 100 characters and no \"ca_file\"");
	if (r == 0 && kind == POLICY_PDP_OPA && !ret->path)
		r = refuse(fault, "\"opa\" needs \"path\": the document to ask for, like "
				  "\"mcp/allow\"");
	if (r == 0 && ret->path &&
	    strspn(ret->path, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_/-.") !=
		    strlen(ret->path))
		r = refuse(fault, "\"path\" may hold letters, digits and _ / - .");
	return r;
}
