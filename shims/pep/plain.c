/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <string.h>

#include "shims/pep/plain.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

static inline int is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

size_t plain_run_slow(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len && is_plain((unsigned char)text[i]))
		i++;
	return i;
}

#if defined(__SSE2__)

enum { STEP = 16 };

/* The index of the first byte that is not plain among sixteen, or STEP. */
static inline size_t block(const char *text)
{
	const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)text);
	/* Signed: what has the high bit set is below 0x20 too. */
	__m128i other = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20));

	other = _mm_or_si128(other, _mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
	other = _mm_or_si128(other, _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
	other = _mm_or_si128(other, _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
	return (size_t)__builtin_ctz((unsigned int)_mm_movemask_epi8(other) | 1U << STEP);
}

#elif defined(__ARM_NEON)

enum { STEP = 16 };

static inline size_t block(const char *text)
{
	const uint8x16_t v = vld1q_u8((const uint8_t *)text);
	uint8x16_t other = vorrq_u8(vcltq_u8(v, vdupq_n_u8(0x20)), vcgeq_u8(v, vdupq_n_u8(0x7f)));
	uint64_t mask;

	other = vorrq_u8(other, vceqq_u8(v, vdupq_n_u8('"')));
	other = vorrq_u8(other, vceqq_u8(v, vdupq_n_u8('\\')));
	/* Four bits for each byte. */
	mask = vget_lane_u64(
		vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(other), 4)), 0);
	return mask ? (size_t)__builtin_ctzll(mask) / 4 : STEP;
}

#else

enum { STEP = 8 };

#define EACH(byte) (0x0101010101010101ULL * (byte))

/* The high bit of each byte of v that is zero (exact for the lowest such byte). */
static inline uint64_t zeroes(uint64_t v)
{
	return (v - EACH(1)) & ~v & EACH(0x80);
}

static inline size_t block(const char *text)
{
	uint64_t v, other;

	memcpy(&v, text, sizeof(v));
	other = (v & EACH(0x80)) | zeroes(v & EACH(0xe0)) | zeroes(v ^ EACH('"')) |
		zeroes(v ^ EACH('\\')) | zeroes(v ^ EACH(0x7f));
	if (!other)
		return STEP;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (size_t)__builtin_ctzll(other) / 8;
#else
	return 0; /* the caller looks at the block byte by byte */
#endif
}

#endif

size_t plain_run(const char *text, size_t len)
{
	size_t i = 0;

	while (len - i >= STEP) {
		size_t n = block(text + i);

		i += n;
		if (n < STEP)
			return i + plain_run_slow(text + i, STEP - n);
	}
	return i + plain_run_slow(text + i, len - i);
}

size_t plain_copy(char *out, const char *text, size_t len)
{
	size_t i = 0, n;

	while (len - i >= STEP) {
		n = block(text + i);
		memcpy(out + i, text + i, STEP);
		i += n;
		if (n < STEP)
			break;
	}
	/* What is left of the text, or of a block that was not looked at to the byte. */
	for (n = len - i < STEP ? len - i : STEP; n && is_plain((unsigned char)text[i]); n--, i++)
		out[i] = text[i];
	return i;
}
