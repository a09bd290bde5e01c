/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <string.h>

#include "common/err.h"
#include "shims/remote/workload.h"

/* Certificates of one SVID: a leaf and its intermediates. */
#define CHAIN 8

enum wire_type { VARINT = 0, FIXED64 = 1, LENGTH = 2, FIXED32 = 5 };

/* A span of bytes that is read from its beginning. */
struct span {
	const uint8_t *at;
	size_t len;
};

static bool take_varint(struct span *s, uint64_t *ret)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; s->len && shift < 64; shift += 7) {
		uint8_t byte = *s->at++;

		s->len--;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret = value;
			return true;
		}
	}
	return false;
}

static bool take_bytes(struct span *s, uint64_t len, struct span *ret)
{
	if (len > s->len)
		return false;
	*ret = (struct span){ s->at, (size_t)len };
	s->at += len;
	s->len -= (size_t)len;
	return true;
}

/* The next field.  Return: 1, its number, and its bytes if it has a length (else none);
 * 0 at the end; -EPROTO. */
static int take_field(struct span *s, uint64_t *ret_number, struct span *ret)
{
	uint64_t tag, value = 0;
	bool ok;

	*ret = (struct span){0};
	if (!s->len)
		return 0;
	if (!take_varint(s, &tag) || tag >> 3 == 0 || tag >> 3 > 536870911)
		return -EPROTO;
	*ret_number = tag >> 3;
	switch (tag & 7) {
	case VARINT:
		return take_varint(s, &value) ? 1 : -EPROTO;
	case FIXED64:
	case FIXED32:
		ok = take_bytes(s, (tag & 7) == FIXED64 ? 8 : 4, ret);
		*ret = (struct span){0};
		return ok ? 1 : -EPROTO;
	case LENGTH:
		return take_varint(s, &value) && take_bytes(s, value, ret) ? 1 : -EPROTO;
	default:
		return -EPROTO;
	}
}

/* --- asking ------------------------------------------------------------------------------- */

static bool put_text(uint8_t *to, size_t *at, uint8_t number, const char *text)
{
	size_t len = strlen(text);

	if (len > 1000 || *at + 3 + len > WORKLOAD_REQUEST)
		return false;
	to[(*at)++] = (uint8_t)(number << 3 | LENGTH);
	if (len >= 0x80)
		to[(*at)++] = (uint8_t)(0x80 | (len & 0x7f));
	to[(*at)++] = (uint8_t)(len >= 0x80 ? len >> 7 : len);
	memcpy(to + *at, text, len);
	*at += len;
	return true;
}

long workload_ask_jwt(const char *audience, const char *id, uint8_t *ret)
{
	size_t at = 0;

	if (!put_text(ret, &at, 1, audience) || (id && !put_text(ret, &at, 2, id)))
		return -ENOBUFS;
	return (long)at;
}

/* --- reading ------------------------------------------------------------------------------ */

/* Fields 1 to 3 of either kind of SVID: its id, and two spans. */
struct svid {
	struct span id, first, second;
};

static int read_svid(struct span s, struct svid *ret)
{
	struct span value;
	uint64_t number;
	int r;

	*ret = (struct svid){0};
	while ((r = take_field(&s, &number, &value)) == 1) {
		if (number == 1)
			ret->id = value;
		else if (number == 2)
			ret->first = value;
		else if (number == 3)
			ret->second = value;
	}
	return r;
}

static bool is_of(const struct svid *v, const char *id)
{
	return v->id.len && (!id || (v->id.len == strlen(id) && !memcmp(v->id.at, id, v->id.len)));
}

/* The first that is of that id, among the fields 1 of a response. */
static int find(const uint8_t *data, size_t len, const char *id, struct svid *ret,
		struct err *err)
{
	struct span s = { data, len }, value;
	bool is_found = false;
	uint64_t number;
	int r;

	while ((r = take_field(&s, &number, &value)) == 1) {
		struct svid one;

		if (number != 1 || is_found)
			continue;
		if (read_svid(value, &one) < 0)
			r = -EPROTO;
		if (r < 0)
			break;
		if (is_of(&one, id)) {
			*ret = one;
			is_found = true;
		}
	}
	if (r < 0)
		return err_set(err, EPROTO, "the Workload API's answer is malformed");
	return is_found ? 0 :
			  err_set(err, ENOENT, "the Workload API has no SVID for this process%s%s",
				  id ? " of " : "", id ? id : "");
}

int workload_read_jwt(const uint8_t *data, size_t len, const char *id, char *ret, size_t size,
		      struct err *err)
{
	struct svid v;
	int r = find(data, len, id, &v, err);

	if (r < 0)
		return r;
	if (!v.first.len || v.first.len >= size)
		return err_set(err, EPROTO, "the Workload API's token is empty or too long");
	for (size_t i = 0; i < v.first.len; i++)
		if (v.first.at[i] < 0x21 || v.first.at[i] > 0x7e)
			return err_set(err, EPROTO, "the Workload API's token is no token");
	memcpy(ret, v.first.at, v.first.len);
	ret[v.first.len] = '\0';
	return 0;
}

/* DER certificates, one behind the other, and a PKCS#8 key, into the bio. */
static bool put_pem(BIO *bio, struct span chain, struct span key)
{
	const unsigned char *p = chain.at, *k = key.at;
	EVP_PKEY *pkey = NULL;
	bool ok = chain.len > 0;

	for (int n = 0; ok && p < chain.at + chain.len; n++) {
		X509 *cert = n < CHAIN ? d2i_X509(NULL, &p, (long)(chain.at + chain.len - p)) : NULL;

		ok = cert && PEM_write_bio_X509(bio, cert) == 1;
		X509_free(cert);
	}
	if (ok)
		pkey = d2i_AutoPrivateKey(NULL, &k, (long)key.len);
	ok = pkey && k == key.at + key.len &&
	     PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) == 1;
	EVP_PKEY_free(pkey);
	return ok;
}

int workload_read_x509(const uint8_t *data, size_t len, const char *id, char *ret, size_t size,
		       struct err *err)
{
	struct svid v;
	int r = find(data, len, id, &v, err), n = -1;
	BIO *bio;

	if (r < 0)
		return r;
	bio = BIO_new(BIO_s_secmem());
	if (!bio || !put_pem(bio, v.first, v.second))
		r = err_set(err, EPROTO, "the Workload API's certificate or key cannot be read");
	else if (BIO_pending(bio) >= (int)size)
		r = err_set(err, EMSGSIZE, "the Workload API's certificates are too long");
	else
		n = BIO_read(bio, ret, (int)size - 1);
	if (r == 0 && n <= 0)
		r = err_set(err, EPROTO, "the Workload API's certificate or key cannot be read");
	if (r == 0)
		ret[n] = '\0';
	BIO_free(bio);
	return r;
}
