/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/prefilter_neon.h"

#if defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#include <arm_neon.h>

bool prefilter_neon_has(void)
{
	return true;
}

/* A bit for each byte of four vectors: v[i] holds bytes of all ones or zero. */
static inline uint64_t bits64(const uint8x16_t v[4])
{
	static const uint8_t weights[16] = { 1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128 };
	uint8x16_t w = vld1q_u8(weights);
	uint8x16_t low = vpaddq_u8(vandq_u8(v[0], w), vandq_u8(v[1], w));
	uint8x16_t high = vpaddq_u8(vandq_u8(v[2], w), vandq_u8(v[3], w));

	low = vpaddq_u8(low, high);
	low = vpaddq_u8(low, low);
	return vgetq_lane_u64(vreinterpretq_u64_u8(low), 0);
}

static inline uint64_t any64(const uint8x16_t v[4], uint8_t bits)
{
	uint8x16_t set = vdupq_n_u8(bits), tested[4];

	for (int i = 0; i < 4; i++)
		tested[i] = vtstq_u8(v[i], set);
	return bits64(tested);
}

static inline uint8x16_t look_up(const unsigned char *low, const unsigned char *high, uint8x16_t l,
				 uint8x16_t h)
{
	return vandq_u8(vqtbl1q_u8(vld1q_u8(low), l), vqtbl1q_u8(vld1q_u8(high), h));
}

static inline uint8x16_t window_at(const struct prefilter *p, const unsigned char *text)
{
	uint8x16_t few = vdupq_n_u8(0xff), many = few;

	for (int k = 0; k < PREFILTER_WINDOW; k++) {
		uint8x16_t v = vld1q_u8(text + k), l = vandq_u8(v, vdupq_n_u8(15)), h = vshrq_n_u8(v, 4);

		few = vandq_u8(few, look_up(p->low[0][k], p->high[0][k], l, h));
		many = vandq_u8(many, look_up(p->low[1][k], p->high[1][k], l, h));
	}
	return vorrq_u8(few, many);
}

static inline uint8x16_t class_at(const struct prefilter *p, enum prefilter_classes classes,
				  const unsigned char *text)
{
	uint8x16_t v = vld1q_u8(text);

	return look_up(p->class_low[classes], p->class_high[classes], vandq_u8(v, vdupq_n_u8(15)),
		       vshrq_n_u8(v, 4));
}

void prefilter_neon_run(const struct prefilter *p, const unsigned char *text, size_t n,
			struct prefilter_masks *masks)
{
	for (size_t b = 0; b < n; b++, text += PREFILTER_BLOCK) {
		uint8x16_t window[4], a[4], c[4];

		for (int i = 0; i < 4; i++) {
			window[i] = window_at(p, text + 16 * i);
			a[i] = class_at(p, CLASSES_WRAPPED_A, text + 16 * i);
			c[i] = class_at(p, CLASSES_WRAPPED_B, text + 16 * i);
		}
		masks[b] = (struct prefilter_masks){ .window = any64(window, 0xff),
						     .first = any64(a, CLASS_FIRST),
						     .second = any64(a, CLASS_SECOND),
						     .hex = any64(a, CLASS_HEX),
						     .base32 = any64(a, CLASS_BASE32),
						     .escape = any64(c, CLASS_ESCAPE) };
	}
}

void prefilter_neon_run_personal(const struct prefilter *p, const unsigned char *text, size_t n,
				 struct prefilter_personal *masks)
{
	for (size_t b = 0; b < n; b++, text += PREFILTER_BLOCK) {
		uint8x16_t a[4];

		for (int i = 0; i < 4; i++)
			a[i] = class_at(p, CLASSES_PERSONAL, text + 16 * i);
		masks[b] = (struct prefilter_personal){ .digit = any64(a, CLASS_DIGIT),
							.word = any64(a, CLASS_WORD),
							.joint = any64(a, CLASS_JOINT),
							.colon = any64(a, CLASS_COLON),
							.at = any64(a, CLASS_AT),
							.slash = any64(a, CLASS_SLASH) };
	}
}

#else /* another machine */

bool prefilter_neon_has(void)
{
	return false;
}

void prefilter_neon_run(const struct prefilter *p, const unsigned char *text, size_t n,
			struct prefilter_masks *masks)
{
	(void)p;
	(void)text;
	(void)n;
	(void)masks;
}

void prefilter_neon_run_personal(const struct prefilter *p, const unsigned char *text, size_t n,
				 struct prefilter_personal *masks)
{
	(void)p;
	(void)text;
	(void)n;
	(void)masks;
}

#endif
