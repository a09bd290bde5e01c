/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bpf_simulator - run a seccomp program as the kernel would (kernel/seccomp.c, net/core/filter.c)
 *
 * Only what seccomp_check_filter() admits is known; anything else, a jump behind the end
 * or a load outside of struct seccomp_data ends the test.  Because it is no kernel, it
 * runs programs of every architecture, with every number and argument.
 */
#ifndef TESTS_UNIT_BPF_SIMULATOR_H
#define TESTS_UNIT_BPF_SIMULATOR_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/lock.h"

static inline _Noreturn void bpf_refuse(const char *why, size_t at)
{
	fprintf(stderr, "bpf: instruction %zu: %s\n", at, why);
	abort();
}

static inline uint32_t bpf_run(const struct lock_filter *filter, const struct seccomp_data *data)
{
	const struct sock_filter *insns = filter->insns;
	uint32_t a = 0, x = 0;

	for (size_t pc = 0; pc < filter->len; pc++) {
		const struct sock_filter *i = &insns[pc];
		uint32_t with = BPF_SRC(i->code) == BPF_X ? x : i->k;
		int taken = 0;

		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			if (i->code != (BPF_LD | BPF_W | BPF_ABS) || i->k % 4 ||
			    i->k > sizeof(*data) - 4)
				bpf_refuse("no such load", pc);
			memcpy(&a, (const char *)data + i->k, 4);
			break;
		case BPF_ALU:
			if (BPF_OP(i->code) == BPF_AND)
				a &= with;
			else if (BPF_OP(i->code) == BPF_OR)
				a |= with;
			else
				bpf_refuse("no such arithmetic", pc);
			break;
		case BPF_JMP:
			if (BPF_OP(i->code) == BPF_JA) {
				pc += i->k;
			} else {
				if (BPF_OP(i->code) == BPF_JEQ)
					taken = a == with;
				else if (BPF_OP(i->code) == BPF_JGT)
					taken = a > with;
				else if (BPF_OP(i->code) == BPF_JGE)
					taken = a >= with;
				else if (BPF_OP(i->code) == BPF_JSET)
					taken = (a & with) != 0;
				else
					bpf_refuse("no such jump", pc);
				pc += taken ? i->jt : i->jf;
			}
			break;
		case BPF_RET:
			return BPF_RVAL(i->code) == BPF_A ? a : i->k;
		default:
			bpf_refuse("no such class", pc);
		}
	}
	bpf_refuse("behind the end", filter->len);
}

/* Stricter first, as the kernel compares: the signed action; at equality the newest. */
static inline uint32_t bpf_run_stack(const struct lock_filter *const *newest_first, size_t n,
				     const struct seccomp_data *data)
{
	uint32_t result = SECCOMP_RET_ALLOW;

	for (size_t i = 0; i < n; i++) {
		uint32_t r = bpf_run(newest_first[i], data);

		if ((int32_t)(r & SECCOMP_RET_ACTION_FULL) <
		    (int32_t)(result & SECCOMP_RET_ACTION_FULL))
			result = r;
	}
	return result;
}

#endif /* TESTS_UNIT_BPF_SIMULATOR_H */
