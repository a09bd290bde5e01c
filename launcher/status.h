/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status - what was found when everything was tried
 */
#ifndef LAUNCHER_STATUS_H
#define LAUNCHER_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/utsname.h>

#include "launcher/cause.h"
#include "launcher/trial.h"
#include "policies/policy.h"

struct user;

struct status {
	struct trial v[TRIAL_MAX];
	size_t n;
	struct cause_facts facts;
	struct utsname kernel;
	int abi, errata;
	bool has_pep;
	enum policy_tier tier;
	const struct user *user; /* whose list of what is revoked; NULL: not known */
};

/* Print it as one JSON object, whose members only ever grow ("schema": 1).
 * Return: 0 or -ENOMEM. */
int status_json(const struct status *s);

#endif /* LAUNCHER_STATUS_H */
