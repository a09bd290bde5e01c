/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_audit - the members `audit`, `agent` and `revocation` of a policy document
 *
 * For load.c alone; errors as in loading.h.
 */
#ifndef POLICIES_LOAD_AUDIT_H
#define POLICIES_LOAD_AUDIT_H

#include <jansson.h>

struct loading;

int load_audit(struct loading *l, json_t *value);
int load_agent(struct loading *l, json_t *value);
int load_revocation(struct loading *l, json_t *value);

#endif /* POLICIES_LOAD_AUDIT_H */
