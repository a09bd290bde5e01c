/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secrets - the form in which known values cross from the launcher to the pep
 *
 * A header and n needles.  A needle is one value in one encoding: its length, a keyed
 * hash of its first SECRETS_GRAM bytes, by which it is found, and a keyed hash of 128
 * bits of the whole, by which it is confirmed.  The value itself is not here.  The keys
 * are random in every start.
 */
#ifndef COMMON_SECRETS_H
#define COMMON_SECRETS_H

#include <stdint.h>

#define SECRETS_MAGIC 0x3152534dU /* "MSR1" */
#define SECRETS_GRAM 8

struct secrets_header {
	uint32_t magic, n;
	uint64_t keys[4]; /* two SipHash keys */
};

enum { SECRETS_WHOLE = 1 }; /* a short value: only between characters that are no letters */

struct secrets_needle {
	uint64_t gram;	    /* siphash(keys[0..1], first SECRETS_GRAM bytes) */
	uint64_t digest[2]; /* siphash(keys[0..1], all), siphash(keys[2..3], all) */
	uint32_t len, flags;
};

#endif /* COMMON_SECRETS_H */
