/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prefilter_neon - the prefilter with the table look-ups of Advanced SIMD
 *
 * Part of every AArch64.  On other machines it is absent.
 */
#ifndef SCAN_PREFILTER_NEON_H
#define SCAN_PREFILTER_NEON_H

#include <stdbool.h>
#include <stddef.h>

#include "scan/prefilter.h"

bool prefilter_neon_has(void);

/* As prefilter_run() and prefilter_run_personal(). */
void prefilter_neon_run(const struct prefilter *p, const unsigned char *text, size_t n,
			struct prefilter_masks *masks);
void prefilter_neon_run_personal(const struct prefilter *p, const unsigned char *text, size_t n,
				 struct prefilter_personal *masks);

#endif /* SCAN_PREFILTER_NEON_H */
