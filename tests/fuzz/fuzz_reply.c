/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server answers, as metadata, acknowledgement, token response, key set, ID token
 * and PDP decision.  A yes must hold when it is looked at another way.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "shims/remote/ciba.h"
#include "shims/remote/http.h"
#include "shims/remote/jws.h"
#include "shims/remote/pdp.h"

/* A permit that does not hold the literal true somewhere is none. */
static void check_pdp(const struct http_reply *reply, struct remote_config *c)
{
	struct pdp_answer answer;

	for (c->pdp = REMOTE_PDP_OPA; c->pdp <= REMOTE_PDP_AUTHZEN; c->pdp++)
		if (pdp_read(c, reply, &answer, NULL) >= PDP_STEP_UP &&
		    (!memmem(reply->body, reply->len, "true", 4) || reply->status != 200))
			abort();
}

static void check_ciba(const struct http_reply *reply, struct remote_config *c)
{
	static struct ciba_metadata m;
	struct ciba_ack ack;
	char *token = NULL;
	json_t *details = json_loads("[{\"type\":\"t\"}]", 0, NULL), *claims = NULL, *value;

	if (ciba_read_metadata(reply, c, &m, NULL) == 0 && strncmp(m.token, "https://", 8))
		abort();
	if (ciba_read_ack(reply, &ack, NULL) == 0 && (ack.interval < 1 || ack.expires_in < 1))
		abort();
	ciba_read_poll(reply, NULL);
	if (ciba_check_grant(reply, c, details, &token, NULL) == 0) {
		if (!memmem(reply->body, reply->len, "authorization_details", 21) &&
		    !memmem(reply->body, reply->len, "\\u", 2))
			abort();
		free(token);
	}
	value = json_loadb(reply->body, reply->len, 0, NULL);
	if (value && jws_verify("eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.AAAA", value, &claims, NULL) == 0)
		abort();
	json_decref(value);
	json_decref(details);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const long statuses[] = { 200, 400, 403, 500 };
	static struct remote_config c = { .is_strict = 1, .approver = "a",
					  .client = { .issuer = "https://i", .client_id = "c" } };
	static json_t *keys;
	struct http_reply reply = { .is_json = true };
	json_t *claims = NULL;
	char *text;

	if (!keys)
		keys = json_loads("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
				  "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}", 0, NULL);
	if (!size)
		return 0;
	reply.status = statuses[data[0] & 3];
	text = malloc(size);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	reply.body = text;
	reply.len = size - 1;
	check_pdp(&reply, &c);
	check_ciba(&reply, &c);
	/* Nobody has signed anything with that key. */
	if (jws_verify(text, keys, &claims, NULL) == 0)
		abort();
	free(text);
	return 0;
}
