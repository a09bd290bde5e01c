/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remote - the channel of mcp-confine-broker-net: first the PDP, then a person
 *
 * A question goes to the PDP when there is one.  Its permit is the answer, unless the
 * policy or the PDP (an obligation to step up) want a person: then an authorization
 * server asks the approver (CIBA, poll mode), or a terminal of this user's does (desk).
 */
#ifndef SHIMS_REMOTE_REMOTE_H
#define SHIMS_REMOTE_REMOTE_H

#include "shims/broker/broker.h"

struct desk;
struct http;
struct remote_config;

extern const struct channel remote_channel;

/* desk is NULL with CIBA.  Everything is borrowed.  Return: 0 or -errno. */
int remote_open(struct broker *b, const struct remote_config *c, struct http *http,
		struct desk *desk, struct err *err);

#endif /* SHIMS_REMOTE_REMOTE_H */
