/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tier - how strong a sandbox this machine allows, and what a weaker one lacks
 *
 *   full      all namespaces, an empty root, Landlock, seccomp
 *   nouserns  Landlock, seccomp, limits; for hosts and containers that forbid user
 *             namespaces.  Only where a policy says minimum_tier: nouserns, and only
 *             when full was tried and does not work.
 *
 * Below that there is none: the start is refused.
 */
#ifndef LAUNCHER_TIER_H
#define LAUNCHER_TIER_H

#include <stddef.h>

#include "policies/policy.h"

struct err;

struct tier {
	enum policy_tier is;
	char why[256]; /* why not full; "" when it is */
};

/*
 * With a minimum of full nothing is tried: the start itself does it.  With a lower one
 * each step of the full sandbox is tried in a child first.  Return: 0 or -errno with
 * the cause and the mend (no Landlock).
 */
int tier_choose(enum policy_tier minimum, struct tier *ret, struct err *err);

const char *tier_name(enum policy_tier tier);

#define TIER_LOSSES 16

/* What nouserns lacks beside full, a sentence each, with that Landlock ABI. */
size_t tier_losses(int abi, const char *v[static TIER_LOSSES]);

#endif /* LAUNCHER_TIER_H */
