/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/prefilter_x86.h"

#ifdef __x86_64__
#include <immintrin.h>

bool prefilter_x86_has(enum prefilter_variant variant)
{
	switch (variant) {
	case PREFILTER_AVX2:
		return __builtin_cpu_supports("avx2");
	case PREFILTER_SSSE3:
		return __builtin_cpu_supports("ssse3");
	case PREFILTER_SCALAR:
	case PREFILTER_NEON:
		break;
	}
	return false;
}

/* --- SSSE3: 16 bytes at a time ---------------------------------------------------------------- */

#define LOAD16(p) _mm_loadu_si128((const __m128i *)(const void *)(p))

__attribute__((target("ssse3"))) static inline uint64_t nonzero16(__m128i v)
{
	return 0xffff ^ (uint64_t)(unsigned int)_mm_movemask_epi8(
				_mm_cmpeq_epi8(v, _mm_setzero_si128()));
}

__attribute__((target("ssse3"))) static inline uint64_t bits16(__m128i v)
{
	return (unsigned int)_mm_movemask_epi8(v);
}

__attribute__((target("ssse3"))) static inline __m128i
look_up16(const unsigned char *low, const unsigned char *high, __m128i l, __m128i h)
{
	return _mm_and_si128(_mm_shuffle_epi8(LOAD16(low), l), _mm_shuffle_epi8(LOAD16(high), h));
}

__attribute__((target("ssse3"))) static void run_ssse3(const struct prefilter *p,
							const unsigned char *text, size_t n,
							struct prefilter_masks *masks)
{
	const __m128i half = _mm_set1_epi8(15);

	for (size_t b = 0; b < n; b++) {
		struct prefilter_masks m = {0};

		for (unsigned int at = 0; at < PREFILTER_BLOCK; at += 16, text += 16) {
			__m128i few = _mm_set1_epi8(-1), many = few, a, c;

			for (int k = PREFILTER_WINDOW - 1; k >= 0; k--) {
				__m128i v = LOAD16(text + k), l;
				__m128i h = _mm_and_si128(_mm_srli_epi16(v, 4), half);

				/* As below: bytes outside of ASCII are in no window. */
				few = _mm_and_si128(few, look_up16(p->low[0][k], p->high[0][k], v, h));
				many = _mm_and_si128(many, look_up16(p->low[1][k], p->high[1][k], v, h));
				if (k)
					continue;
				l = _mm_and_si128(v, half);
				a = look_up16(p->class_low[CLASSES_WRAPPED_A], p->class_high[CLASSES_WRAPPED_A], l, h);
				c = look_up16(p->class_low[CLASSES_WRAPPED_B], p->class_high[CLASSES_WRAPPED_B], l, h);
				m.first |= nonzero16(_mm_and_si128(a, _mm_set1_epi8(CLASS_FIRST))) << at;
				m.second |= nonzero16(_mm_and_si128(a, _mm_set1_epi8(CLASS_SECOND))) << at;
				m.hex |= bits16(a) << at;
				m.base32 |= nonzero16(_mm_and_si128(a, _mm_set1_epi8((char)CLASS_BASE32))) << at;
				m.escape |= nonzero16(c) << at;
			}
			m.window |= nonzero16(_mm_or_si128(few, many)) << at;
		}
		masks[b] = m;
	}
}

__attribute__((target("ssse3"))) static void run_personal_ssse3(const struct prefilter *p,
								const unsigned char *text, size_t n,
								struct prefilter_personal *masks)
{
	const __m128i half = _mm_set1_epi8(15);

	for (size_t b = 0; b < n; b++) {
		struct prefilter_personal m = {0};

		for (unsigned int at = 0; at < PREFILTER_BLOCK; at += 16, text += 16) {
			__m128i v = LOAD16(text), a;

			a = look_up16(p->class_low[CLASSES_PERSONAL], p->class_high[CLASSES_PERSONAL],
				      _mm_and_si128(v, half), _mm_and_si128(_mm_srli_epi16(v, 4), half));
			m.word |= nonzero16(_mm_and_si128(a, _mm_set1_epi8((char)CLASS_WORD))) << at;
			m.digit |= bits16(a) << at;
			m.at |= bits16(_mm_slli_epi16(a, 1)) << at;
			m.colon |= bits16(_mm_slli_epi16(a, 2)) << at;
			m.joint |= bits16(_mm_slli_epi16(a, 3)) << at;
			m.slash |= bits16(_mm_slli_epi16(a, 4)) << at;
		}
		masks[b] = m;
	}
}

/* --- AVX2: 32 bytes at a time ------------------------------------------------------------------ */

#define LOAD32(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define TWICE(p) _mm256_broadcastsi128_si256(LOAD16(p))

__attribute__((target("avx2"))) static inline uint64_t nonzero32(__m256i v)
{
	return 0xffffffffU ^ (unsigned int)_mm256_movemask_epi8(
				     _mm256_cmpeq_epi8(v, _mm256_setzero_si256()));
}

__attribute__((target("avx2"))) static inline __m256i look_up32(__m256i low, __m256i high,
								 __m256i l, __m256i h)
{
	return _mm256_and_si256(_mm256_shuffle_epi8(low, l), _mm256_shuffle_epi8(high, h));
}

__attribute__((target("avx2"))) static inline uint64_t bits32(__m256i v)
{
	return (unsigned int)_mm256_movemask_epi8(v);
}

__attribute__((target("avx2"))) static void run_avx2(const struct prefilter *p,
						      const unsigned char *text, size_t n,
						      struct prefilter_masks *masks)
{
	const __m256i half = _mm256_set1_epi8(15);
	__m256i low[2][PREFILTER_WINDOW], high[2][PREFILTER_WINDOW];
	__m256i low_a = TWICE(p->class_low[CLASSES_WRAPPED_A]), high_a = TWICE(p->class_high[CLASSES_WRAPPED_A]);
	__m256i low_c = TWICE(p->class_low[CLASSES_WRAPPED_B]), high_c = TWICE(p->class_high[CLASSES_WRAPPED_B]);

	for (int k = 0; k < PREFILTER_WINDOW; k++)
		for (int s = 0; s < 2; s++) {
			low[s][k] = TWICE(p->low[s][k]);
			high[s][k] = TWICE(p->high[s][k]);
		}
	for (size_t b = 0; b < n; b++) {
		struct prefilter_masks m = {0};

		for (unsigned int at = 0; at < PREFILTER_BLOCK; at += 32, text += 32) {
			__m256i few = _mm256_set1_epi8(-1), many = few, a, c;

#pragma GCC unroll 4
			for (int k = PREFILTER_WINDOW - 1; k >= 0; k--) {
				__m256i v = LOAD32(text + k), l;
				__m256i h = _mm256_and_si256(_mm256_srli_epi16(v, 4), half);

				/* A shuffle reads the low half of a byte of ASCII, and gives nothing
				 * for another, which is in no window. */
				few = _mm256_and_si256(few, look_up32(low[0][k], high[0][k], v, h));
				many = _mm256_and_si256(many, look_up32(low[1][k], high[1][k], v, h));
				if (k)
					continue;
				l = _mm256_and_si256(v, half);
				a = look_up32(low_a, high_a, l, h);
				c = look_up32(low_c, high_c, l, h);
				m.first |= nonzero32(_mm256_and_si256(a, _mm256_set1_epi8(CLASS_FIRST))) << at;
				m.second |= nonzero32(_mm256_and_si256(a, _mm256_set1_epi8(CLASS_SECOND))) << at;
				m.hex |= bits32(a) << at;
				m.base32 |= nonzero32(_mm256_and_si256(a, _mm256_set1_epi8((char)CLASS_BASE32))) << at;
				m.escape |= nonzero32(c) << at;
			}
			m.window |= nonzero32(_mm256_or_si256(few, many)) << at;
		}
		masks[b] = m;
	}
}

__attribute__((target("avx2"))) static void run_personal_avx2(const struct prefilter *p,
							       const unsigned char *text, size_t n,
							       struct prefilter_personal *masks)
{
	const __m256i half = _mm256_set1_epi8(15), word = _mm256_set1_epi8((char)CLASS_WORD);
	const __m256i low = TWICE(p->class_low[CLASSES_PERSONAL]);
	const __m256i high = TWICE(p->class_high[CLASSES_PERSONAL]);

	for (size_t b = 0; b < n; b++) {
		struct prefilter_personal m = {0};

		for (unsigned int at = 0; at < PREFILTER_BLOCK; at += 32, text += 32) {
			__m256i v = LOAD32(text), a;

			a = look_up32(low, high, _mm256_and_si256(v, half),
				      _mm256_and_si256(_mm256_srli_epi16(v, 4), half));
			m.word |= nonzero32(_mm256_and_si256(a, word)) << at;
			m.digit |= bits32(a) << at;
			m.at |= bits32(_mm256_slli_epi16(a, 1)) << at;
			m.colon |= bits32(_mm256_slli_epi16(a, 2)) << at;
			m.joint |= bits32(_mm256_slli_epi16(a, 3)) << at;
			m.slash |= bits32(_mm256_slli_epi16(a, 4)) << at;
		}
		masks[b] = m;
	}
}

void prefilter_x86_run(const struct prefilter *p, enum prefilter_variant variant,
		       const unsigned char *text, size_t n, struct prefilter_masks *masks)
{
	if (variant == PREFILTER_AVX2)
		run_avx2(p, text, n, masks);
	else
		run_ssse3(p, text, n, masks);
}

void prefilter_x86_run_personal(const struct prefilter *p, enum prefilter_variant variant,
				const unsigned char *text, size_t n, struct prefilter_personal *masks)
{
	if (variant == PREFILTER_AVX2)
		run_personal_avx2(p, text, n, masks);
	else
		run_personal_ssse3(p, text, n, masks);
}

#else /* another machine */

bool prefilter_x86_has(enum prefilter_variant variant)
{
	(void)variant;
	return false;
}

void prefilter_x86_run(const struct prefilter *p, enum prefilter_variant variant,
		       const unsigned char *text, size_t n, struct prefilter_masks *masks)
{
	(void)p;
	(void)variant;
	(void)text;
	(void)n;
	(void)masks;
}

void prefilter_x86_run_personal(const struct prefilter *p, enum prefilter_variant variant,
				const unsigned char *text, size_t n, struct prefilter_personal *masks)
{
	(void)p;
	(void)variant;
	(void)text;
	(void)n;
	(void)masks;
}

#endif
