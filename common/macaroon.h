/* SPDX-License-Identifier: Apache-2.0 */
/*
 * macaroon - bearer tokens that whoever holds one can narrow, and nobody can widen
 *
 * Macaroons (Birgisson et al., NDSS 2014) as libmacaroons and its peers have them, in the
 * binary format of version 2 and in base64url of it.  A signature is a chain of
 * HMAC-SHA256: each caveat is signed with what was the signature before it.  First-party
 * caveats only: one of a third party (a verification id, a location of its own) is no
 * macaroon here.  Pure; a macaroon that was parsed borrows the bytes.
 */
#ifndef COMMON_MACAROON_H
#define COMMON_MACAROON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of one, binary; more is a flood, not a capability. */
#define MACAROON_MAX 4096
#define MACAROON_TEXT (MACAROON_MAX * 4 / 3 + 8)
#define MACAROON_CAVEATS 32
#define MACAROON_SIGNATURE 32

struct macaroon_part {
	const char *at;
	size_t len;
};

struct macaroon {
	struct macaroon_part location, id; /* the location is not signed: a hint, no more */
	struct macaroon_part caveat[MACAROON_CAVEATS];
	size_t n;
	uint8_t signature[MACAROON_SIGNATURE];
};

/* Return: 0 or -EBADMSG. */
int macaroon_parse(const uint8_t *data, size_t len, struct macaroon *ret);

/* To ret[size].  Return: its length or -ENOBUFS. */
long macaroon_write(const struct macaroon *m, uint8_t *ret, size_t size);

/* base64url, with or without padding.  Return: the length in ret[MACAROON_MAX], -EBADMSG. */
long macaroon_decode(const char *text, size_t len, uint8_t *ret);

/* base64url without padding and a NUL to ret[MACAROON_TEXT]; len at most MACAROON_MAX. */
void macaroon_encode(const uint8_t *data, size_t len, char *ret);

/* A new one of that key; texts are borrowed. */
void macaroon_start(struct macaroon *ret, const uint8_t *key, size_t key_len,
		    struct macaroon_part location, struct macaroon_part id);

/* Narrow it: no key is needed.  The text is borrowed.  Return: 0 or -E2BIG. */
int macaroon_add(struct macaroon *m, struct macaroon_part caveat);

/*
 * Is it one of that key?  In constant time.  ret, if not NULL, gets the signature behind
 * each caveat: what a caveat and everything before it is known by, in every descendant.
 */
bool macaroon_verify(const struct macaroon *m, const uint8_t *key, size_t key_len,
		     uint8_t (*ret)[MACAROON_SIGNATURE]);

#endif /* COMMON_MACAROON_H */
