/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/prefilter.h"
#include "scan/prefilter_neon.h"
#include "scan/prefilter_x86.h"

bool prefilter_has(enum prefilter_variant variant)
{
	switch (variant) {
	case PREFILTER_SCALAR:
		return true;
	case PREFILTER_SSSE3:
	case PREFILTER_AVX2:
		return prefilter_x86_has(variant);
	case PREFILTER_NEON:
		return prefilter_neon_has();
	}
	return false;
}

enum prefilter_variant prefilter_best(void)
{
	static const unsigned char order[] = { PREFILTER_AVX2, PREFILTER_SSSE3, PREFILTER_NEON };

	for (size_t i = 0; i < sizeof(order); i++)
		if (prefilter_has((enum prefilter_variant)order[i]))
			return (enum prefilter_variant)order[i];
	return PREFILTER_SCALAR;
}

/* --- the scalar variant ---------------------------------------------------------------------------- */

static void run_scalar(const struct prefilter *p, const unsigned char *text, size_t n,
		       struct prefilter_masks *masks)
{
	for (size_t b = 0; b < n; b++, text += PREFILTER_BLOCK) {
		struct prefilter_masks m = {0};

		for (size_t i = 0; i < PREFILTER_BLOCK; i++) {
			unsigned char a = p->class_of[CLASSES_WRAPPED_A][text[i]];
			unsigned char c = p->class_of[CLASSES_WRAPPED_B][text[i]];
			uint64_t bit = 1ULL << i;

			if (p->window[0][text[i]] & p->window[1][text[i + 1]] &
			    p->window[2][text[i + 2]] & p->window[3][text[i + 3]])
				m.window |= bit;
			m.first |= a & CLASS_FIRST ? bit : 0;
			m.second |= a & CLASS_SECOND ? bit : 0;
			m.hex |= a & CLASS_HEX ? bit : 0;
			m.base32 |= a & CLASS_BASE32 ? bit : 0;
			m.escape |= c & CLASS_ESCAPE ? bit : 0;
		}
		masks[b] = m;
	}
}

static void run_personal_scalar(const struct prefilter *p, const unsigned char *text, size_t n,
				struct prefilter_personal *masks)
{
	for (size_t b = 0; b < n; b++, text += PREFILTER_BLOCK) {
		struct prefilter_personal m = {0};

		for (size_t i = 0; i < PREFILTER_BLOCK; i++) {
			unsigned char a = p->class_of[CLASSES_PERSONAL][text[i]];
			uint64_t bit = 1ULL << i;

			m.digit |= a & CLASS_DIGIT ? bit : 0;
			m.word |= a & CLASS_WORD ? bit : 0;
			m.joint |= a & CLASS_JOINT ? bit : 0;
			m.colon |= a & CLASS_COLON ? bit : 0;
			m.at |= a & CLASS_AT ? bit : 0;
			m.slash |= a & CLASS_SLASH ? bit : 0;
		}
		masks[b] = m;
	}
}

void prefilter_run(const struct prefilter *p, enum prefilter_variant variant, const char *text,
		   size_t n, struct prefilter_masks *masks)
{
	const unsigned char *bytes = (const unsigned char *)text;

	switch (variant) {
	case PREFILTER_AVX2:
	case PREFILTER_SSSE3:
		prefilter_x86_run(p, variant, bytes, n, masks);
		return;
	case PREFILTER_NEON:
		prefilter_neon_run(p, bytes, n, masks);
		return;
	case PREFILTER_SCALAR:
		break;
	}
	run_scalar(p, bytes, n, masks);
}

void prefilter_run_personal(const struct prefilter *p, enum prefilter_variant variant,
			    const char *text, size_t n, struct prefilter_personal *masks)
{
	const unsigned char *bytes = (const unsigned char *)text;

	switch (variant) {
	case PREFILTER_AVX2:
	case PREFILTER_SSSE3:
		prefilter_x86_run_personal(p, variant, bytes, n, masks);
		return;
	case PREFILTER_NEON:
		prefilter_neon_run_personal(p, bytes, n, masks);
		return;
	case PREFILTER_SCALAR:
		break;
	}
	run_personal_scalar(p, bytes, n, masks);
}
