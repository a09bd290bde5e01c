/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/call.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/remote.h"
#include "shims/broker/desk.h"
#include "shims/remote/ciba.h"
#include "shims/remote/http.h"
#include "shims/remote/jws.h"
#include "shims/remote/pdp.h"
#include "shims/remote/remote.h"
#include "shims/remote/scim.h"

/* Seconds.  A server may hold a poll for 30 (CIBA Core 1.0, section 7.3). */
#define POLL_TIMEOUT 45
#define ASK_TIMEOUT 20
#define PDP_TIMEOUT 10
/* A key set is fetched again no sooner than this (ms). */
#define KEYS_AGE 60000
/* The longest wait of a back-off, and what slow_down adds (ms). */
#define BACK_OFF 60000
#define SLOWER 5000

enum inquiry_state {
	INQUIRY_NONE = 0,
	INQUIRY_PDP,	  /* the PDP was asked */
	INQUIRY_METADATA, /* waits for the server's metadata */
	INQUIRY_ASKING,	  /* the authentication request is under way */
	INQUIRY_WAITING,  /* until poll_at */
	INQUIRY_POLLING,  /* never a second one meanwhile */
	INQUIRY_KEYS,	  /* has an ID token, waits for the key set */
	INQUIRY_DESK,
};

struct inquiry {
	enum inquiry_state state;
	struct broker *broker;
	struct order_question *q;
	struct http_call *http; /* under way */
	struct ciba_ack ack;
	int64_t poll_at, interval, back_off, expires_at; /* ms */
	json_t *details;
	char *id_token;
	bool has_new_keys; /* the set was fetched for this token */
};

struct remote {
	const struct remote_config *config;
	struct http *http;
	struct desk *desk;
	struct ciba_metadata metadata;
	bool has_metadata;
	int place; /* of the metadata that is tried */
	struct http_call *fetch, *fetch_keys;
	json_t *keys;
	int64_t keys_at;
	struct scim scim;
	struct inquiry v[LIMIT_HELD];
};

static struct remote *remote_of(struct broker *b)
{
	return b->own;
}

/* --- ends ---------------------------------------------------------------------------------- */

static void finish(struct inquiry *i, enum wire_answer_kind kind, bool by_person,
		   const char *who)
{
	broker_answer(i->broker, i->q, kind, by_person, who); /* calls closed() */
}

static void fail(struct inquiry *i, const struct err *err)
{
	dprintf(2, "mcp-confine-broker-net: %s; the call is denied\n", err->text);
	finish(i, WIRE_ANSWER_FAILED, false, err->text);
}

static void fail_words(struct inquiry *i, const char *words)
{
	struct err err = {0};

	err_set(&err, EIO, "%s", words);
	fail(i, &err);
}

static void closed(struct broker *b, struct order_question *q)
{
	struct remote *r = remote_of(b);
	struct inquiry *i = &r->v[q - b->order.v];

	if (i->http)
		http_stop(r->http, i->http);
	json_decref(i->details);
	free(i->id_token);
	*i = (struct inquiry){0};
	q->is_at_desk = false;
}

/* --- requests ------------------------------------------------------------------------------- */

static const char *identity_of(const struct remote_config *c)
{
	return c->auth == REMOTE_AUTH_TLS ? c->credential : NULL;
}

static struct http_call *get(struct remote *r, const char *url, http_done done, void *context)
{
	const struct http_request request = { .url = url, .ca = r->config->ca,
					      .timeout = ASK_TIMEOUT };

	return http_start(r->http, &request, done, context);
}

/* POST a form, with client authentication.  Return: started. */
static bool post(struct remote *r, struct inquiry *i, const char *url, const char *form,
		 const char *header, long timeout, http_done done)
{
	const struct http_request request = {
		.url = url, .body = form, .content_type = "application/x-www-form-urlencoded",
		.authorization = header, .ca = r->config->ca,
		.identity = identity_of(r->config), .timeout = timeout,
	};

	if (form)
		i->http = http_start(r->http, &request, done, i);
	return i->http != NULL;
}

/* --- who approved ------------------------------------------------------------------------------ */

static void on_keys(void *context, const struct http_reply *reply);

static void fetch_keys(struct remote *r, struct inquiry *i)
{
	i->state = INQUIRY_KEYS;
	i->has_new_keys = true;
	if (!r->fetch_keys)
		r->fetch_keys = get(r, r->metadata.jwks, on_keys, i->broker);
	if (!r->fetch_keys)
		fail_words(i, "no memory for a request");
}

static void check_token(struct remote *r, struct inquiry *i)
{
	const struct remote_config *c = r->config;
	json_auto_t *claims = NULL;
	struct err err = {0};
	char who[1200];
	int e = r->keys ? jws_verify(i->id_token, r->keys, &claims, &err) : -ENOKEY;

	if (e == -ENOKEY && !i->has_new_keys &&
	    (!r->keys || i->broker->now - r->keys_at >= KEYS_AGE)) {
		fetch_keys(r, i);
		return;
	}
	if (e == -ENOKEY && !err.code)
		err_set(&err, ENOKEY, "the server's key set could not be read");
	if (e == 0)
		e = ciba_check_claims(claims, c, time(NULL), &err);
	if (e < 0) {
		fail(i, &err);
		return;
	}
	snprintf(who, sizeof(who), "%s at %s, %s", c->approver, c->issuer,
		 c->is_strict ? "authorization_details" : "by message only");
	finish(i, WIRE_ANSWER_APPROVED, true, who);
}

static void on_keys(void *context, const struct http_reply *reply)
{
	struct broker *b = context;
	struct remote *r = remote_of(b);

	r->fetch_keys = NULL;
	if (!reply->failure && reply->status == 200) {
		json_t *keys = json_loadb(reply->body, reply->len, JSON_REJECT_DUPLICATES, NULL);

		if (json_is_array(json_object_get(keys, "keys"))) {
			json_decref(r->keys);
			r->keys = json_incref(keys);
			r->keys_at = b->now;
		}
		json_decref(keys);
	}
	for (size_t k = 0; k < LIMIT_HELD; k++)
		if (r->v[k].state == INQUIRY_KEYS)
			check_token(r, &r->v[k]);
}

/* --- polling ------------------------------------------------------------------------------------ */

static void wait_for(struct inquiry *i, int64_t ms)
{
	i->state = INQUIRY_WAITING;
	i->poll_at = i->broker->now + ms;
	if (i->poll_at >= i->expires_at)
		i->poll_at = i->expires_at;
}

static void on_answer(struct remote *r, struct inquiry *i, const struct http_reply *reply)
{
	struct err err = {0};

	if (ciba_check_grant(reply, r->config, i->details, &i->id_token, &err) < 0)
		fail(i, &err);
	else
		check_token(r, i);
}

static void on_poll(void *context, const struct http_reply *reply)
{
	struct inquiry *i = context;
	struct remote *r = remote_of(i->broker);
	struct err err = {0};
	int64_t wait;

	i->http = NULL;
	switch (ciba_read_poll(reply, &err)) {
	case CIBA_ANSWER:
		on_answer(r, i, reply);
		return;
	case CIBA_SLOW:
		i->interval += SLOWER;
		__attribute__((fallthrough));
	case CIBA_PENDING:
		i->back_off = i->interval;
		wait_for(i, i->interval);
		return;
	case CIBA_BUSY:
		i->back_off = i->back_off * 2 > BACK_OFF ? BACK_OFF : i->back_off * 2;
		wait = reply->retry_after * 1000 > i->back_off ? reply->retry_after * 1000 :
								 i->back_off;
		wait_for(i, wait > i->interval ? wait : i->interval);
		return;
	case CIBA_DENIED:
		finish(i, WIRE_ANSWER_DENIED, true, r->config->approver);
		return;
	case CIBA_EXPIRED:
		finish(i, WIRE_ANSWER_EXPIRED, false, "nobody");
		return;
	case CIBA_FAILED:
	default:
		fail(i, &err);
	}
}

static void poll_now(struct remote *r, struct inquiry *i)
{
	cleanup_free char *auth = NULL, *header = NULL, *form = NULL;
	struct err err = {0};

	if (i->broker->now >= i->expires_at) {
		finish(i, WIRE_ANSWER_EXPIRED, false, "nobody");
		return;
	}
	/* A client assertion is for one request: fresh each time. */
	if (ciba_authenticate(r->config, time(NULL), &auth, &header, &err) < 0) {
		fail(i, &err);
		return;
	}
	form = ciba_poll_form(i->ack.auth_req_id, auth);
	i->state = INQUIRY_POLLING;
	if (!post(r, i, r->metadata.token, form, header, POLL_TIMEOUT, on_poll))
		fail_words(i, "no memory for a request");
}

/* --- the authentication request --------------------------------------------------------------------- */

static void on_ack(void *context, const struct http_reply *reply)
{
	struct inquiry *i = context;
	struct err err = {0};

	i->http = NULL;
	if (ciba_read_ack(reply, &i->ack, &err) < 0) {
		fail(i, &err);
		return;
	}
	i->interval = i->back_off = i->ack.interval * 1000;
	i->expires_at = i->broker->now + i->ack.expires_in * 1000;
	if (i->q->deadline < i->expires_at)
		i->expires_at = i->q->deadline;
	wait_for(i, i->interval);
}

static void ask_approver(struct remote *r, struct inquiry *i)
{
	cleanup_free char *auth = NULL, *header = NULL, *form = NULL, *details = NULL;
	const struct order *o = &i->broker->order;
	char code[CALL_CODE + 1], message[sizeof(CIBA_CODE)];
	int64_t left = (i->q->deadline - i->broker->now + 999) / 1000;
	struct err err = {0};

	if (r->config->is_strict) {
		i->details = ciba_details(r->config, o->server, o->session, i->q->serial,
					  i->q->call);
		details = i->details ? json_dumps(i->details, JSON_COMPACT) : NULL;
		if (!details) {
			fail_words(i, "a call that cannot be put into authorization_details");
			return;
		}
	}
	if (ciba_authenticate(r->config, time(NULL), &auth, &header, &err) < 0) {
		fail(i, &err);
		return;
	}
	/* Letters, digits and '-', 12 of them: every known server takes that. */
	call_code(i->q->call->digest, code);
	snprintf(message, sizeof(message), "mcp-%s", code);
	form = ciba_request_form(r->config, &r->metadata, message, details,
				 left > 0 ? (unsigned int)left : 1, auth);
	i->state = INQUIRY_ASKING;
	if (!post(r, i, r->metadata.backchannel, form, header, ASK_TIMEOUT, on_ack))
		fail_words(i, "no memory for a request");
}

/* --- metadata ---------------------------------------------------------------------------------- */

static void on_metadata(void *context, const struct http_reply *reply);

static void fetch_metadata(struct broker *b)
{
	struct remote *r = remote_of(b);
	char url[CIBA_URL];

	if (ciba_metadata_url(r->config->issuer, r->place, url) == 0)
		r->fetch = get(r, url, on_metadata, b);
	for (size_t k = 0; !r->fetch && k < LIMIT_HELD; k++)
		if (r->v[k].state == INQUIRY_METADATA)
			fail_words(&r->v[k], "the metadata cannot be asked for");
}

static void on_metadata(void *context, const struct http_reply *reply)
{
	struct broker *b = context;
	struct remote *r = remote_of(b);
	struct err err = {0};

	r->fetch = NULL;
	if (ciba_read_metadata(reply, r->config, &r->metadata, &err) == 0) {
		r->has_metadata = true;
	} else if (r->place == 0 && !reply->failure) {
		r->place = 1;
		fetch_metadata(b);
		return;
	}
	r->place = 0;
	for (size_t k = 0; k < LIMIT_HELD; k++) {
		if (r->v[k].state != INQUIRY_METADATA)
			continue;
		if (r->has_metadata)
			ask_approver(r, &r->v[k]);
		else
			fail(&r->v[k], &err);
	}
}

/* --- who decides ---------------------------------------------------------------------------------- */

static void ask_person(struct remote *r, struct inquiry *i)
{
	if (!r->config->has_ciba) {
		i->state = INQUIRY_DESK;
		i->q->is_at_desk = true;
		return;
	}
	if (r->has_metadata) {
		ask_approver(r, i);
		return;
	}
	i->state = INQUIRY_METADATA;
	if (!r->fetch)
		fetch_metadata(i->broker);
}

static void on_pdp(void *context, const struct http_reply *reply)
{
	struct inquiry *i = context;
	struct remote *r = remote_of(i->broker);
	struct err err = {0};

	i->http = NULL;
	switch (pdp_read(r->config, reply, &err)) {
	case PDP_PERMIT:
		if (i->q->wants_person)
			ask_person(r, i);
		else
			finish(i, WIRE_ANSWER_APPROVED, false, "the PDP");
		return;
	case PDP_STEP_UP:
		ask_person(r, i);
		return;
	case PDP_DENY:
		finish(i, WIRE_ANSWER_DENIED, false, err.text);
		return;
	case PDP_FAILED:
	default:
		fail(i, &err);
	}
}

static void ask_pdp(struct remote *r, struct inquiry *i)
{
	const struct remote_config *c = r->config;
	const struct order *o = &i->broker->order;
	cleanup_free char *body = pdp_request(c, o->server, o->session, i->q->call);
	char bearer[sizeof(c->pdp_token) + 8];
	const struct http_request request = {
		.url = c->pdp_url, .socket = c->pdp_socket[0] ? c->pdp_socket : NULL,
		.body = body, .content_type = "application/json",
		.authorization = c->pdp_token[0] ? bearer : NULL, .ca = c->pdp_ca,
		.timeout = PDP_TIMEOUT,
	};

	snprintf(bearer, sizeof(bearer), "Bearer %s", c->pdp_token);
	i->state = INQUIRY_PDP;
	if (body)
		i->http = http_start(r->http, &request, on_pdp, i);
	if (!i->http)
		fail_words(i, "a call that cannot be put to the PDP");
}

static void opened(struct broker *b, struct order_question *q)
{
	struct remote *r = remote_of(b);
	struct inquiry *i = &r->v[q - b->order.v];

	*i = (struct inquiry){ .broker = b, .q = q };
	if (r->config->pdp && !q->wants_pdp)
		fail_words(i, "the pep leaves out the PDP");
	else if (r->config->pdp)
		ask_pdp(r, i);
	else if (q->wants_pdp)
		fail_words(i, "the pep asks for a PDP that there is not");
	else
		ask_person(r, i);
}

/* --- the loop -------------------------------------------------------------------------------------- */

static int wanted(struct broker *b, struct pollfd *p)
{
	const struct remote *r = remote_of(b);

	return r->desk ? desk_wanted(r->desk, p) : 0;
}

static void ready(struct broker *b, const struct pollfd *p, int n)
{
	struct remote *r = remote_of(b);

	http_run(r->http);
	scim_run(&r->scim, b->now);
	for (size_t k = 0; k < LIMIT_HELD; k++)
		if (r->v[k].state == INQUIRY_WAITING && b->now >= r->v[k].poll_at)
			poll_now(r, &r->v[k]);
	http_run(r->http);
	if (r->desk)
		desk_ready(b, r->desk, p, n);
}

static int sleep_all(struct broker *b, struct pollfd *p, int n, int timeout)
{
	return http_sleep(remote_of(b)->http, p, n, timeout);
}

static int64_t next(struct broker *b)
{
	const struct remote *r = remote_of(b);
	int64_t at = scim_next(&r->scim);

	for (size_t k = 0; k < LIMIT_HELD; k++)
		if (r->v[k].state == INQUIRY_WAITING && (at < 0 || r->v[k].poll_at < at))
			at = r->v[k].poll_at;
	return at;
}

/* Every inquiry was answered, and its requests with it; what is left is ours alone. */
static void revoked(struct broker *b)
{
	struct remote *r = remote_of(b);

	scim_stop(&r->scim);
	if (r->fetch)
		http_stop(r->http, r->fetch);
	if (r->fetch_keys)
		http_stop(r->http, r->fetch_keys);
	r->fetch = r->fetch_keys = NULL;
}

const struct channel remote_channel = {
	.opened = opened,
	.closed = closed,
	.wanted = wanted,
	.ready = ready,
	.sleep = sleep_all,
	.next = next,
	.revoked = revoked,
};

int remote_open(struct broker *b, const struct remote_config *c, struct http *http,
		struct desk *desk, struct err *err)
{
	struct remote *r = calloc(1, sizeof(*r));

	if (!r)
		return err_errno(err, ENOMEM, "remote");
	r->config = c;
	r->http = http;
	r->desk = desk;
	scim_open(&r->scim, c, http, b->standing, broker_now());
	b->own = r;
	b->channel = &remote_channel;
	return 0;
}
