/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plain_mask - which of the next bytes are not plain, as bits
 *
 * For plain.c and quoted.c, which run on it; plain.h says what a plain byte is.  Sixteen
 * bytes at a time where the machine can (SSE2 is part of x86-64, NEON of AArch64).
 */
#ifndef SHIMS_PEP_PLAIN_MASK_H
#define SHIMS_PEP_PLAIN_MASK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#define PLAIN_STEP 16

static inline int plain_is(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

#if defined(__SSE2__)

/* Bit i: text[i] is not plain; of text[0, PLAIN_STEP). */
static inline uint64_t plain_mask(const char *text)
{
	const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)text);
	/* Signed: what has the high bit set is below 0x20 too. */
	__m128i other = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20));

	other = _mm_or_si128(other, _mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
	other = _mm_or_si128(other, _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
	other = _mm_or_si128(other, _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
	return (unsigned int)_mm_movemask_epi8(other);
}

#elif defined(__ARM_NEON)

static inline uint64_t plain_mask(const char *text)
{
	static const uint8_t bits[16] = { 1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128 };
	const uint8x16_t v = vld1q_u8((const uint8_t *)text);
	uint8x16_t other = vorrq_u8(vcltq_u8(v, vdupq_n_u8(0x20)), vcgeq_u8(v, vdupq_n_u8(0x7f)));

	other = vorrq_u8(other, vceqq_u8(v, vdupq_n_u8('"')));
	other = vorrq_u8(other, vceqq_u8(v, vdupq_n_u8('\\')));
	other = vandq_u8(other, vld1q_u8(bits));
	return vaddv_u8(vget_low_u8(other)) | (uint64_t)vaddv_u8(vget_high_u8(other)) << 8;
}

#else

static inline uint64_t plain_mask(const char *text)
{
	uint64_t mask = 0;

	for (unsigned int i = 0; i < PLAIN_STEP; i++)
		mask |= (uint64_t)!plain_is((unsigned char)text[i]) << i;
	return mask;
}

#endif

/* The same of four times as many. */
static inline uint64_t plain_mask4(const char *text)
{
	return plain_mask(text) | plain_mask(text + PLAIN_STEP) << 16 |
	       plain_mask(text + 2 * PLAIN_STEP) << 32 | plain_mask(text + 3 * PLAIN_STEP) << 48;
}

/* PLAIN_STEP bytes; the compiler makes one load and one store of it. */
static inline void plain_move(char *out, const char *text)
{
	memcpy(out, text, PLAIN_STEP);
}

/* len bytes, and up to a step more.  Most runs are short: a step is taken unasked, even for
 * none, which costs less than a branch that cannot be foreseen. */
static inline void plain_move_run(char *out, const char *text, size_t len)
{
	plain_move(out, text);
	for (size_t k = PLAIN_STEP; k < len; k += PLAIN_STEP)
		plain_move(out + k, text + k);
}

#endif /* SHIMS_PEP_PLAIN_MASK_H */
