/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "common/limits.h"
#include "shims/remote/scim.h"

/* An answer that does not come is asked for again sooner than the next one would be. */
#define AGAIN 2000

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static enum wire_standing_kind judge_resource(const struct http_reply *reply, bool absent_is_live,
					      char why[static 256])
{
	json_auto_t *resource = reply->is_json ? json_loadb(reply->body, reply->len,
							    JSON_REJECT_DUPLICATES, NULL) :
						 NULL;
	const json_t *active = json_object_get(resource, "active");

	if (!json_is_object(resource) || (active && !json_is_boolean(active))) {
		snprintf(why, 256, "the SCIM service provider answered with no resource");
		return WIRE_STANDING_UNKNOWN;
	}
	if (json_is_true(active) || (!active && absent_is_live))
		return WIRE_STANDING_GOOD;
	snprintf(why, 256, active ? "the SCIM service provider says that it is not active" :
				    "the SCIM service provider does not say that it is active");
	return WIRE_STANDING_REVOKED;
}

enum wire_standing_kind scim_judge(const struct http_reply *reply, bool absent_is_live,
				   bool asked_tag, char why[static 256])
{
	why[0] = '\0';
	if (reply->failure) {
		snprintf(why, 256, "the SCIM service provider: %.200s", reply->failure);
		return WIRE_STANDING_UNKNOWN;
	}
	if (reply->status == 200)
		return judge_resource(reply, absent_is_live, why);
	/* To a request without a tag it would be no answer (RFC 9110, section 15.4.5). */
	if (reply->status == 304 && asked_tag)
		return WIRE_STANDING_GOOD;
	if (reply->status == 404 || reply->status == 410) {
		snprintf(why, 256, "the SCIM service provider does not know it (any more)");
		return WIRE_STANDING_REVOKED;
	}
	snprintf(why, 256, "the SCIM service provider answered with status %ld", reply->status);
	return WIRE_STANDING_UNKNOWN;
}

static void tell(const struct scim *s, enum wire_standing_kind kind, const char *why)
{
	struct wire_standing said = { .kind = (uint32_t)kind };

	snprintf(said.why, sizeof(said.why), "%s", why);
	send(s->standing, &said, sizeof(said), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void on_reply(void *context, const struct http_reply *reply)
{
	struct scim *s = context;
	char why[256];
	enum wire_standing_kind kind =
		scim_judge(reply, s->config->scim_absent_is_live, s->etag[0], why);
	int64_t now = now_ms();

	s->call = NULL;
	tell(s, kind, why);
	/* What is unknown is asked for anew, and without a tag: the next answer is whole. */
	if (kind != WIRE_STANDING_GOOD)
		s->etag[0] = '\0';
	else if (reply->status == 200)
		snprintf(s->etag, sizeof(s->etag), "%s", reply->etag ? reply->etag : "");
	s->ask_at = kind == WIRE_STANDING_REVOKED ? INT64_MAX :
		    now + (kind == WIRE_STANDING_GOOD || s->config->scim_interval < AGAIN ?
				   s->config->scim_interval : AGAIN);
}

static void ask(struct scim *s, int64_t now)
{
	const struct remote_config *c = s->config;
	static char bearer[sizeof(c->scim_token) + 8];
	const struct http_request request = {
		.url = c->scim_url, .socket = c->scim_socket[0] ? c->scim_socket : NULL,
		.authorization = c->scim_token[0] ? bearer : NULL,
		.accept = "application/scim+json", .if_none_match = s->etag[0] ? s->etag : NULL,
		.ca = c->scim_ca, .timeout = LIMIT_PROVIDER / 1000,
	};

	snprintf(bearer, sizeof(bearer), "Bearer %s", c->scim_token);
	s->call = http_start(s->http, &request, on_reply, s);
	explicit_bzero(bearer, sizeof(bearer));
	if (s->call)
		return;
	tell(s, WIRE_STANDING_UNKNOWN, "no memory to ask the SCIM service provider");
	s->ask_at = now + AGAIN;
}

void scim_open(struct scim *s, const struct remote_config *c, struct http *http, int standing,
	       int64_t now)
{
	*s = (struct scim){ .config = c, .http = http, .standing = standing,
			    .ask_at = c->scim_url[0] ? now : INT64_MAX };
}

void scim_run(struct scim *s, int64_t now)
{
	if (!s->call && now >= s->ask_at)
		ask(s, now);
}

int64_t scim_next(const struct scim *s)
{
	return s->call || s->ask_at == INT64_MAX ? -1 : s->ask_at;
}

void scim_stop(struct scim *s)
{
	if (s->call)
		http_stop(s->http, s->call);
	s->call = NULL;
	s->ask_at = INT64_MAX;
}
