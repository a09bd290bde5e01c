/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jws - signed tokens (RFC 7515, 7517, 7518, 8037): ES256, PS256, RS256 and EdDSA
 *
 * The algorithm is taken from the key and compared with the header, never the other way
 * round; "none" and every symmetric algorithm do not exist here.
 */
#ifndef SHIMS_REMOTE_JWS_H
#define SHIMS_REMOTE_JWS_H

#include <jansson.h>

struct err;

/*
 * Verify token[len] with a key of the set jwks and read its claims.  A header with a key
 * id takes the key of that id; without one the set must hold a single key of the kind.
 * Return: 0 and *ret (a new reference); -ENOKEY, no such key in the set; -EBADMSG.
 */
int jws_verify(const char *token, const json_t *jwks, json_t **ret, struct err *err);

/* The claims of a token that is not verified: of one that came over an authenticated
 * connection from who made it.  Return: 0 and *ret (a new reference); -EBADMSG. */
int jws_read(const char *token, json_t **ret, struct err *err);

/*
 * Sign claims with the private key in pem (EC P-256, Ed25519, or RSA of at least 2048
 * bits).  alg NULL or "": what fits the key, RS256 for RSA.  typ and kid may be NULL.
 * Return: 0 and *ret (the caller frees), -EINVAL.
 */
int jws_sign(const char *pem, const char *alg, const char *typ, const char *kid,
	     const json_t *claims, char **ret, struct err *err);

#endif /* SHIMS_REMOTE_JWS_H */
