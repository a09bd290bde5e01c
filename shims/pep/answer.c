/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "common/limits.h"
#include "policies/policy.h"
#include "shims/pep/answer.h"
#include "shims/pep/reply.h"
#include "shims/pep/sink.h"

/* MCP, client/sampling, error handling. */
#define CODE_USER_REJECTED (-1)
#define CODE_REFUSED 1403

#define ROOTS "roots/list"
#define SAMPLING "sampling/createMessage"
#define ELICITATION "elicitation/create"

static bool is(const char *method, size_t len, const char *name)
{
	return len == strlen(name) && !memcmp(method, name, len);
}

bool answer_knows(const char *method, size_t len)
{
	return is(method, len, ROOTS) || is(method, len, SAMPLING) || is(method, len, ELICITATION);
}

/* A path as the inside of a file: URI in a JSON string (RFC 3986, section 3.3). */
static size_t put_path(char *out, const char *path)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~!$&'()*+,;=:@/";
	char *at = out;

	for (; *path; path++)
		if (strchr(plain, *path))
			*at++ = *path;
		else
			at += snprintf(at, 4, "%%%02X", (unsigned char)*path);
	return (size_t)(at - out);
}

static void put_roots(struct sink *out, const struct policy *policy, const struct rpc_id *id)
{
	static const char head[] = "{\"roots\":[", one[] = "{\"uri\":\"file://";
	const struct strv *roots = &policy->messages.roots;
	/* Three bytes for one, and some around each; the path is bounded by the loader. */
	static char text[LIMIT_REPLIES / 4];
	size_t n = sizeof(head) - 1;

	memcpy(text, head, n);
	for (size_t i = 0; i < roots->n; i++) {
		if (3 * strlen(roots->v[i]) + 32 > sizeof(text) - n) {
			reply_error(out, id, CODE_REFUSED, "the policy names too many roots");
			return;
		}
		if (i)
			text[n++] = ',';
		memcpy(text + n, one, sizeof(one) - 1);
		n += sizeof(one) - 1;
		n += put_path(text + n, roots->v[i]);
		text[n++] = '"';
		text[n++] = '}';
	}
	text[n++] = ']';
	text[n++] = '}';
	if (!reply_result(out, id, text, n))
		reply_error(out, id, CODE_REFUSED, "no room for the roots");
}

void answer_put(struct sink *out, const struct policy *policy, const struct rpc_id *id,
		const char *method, size_t len)
{
	static const char declined[] = "{\"action\":\"decline\"}";

	if (is(method, len, ROOTS))
		put_roots(out, policy, id);
	else if (is(method, len, ELICITATION))
		reply_result(out, id, declined, sizeof(declined) - 1);
	else
		reply_error(out, id, CODE_USER_REJECTED, "rejected by policy");
}
