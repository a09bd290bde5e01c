/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_sandbox - the member "sandbox" of a policy document
 */
#ifndef POLICIES_LOAD_SANDBOX_H
#define POLICIES_LOAD_SANDBOX_H

#include <jansson.h>

struct loading;

/* As every function of loading.h. */
int load_sandbox(struct loading *l, json_t *value);

#endif /* POLICIES_LOAD_SANDBOX_H */
