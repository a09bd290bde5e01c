/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer - what an authorization server said, read strictly
 */
#ifndef SHIMS_REMOTE_ANSWER_H
#define SHIMS_REMOTE_ANSWER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct http_reply;

#define ANSWER_URL 1024

/* The object in a reply that has the status; NULL. */
json_t *answer_object(const struct http_reply *reply, long status);

/* A string member in ret[size], printable ASCII.  Return: is it one that fits? */
bool answer_text(const json_t *object, const char *name, char *ret, size_t size);

/* Is the word in the list of that name? */
bool answer_has(const json_t *object, const char *name, const char *word);

/* An endpoint, https, of metadata: is_mtls, the alias for mutual TLS if there is one (RFC
 * 8705, section 5).  ret[ANSWER_URL]. */
bool answer_endpoint(const json_t *metadata, const char *name, bool is_mtls, char *ret);

/* The error code of a reply, for a message of ours. */
const char *answer_error(const json_t *object, char *ret, size_t size);

/* Where metadata is: 0, OpenID's place; 1, RFC 8414's.  ret[ANSWER_URL].  -ENAMETOOLONG. */
int answer_metadata_url(const char *issuer, int which, char *ret);

#endif /* SHIMS_REMOTE_ANSWER_H */
