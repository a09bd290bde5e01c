/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secrets - the form in which known values cross from the launcher to the pep
 *
 * A header, n needles, n_probes probes.  A needle is one value in one encoding: its
 * length, a keyed hash of its first SECRETS_GRAM bytes, by which it is found, and a keyed
 * hash of 128 bits of the whole, by which it is confirmed.  The value itself is not here.
 * The keys are random in every start.
 *
 * A probe says which SECRETS_GRAM bytes may stand in a needle at one of its first stride
 * offsets: so a text that is asked every stride bytes is asked inside of every needle in
 * it, provided that the needle has SECRETS_GRAM + stride - 1 bytes.  Probes are few bits
 * of a hash that is made for speed; they come sorted, so that none tells its needle.
 */
#ifndef COMMON_SECRETS_H
#define COMMON_SECRETS_H

#include <stdint.h>
#include <string.h>

#define SECRETS_MAGIC 0x3252534dU /* "MSR2" */
#define SECRETS_GRAM 8
#define SECRETS_PROBE_BITS 21

struct secrets_header {
	uint32_t magic, n;
	uint32_t n_probes, stride; /* stride: 1, 2, 4 or 8 */
	uint64_t keys[4];	   /* two SipHash keys */
	uint64_t factor;	   /* of the probes, odd */
};

enum {
	SECRETS_WHOLE = 1, /* a short value: only between characters that are no letters */
	/* Base64 of text with the value inside: the character before (behind) the needle
	 * has bits of the value too. */
	SECRETS_BEFORE = 2,
	SECRETS_BEHIND = 4,
};

struct secrets_needle {
	uint64_t gram;	    /* siphash(keys[0..1], first SECRETS_GRAM bytes) */
	uint64_t digest[2]; /* siphash(keys[0..1], all), siphash(keys[2..3], all) */
	uint32_t len, flags;
};

/*
 * Values that become known while a session runs: shared memory, written by one process and
 * read by the pep.  The same form as above, under the same keys; seq is odd while it is
 * written.  The pep takes all of it for hostile.
 */
#define SECRETS_LIVE (16 * 1024)
#define SECRETS_LIVE_NEEDLES 128

struct secrets_live {
	_Atomic uint32_t seq;
	uint32_t len;
	char data[SECRETS_LIVE];
};

/* The probe of SECRETS_GRAM bytes. */
static inline uint32_t secrets_probe(uint64_t factor, const char *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return (uint32_t)(word * factor >> (64 - SECRETS_PROBE_BITS));
}

#endif /* COMMON_SECRETS_H */
