/* SPDX-License-Identifier: Apache-2.0 */
/*
 * workload - SPIFFE Workload API: the messages that we say and read, in protobuf
 *
 * Pure, and as much of protobuf (encoding, proto3) as two messages need: varints, and
 * fields with a length; groups do not exist, what is unknown is skipped, and every length
 * is checked against what is left.  The agent is the user's own, but it is another
 * program: its bytes are taken for hostile.
 */
#ifndef SHIMS_REMOTE_WORKLOAD_H
#define SHIMS_REMOTE_WORKLOAD_H

#include <stddef.h>
#include <stdint.h>

struct err;

#define WORKLOAD_JWT_PATH "/SpiffeWorkloadAPI/FetchJWTSVID"
#define WORKLOAD_X509_PATH "/SpiffeWorkloadAPI/FetchX509SVID"
#define WORKLOAD_REQUEST 2048

/* A JWTSVIDRequest for one audience; id NULL: whichever is ours.  Return: its length in
 * ret[WORKLOAD_REQUEST], or -ENOBUFS.  An X509SVIDRequest is empty. */
long workload_ask_jwt(const char *audience, const char *id, uint8_t *ret);

/*
 * The token of the first SVID of a JWTSVIDResponse that is of `id` (NULL: the first, which
 * the specification makes the default) to ret[size].  Return: 0, -EPROTO, -ENOENT.
 */
int workload_read_jwt(const uint8_t *data, size_t len, const char *id, char *ret, size_t size,
		      struct err *err);

/* The certificates and the key of the first such SVID of an X509SVIDResponse as PEM to
 * ret[size].  Return: as above, -EMSGSIZE when it does not fit. */
int workload_read_x509(const uint8_t *data, size_t len, const char *id, char *ret, size_t size,
		       struct err *err);

#endif /* SHIMS_REMOTE_WORKLOAD_H */
