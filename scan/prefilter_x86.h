/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prefilter_x86 - the prefilter with the shuffles of SSSE3 and AVX2
 *
 * Whether the processor has them is asked with CPUID, which is no system call and is
 * asked before the lock.  On other machines both are absent.
 */
#ifndef SCAN_PREFILTER_X86_H
#define SCAN_PREFILTER_X86_H

#include <stdbool.h>
#include <stddef.h>

#include "scan/prefilter.h"

bool prefilter_x86_has(enum prefilter_variant variant);

/* As prefilter_run() and prefilter_run_personal(); variant is one that
 * prefilter_x86_has(). */
void prefilter_x86_run(const struct prefilter *p, enum prefilter_variant variant,
		       const unsigned char *text, size_t n, struct prefilter_masks *masks);
void prefilter_x86_run_personal(const struct prefilter *p, enum prefilter_variant variant,
				const unsigned char *text, size_t n,
				struct prefilter_personal *masks);

#endif /* SCAN_PREFILTER_X86_H */
