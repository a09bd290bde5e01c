/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_findings - the members "findings" and "exempt" of a policy document
 *
 * For load.c only, as load_rules.
 */
#ifndef POLICIES_LOAD_FINDINGS_H
#define POLICIES_LOAD_FINDINGS_H

#include <jansson.h>

#include "policies/load_rules.h"

struct policy_findings;

/*
 * value must be a list of {"match", "direction", "then"}, of {"tool", "pointer"}.  What is
 * loaded is the owner's of *ret, also after an error.  Return: 0; -EINVAL or -ENOMEM and
 * *fault.
 */
int load_finding_rules(json_t *value, struct policy_findings *ret, struct load_fault *fault);
int load_exemptions(json_t *value, struct policy_findings *ret, struct load_fault *fault);

#endif /* POLICIES_LOAD_FINDINGS_H */
