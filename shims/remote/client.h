/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client - how we prove to an authorization server who we are, anew for each request
 *
 * A secret in the form or in a header (RFC 6749), a signed assertion (RFC 7523), mutual
 * TLS (RFC 8705), or an SVID of the SPIFFE Workload API, which is asked first: the agent
 * attests this process, and what it gives is used for one request and forgotten, so that
 * what it takes back is not used again.
 */
#ifndef SHIMS_REMOTE_CLIENT_H
#define SHIMS_REMOTE_CLIENT_H

#include <stdbool.h>
#include <time.h>

#include "common/remote.h"

struct err;
struct http;
struct http_call;
struct http_reply;

/* For one request: members of the form, a header value and a PEM identity, each perhaps
 * NULL; the form never. */
struct client_proof {
	char *form, *header, *identity;
};

void client_proof_done(struct client_proof *p);

/* Must an SVID be fetched first? */
bool client_needs_svid(const struct remote_client *c);

/* svid: token or PEM, as client_read_svid() gave it; else NULL.  Return: 0 or -errno. */
int client_prove(const struct remote_client *c, const char *svid, time_t now,
		 struct client_proof *ret, struct err *err);

/* Ask the Workload API; done is called as by http_start(). */
struct http_call *client_ask_svid(const struct remote_client *c, struct http *http,
				  void (*done)(void *, const struct http_reply *),
				  void *context);

/* What it answered: *ret is the caller's to free (a secret).  Return: 0 or -errno. */
int client_read_svid(const struct remote_client *c, const struct http_reply *reply, char **ret,
		     struct err *err);

/* Append "&name=value", form-encoded, to *form; NULL: no memory, for good. */
void client_add(char **form, const char *name, const char *value);

/* 32 random hexadecimal digits, for a jti.  Return: 0 or -errno. */
int client_random(char ret[static 33], struct err *err);

#endif /* SHIMS_REMOTE_CLIENT_H */
