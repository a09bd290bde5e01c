/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <string.h>

#include "common/macaroon.h"

#define VERSION_2 2

enum field { FIELD_END = 0, FIELD_LOCATION = 1, FIELD_ID = 2, FIELD_SIGNATURE = 6 };

/* --- reading ------------------------------------------------------------------------------ */

struct reader {
	const uint8_t *at, *end;
};

/* In its shortest form, and no longer than a macaroon can be. */
static bool take_number(struct reader *r, size_t *ret)
{
	size_t first, second;

	if (r->at == r->end)
		return false;
	first = *r->at++;
	*ret = first;
	if (first < 0x80)
		return true;
	if (r->at == r->end)
		return false;
	second = *r->at++;
	*ret = second << 7 | (first & 0x7f);
	return second > 0 && second < 0x80;
}

/* A field of that number with its bytes, or none and the reader where it was. */
static bool take_field(struct reader *r, enum field number, struct macaroon_part *ret)
{
	struct reader was = *r;
	size_t found, len;

	if (take_number(r, &found) && found == (size_t)number && take_number(r, &len) &&
	    len <= (size_t)(r->end - r->at)) {
		*ret = (struct macaroon_part){ (const char *)r->at, len };
		r->at += len;
		return true;
	}
	*r = was;
	return false;
}

static bool take_end(struct reader *r)
{
	if (r->at == r->end || *r->at != FIELD_END)
		return false;
	r->at++;
	return true;
}

int macaroon_parse(const uint8_t *data, size_t len, struct macaroon *ret)
{
	struct reader r = { data, data + len };
	struct macaroon m = {0};
	struct macaroon_part signature;

	if (len < 1 || len > MACAROON_MAX || *r.at++ != VERSION_2)
		return -EBADMSG;
	take_field(&r, FIELD_LOCATION, &m.location);
	if (!take_field(&r, FIELD_ID, &m.id) || !take_end(&r))
		return -EBADMSG;
	while (!take_end(&r)) {
		/* A caveat with more than its id is a third party's. */
		if (m.n == MACAROON_CAVEATS || !take_field(&r, FIELD_ID, &m.caveat[m.n++]) ||
		    !take_end(&r))
			return -EBADMSG;
	}
	if (!take_field(&r, FIELD_SIGNATURE, &signature) ||
	    signature.len != MACAROON_SIGNATURE || r.at != r.end)
		return -EBADMSG;
	memcpy(m.signature, signature.at, MACAROON_SIGNATURE);
	*ret = m;
	return 0;
}

/* --- writing ------------------------------------------------------------------------------ */

struct writer {
	uint8_t *at, *end;
	bool is_full;
};

static void put_byte(struct writer *w, size_t byte)
{
	if (w->at == w->end)
		w->is_full = true;
	else
		*w->at++ = (uint8_t)byte;
}

static void put_field(struct writer *w, enum field number, const void *data, size_t len)
{
	put_byte(w, (size_t)number);
	if (len >= 0x80)
		put_byte(w, 0x80 | (len & 0x7f));
	put_byte(w, len >= 0x80 ? len >> 7 : len);
	if (len > (size_t)(w->end - w->at)) {
		w->is_full = true;
		return;
	}
	if (len)
		memcpy(w->at, data, len);
	w->at += len;
}

long macaroon_write(const struct macaroon *m, uint8_t *ret, size_t size)
{
	struct writer w = { ret, ret + (size < MACAROON_MAX ? size : MACAROON_MAX), false };

	put_byte(&w, VERSION_2);
	if (m->location.len)
		put_field(&w, FIELD_LOCATION, m->location.at, m->location.len);
	put_field(&w, FIELD_ID, m->id.at, m->id.len);
	put_byte(&w, FIELD_END);
	for (size_t i = 0; i < m->n; i++) {
		put_field(&w, FIELD_ID, m->caveat[i].at, m->caveat[i].len);
		put_byte(&w, FIELD_END);
	}
	put_byte(&w, FIELD_END);
	put_field(&w, FIELD_SIGNATURE, m->signature, MACAROON_SIGNATURE);
	return w.is_full ? -ENOBUFS : (long)(w.at - ret);
}

/* --- base64url ---------------------------------------------------------------------------- */

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

long macaroon_decode(const char *text, size_t len, uint8_t *ret)
{
	unsigned int bits = 0, n = 0;
	size_t at = 0;

	if (len % 4 == 0)
		for (int i = 0; i < 2 && len && text[len - 1] == '='; i++)
			len--;
	for (size_t i = 0; i < len; i++) {
		const char *p = text[i] ? strchr(letters, text[i]) : NULL;

		if (!p)
			return -EBADMSG;
		bits = (bits << 6 | (unsigned int)(p - letters)) & 0xffffff;
		n += 6;
		if (n < 8)
			continue;
		n -= 8;
		if (at == MACAROON_MAX)
			return -EBADMSG;
		ret[at++] = (uint8_t)(bits >> n);
	}
	/* What is left over must be zero, and never a whole letter. */
	return n == 6 || (bits & ((1U << n) - 1)) ? -EBADMSG : (long)at;
}

void macaroon_encode(const uint8_t *data, size_t len, char *ret)
{
	size_t at = 0;

	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i < 3 ? len - i : 3;
		unsigned int bits = (unsigned int)data[i] << 16;

		if (left > 1)
			bits |= (unsigned int)data[i + 1] << 8;
		if (left > 2)
			bits |= data[i + 2];
		for (size_t k = 0; k <= left; k++)
			ret[at++] = letters[bits >> (18 - 6 * k) & 63];
	}
	ret[at] = '\0';
}

/* --- the chain ---------------------------------------------------------------------------- */

static void hmac(const uint8_t *key, size_t key_len, const void *data, size_t len,
		 uint8_t ret[static MACAROON_SIGNATURE])
{
	struct hmac_sha256_ctx ctx;

	hmac_sha256_set_key(&ctx, key_len, key);
	hmac_sha256_update(&ctx, len, data);
	hmac_sha256_digest(&ctx, MACAROON_SIGNATURE, ret);
	explicit_bzero(&ctx, sizeof(ctx));
}

/* Of a key of any length one of fixed length, with the constant that all have. */
static void sign_id(const uint8_t *key, size_t key_len, struct macaroon_part id,
		    uint8_t ret[static MACAROON_SIGNATURE])
{
	static const uint8_t generator[] = "macaroons-key-generator";
	uint8_t derived[MACAROON_SIGNATURE];

	hmac(generator, sizeof(generator) - 1, key, key_len, derived);
	hmac(derived, sizeof(derived), id.at, id.len, ret);
	explicit_bzero(derived, sizeof(derived));
}

void macaroon_start(struct macaroon *ret, const uint8_t *key, size_t key_len,
		    struct macaroon_part location, struct macaroon_part id)
{
	*ret = (struct macaroon){ .location = location, .id = id };
	sign_id(key, key_len, id, ret->signature);
}

int macaroon_add(struct macaroon *m, struct macaroon_part caveat)
{
	uint8_t next[MACAROON_SIGNATURE];

	if (m->n == MACAROON_CAVEATS)
		return -E2BIG;
	m->caveat[m->n++] = caveat;
	hmac(m->signature, sizeof(m->signature), caveat.at, caveat.len, next);
	memcpy(m->signature, next, sizeof(next));
	return 0;
}

bool macaroon_verify(const struct macaroon *m, const uint8_t *key, size_t key_len,
		     uint8_t (*ret)[MACAROON_SIGNATURE])
{
	uint8_t is[MACAROON_SIGNATURE], next[MACAROON_SIGNATURE];
	bool ok;

	sign_id(key, key_len, m->id, is);
	for (size_t i = 0; i < m->n; i++) {
		hmac(is, sizeof(is), m->caveat[i].at, m->caveat[i].len, next);
		memcpy(is, next, sizeof(is));
		if (ret)
			memcpy(ret[i], is, sizeof(is));
	}
	ok = memeql_sec(is, m->signature, sizeof(is));
	/* What was computed is the signature that a forger lacks. */
	explicit_bzero(is, sizeof(is));
	return ok;
}
