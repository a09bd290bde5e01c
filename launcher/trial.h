/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial - each mechanism that a sandbox is made of, tried for real
 *
 * Every trial runs in a child of its own that ends with it, so nothing is changed for
 * the caller; none needs a privilege.  For status, and for the choice of a tier.
 */
#ifndef LAUNCHER_TRIAL_H
#define LAUNCHER_TRIAL_H

#include <stddef.h>

#include "launcher/cause.h"

enum trial_need {
	TRIAL_FOR_FULL = 1 << 0,     /* the tier full cannot be without it */
	TRIAL_FOR_NOUSERNS = 1 << 1, /* nor nouserns */
	TRIAL_FOR_BOTH = TRIAL_FOR_FULL | TRIAL_FOR_NOUSERNS,
	TRIAL_OPTIONAL = 0,	     /* another way, or a defence less */
};

/* Beside 0 (works) and a positive errno. */
#define TRIAL_NOT_TRIED (-1) /* a step before it failed */

struct trial {
	const char *id;	  /* stable, for machines: "user_namespace" */
	const char *name; /* for people */
	const char *use;  /* what for, or the other way where it is missing */
	unsigned int need;
	enum cause_step step;
	int error;
};

#define TRIAL_MAX 48

/* Try everything.  Return: how many stand in v. */
size_t trial_all(struct trial v[static TRIAL_MAX]);

/*
 * Only what the tier full needs beyond nouserns: all namespaces at once, and each step
 * of building a root, in one child.  Return: 0, or the errno of the first step that
 * failed, which *ret_failed describes.
 */
int trial_sandbox(struct trial *ret_failed);

#endif /* LAUNCHER_TRIAL_H */
