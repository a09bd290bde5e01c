/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_approval - the members `approval`, `pdp` and `delegation` of a policy document
 *
 * For load.c only: what is wrong comes back with its place relative to the member.
 */
#ifndef POLICIES_LOAD_APPROVAL_H
#define POLICIES_LOAD_APPROVAL_H

#include <jansson.h>
#include <stddef.h>

struct policy_approval;
struct policy_delegation;
struct policy_pdp;

struct approval_fault {
	const char *keys[3]; /* borrowed of the document */
	size_t depth;
	char words[160]; /* empty: no memory */
};

/*
 * home is what ~ stands for in paths.  *ret is filled in part on failure as well (the
 * caller's: policy_done()).  Return: 0, -EINVAL, -ENOMEM.
 */
int load_approval(json_t *value, const char *home, struct policy_approval *ret,
		  struct approval_fault *fault);
int load_delegation(json_t *value, const char *home, struct policy_delegation *ret,
		    struct approval_fault *fault);
int load_pdp(json_t *value, const char *home, struct policy_pdp *ret,
	     struct approval_fault *fault);

#endif /* POLICIES_LOAD_APPROVAL_H */
