/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names - the resolver of the sandbox: granted names, and an address of ours for each
 *
 * A query for a granted name is answered with an address of ours, always the same for the
 * same name, so that a connection to it later tells which name was meant.  No query leaves the machine here: the real
 * address is looked up when a connection is made.  Pure: bytes in, bytes out.
 */
#ifndef SHIMS_EGRESS_NAMES_H
#define SHIMS_EGRESS_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/destination.h"

#define NAMES_MAX 1024 /* different names of one session; a further one is SERVFAIL */
#define NAMES_ANSWER 512 /* RFC 1035 section 4.2.1 */

struct names {
	const struct destination *granted; /* borrowed */
	size_t n_granted;
	size_t n;
	char v[NAMES_MAX][DESTINATION_NAME + 1];
};

enum names_outcome {
	NAMES_DROPPED = 0, /* not a query: nothing is sent back */
	NAMES_REFUSED,	   /* an answer that names no address; name says which was asked for */
	NAMES_ANSWERED,
};

/*
 * Answer one datagram.  out holds NAMES_ANSWER bytes.  *ret_len is 0 when nothing is to
 * be sent; name (DESTINATION_NAME + 1 bytes) becomes the canonical name, or "" when the
 * query holds none.
 */
enum names_outcome names_answer(struct names *n, const uint8_t *query, size_t len, uint8_t *out,
				size_t *ret_len, char *name);

/* The name that an address (host order) was handed out for, or NULL. */
const char *names_of(const struct names *n, uint32_t address);

/* May a connection be made to that name and port? */
bool names_grants(const struct names *n, const char *name, uint16_t port);

#endif /* SHIMS_EGRESS_NAMES_H */
