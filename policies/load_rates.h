/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_rates - the rates and budgets of a policy document
 */
#ifndef POLICIES_LOAD_RATES_H
#define POLICIES_LOAD_RATES_H

#include <jansson.h>

#include "policies/load_rules.h"

struct policy_messages;

/*
 * value is one object or a list of them; what they say is appended to ret->rates.
 * Return: 0; -EINVAL or -ENOMEM and *fault, as load_rules().
 */
int load_rate_list(json_t *value, struct policy_messages *ret, struct load_fault *fault);

#endif /* POLICIES_LOAD_RATES_H */
