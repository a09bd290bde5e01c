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

/* A bit for each of sixteen bytes that is not plain. */
static inline uint64_t block(const char *text)
{
	const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)text);
	/* Signed: what has the high bit set is below 0x20 too. */
	__m128i other = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20));

	other = _mm_or_si128(other, _mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
	other = _mm_or_si128(other, _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
	other = _mm_or_si128(other, _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
	return (unsigned int)_mm_movemask_epi8(other);
}

static inline size_t first(uint64_t mask)
{
	return (size_t)__builtin_ctzll(mask);
}

#elif defined(__ARM_NEON)

enum { STEP = 16 };

static inline uint64_t block(const char *text)
{
	const uint8x16_t v = vld1q_u8((const uint8_t *)text);
	uint8x16_t other = vorrq_u8(vcltq_u8(v, vdupq_n_u8(0x20)), vcgeq_u8(v, vdupq_n_u8(0x7f)));

	other = vorrq_u8(other, vceqq_u8(v, vdupq_n_u8('"')));
	other = vorrq_u8(other, vceqq_u8(v, vdupq_n_u8('\\')));
	/* Four bits for each byte. */
	return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(other), 4)), 0);
}

static inline size_t first(uint64_t mask)
{
	return (size_t)__builtin_ctzll(mask) / 4;
}

#else

enum { STEP = 8 };

#define EACH(byte) (0x0101010101010101ULL * (byte))

/* The high bit of each byte of v that is zero (exact for the lowest such byte). */
static inline uint64_t zeroes(uint64_t v)
{
	return (v - EACH(1)) & ~v & EACH(0x80);
}

static inline uint64_t block(const char *text)
{
	uint64_t v;

	memcpy(&v, text, sizeof(v));
	return (v & EACH(0x80)) | zeroes(v & EACH(0xe0)) | zeroes(v ^ EACH('"')) |
	       zeroes(v ^ EACH('\\')) | zeroes(v ^ EACH(0x7f));
}

static inline size_t first(uint64_t mask)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (size_t)__builtin_ctzll(mask) / 8;
#else
	(void)mask;
	return 0; /* the caller looks at the block byte by byte */
#endif
}

#endif

/* The branches are what makes it fast: that all sixteen are plain is foreseen, and the next
 * block does not have to wait for the count of this one. */
size_t plain_run(const char *text, size_t len)
{
	size_t i = 0;

	for (; len - i >= STEP; i += STEP) {
		uint64_t other = block(text + i);

		if (other) {
			i += first(other);
			break;
		}
	}
	return i + plain_run_slow(text + i, len - i < STEP ? len - i : STEP);
}

size_t plain_copy(char *out, const char *text, size_t len)
{
	size_t i = 0, n;

	for (; len - i >= STEP; i += STEP) {
		uint64_t other = block(text + i);

		memcpy(out + i, text + i, STEP);
		if (other) {
			i += first(other);
			break;
		}
	}
	/* What is left of the text, or of a block that was not looked at to the byte. */
	for (n = len - i < STEP ? len - i : STEP; n && is_plain((unsigned char)text[i]); n--, i++)
		out[i] = text[i];
	return i;
}
