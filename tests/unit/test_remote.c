/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "common/err.h"
#include "shims/remote/ciba.h"
#include "shims/remote/client.h"
#include "shims/remote/exchange.h"
#include "shims/remote/http.h"
#include "shims/remote/jws.h"
#include "shims/remote/pdp.h"
#include "shims/remote/workload.h"

static struct remote_config *config;

static int set_up(void **state)
{
	(void)state;
	config = calloc(1, sizeof(*config));
	if (!config)
		return -1;
	config->has_ciba = config->is_strict = 1;
	config->client.auth = REMOTE_AUTH_POST;
	config->hint_kind = REMOTE_HINT_LOGIN;
	strcpy(config->client.issuer, "https://as.example/t");
	strcpy(config->client.client_id, "c");
	strcpy(config->client.credential, "s");
	strcpy(config->hint, "alice");
	strcpy(config->approver, "alice");
	strcpy(config->user, "me");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(config);
	return 0;
}

static struct http_reply reply(long status, const char *body)
{
	return (struct http_reply){ .status = status, .is_json = true, .body = body, .len = strlen(body) };
}

#define META(issuer, token, modes, grants)                                                           \
	"{\"issuer\":\"" issuer "\",\"token_endpoint\":\"" token "\",\"jwks_uri\":\"https://a/k\","  \
	"\"backchannel_authentication_endpoint\":\"https://a/b\","                                   \
	"\"backchannel_token_delivery_modes_supported\":[" modes "],\"grant_types_supported\":[" grants "]}"
#define G "\"urn:openid:params:grant-type:ciba\""

static void metadata_is_the_issuers_own_over_https_and_offers_poll(void **state)
{
	static const struct {
		const char *body;
		long status;
		int r;
	} rows[] = {
		{ META("https://as.example/t", "https://a/t", "\"ping\",\"poll\"", G), 200, 0 },
		{ META("https://as.example/t", "https://a/t", "\"ping\",\"poll\"", G), 201, -EPROTO },
		{ META("https://as.example/", "https://a/t", "\"poll\"", G), 200, -EPROTO },
		{ META("https://as.example/t/", "https://a/t", "\"poll\"", G), 200, -EPROTO },
		{ META("https://as.example/t", "http://a/t", "\"poll\"", G), 200, -EPROTO },
		{ META("https://as.example/t", "https://a/t", "\"ping\"", G), 200, -EPROTO },
		{ META("https://as.example/t", "https://a/t", "\"poll\"", "\"x\""), 200, -EPROTO },
		{ "{}", 200, -EPROTO },
		{ "[]", 200, -EPROTO },
		{ "{\"issuer\":1}", 200, -EPROTO },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct http_reply r = reply(rows[i].status, rows[i].body);
		struct ciba_metadata m;
		struct err err = {0};

		if (ciba_read_metadata(&r, config, &m, &err) != rows[i].r)
			fail_msg("%s: %s", rows[i].body, err.text);
	}
}

static void the_two_places_of_metadata(void **state)
{
	char url[CIBA_URL];

	(void)state;
	answer_metadata_url("https://as/t", 0, url);
	assert_string_equal(url, "https://as/t/.well-known/openid-configuration");
	answer_metadata_url("https://as/t", 1, url);
	assert_string_equal(url, "https://as/.well-known/oauth-authorization-server/t");
	answer_metadata_url("https://as/", 1, url);
	assert_string_equal(url, "https://as/.well-known/oauth-authorization-server");
	answer_metadata_url("https://as", 1, url);
	assert_string_equal(url, "https://as/.well-known/oauth-authorization-server");
}

static void an_acknowledgement_has_all_that_it_must_have(void **state)
{
	static const struct {
		const char *body;
		long status;
		int r;
		int64_t interval;
	} rows[] = {
		{ "{\"auth_req_id\":\"x\",\"expires_in\":60,\"interval\":2,\"more\":1}", 200, 0, 2 },
		{ "{\"auth_req_id\":\"x\",\"expires_in\":60}", 200, 0, 5 },
		{ "{\"auth_req_id\":\"x\",\"expires_in\":60,\"interval\":0}", 200, 0, 1 },
		{ "{\"auth_req_id\":\"x\",\"expires_in\":60,\"interval\":-1}", 200, -EPROTO, 0 },
		{ "{\"auth_req_id\":\"x\",\"expires_in\":60,\"interval\":\"2\"}", 200, -EPROTO, 0 },
		{ "{\"auth_req_id\":\"x\"}", 200, -EPROTO, 0 },
		{ "{\"auth_req_id\":\"x\",\"expires_in\":0}", 200, -EPROTO, 0 },
		{ "{\"auth_req_id\":\"\",\"expires_in\":60}", 200, -EPROTO, 0 },
		{ "{\"auth_req_id\":\"a b\",\"expires_in\":60}", 200, -EPROTO, 0 },
		{ "{\"auth_req_id\":7,\"expires_in\":60}", 200, -EPROTO, 0 },
		{ "{\"auth_req_id\":\"x\",\"auth_req_id\":\"y\",\"expires_in\":60}", 200, -EPROTO, 0 },
		{ "{\"error\":\"unknown_user_id\"}", 400, -EPROTO, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct http_reply r = reply(rows[i].status, rows[i].body);
		struct ciba_ack ack = {0};
		struct err err = {0};

		if (ciba_read_ack(&r, &ack, &err) != rows[i].r || (!rows[i].r && ack.interval != rows[i].interval))
			fail_msg("%s: %s", rows[i].body, err.text);
	}
}

static void every_answer_to_a_poll_means_one_thing(void **state)
{
	static const struct {
		long status;
		const char *body;
		enum ciba_poll means;
	} rows[] = {
		{ 400, "{\"error\":\"authorization_pending\"}", CIBA_PENDING },
		{ 400, "{\"error\":\"slow_down\"}", CIBA_SLOW },
		{ 400, "{\"error\":\"expired_token\"}", CIBA_EXPIRED },
		{ 400, "{\"error\":\"access_denied\"}", CIBA_DENIED },
		{ 403, "{\"error\":\"access_denied\"}", CIBA_DENIED },
		{ 400, "{\"error\":\"invalid_grant\"}", CIBA_FAILED },
		{ 400, "{\"error\":\"invalid_request\"}", CIBA_FAILED },
		{ 400, "{\"error\":\"unauthorized_client\"}", CIBA_FAILED },
		{ 401, "{\"error\":\"invalid_client\"}", CIBA_FAILED },
		{ 401, "{\"error\":\"authorization_pending\"}", CIBA_FAILED },
		{ 400, "{\"error\":\"something new\"}", CIBA_FAILED },
		{ 400, "{\"error\":7}", CIBA_FAILED },
		{ 400, "nothing", CIBA_FAILED },
		{ 302, "{}", CIBA_FAILED },
		{ 201, "{}", CIBA_FAILED },
		{ 429, "", CIBA_BUSY },
		{ 503, "", CIBA_BUSY },
		{ 200, "{}", CIBA_ANSWER },
	};
	struct http_reply none = { .failure = "timeout" };
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct http_reply r = reply(rows[i].status, rows[i].body);

		err_clear(&err);
		if (ciba_read_poll(&r, &err) != rows[i].means)
			fail_msg("%ld %s", rows[i].status, rows[i].body);
	}
	assert_int_equal(ciba_read_poll(&none, &err), CIBA_BUSY);
}

#define DETAILS "[{\"type\":\"t\",\"n\":1}]"
#define GRANT_OF(type, details) \
	"{\"access_token\":\"a\",\"token_type\":\"" type "\",\"id_token\":\"x.y.z\"" details "}"

static void a_grant_is_for_this_call_or_none(void **state)
{
	static const struct {
		const char *body;
		bool strict, message; /* accepted */
	} rows[] = {
		{ GRANT_OF("Bearer", ",\"authorization_details\":" DETAILS), true, true },
		{ GRANT_OF("bearer", ",\"authorization_details\":[{\"type\":\"u\"},{\"n\":1,\"type\":\"t\"}]"), true, true },
		{ GRANT_OF("Bearer", ",\"authorization_details\":[{\"type\":\"t\",\"n\":2}]"), false, true },
		{ GRANT_OF("Bearer", ",\"authorization_details\":[{\"type\":\"t\",\"n\":1,\"more\":1}]"), false, true },
		{ GRANT_OF("Bearer", ",\"authorization_details\":{\"type\":\"t\",\"n\":1}"), false, true },
		{ GRANT_OF("Bearer", ""), false, true },
		{ GRANT_OF("DPoP", ",\"authorization_details\":" DETAILS), false, false },
		{ "{\"token_type\":\"Bearer\",\"id_token\":\"x.y.z\",\"authorization_details\":" DETAILS "}", false, false },
		{ "{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"authorization_details\":" DETAILS "}", false, false },
	};
	json_t *details = json_loads(DETAILS, 0, NULL);

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(*rows); i++) {
		struct http_reply r = reply(200, rows[i / 2].body);
		char *token = NULL;
		struct err err = {0};
		int got;

		config->is_strict = i % 2 == 0;
		got = ciba_check_grant(&r, config, details, &token, &err);
		if ((got == 0) != (i % 2 ? rows[i / 2].message : rows[i / 2].strict))
			fail_msg("%s: %s", rows[i / 2].body, err.text);
		free(token);
	}
	json_decref(details);
}

static void an_id_token_is_ours_of_the_approver_and_in_time(void **state)
{
	static const struct {
		const char *claims;
		bool ok;
	} rows[] = {
		{ "{'iss':'https://as.example/t','aud':'c','sub':'alice','exp':1100,'iat':1000}", true },
		{ "{'iss':'https://as.example/t','aud':['c'],'sub':'alice','exp':1100,'iat':1000}", true },
		{ "{'iss':'https://as.example/t','aud':['c','d'],'azp':'c','sub':'alice','exp':1100,'iat':1000}", true },
		{ "{'iss':'https://as.example/t','aud':['c','d'],'sub':'alice','exp':1100,'iat':1000}", false },
		{ "{'iss':'https://as.example/t','aud':'c','azp':'d','sub':'alice','exp':1100,'iat':1000}", false },
		{ "{'iss':'https://as.example/t','aud':'d','sub':'alice','exp':1100,'iat':1000}", false },
		{ "{'iss':'https://as.example','aud':'c','sub':'alice','exp':1100,'iat':1000}", false },
		{ "{'iss':'https://as.example/t','aud':'c','sub':'bob','exp':1100,'iat':1000}", false },
		{ "{'iss':'https://as.example/t','aud':'c','sub':'alic','exp':1100,'iat':1000}", false },
		{ "{'iss':'https://as.example/t','aud':'c','exp':1100,'iat':1000}", false },
		{ "{'iss':'https://as.example/t','aud':'c','sub':'alice','exp':900,'iat':800}", false },
		{ "{'iss':'https://as.example/t','aud':'c','sub':'alice','iat':1000}", false },
		{ "{'iss':'https://as.example/t','aud':'c','sub':'alice','exp':1100}", false },
		{ "{'iss':'https://as.example/t','aud':'c','sub':'alice','exp':2000,'iat':1900}", false },
		{ "{'iss':'https://as.example/t','aud':'c','sub':'alice','exp':'1100','iat':1000}", false },
		{ "{}", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[512], *p;
		struct err err = {0};
		json_t *claims;

		snprintf(text, sizeof(text), "%s", rows[i].claims);
		for (p = text; *p; p++)
			if (*p == '\'')
				*p = '"';
		claims = json_loads(text, 0, NULL);
		if ((ciba_check_claims(claims, config, config->acr_values, 1000, &err) == 0) != rows[i].ok)
			fail_msg("%s: %s", rows[i].claims, err.text);
		json_decref(claims);
	}
}

static void a_class_of_authentication_is_one_of_those_asked_for(void **state)
{
	static const struct {
		const char *wanted, *acr;
		int r;
	} rows[] = { { "", "low", 0 }, { "high", "high", 0 }, { "a high b", "high", 0 },
		     { "high", "hig", -EACCES }, { "high", NULL, -EACCES }, { "higher", "high", -EACCES } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		json_t *claims = json_pack("{s:s,s:s,s:s,s:i,s:i,s:s*}", "iss", config->client.issuer, "aud", "c", "sub",
					   "alice", "exp", 1100, "iat", 1000, "acr", rows[i].acr);
		struct err err = {0};

		strcpy(config->acr_values, rows[i].wanted);
		assert_int_equal(ciba_check_claims(claims, config, config->acr_values, 1000, &err), rows[i].r);
		json_decref(claims);
	}
}

static void a_request_has_one_hint_and_no_more_than_was_said(void **state)
{
	struct ciba_request request = { .binding_message = "mcp-1", .expiry = 60 };
	struct client_proof proof = {0};
	struct ciba_metadata m = {0};
	struct err err = {0};
	char *form;

	(void)state;
	strcpy(config->client.client_id, "a b&c");
	strcpy(config->user_code, "1234");
	assert_int_equal(client_prove(&config->client, NULL, 1000, &proof, &err), 0);
	assert_null(proof.header);
	form = ciba_request_form(config, &m, &request, proof.form, 1000, &err);
	assert_string_equal(form, "client_id=a%20b%26c&client_secret=s&scope=openid&login_hint=alice&"
				  "binding_message=mcp-1&requested_expiry=60");
	free(form);
	m.takes_user_code = true;
	config->hint_kind = REMOTE_HINT_ID_TOKEN;
	request.details = "[]";
	form = ciba_request_form(config, &m, &request, proof.form, 1000, &err);
	assert_non_null(strstr(form, "&id_token_hint=alice&"));
	assert_null(strstr(form, "login_hint"));
	assert_non_null(strstr(form, "&user_code=1234&authorization_details=%5B%5D"));
	free(form);
	config->hint_kind = REMOTE_HINT_LOGIN_TOKEN;
	request.acr_values = "high";
	form = ciba_request_form(config, &m, &request, proof.form, 1000, &err);
	assert_non_null(strstr(form, "&login_hint_token=alice&"));
	assert_non_null(strstr(form, "&acr_values=high&"));
	free(form);
	client_proof_done(&proof);
	config->client.auth = REMOTE_AUTH_BASIC;
	strcpy(config->client.client_id, "a b");
	strcpy(config->client.credential, "p:t+/ %");
	assert_int_equal(client_prove(&config->client, NULL, 1000, &proof, &err), 0);
	assert_string_equal(proof.form, "");
	assert_string_equal(proof.header, "Basic YSUyMGI6cCUzQXQlMkIlMkYlMjAlMjU=");
	client_proof_done(&proof);
}

static void every_way_to_prove_who_we_are(void **state)
{
	static const struct {
		uint32_t auth;
		const char *svid, *form, *identity;
		int r;
	} rows[] = {
		{ REMOTE_AUTH_TLS, NULL, "client_id=c", "s", 0 },
		{ REMOTE_AUTH_SPIFFE_X509, "pem", "client_id=c", "pem", 0 },
		{ REMOTE_AUTH_SPIFFE_JWT, "a.b.c",
		  "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-spiffe&"
		  "client_assertion=a.b.c", NULL, 0 },
		{ REMOTE_AUTH_SPIFFE_JWT, NULL, NULL, NULL, -EINVAL },
		{ REMOTE_AUTH_SPIFFE_X509, NULL, NULL, NULL, -EINVAL },
		{ REMOTE_AUTH_JWT, NULL, NULL, NULL, -EINVAL }, /* "s" is no key */
		{ REMOTE_AUTH_NONE, NULL, NULL, NULL, -EINVAL },
		{ 99, NULL, NULL, NULL, -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct client_proof proof = {0};
		struct err err = {0};

		config->client.auth = rows[i].auth;
		assert_int_equal(client_prove(&config->client, rows[i].svid, 1000, &proof, &err), rows[i].r);
		if (rows[i].r == 0) {
			assert_string_equal(proof.form, rows[i].form);
			assert_true(!proof.identity == !rows[i].identity);
			if (proof.identity)
				assert_string_equal(proof.identity, rows[i].identity);
		} else {
			assert_true(err.code);
		}
		client_proof_done(&proof);
	}
}

/* --- tokens ---------------------------------------------------------------------------------- */

static char *b64(const unsigned char *data, size_t len)
{
	char *out = malloc(len * 2 + 8);

	EVP_EncodeBlock((unsigned char *)out, data, (int)len);
	for (char *p = out; *p; p++)
		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p == '=' ? '\0' : *p;
	return out;
}

static char *pem_of(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data, *out;
	long len;

	PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	len = BIO_get_mem_data(bio, &data);
	out = strndup(data, (size_t)len);
	BIO_free(bio);
	return out;
}

static json_t *ec_jwk(EVP_PKEY *key, const char *kid)
{
	unsigned char point[65];
	size_t len = 0;
	char *x, *y;
	json_t *jwk;

	EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &len);
	x = b64(point + 1, 32);
	y = b64(point + 33, 32);
	jwk = json_pack("{s:s,s:s,s:s,s:s,s:s}", "kty", "EC", "crv", "P-256", "x", x, "y", y, "kid", kid);
	free(x);
	free(y);
	return jwk;
}

static json_t *rsa_jwk(EVP_PKEY *key, const char *kid)
{
	BIGNUM *n = NULL;
	unsigned char bytes[512];
	char *text;
	json_t *jwk;

	EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n);
	text = b64(bytes, (size_t)BN_bn2bin(n, bytes));
	jwk = json_pack("{s:s,s:s,s:s,s:s}", "kty", "RSA", "n", text, "e", "AQAB", "kid", kid);
	free(text);
	BN_free(n);
	return jwk;
}

static json_t *ed_jwk(EVP_PKEY *key, const char *kid)
{
	unsigned char raw[32];
	size_t len = sizeof(raw);
	char *x;
	json_t *jwk;

	EVP_PKEY_get_raw_public_key(key, raw, &len);
	x = b64(raw, len);
	jwk = json_pack("{s:s,s:s,s:s,s:s}", "kty", "OKP", "crv", "Ed25519", "x", x, "kid", kid);
	free(x);
	return jwk;
}

/* Change one letter anywhere.  The last letter of a part has bits that stand for nothing;
 * then it is refused as malformed. */
static void every_letter_counts(const char *token, const json_t *jwks)
{
	char *changed = strdup(token);
	json_t *got = NULL;

	for (size_t at = 0; at < strlen(token); at += 7) {
		char was = changed[at];

		if (was == '.')
			continue;
		changed[at] = was == 'A' ? 'Q' : 'A';
		assert_true(jws_verify(changed, jwks, &got, NULL) < 0);
		changed[at] = was;
	}
	free(changed);
}

static void only_a_signature_of_the_right_key_is_one(void **state)
{
	EVP_PKEY *ec = EVP_EC_gen("P-256"), *rsa = EVP_RSA_gen(2048), *other = EVP_EC_gen("P-256");
	EVP_PKEY *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	const struct {
		EVP_PKEY *key;
		const char *alg, *cannot;
		json_t *jwk;
		bool is_doubtful; /* without a key id: two keys of the kind */
	} rows[] = {
		{ ec, "ES256", "RS256", ec_jwk(ec, "k"), true },
		{ rsa, "RS256", "ES256", rsa_jwk(rsa, "k"), false },
		{ rsa, "PS256", "EdDSA", rsa_jwk(rsa, "k"), false },
		{ ed, "EdDSA", "PS256", ed_jwk(ed, "k"), false },
	};
	json_t *claims = json_pack("{s:s}", "sub", "alice");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *pem = pem_of(rows[i].key), *token, *other_kid, *no_kid, *none;
		json_t *right = json_pack("{s:[o,o]}", "keys", rows[i].jwk, ec_jwk(other, "z"));
		json_t *wrong = json_pack("{s:[o,o]}", "keys", ec_jwk(other, "k"), rsa_jwk(rsa, "z"));
		json_t *got = NULL, *empty = json_pack("{s:[]}", "keys");
		struct err err = {0};

		assert_int_equal(jws_sign(pem, rows[i].alg, NULL, "k", claims, &token, &err), 0);
		assert_int_equal(jws_sign(pem, rows[i].alg, NULL, "other", claims, &other_kid, &err), 0);
		assert_int_equal(jws_sign(pem, rows[i].alg, "JWT", NULL, claims, &no_kid, &err), 0);
		assert_int_equal(jws_sign(pem, rows[i].cannot, NULL, NULL, claims, &none, NULL), -EINVAL);
		assert_int_equal(jws_sign(pem, "HS256", NULL, NULL, claims, &none, NULL), -EINVAL);
		assert_int_equal(jws_verify(token, right, &got, NULL), 0);
		assert_true(json_equal(got, claims));
		json_decref(got);
		assert_true(jws_verify(token, wrong, &got, NULL) < 0);
		assert_int_equal(jws_verify(token, empty, &got, NULL), -ENOKEY);
		assert_int_equal(jws_verify(other_kid, right, &got, NULL), -ENOKEY);
		/* Without a key id: only when there is no doubt. */
		if (rows[i].is_doubtful) {
			assert_int_equal(jws_verify(no_kid, right, &got, NULL), -ENOKEY);
		} else {
			assert_int_equal(jws_verify(no_kid, right, &got, NULL), 0);
			json_decref(got);
		}
		/* A key that says what it is for is for nothing else. */
		json_object_set_new(rows[i].jwk, "alg", json_string(rows[i].cannot));
		assert_int_equal(jws_verify(token, right, &got, NULL), -ENOKEY);
		json_object_del(rows[i].jwk, "alg");
		every_letter_counts(token, right);
		free(token);
		free(other_kid);
		free(no_kid);
		free(pem);
		json_decref(right);
		json_decref(wrong);
		json_decref(empty);
	}
	EVP_PKEY_free(ec);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ed);
	EVP_PKEY_free(other);
	json_decref(claims);
}

static void a_signed_request_holds_everything_that_is_asked(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	json_t *jwks = json_pack("{s:[o]}", "keys", ec_jwk(key, "r")), *got = NULL;
	struct ciba_request request = { .binding_message = "mcp-1", .expiry = 60, .details = "[{\"n\":1}]" };
	static const char *const said[] = { "scope", "login_hint", "binding_message", "requested_expiry" };
	struct ciba_metadata m = {0};
	struct err err = {0};
	char *pem = pem_of(key), *form, *token;

	(void)state;
	config->is_signed = 1;
	strcpy(config->request_key, pem);
	strcpy(config->request_key_id, "r");
	form = ciba_request_form(config, &m, &request, "client_id=c&client_secret=s", 1000, &err);
	assert_non_null(form);
	assert_ptr_equal(strstr(form, "client_id=c&client_secret=s&request="), form);
	token = strstr(form, "request=") + 8;
	assert_null(strchr(token, '&'));
	assert_int_equal(jws_verify(token, jwks, &got, &err), 0);
	for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++)
		assert_true(json_is_string(json_object_get(got, said[i])));
	assert_string_equal(json_string_value(json_object_get(got, "iss")), "c");
	assert_string_equal(json_string_value(json_object_get(got, "aud")), "https://as.example/t");
	assert_int_equal(json_integer_value(json_object_get(got, "nbf")), 1000);
	assert_int_equal(json_integer_value(json_object_get(got, "exp")), 1060);
	assert_int_equal(strlen(json_string_value(json_object_get(got, "jti"))), 32);
	/* Here it is a value, not text. */
	assert_true(json_is_array(json_object_get(got, "authorization_details")));
	json_decref(got);
	free(form);
	strcpy(config->request_key, "no key");
	assert_null(ciba_request_form(config, &m, &request, "client_id=c", 1000, &err));
	assert_true(err.code);
	json_decref(jwks);
	free(pem);
	EVP_PKEY_free(key);
}

/* --- SVIDs ------------------------------------------------------------------------------------ */

static void an_svid_is_read_and_nothing_else(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *id, *token; /* NULL: refused */
	} rows[] = {
#define B(text) text, sizeof(text) - 1
		{ B("\x0a\x0a\x0a\x03s:a\x12\x03t.1"), NULL, "t.1" },
		{ B("\x0a\x0a\x0a\x03s:a\x12\x03t.1"), "s:a", "t.1" },
		{ B("\x0a\x0a\x0a\x03s:a\x12\x03t.1"), "s:b", NULL },
		{ B("\x0a\x0a\x0a\x03s:a\x12\x03t.1\x0a\x0a\x0a\x03s:b\x12\x03t.2"), "s:b", "t.2" },
		{ B("\x0a\x0a\x0a\x03s:a\x12\x03t.1\x0a\x0a\x0a\x03s:b\x12\x03t.2"), NULL, "t.1" },
		/* What is unknown is skipped, of every type. */
		{ B("\x10\x96\x01\x19" "12345678\x25" "1234\x0a\x0a\x0a\x03s:a\x12\x03t.1"), NULL, "t.1" },
		{ B(""), NULL, NULL },
		{ B("\x0a"), NULL, NULL },
		{ B("\x0a\x0a"), NULL, NULL },
		{ B("\x0a\x0b\x0a\x03s:a\x12\x03t.1"), NULL, NULL },
		{ B("\x0a\x0a\x0a\x04s:a\x12\x03t.1"), NULL, NULL },
		{ B("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), NULL, NULL },
		{ B("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), NULL, NULL },
		{ B("\x0b\x0a"), NULL, NULL }, /* a group */
		{ B("\x02\x00"), NULL, NULL }, /* field 0 */
		{ B("\x0a\x05\x0a\x03s:a"), NULL, NULL }, /* no token */
		{ B("\x0a\x0a\x0a\x03s:a\x12\x03t 1"), NULL, NULL },
		{ B("\x0a\x0a\x0a\x03s:a\x12\x03t.1\x0a\x02\x0a"), NULL, NULL }, /* broken behind it */
#undef B
	};
	uint8_t ask[WORKLOAD_REQUEST];
	char got[64], long_text[1500];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err err = {0};
		int r = workload_read_jwt((const uint8_t *)rows[i].bytes, rows[i].len, rows[i].id, got,
					  sizeof(got), &err);

		if ((r == 0) != !!rows[i].token || (r == 0 && strcmp(got, rows[i].token) != 0))
			fail_msg("row %zu: %d %s", i, r, err.text);
		assert_true(workload_read_x509((const uint8_t *)rows[i].bytes, rows[i].len, rows[i].id, got,
					       sizeof(got), NULL) < 0);
	}
	assert_int_equal(workload_ask_jwt("a", "b", ask), 6);
	assert_memory_equal(ask, "\x0a\x01" "a\x12\x01" "b", 6);
	memset(long_text, 'x', sizeof(long_text));
	long_text[300] = '\0';
	assert_int_equal(workload_ask_jwt(long_text, NULL, ask), 303);
	assert_memory_equal(ask, "\x0a\xac\x02", 3);
	long_text[300] = 'x';
	long_text[1400] = '\0';
	assert_int_equal(workload_ask_jwt(long_text, NULL, ask), -ENOBUFS);
}

static void what_is_no_token_is_refused(void **state)
{
	static const char *const rows[] = {
		"", ".", "..", "a.b", "a.b.c", "a.b.c.d",
		"eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.",		   /* alg none */
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.AAAA",	   /* alg HS256 */
		"eyJhbGciOiJFUzI1NiIsImNyaXQiOlsieCJdfQ.eyJzdWIiOiJhIn0.AA", /* crit */
		"eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.",		   /* no signature */
		"eyJhbGciOiJFUzI1NiJ9.W10.AAAA",			   /* claims: a list */
	};
	EVP_PKEY *key = EVP_EC_gen("P-256");
	json_t *jwks = json_pack("{s:[o]}", "keys", ec_jwk(key, "k")), *got = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err err = {0};

		if (jws_verify(rows[i], jwks, &got, &err) == 0)
			fail_msg("%s", rows[i]);
	}
	json_decref(jwks);
	EVP_PKEY_free(key);
}

/* --- exchange ---------------------------------------------------------------------------------- */

#define GOT "\"access_token\":\"a-token-of-some-length\",\"issued_token_type\":\"" ACCESS "\",\"token_type\":\"Bearer\""
#define ACCESS "urn:ietf:params:oauth:token-type:access_token"

static void a_token_is_what_was_asked_for_and_no_more(void **state)
{
	static const struct {
		long status;
		const char *body;
		int r;
	} rows[] = {
		{ 200, "{" GOT ",\"expires_in\":60}", 0 },
		{ 200, "{" GOT ",\"expires_in\":60,\"scope\":\"read\"}", 0 },
		{ 200, "{" GOT ",\"expires_in\":60,\"scope\":\"list read\"}", 0 },
		{ 200, "{" GOT ",\"expires_in\":60,\"scope\":\"read write\"}", -EACCES },
		{ 200, "{" GOT ",\"expires_in\":60,\"scope\":\"rea\"}", -EACCES },
		{ 200, "{" GOT ",\"expires_in\":60,\"scope\":[\"read\"]}", -EACCES },
		{ 200, "{" GOT ",\"expires_in\":601}", -EACCES },
		{ 200, "{" GOT ",\"expires_in\":0}", -EACCES },
		{ 200, "{" GOT ",\"expires_in\":\"60\"}", -EACCES },
		{ 200, "{" GOT "}", -EACCES },
		{ 201, "{" GOT ",\"expires_in\":60}", -EPROTO },
		{ 400, "{\"error\":\"invalid_target\"}", -EPROTO },
		{ 200, "{\"access_token\":\"the-token-of-the-user\",\"issued_token_type\":\"" ACCESS "\",\"token_type\":\"Bearer\",\"expires_in\":60}", -EACCES },
		{ 200, "{\"access_token\":\"a-token-of-some-length\",\"token_type\":\"Bearer\",\"expires_in\":60}", -EACCES },
		{ 200, "{\"access_token\":\"short\",\"issued_token_type\":\"" ACCESS "\",\"token_type\":\"Bearer\",\"expires_in\":60}", -EPROTO },
		{ 200, "{\"access_token\":\"a-token-of-some-length\",\"issued_token_type\":\"" ACCESS "\",\"token_type\":\"N_A\",\"expires_in\":60}", -EPROTO },
		{ 200, "[]", -EPROTO },
	};
	struct remote_token *t = calloc(1, sizeof(*t));
	struct exchange_grant *g = calloc(1, sizeof(*g));

	(void)state;
	assert_true(t && g);
	strcpy(t->scope, "read list");
	strcpy(t->audience, "https://files/");
	t->lifetime = 600;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct http_reply r = reply(rows[i].status, rows[i].body);
		struct err err = {0};

		if (exchange_read(&r, t, "the-token-of-the-user", 1000, g, &err) != rows[i].r)
			fail_msg("%s: %s", rows[i].body, err.text);
	}
	free(t);
	free(g);
}

static void what_a_token_says_of_itself_counts(void **state)
{
	static const struct {
		const char *claims;
		int r, act;
	} rows[] = {
		{ "{'iss':'https://as','aud':'https://files/','scope':'read','exp':1060,'act':{'sub':'us'}}", 0, 0 },
		{ "{'iss':'https://as','aud':['https://files/'],'exp':1060,'act':{'sub':'us','act':{'sub':'older'}}}", 0, 0 },
		{ "{'iss':'https://as','aud':'https://files/','exp':1060,'act':{'sub':'other','act':{'sub':'us'}}}", 0, -EACCES },
		{ "{'iss':'https://as','aud':'https://files/','exp':1060}", 0, -EACCES },
		{ "{'iss':'https://other','aud':'https://files/','exp':1060,'act':{'sub':'us'}}", 0, -EACCES },
		{ "{'iss':'https://as','aud':['https://files/','https://more/'],'exp':1060,'act':{'sub':'us'}}", -EACCES, 0 },
		{ "{'iss':'https://as','aud':[],'exp':1060,'act':{'sub':'us'}}", -EACCES, 0 },
		{ "{'iss':'https://as','exp':1060,'act':{'sub':'us'}}", -EACCES, 0 },
		{ "{'iss':'https://as','aud':'https://files/','scope':'read write','exp':1060,'act':{'sub':'us'}}", -EACCES, 0 },
		/* The answer says a minute, the token a day. */
		{ "{'iss':'https://as','aud':'https://files/','exp':90000,'act':{'sub':'us'}}", -EACCES, 0 },
	};
	struct remote_token *t = calloc(1, sizeof(*t));
	struct exchange_grant *g = calloc(1, sizeof(*g));
	EVP_PKEY *key = EVP_EC_gen("P-256");
	char *pem = pem_of(key);

	(void)state;
	assert_true(t && g);
	strcpy(t->scope, "read");
	strcpy(t->audience, "https://files/");
	strcpy(t->client.issuer, "https://as");
	strcpy(t->actor, "us");
	t->lifetime = 600;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[512], *token, *body;
		struct http_reply r;
		struct err err = {0};
		json_t *claims;

		snprintf(text, sizeof(text), "%s", rows[i].claims);
		for (char *p = text; *p; p++)
			if (*p == '\'')
				*p = '"';
		claims = json_loads(text, 0, NULL);
		assert_int_equal(jws_sign(pem, NULL, NULL, NULL, claims, &token, NULL), 0);
		assert_true(asprintf(&body, "{\"access_token\":\"%s\",\"issued_token_type\":\"" ACCESS "\",\"token_type\":\"Bearer\",\"expires_in\":60}", token) > 0);
		r = reply(200, body);
		if (exchange_read(&r, t, "the-token-of-the-user", 1000, g, &err) != rows[i].r ||
		    exchange_check_act(claims, t, NULL) != rows[i].act)
			fail_msg("%s: %s", rows[i].claims, err.text);
		json_decref(claims);
		free(token);
		free(body);
	}
	free(pem);
	EVP_PKEY_free(key);
	free(t);
	free(g);
}

/* --- PDP -------------------------------------------------------------------------------------- */

static void a_permit_is_the_literal_true(void **state)
{
	static const struct {
		uint32_t pdp;
		long status;
		const char *body;
		enum pdp_verdict verdict;
	} rows[] = {
		{ REMOTE_PDP_AUTHZEN, 200, "{\"decision\":true}", PDP_PERMIT },
		{ REMOTE_PDP_AUTHZEN, 200, "{\"decision\":true,\"context\":{\"reason\":\"x\"},\"more\":1}", PDP_PERMIT },
		{ REMOTE_PDP_AUTHZEN, 200, "{\"decision\":false}", PDP_DENY },
		{ REMOTE_PDP_AUTHZEN, 200, "{\"decision\":\"true\"}", PDP_FAILED },
		{ REMOTE_PDP_AUTHZEN, 200, "{\"decision\":1}", PDP_FAILED },
		{ REMOTE_PDP_AUTHZEN, 200, "{\"decision\":false,\"decision\":true}", PDP_FAILED },
		{ REMOTE_PDP_AUTHZEN, 200, "{}", PDP_FAILED },
		{ REMOTE_PDP_AUTHZEN, 200, "true", PDP_FAILED },
		{ REMOTE_PDP_AUTHZEN, 200, "", PDP_FAILED },
		{ REMOTE_PDP_AUTHZEN, 403, "{\"decision\":true}", PDP_FAILED },
		{ REMOTE_PDP_AUTHZEN, 500, "{\"decision\":true}", PDP_FAILED },
		{ REMOTE_PDP_AUTHZEN, 200, "{\"decision\":true,\"context\":{\"obligations\":[]}}", PDP_PERMIT },
		{ REMOTE_PDP_AUTHZEN, 200, "{\"decision\":true,\"context\":{\"obligations\":[{\"type\":\"step-up\"}]}}", PDP_STEP_UP },
		{ REMOTE_PDP_AUTHZEN, 200, "{\"decision\":false,\"context\":{\"obligations\":[{\"type\":\"step-up\"}]}}", PDP_DENY },
		{ REMOTE_PDP_AUTHZEN, 200, "{\"decision\":true,\"context\":{\"obligations\":[{\"type\":\"notification\"}]}}", PDP_DENY },
		{ REMOTE_PDP_AUTHZEN, 200, "{\"decision\":true,\"context\":{\"obligations\":[{\"type\":\"step-up\"},{\"type\":\"x\"}]}}", PDP_DENY },
		{ REMOTE_PDP_AUTHZEN, 200, "{\"decision\":true,\"context\":{\"obligations\":{}}}", PDP_DENY },
		{ REMOTE_PDP_AUTHZEN, 200, "{\"decision\":true,\"context\":{\"obligations\":[{\"type\":\"step-up\",\"properties\":{\"acr_value\":\"high\"}}]}}", PDP_STEP_UP },
		{ REMOTE_PDP_OPA, 200, "{\"result\":true}", PDP_PERMIT },
		{ REMOTE_PDP_OPA, 200, "{\"result\":true,\"decision_id\":\"x\"}", PDP_PERMIT },
		{ REMOTE_PDP_OPA, 200, "{\"result\":{\"allow\":true}}", PDP_PERMIT },
		{ REMOTE_PDP_OPA, 200, "{\"result\":{\"allow\":true,\"obligations\":[{\"type\":\"step-up\"}]}}", PDP_STEP_UP },
		{ REMOTE_PDP_OPA, 200, "{\"result\":{\"allow\":true,\"obligations\":[{\"type\":\"x\"}]}}", PDP_DENY },
		{ REMOTE_PDP_OPA, 200, "{\"result\":false}", PDP_DENY },
		{ REMOTE_PDP_OPA, 200, "{\"result\":\"true\"}", PDP_DENY },
		{ REMOTE_PDP_OPA, 200, "{\"result\":{\"allow\":\"true\"}}", PDP_DENY },
		{ REMOTE_PDP_OPA, 200, "{\"result\":[true]}", PDP_DENY },
		{ REMOTE_PDP_OPA, 200, "{}", PDP_DENY },
		{ REMOTE_PDP_OPA, 200, "{\"decision\":true}", PDP_DENY },
		{ REMOTE_PDP_OPA, 404, "{\"result\":true}", PDP_FAILED },
	};
	struct http_reply none = { .failure = "timeout" };
	struct pdp_answer pdp;
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct http_reply r = reply(rows[i].status, rows[i].body);

		config->pdp = rows[i].pdp;
		err_clear(&err);
		if (pdp_read(config, &r, &pdp, &err) != rows[i].verdict)
			fail_msg("%ld %s: %s", rows[i].status, rows[i].body, err.text);
		r.is_json = false;
		assert_int_equal(pdp_read(config, &r, &pdp, &err), PDP_FAILED);
	}
	assert_int_equal(pdp_read(config, &none, &pdp, &err), PDP_FAILED);
	/* A class of authentication that the approver has to show anyway. */
	strcpy(config->acr_values, "high");
	config->pdp = REMOTE_PDP_AUTHZEN;
	none = reply(200, rows[17].body);
	config->has_ciba = 1;
	assert_int_equal(pdp_read(config, &none, &pdp, &err), PDP_STEP_UP);
	assert_string_equal(pdp.acr_values, "high");
	strcpy(config->acr_values, "low other");
	assert_int_equal(pdp_read(config, &none, &pdp, &err), PDP_DENY);
	config->acr_values[0] = '\0';
	assert_int_equal(pdp_read(config, &none, &pdp, &err), PDP_STEP_UP);
	config->has_ciba = 0;
	assert_int_equal(pdp_read(config, &none, &pdp, &err), PDP_DENY);
}

static void a_rate_of_the_pdp_is_exact_or_no_permit(void **state)
{
	static const struct {
		const char *properties;
		enum pdp_verdict verdict;
	} rows[] = {
		{ "{\"calls\":5,\"seconds\":60}", PDP_PERMIT },
		{ "{\"calls\":0,\"seconds\":60}", PDP_DENY },
		{ "{\"calls\":5}", PDP_DENY },
		{ "{\"calls\":\"5\",\"seconds\":60}", PDP_DENY },
		{ "{\"calls\":5,\"seconds\":60,\"per\":\"user\"}", PDP_DENY },
		{ "{\"calls\":5000,\"seconds\":60}", PDP_DENY },
		{ "{\"calls\":5,\"seconds\":90000}", PDP_DENY },
		{ "[]", PDP_DENY },
	};

	(void)state;
	config->pdp = REMOTE_PDP_AUTHZEN;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct pdp_answer pdp;
		struct err err = {0};
		struct http_reply r;
		char body[256];

		snprintf(body, sizeof(body), "{\"decision\":true,\"context\":{\"obligations\":[{\"type\":\"rate\",\"properties\":%s}]}}",
			 rows[i].properties);
		r = reply(200, body);
		assert_int_equal(pdp_read(config, &r, &pdp, &err), rows[i].verdict);
		if (rows[i].verdict == PDP_PERMIT)
			assert_true(pdp.calls == 5 && pdp.seconds == 60);
	}
}

static void a_pdp_sees_who_calls_what_with_which_arguments(void **state)
{
	static struct wire_call call;
	json_t *q;
	char *text;

	(void)state;
	memcpy(call.tool, "w\"x", call.tool_len = 3);
	memcpy(call.arguments, "{\"a\":[1]}", call.arguments_len = 9);
	call.arguments_total = 9;
	for (int i = 0; i < 2; i++) {
		config->pdp = i ? REMOTE_PDP_OPA : REMOTE_PDP_AUTHZEN;
		text = pdp_request(config, "srv", "sess", &call);
		q = json_loads(text, 0, NULL);
		free(text);
		if (i) {
			json_t *input = json_incref(json_object_get(q, "input"));

			assert_int_equal(json_object_size(q), 1);
			json_decref(q);
			q = input;
		}
		assert_string_equal(json_string_value(json_object_get(json_object_get(q, "subject"), "id")), "me");
		assert_string_equal(json_string_value(json_object_get(json_object_get(q, "action"), "name")), "tools/call");
		assert_string_equal(json_string_value(json_object_get(json_object_get(q, "resource"), "id")), "w\"x");
		assert_non_null(json_object_get(json_object_get(json_object_get(q, "context"), "arguments"), "a"));
		json_decref(q);
	}
	/* Who acts, as the policy has it; what a client says of itself stands apart. */
	strcpy(config->principal, "alice");
	strcpy(config->agent, "spiffe://a/b");
	strcpy(config->model, "m");
	strcpy(config->model_version, "1");
	strcpy(config->agent_scope, "read");
	memcpy(call.client, "admin 9", call.client_len = 7);
	text = pdp_request(config, "srv", "sess", &call);
	assert_non_null(strstr(text, "\"actors\":{\"principal\":\"alice\",\"agent\":\"spiffe://a/b\",\"scope\":\"read\","
				     "\"model\":{\"name\":\"m\",\"version\":\"1\"},\"claimed\":{\"client\":\"admin 9\"}}"));
	free(text);
	/* What is not whole is not shown as if it were. */
	call.arguments_total = 100;
	text = pdp_request(config, "srv", "sess", &call);
	assert_null(strstr(text, "\"arguments\":"));
	assert_non_null(strstr(text, "\"arguments_known\":false"));
	free(text);
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(metadata_is_the_issuers_own_over_https_and_offers_poll),
		T(the_two_places_of_metadata),
		T(an_acknowledgement_has_all_that_it_must_have),
		T(every_answer_to_a_poll_means_one_thing),
		T(a_grant_is_for_this_call_or_none),
		T(an_id_token_is_ours_of_the_approver_and_in_time),
		T(a_class_of_authentication_is_one_of_those_asked_for),
		T(a_request_has_one_hint_and_no_more_than_was_said),
		T(every_way_to_prove_who_we_are),
		T(a_signed_request_holds_everything_that_is_asked),
		T(an_svid_is_read_and_nothing_else),
		T(only_a_signature_of_the_right_key_is_one),
		T(what_is_no_token_is_refused),
		T(a_token_is_what_was_asked_for_and_no_more),
		T(what_a_token_says_of_itself_counts),
		T(a_permit_is_the_literal_true),
		T(a_rate_of_the_pdp_is_exact_or_no_permit),
		T(a_pdp_sees_who_calls_what_with_which_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
