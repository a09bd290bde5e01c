/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_rules - a list of rules of a policy document
 *
 * For load.c only: what is wrong comes back with its place relative to the list, and
 * load.c knows where that stands in the document.
 */
#ifndef POLICIES_LOAD_RULES_H
#define POLICIES_LOAD_RULES_H

#include <jansson.h>
#include <stdbool.h>

#include "policies/locate.h"

struct policy_rules;

#define LOAD_RULES_DEPTH 6

struct load_fault {
	struct locate_step path[LOAD_RULES_DEPTH];
	size_t depth;
	char words[160]; /* empty: no memory */
};

/* What `match` is about. */
enum load_subject { LOAD_NAMES = 0, LOAD_URIS };

/*
 * value must be a list of {"match", "then", "arguments"}; home is what ~ stands for in
 * paths.  Return: 0 and *ret (the caller's: policy_done()); -EINVAL or -ENOMEM and *fault.
 */
int load_rules(json_t *value, enum load_subject subject, const char *home,
	       struct policy_rules *ret, struct load_fault *fault);

#endif /* POLICIES_LOAD_RULES_H */
