/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "shims/remote/jws.h"

#define TOKEN_MAX ((size_t)64 * 1024)
/* Each half of an ES256 signature, and each coordinate of its key. */
#define HALF 32

/* --- base64url, without padding (RFC 7515, section 2) -------------------------------------- */

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Return: bytes (the caller frees) with a NUL behind them, or NULL. */
static unsigned char *decode(const char *text, size_t len, size_t *ret_len)
{
	unsigned char *out = malloc(len * 3 / 4 + 4);
	unsigned int bits = 0, n = 0;
	size_t at = 0;

	for (size_t i = 0; out && i < len; i++) {
		const char *p = text[i] ? strchr(letters, text[i]) : NULL;

		if (!p) {
			free(out);
			return NULL;
		}
		bits = bits << 6 | (unsigned int)(p - letters);
		n += 6;
		if (n >= 8) {
			n -= 8;
			out[at++] = (unsigned char)(bits >> n);
		}
	}
	/* What is left over must be zero, and never a whole letter. */
	if (!out || n == 6 || (bits & ((1U << n) - 1))) {
		free(out);
		return NULL;
	}
	out[at] = '\0';
	*ret_len = at;
	return out;
}

static char *encode(const void *data, size_t len)
{
	const unsigned char *p = data;
	char *out = malloc(len * 4 / 3 + 4);
	size_t at = 0;

	for (size_t i = 0; out && i < len; i += 3) {
		size_t left = len - i < 3 ? len - i : 3;
		unsigned int bits = (unsigned int)p[i] << 16;

		if (left > 1)
			bits |= (unsigned int)p[i + 1] << 8;
		if (left > 2)
			bits |= p[i + 2];
		for (size_t k = 0; k <= left; k++)
			out[at++] = letters[bits >> (18 - 6 * k) & 63];
	}
	if (out)
		out[at] = '\0';
	return out;
}

static json_t *decode_json(const char *text, size_t len)
{
	size_t n;
	unsigned char *bytes = decode(text, len, &n);
	json_t *value = bytes ? json_loadb((const char *)bytes, n, JSON_REJECT_DUPLICATES, NULL) :
				NULL;

	free(bytes);
	if (json_is_object(value))
		return value;
	json_decref(value);
	return NULL;
}

/* --- keys ---------------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *build)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) <= 0 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return key;
}

static EVP_PKEY *ec_key(const json_t *jwk)
{
	const char *x = text_of(jwk, "x"), *y = text_of(jwk, "y");
	size_t x_len = 0, y_len = 0;
	unsigned char point[1 + 2 * HALF] = { POINT_CONVERSION_UNCOMPRESSED };
	unsigned char *px = decode(x, strlen(x), &x_len), *py = decode(y, strlen(y), &y_len);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY *key = NULL;

	if (px && py && build && x_len == HALF && y_len == HALF) {
		memcpy(point + 1, px, HALF);
		memcpy(point + 1 + HALF, py, HALF);
		if (OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) &&
		    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point,
						     sizeof(point)))
			key = from_params("EC", build);
	}
	free(px);
	free(py);
	OSSL_PARAM_BLD_free(build);
	return key;
}

static EVP_PKEY *rsa_key(const json_t *jwk)
{
	const char *n = text_of(jwk, "n"), *e = text_of(jwk, "e");
	size_t n_len = 0, e_len = 0;
	unsigned char *pn = decode(n, strlen(n), &n_len), *pe = decode(e, strlen(e), &e_len);
	BIGNUM *bn = pn && n_len <= 1024 ? BN_bin2bn(pn, (int)n_len, NULL) : NULL;
	BIGNUM *be = pe && e_len <= 8 ? BN_bin2bn(pe, (int)e_len, NULL) : NULL;
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY *key = NULL;

	if (bn && be && build && BN_num_bits(bn) >= 2048 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, bn) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, be))
		key = from_params("RSA", build);
	BN_free(bn);
	BN_free(be);
	free(pn);
	free(pe);
	OSSL_PARAM_BLD_free(build);
	return key;
}

/* May this key of the set be used for that algorithm and key id? */
static bool fits(const json_t *jwk, const char *alg, const char *kid)
{
	bool is_ec = !strcmp(alg, "ES256");
	const char *own = text_of(jwk, "alg"), *use = text_of(jwk, "use");

	if (strcmp(text_of(jwk, "kty"), is_ec ? "EC" : "RSA") != 0 ||
	    (is_ec && strcmp(text_of(jwk, "crv"), "P-256") != 0))
		return false;
	if ((*own && strcmp(own, alg) != 0) || (*use && strcmp(use, "sig") != 0))
		return false;
	return !kid || !strcmp(text_of(jwk, "kid"), kid);
}

static const json_t *find_key(const json_t *jwks, const char *alg, const char *kid)
{
	const json_t *found = NULL;
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(jwks, "keys"), i, one) {
		if (!fits(one, alg, kid))
			continue;
		if (found)
			return NULL; /* which of them? */
		found = one;
	}
	return found;
}

/* --- verifying ------------------------------------------------------------------------------ */

/* R and S of fixed length (RFC 7518, section 3.4) to the DER that OpenSSL reads. */
static unsigned char *to_der(const unsigned char *raw, int *ret_len)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw, HALF, NULL), *s = BN_bin2bn(raw + HALF, HALF, NULL);
	unsigned char *der = NULL;

	if (sig && r && s && ECDSA_SIG_set0(sig, r, s)) {
		*ret_len = i2d_ECDSA_SIG(sig, &der);
		if (*ret_len <= 0)
			der = NULL;
	} else {
		BN_free(r);
		BN_free(s);
	}
	ECDSA_SIG_free(sig);
	return der;
}

static bool is_signed(EVP_PKEY *key, bool is_ec, const char *text, size_t len,
		      const unsigned char *sig, size_t sig_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char *der = NULL;
	int der_len = 0;
	bool ok = false;

	if (is_ec && sig_len == 2 * HALF)
		der = to_der(sig, &der_len);
	if (ctx && (!is_ec || der) &&
	    EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1)
		ok = EVP_DigestVerify(ctx, is_ec ? der : sig, is_ec ? (size_t)der_len : sig_len,
				      (const unsigned char *)text, len) == 1;
	OPENSSL_free(der);
	EVP_MD_CTX_free(ctx);
	return ok;
}

static int check_signature(const char *token, const char *second, const json_t *jwk, bool is_ec,
			   struct err *err)
{
	size_t sig_len = 0;
	unsigned char *sig = decode(second + 1, strlen(second + 1), &sig_len);
	EVP_PKEY *key = is_ec ? ec_key(jwk) : rsa_key(jwk);
	bool ok = sig && key && is_signed(key, is_ec, token, (size_t)(second - token), sig, sig_len);

	EVP_PKEY_free(key);
	free(sig);
	return ok ? 0 : err_set(err, EBADMSG, "the signature of the token is wrong");
}

int jws_verify(const char *token, const json_t *jwks, json_t **ret, struct err *err)
{
	const char *first = strchr(token, '.'), *second = first ? strchr(first + 1, '.') : NULL;
	json_auto_t *header = NULL, *claims = NULL;
	const char *alg, *kid;
	const json_t *jwk;
	int r;

	if (!second || strchr(second + 1, '.') || strlen(token) > TOKEN_MAX)
		return err_set(err, EBADMSG, "not a signed token");
	header = decode_json(token, (size_t)(first - token));
	claims = decode_json(first + 1, (size_t)(second - first - 1));
	alg = text_of(header, "alg");
	kid = json_string_value(json_object_get(header, "kid"));
	if (!header || !claims || json_object_get(header, "crit") ||
	    (strcmp(alg, "ES256") != 0 && strcmp(alg, "RS256") != 0))
		return err_set(err, EBADMSG, "a token that is not signed with ES256 or RS256");
	jwk = find_key(jwks, alg, kid);
	if (!jwk)
		return err_set(err, ENOKEY, "no key for the token in the server's key set");
	r = check_signature(token, second, jwk, !strcmp(alg, "ES256"), err);
	if (r == 0)
		*ret = json_incref(claims);
	return r;
}

/* --- signing --------------------------------------------------------------------------------- */

static int to_raw(const unsigned char *der, size_t len, unsigned char raw[static 2 * HALF])
{
	const unsigned char *p = der;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)len);
	bool ok = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, HALF) == HALF &&
		  BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + HALF, HALF) == HALF;

	ECDSA_SIG_free(sig);
	return ok ? 0 : -EINVAL;
}

/* Return: the signature in base64url (the caller frees), NULL. */
static char *sign(EVP_PKEY *key, bool is_ec, const char *text)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[1024], raw[2 * HALF];
	size_t len = sizeof(sig);
	char *out = NULL;

	if (ctx && EVP_PKEY_get_size(key) <= (int)sizeof(sig) &&
	    EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	    EVP_DigestSign(ctx, sig, &len, (const unsigned char *)text, strlen(text)) == 1) {
		if (!is_ec)
			out = encode(sig, len);
		else if (to_raw(sig, len, raw) == 0)
			out = encode(raw, sizeof(raw));
	}
	EVP_MD_CTX_free(ctx);
	return out;
}

/* "header.claims", each in base64url. */
static char *input(const char *alg, const char *typ, const char *kid, const json_t *claims)
{
	json_auto_t *header = json_pack("{s:s,s:s*,s:s*}", "alg", alg, "typ", typ, "kid", kid);
	cleanup_free char *one = header ? json_dumps(header, JSON_COMPACT) : NULL;
	cleanup_free char *two = json_dumps(claims, JSON_COMPACT);
	cleanup_free char *a = one ? encode(one, strlen(one)) : NULL;
	cleanup_free char *b = two ? encode(two, strlen(two)) : NULL;
	char *out;

	return a && b && asprintf(&out, "%s.%s", a, b) > 0 ? out : NULL;
}

int jws_sign(const char *pem, const char *typ, const char *kid, const json_t *claims,
	     char **ret, struct err *err)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)(uintptr_t)"") : NULL;
	bool is_ec = key && EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_bits(key) == 256;
	bool is_rsa = key && EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) >= 2048;
	cleanup_free char *text = NULL, *sig = NULL;
	int r = 0;

	BIO_free(bio);
	if (is_ec || is_rsa)
		text = input(is_ec ? "ES256" : "RS256", typ, kid, claims);
	if (text)
		sig = sign(key, is_ec, text);
	EVP_PKEY_free(key);
	if (!sig || asprintf(ret, "%s.%s", text, sig) < 0)
		r = err_set(err, EINVAL, "sign with the credential: it must be an unencrypted EC P-256 "
					 "or RSA (2048 bits or more) private key in PEM");
	return r;
}
