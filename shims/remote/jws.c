/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "shims/remote/jws.h"

#define TOKEN_MAX ((size_t)64 * 1024)
/* Each half of an ES256 signature, each coordinate of its key, and an Ed25519 key. */
#define HALF 32

/* RFC 7518, section 3.1, and RFC 8037: what a name in a header means for a key. */
struct algorithm {
	const char *name, *kty, *crv; /* of the JWK; crv NULL: it has none */
	bool is_ec, is_pss, is_eddsa;
};

static const struct algorithm algorithms[] = {
	{ "ES256", "EC", "P-256", true, false, false },
	{ "RS256", "RSA", NULL, false, false, false },
	{ "PS256", "RSA", NULL, false, true, false },
	{ "EdDSA", "OKP", "Ed25519", false, false, true },
};

static const struct algorithm *algorithm_of(const char *name)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(*algorithms); i++)
		if (!strcmp(algorithms[i].name, name))
			return &algorithms[i];
	return NULL;
}

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

static EVP_PKEY *okp_key(const json_t *jwk)
{
	const char *x = text_of(jwk, "x");
	size_t len = 0;
	unsigned char *raw = decode(x, strlen(x), &len);
	EVP_PKEY *key = NULL;

	if (raw && len == HALF)
		key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw, len);
	free(raw);
	return key;
}

/* May this key of the set be used for that algorithm and key id? */
static bool fits(const json_t *jwk, const struct algorithm *a, const char *kid)
{
	const char *own = text_of(jwk, "alg"), *use = text_of(jwk, "use");

	if (strcmp(text_of(jwk, "kty"), a->kty) != 0 ||
	    (a->crv && strcmp(text_of(jwk, "crv"), a->crv) != 0))
		return false;
	if ((*own && strcmp(own, a->name) != 0) || (*use && strcmp(use, "sig") != 0))
		return false;
	return !kid || !strcmp(text_of(jwk, "kid"), kid);
}

static const json_t *find_key(const json_t *jwks, const struct algorithm *a,
				    const char *kid)
{
	const json_t *found = NULL;
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(jwks, "keys"), i, one) {
		if (!fits(one, a, kid))
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

/* RFC 7518, section 3.5: MGF1 with the same hash, and a salt as long as it is. */
static bool set_padding(EVP_PKEY_CTX *ctx, const struct algorithm *a)
{
	return !a->is_pss || (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
			      EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) == 1 &&
			      EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1);
}

static bool is_signed(EVP_PKEY *key, const struct algorithm *a, const char *text, size_t len,
		      const unsigned char *sig, size_t sig_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *of_key = NULL;
	unsigned char *der = NULL;
	int der_len = 0;
	bool ok = false;

	if (a->is_ec && sig_len == 2 * HALF)
		der = to_der(sig, &der_len);
	if (ctx && (!a->is_ec || der) &&
	    EVP_DigestVerifyInit(ctx, &of_key, a->is_eddsa ? NULL : EVP_sha256(), NULL, key) == 1 &&
	    set_padding(of_key, a))
		ok = EVP_DigestVerify(ctx, a->is_ec ? der : sig, a->is_ec ? (size_t)der_len : sig_len,
				      (const unsigned char *)text, len) == 1;
	OPENSSL_free(der);
	EVP_MD_CTX_free(ctx);
	return ok;
}

static int check_signature(const char *token, const char *second, const json_t *jwk,
			   const struct algorithm *a, struct err *err)
{
	size_t sig_len = 0;
	unsigned char *sig = decode(second + 1, strlen(second + 1), &sig_len);
	EVP_PKEY *key = a->is_ec ? ec_key(jwk) : a->is_eddsa ? okp_key(jwk) : rsa_key(jwk);
	bool ok = sig && key && is_signed(key, a, token, (size_t)(second - token), sig, sig_len);

	EVP_PKEY_free(key);
	free(sig);
	return ok ? 0 : err_set(err, EBADMSG, "the signature of the token is wrong");
}

/* Header and claims, NULL where there are none; the place of the second dot. */
static const char *take_apart(const char *token, json_t **ret_header, json_t **ret_claims)
{
	const char *first = strchr(token, '.'), *second = first ? strchr(first + 1, '.') : NULL;

	if (!second || strchr(second + 1, '.') || strlen(token) > TOKEN_MAX)
		return NULL;
	*ret_header = decode_json(token, (size_t)(first - token));
	*ret_claims = decode_json(first + 1, (size_t)(second - first - 1));
	return second;
}

int jws_read(const char *token, json_t **ret, struct err *err)
{
	json_auto_t *header = NULL, *claims = NULL;

	if (!take_apart(token, &header, &claims) || !header || !claims)
		return err_set(err, EBADMSG, "not a signed token");
	*ret = json_incref(claims);
	return 0;
}

int jws_verify(const char *token, const json_t *jwks, json_t **ret, struct err *err)
{
	json_auto_t *header = NULL, *claims = NULL;
	const char *second = take_apart(token, &header, &claims), *kid;
	const struct algorithm *a;
	const json_t *jwk;
	int r;

	if (!second)
		return err_set(err, EBADMSG, "not a signed token");
	a = algorithm_of(text_of(header, "alg"));
	kid = json_string_value(json_object_get(header, "kid"));
	if (!header || !claims || json_object_get(header, "crit") || !a)
		return err_set(err, EBADMSG,
			       "a token that is not signed with ES256, PS256, RS256 or EdDSA");
	jwk = find_key(jwks, a, kid);
	if (!jwk)
		return err_set(err, ENOKEY, "no key for the token in the server's key set");
	r = check_signature(token, second, jwk, a, err);
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
static char *sign(EVP_PKEY *key, const struct algorithm *a, const char *text)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[1024], raw[2 * HALF];
	EVP_PKEY_CTX *of_key = NULL;
	size_t len = sizeof(sig);
	char *out = NULL;

	if (ctx && EVP_PKEY_get_size(key) <= (int)sizeof(sig) &&
	    EVP_DigestSignInit(ctx, &of_key, a->is_eddsa ? NULL : EVP_sha256(), NULL, key) == 1 &&
	    set_padding(of_key, a) &&
	    EVP_DigestSign(ctx, sig, &len, (const unsigned char *)text, strlen(text)) == 1) {
		if (!a->is_ec)
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

/* The algorithm of that name if the key can do it; of name NULL the key's usual one. */
static const struct algorithm *algorithm_for(EVP_PKEY *key, const char *name)
{
	bool is_ec = EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_bits(key) == 256;
	bool is_rsa = EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) >= 2048;
	bool is_ed = EVP_PKEY_is_a(key, "ED25519");
	const struct algorithm *a = algorithm_of(
		name && *name ? name : is_ec ? "ES256" : is_ed ? "EdDSA" : "RS256");

	return a && (a->is_ec ? is_ec : a->is_eddsa ? is_ed : is_rsa) ? a : NULL;
}

int jws_sign(const char *pem, const char *alg, const char *typ, const char *kid,
	     const json_t *claims, char **ret, struct err *err)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)(uintptr_t)"") : NULL;
	const struct algorithm *a = key ? algorithm_for(key, alg) : NULL;
	cleanup_free char *text = NULL, *sig = NULL;
	int r = 0;

	BIO_free(bio);
	if (a)
		text = input(a->name, typ, kid, claims);
	if (text)
		sig = sign(key, a, text);
	EVP_PKEY_free(key);
	if (!sig || asprintf(ret, "%s.%s", text, sig) < 0)
		r = err_set(err, EINVAL, "sign with the private key: it must be in PEM, unencrypted, and "
					 "EC P-256 (ES256), Ed25519 (EdDSA), or RSA of 2048 bits or more "
					 "(RS256, PS256)");
	return r;
}
