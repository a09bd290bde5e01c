/* SPDX-License-Identifier: Apache-2.0 */
/*
 * warrant - what the pep has to know to judge capabilities: one struct in a sealed memfd
 *
 * The key is not the user's root key but one derived from it for this server: a pep that
 * was taken over can make capabilities for the server that it stands before, and no other.
 */
#ifndef COMMON_WARRANT_H
#define COMMON_WARRANT_H

#include <stdint.h>

#include "common/macaroon.h"

#define WARRANT_KEY 32
#define WARRANT_REVOKED (64 * 1024)

struct warrant {
	uint32_t has_key; /* 0: this user never minted one, so none can be genuine */
	uint8_t key[WARRANT_KEY];
	uint32_t session_len; /* of the capability of the whole session, verified; 0: none */
	uint8_t session[MACAROON_MAX];
	uint32_t revoked_len; /* names, one a line */
	char revoked[WARRANT_REVOKED];
	uint8_t slot[MACAROON_CAVEATS]; /* by caveat of session: where its calls are counted */
};

/*
 * How often each caveat "calls" of one root's descendants was used: a file that sessions
 * share, mapped, and changed by compare-and-swap alone.
 */
#define WARRANT_SLOTS 64

struct warrant_calls {
	struct {
		uint8_t signature[MACAROON_SIGNATURE]; /* behind the caveat; zero: free */
		_Atomic uint64_t used;
	} slot[WARRANT_SLOTS];
};

/* Of the root key that of one server. */
void warrant_key(const uint8_t root[static WARRANT_KEY], const char *server,
		 uint8_t ret[static WARRANT_KEY]);

#endif /* COMMON_WARRANT_H */
