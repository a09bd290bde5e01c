/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_messages - the member "messages" of a policy document
 */
#ifndef POLICIES_LOAD_MESSAGES_H
#define POLICIES_LOAD_MESSAGES_H

#include <jansson.h>

struct loading;

/* As every function of loading.h. */
int load_messages(struct loading *l, json_t *value);

#endif /* POLICIES_LOAD_MESSAGES_H */
