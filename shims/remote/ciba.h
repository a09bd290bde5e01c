/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ciba - CIBA Core 1.0, poll mode: what is sent, and what an answer means
 *
 * Pure: texts in, texts and verdicts out.  What is not exactly a yes is a no; what an
 * answer does not say is not assumed.  There is no registration here: the client was
 * registered by somebody.
 */
#ifndef SHIMS_REMOTE_CIBA_H
#define SHIMS_REMOTE_CIBA_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "common/remote.h"
#include "common/wire.h"
#include "shims/remote/answer.h"

struct err;
struct http_reply;

#define CIBA_URL ANSWER_URL
#define CIBA_REQ_ID 1024
#define CIBA_CODE "mcp-12345678" /* the shape of a binding message */

struct ciba_metadata {
	char token[CIBA_URL], backchannel[CIBA_URL], jwks[CIBA_URL];
	bool takes_user_code;
	bool offers_registration; /* of clients, by whoever asks perhaps */
};

/* RFC 8414 and OpenID discovery: issuer byte for byte, https, poll mode offered. */
int ciba_read_metadata(const struct http_reply *reply, const struct remote_config *c,
		       struct ciba_metadata *ret, struct err *err);

/* authorization_details of one call (RFC 9396), a new reference; NULL without memory. */
json_t *ciba_details(const struct remote_config *c, const char *server, const char *session,
		     uint64_t serial, const struct wire_call *call);

/* One authentication request; texts are borrowed, NULL or empty: not said. */
struct ciba_request {
	const char *binding_message, *details /* JSON */, *acr_values;
	unsigned int expiry; /* seconds */
};

/* The form of a request: its members, or one signed JWT that holds all of them, behind
 * `auth`, the client's own; the caller frees.  NULL: words in err. */
char *ciba_request_form(const struct remote_config *c, const struct ciba_metadata *m,
			const struct ciba_request *request, const char *auth, time_t now,
			struct err *err);
/* The caller frees; NULL: no memory. */
char *ciba_poll_form(const char *auth_req_id, const char *auth);

struct ciba_ack {
	char auth_req_id[CIBA_REQ_ID];
	int64_t expires_in, interval; /* seconds */
};

/* The answer to the authentication request.  Return: 0 or -EPROTO with words. */
int ciba_read_ack(const struct http_reply *reply, struct ciba_ack *ret, struct err *err);

enum ciba_poll {
	CIBA_FAILED = 0, /* nobody can be asked; words in err */
	CIBA_DENIED,
	CIBA_EXPIRED,
	CIBA_PENDING, /* poll again after the interval */
	CIBA_SLOW,    /* the same, and the interval grows for good */
	CIBA_BUSY,    /* no answer from the server: back off and poll again */
	CIBA_ANSWER,  /* 200: ciba_check_answer() says whether it is a yes */
};

enum ciba_poll ciba_read_poll(const struct http_reply *reply, struct err *err);

/* The token response: what it grants, and its ID token, not verified yet.
 * Return: 0 and *ret_id_token (the caller frees); -EACCES, not what was asked for. */
int ciba_check_grant(const struct http_reply *reply, const struct remote_config *c,
		     const json_t *details, char **ret_id_token, struct err *err);

/* The claims of a verified ID token: issuer, audience, time, that it was the approver, and
 * in a class of acr_values if there are any.  Return: 0 or -EACCES. */
int ciba_check_claims(const json_t *claims, const struct remote_config *c, const char *acr_values,
		      time_t now, struct err *err);

#endif /* SHIMS_REMOTE_CIBA_H */
