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
#include "shims/remote/client.h"
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
/* Calls under a rate of the PDP's that are remembered: as many as a rate can name. */
#define RATES 1024

struct remote;

enum inquiry_state {
	INQUIRY_NONE = 0,
	INQUIRY_PDP,	  /* the PDP was asked */
	INQUIRY_METADATA, /* waits for the server's metadata */
	INQUIRY_SVID,	  /* waits for an SVID, which `next` needs */
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
	/* What is done with a proof of who we are, once there is one. */
	void (*next)(struct remote *r, struct inquiry *i, const struct client_proof *proof);
	struct ciba_ack ack;
	int64_t poll_at, interval, back_off, expires_at; /* ms */
	json_t *details;
	char *id_token;
	struct pdp_answer pdp;
	bool is_agreed; /* a person said yes: the PDP is asked once more */
	char who[1200];
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
	/* When calls that the PDP ties to a rate were let through. */
	struct {
		char tool[LIMIT_TOOL];
		uint32_t tool_len;
		int64_t at; /* ms; 0: free */
	} passed[RATES];
	size_t next_passed;
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

static struct http_call *get(struct remote *r, const char *url, http_done done, void *context)
{
	const struct http_request request = { .url = url, .ca = r->config->client.ca,
					      .timeout = ASK_TIMEOUT };

	return http_start(r->http, &request, done, context);
}

/* POST a form with client authentication.  Return: started. */
static bool post(struct remote *r, struct inquiry *i, const char *url, const char *form,
		 const struct client_proof *proof, long timeout, http_done done)
{
	const struct http_request request = {
		.url = url, .body = form, .content_type = "application/x-www-form-urlencoded",
		.authorization = proof->header, .ca = r->config->client.ca,
		.identity = proof->identity, .timeout = timeout,
	};

	if (form)
		i->http = http_start(r->http, &request, done, i);
	return i->http != NULL;
}

static void prove(struct remote *r, struct inquiry *i, const char *svid)
{
	struct client_proof proof = {0};
	struct err err = {0};

	if (client_prove(&r->config->client, svid, time(NULL), &proof, &err) < 0)
		fail(i, &err);
	else
		i->next(r, i, &proof);
	client_proof_done(&proof);
}

static void on_svid(void *context, const struct http_reply *reply)
{
	struct inquiry *i = context;
	struct remote *r = remote_of(i->broker);
	cleanup_free char *svid = NULL;
	struct err err = {0};

	i->http = NULL;
	if (client_read_svid(&r->config->client, reply, &svid, &err) < 0) {
		fail(i, &err);
		return;
	}
	prove(r, i, svid);
	explicit_bzero(svid, strlen(svid));
}

/* Go on with `next` and a fresh proof: an assertion is for one request. */
static void authenticate(struct remote *r, struct inquiry *i,
			 void (*next)(struct remote *, struct inquiry *,
				      const struct client_proof *))
{
	i->next = next;
	if (!client_needs_svid(&r->config->client)) {
		prove(r, i, NULL);
		return;
	}
	i->state = INQUIRY_SVID;
	i->http = client_ask_svid(&r->config->client, r->http, on_svid, i);
	if (!i->http)
		fail_words(i, "the Workload API cannot be asked");
}

/* --- who approved ------------------------------------------------------------------------------ */

static void on_keys(void *context, const struct http_reply *reply);
static void ask_pdp(struct remote *r, struct inquiry *i);

/* The class of authentication that this call needs. */
static const char *acr_of(const struct inquiry *i)
{
	return i->pdp.acr_values[0] ? i->pdp.acr_values : remote_of(i->broker)->config->acr_values;
}

/* A person said yes, perhaps long after the PDP did: its policy of now counts. */
static void agreed(struct remote *r, struct inquiry *i)
{
	i->is_agreed = true;
	if (r->config->pdp)
		ask_pdp(r, i);
	else
		finish(i, WIRE_ANSWER_APPROVED, true, i->who);
}

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
	int e = r->keys ? jws_verify(i->id_token, r->keys, &claims, &err) : -ENOKEY;

	if (e == -ENOKEY && !i->has_new_keys &&
	    (!r->keys || i->broker->now - r->keys_at >= KEYS_AGE)) {
		fetch_keys(r, i);
		return;
	}
	if (e == -ENOKEY && !err.code)
		err_set(&err, ENOKEY, "the server's key set could not be read");
	if (e == 0)
		e = ciba_check_claims(claims, c, acr_of(i), time(NULL), &err);
	if (e < 0) {
		fail(i, &err);
		return;
	}
	snprintf(i->who, sizeof(i->who), "%s at %s, %s", c->approver, c->client.issuer,
		 c->is_strict ? "authorization_details" : "by message only");
	agreed(r, i);
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

static void poll_with(struct remote *r, struct inquiry *i, const struct client_proof *proof)
{
	cleanup_free char *form = ciba_poll_form(i->ack.auth_req_id, proof->form);

	i->state = INQUIRY_POLLING;
	if (!post(r, i, r->metadata.token, form, proof, POLL_TIMEOUT, on_poll))
		fail_words(i, "no memory for a request");
}

static void poll_now(struct remote *r, struct inquiry *i)
{
	if (i->broker->now >= i->expires_at)
		finish(i, WIRE_ANSWER_EXPIRED, false, "nobody");
	else
		authenticate(r, i, poll_with);
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

static void ask_with(struct remote *r, struct inquiry *i, const struct client_proof *proof)
{
	cleanup_free char *form = NULL, *details = NULL;
	char code[CALL_CODE + 1], message[sizeof(CIBA_CODE)];
	int64_t left = (i->q->deadline - broker_now() + 999) / 1000;
	struct ciba_request request = { .binding_message = message,
					.acr_values = acr_of(i),
					.expiry = left > 0 ? (unsigned int)left : 1 };
	struct err err = {0};

	/* Letters, digits and '-', 12 of them: every known server takes that. */
	call_code(i->q->call->digest, code);
	snprintf(message, sizeof(message), "mcp-%s", code);
	request.details = details = i->details ? json_dumps(i->details, JSON_COMPACT) : NULL;
	if (i->details && !details) {
		fail_words(i, "a call that cannot be put into authorization_details");
		return;
	}
	form = ciba_request_form(r->config, &r->metadata, &request, proof->form, time(NULL), &err);
	if (!form) {
		fail(i, &err);
		return;
	}
	i->state = INQUIRY_ASKING;
	if (!post(r, i, r->metadata.backchannel, form, proof, ASK_TIMEOUT, on_ack))
		fail_words(i, "no memory for a request");
}

static void ask_approver(struct remote *r, struct inquiry *i)
{
	const struct order *o = &i->broker->order;

	if (r->config->is_strict) {
		i->details = ciba_details(r->config, o->server, o->session, i->q->serial,
					  i->q->call);
		if (!i->details) {
			fail_words(i, "a call that cannot be put into authorization_details");
			return;
		}
	}
	authenticate(r, i, ask_with);
}

/* --- metadata ---------------------------------------------------------------------------------- */

static void on_metadata(void *context, const struct http_reply *reply);

static void fetch_metadata(struct broker *b)
{
	struct remote *r = remote_of(b);
	char url[CIBA_URL];

	if (answer_metadata_url(r->config->client.issuer, r->place, url) == 0)
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
		if (r->metadata.offers_registration)
			dprintf(2, "mcp-confine-broker-net: warning: %s offers dynamic registration of clients "
				   "(registration_endpoint); if it takes it from anybody, anybody can ask its "
				   "users for approvals: restrict it there\n", r->config->client.issuer);
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

/* Does the rate that the PDP ties its permit to hold one more call of the tool? */
static bool has_rate(struct remote *r, const struct inquiry *i)
{
	int64_t since = i->broker->now - (int64_t)i->pdp.seconds * 1000;
	const struct wire_call *call = i->q->call;
	uint32_t n = 0;

	if (!i->pdp.calls)
		return true;
	for (size_t k = 0; k < RATES; k++)
		n += r->passed[k].at > since && r->passed[k].at && r->passed[k].tool_len == call->tool_len &&
		     !memcmp(r->passed[k].tool, call->tool, call->tool_len);
	if (n >= i->pdp.calls)
		return false;
	memcpy(r->passed[r->next_passed].tool, call->tool, call->tool_len);
	r->passed[r->next_passed].tool_len = call->tool_len;
	r->passed[r->next_passed].at = i->broker->now;
	r->next_passed = (r->next_passed + 1) % RATES;
	return true;
}

static void permitted(struct remote *r, struct inquiry *i)
{
	if (!has_rate(r, i))
		finish(i, WIRE_ANSWER_DENIED, false, "the rate that the PDP allows");
	else if (i->is_agreed)
		finish(i, WIRE_ANSWER_APPROVED, true, i->who);
	else
		finish(i, WIRE_ANSWER_APPROVED, false, "the PDP");
}

static void on_pdp(void *context, const struct http_reply *reply)
{
	struct inquiry *i = context;
	struct remote *r = remote_of(i->broker);
	char had[sizeof(i->pdp.acr_values)];
	struct err err = {0};

	i->http = NULL;
	memcpy(had, acr_of(i), sizeof(had));
	switch (pdp_read(r->config, reply, &i->pdp, &err)) {
	case PDP_PERMIT:
		if (i->q->wants_person && !i->is_agreed)
			ask_person(r, i);
		else
			permitted(r, i);
		return;
	case PDP_STEP_UP:
		if (!i->is_agreed)
			ask_person(r, i);
		else if (strcmp(had, acr_of(i)) != 0)
			fail_words(i, "the PDP asks for another class of authentication than the approver showed");
		else
			permitted(r, i);
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

/* A yes at a desk: only where there is a PDP something is left to ask. */
static bool on_desk(struct broker *b, struct order_question *q, const char *who)
{
	struct remote *r = remote_of(b);
	struct inquiry *i = &r->v[q - b->order.v];

	if (!r->config->pdp)
		return false;
	q->is_at_desk = false; /* one yes is enough */
	snprintf(i->who, sizeof(i->who), "%s", who);
	agreed(r, i);
	return true;
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
	.agreed = on_desk,
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
