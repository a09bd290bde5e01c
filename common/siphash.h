/* SPDX-License-Identifier: Apache-2.0 */
/*
 * siphash - SipHash-2-4, a keyed hash for short inputs (Aumasson and Bernstein, 2012)
 */
#ifndef COMMON_SIPHASH_H
#define COMMON_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t siphash(const uint64_t key[static 2], const void *data, size_t len);

#endif /* COMMON_SIPHASH_H */
