/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sha256 - SHA-256 (FIPS 180-4), for digests of calls, pins and packages
 *
 * Nettle's, behind names of ours: one place that knows it, and only its few kilobytes of
 * SHA-2 are linked into a program.  Nothing here is keyed.
 */
#ifndef COMMON_SHA256_H
#define COMMON_SHA256_H

#include <nettle/sha2.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32

struct sha256 {
	struct sha256_ctx ctx; /* nettle's */
};

void sha256_start(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t len);
void sha256_done(struct sha256 *s, uint8_t ret[static SHA256_SIZE]);

/* All three. */
void sha256(const void *data, size_t len, uint8_t ret[static SHA256_SIZE]);

#endif /* COMMON_SHA256_H */
