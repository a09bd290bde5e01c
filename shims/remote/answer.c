/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "shims/remote/answer.h"
#include "shims/remote/http.h"

/* The object in a reply that has the status; NULL. */
json_t *answer_object(const struct http_reply *reply, long status)
{
	json_t *value;

	if (reply->failure || reply->status != status || !reply->is_json)
		return NULL;
	value = json_loadb(reply->body, reply->len, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(value))
		return value;
	json_decref(value);
	return NULL;
}

/* A string member in ret[size], printable ASCII.  Return: is it one that fits? */
bool answer_text(const json_t *object, const char *name, char *ret, size_t size)
{
	const char *text = json_string_value(json_object_get(object, name));

	if (!text || !*text || strlen(text) >= size)
		return false;
	for (const char *p = text; *p; p++)
		if (*p < 0x21 || *p > 0x7e)
			return false;
	memcpy(ret, text, strlen(text) + 1);
	return true;
}

bool answer_has(const json_t *object, const char *name, const char *word)
{
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(object, name), i, one)
		if (json_is_string(one) && !strcmp(json_string_value(one), word))
			return true;
	return false;
}

bool answer_endpoint(const json_t *metadata, const char *name, bool is_mtls, char *ret)
{
	const json_t *aliases = json_object_get(metadata, "mtls_endpoint_aliases");

	if (is_mtls && answer_text(aliases, name, ret, ANSWER_URL))
		return !strncmp(ret, "https://", 8);
	return answer_text(metadata, name, ret, ANSWER_URL) && !strncmp(ret, "https://", 8);
}

/* The error code of a reply for a message: ours to print. */
const char *answer_error(const json_t *object, char *ret, size_t size)
{
	if (!answer_text(object, "error", ret, size))
		snprintf(ret, size, "no error code");
	return ret;
}

int answer_metadata_url(const char *issuer, int which, char *ret)
{
	const char *path = strchr(issuer + 8, '/');
	size_t host = path ? (size_t)(path - issuer) : strlen(issuer);
	size_t len = strlen(issuer);
	int n;

	if (len && issuer[len - 1] == '/')
		len--;
	if (which == 0)
		n = snprintf(ret, ANSWER_URL, "%.*s/.well-known/openid-configuration", (int)len,
			     issuer);
	else
		n = snprintf(ret, ANSWER_URL, "%.*s/.well-known/oauth-authorization-server%.*s",
			     (int)host, issuer, len > host ? (int)(len - host) : 0, issuer + host);
	return n < ANSWER_URL ? 0 : -ENAMETOOLONG;
}
