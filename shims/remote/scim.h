/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scim - is the agent still active?  A SCIM 2.0 service provider's word (RFC 7643, 7644)
 *
 * GET {base}/Agents/{id} (or Users) with the entity tag of the last answer.  Only what all
 * drafts of an Agent resource have in common counts: that it exists, and `active`.
 *
 *	200 with active true, 304	good
 *	200 with active false, 404, 410	revoked
 *	200 without active		what the policy says
 *	everything else			it cannot be said
 *
 * scim_judge() is pure.
 */
#ifndef SHIMS_REMOTE_SCIM_H
#define SHIMS_REMOTE_SCIM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/remote.h"
#include "common/wire.h"
#include "shims/remote/http.h"

struct scim {
	const struct remote_config *config;
	struct http *http;
	int standing;		/* to the launcher */
	struct http_call *call; /* under way: never a second one */
	char etag[HTTP_ETAG];	/* of the last good answer; empty: none */
	int64_t ask_at;		/* ms; INT64_MAX: never again */
};

/* What an answer means; words for everything but good.  asked_tag: If-None-Match was sent. */
enum wire_standing_kind scim_judge(const struct http_reply *reply, bool absent_is_live,
				   bool asked_tag, char why[static 256]);

void scim_open(struct scim *s, const struct remote_config *c, struct http *http, int standing,
	       int64_t now);

/* Ask when it is time. */
void scim_run(struct scim *s, int64_t now);

/* When it is; -1: never. */
int64_t scim_next(const struct scim *s);

/* Ask no more. */
void scim_stop(struct scim *s);

#endif /* SHIMS_REMOTE_SCIM_H */
