/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sha256 - SHA-256 (FIPS 180-4), for digests of calls
 *
 * Own code, because the pep must stay without a cryptographic library: 80 lines that the
 * vectors of NIST check, against two megabytes that its address space would have to hold.
 * Nothing here is keyed, so its timing tells nothing.
 */
#ifndef COMMON_SHA256_H
#define COMMON_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32

struct sha256 {
	uint32_t state[8];
	uint64_t len; /* bytes added */
	uint8_t block[64];
};

void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t len);
void sha256_done(struct sha256 *s, uint8_t ret[static SHA256_SIZE]);

/* All three. */
void sha256(const void *data, size_t len, uint8_t ret[static SHA256_SIZE]);

#endif /* COMMON_SHA256_H */
