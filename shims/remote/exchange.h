/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exchange - RFC 8693: a token for one server in exchange for the user's
 *
 * Pure.  What comes back must be what was asked for and no more: its kind, its scope, its
 * audience, its lifetime, who it says acts; and never the token that went in.
 */
#ifndef SHIMS_REMOTE_EXCHANGE_H
#define SHIMS_REMOTE_EXCHANGE_H

#include <jansson.h>
#include <stdint.h>
#include <time.h>

#include "common/remote.h"
#include "shims/remote/answer.h"

struct err;
struct http_reply;

struct exchange_metadata {
	char token[ANSWER_URL], jwks[ANSWER_URL]; /* jwks: empty, none */
};

int exchange_read_metadata(const struct http_reply *reply, const struct remote_token *t,
			   struct exchange_metadata *ret, struct err *err);

/* auth: the client's own members.  actor NULL: none.  The caller frees; NULL: no memory. */
char *exchange_form(const struct remote_token *t, const char *subject, const char *actor,
		    const char *auth);

struct exchange_grant {
	char token[REMOTE_TOKEN];
	int64_t expires_in; /* seconds */
};

/* Return: 0; -EACCES or -EPROTO, not what was asked for, with words. */
int exchange_read(const struct http_reply *reply, const struct remote_token *t,
		  const char *subject, time_t now, struct exchange_grant *ret, struct err *err);

/* The claims of a verified token: does it say that the configured actor acts?  Only the
 * outermost `act` counts (RFC 8693, section 4.1).  Return: 0 or -EACCES. */
int exchange_check_act(const json_t *claims, const struct remote_token *t, struct err *err);

#endif /* SHIMS_REMOTE_EXCHANGE_H */
