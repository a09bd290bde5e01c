/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "common/call.h"
#include "common/err.h"
#include "shims/broker/order.h"

/* The longest timeout that a policy can name, and an hour is generous. */
#define TIMEOUT_MAX ((uint32_t)3600 * 1000)

static struct order_question *find(struct order *o, uint64_t serial)
{
	for (size_t i = 0; i < LIMIT_HELD; i++)
		if (o->v[i].is_open && o->v[i].serial == serial)
			return &o->v[i];
	return NULL;
}

/* NULL, or which fact is impossible. */
static const char *judge_facts(const struct wire_call *c)
{
	if (c->has_pin > 1 || c->id_is_string > 1)
		return "a flag that is neither 0 nor 1";
	if (c->kind >= CALL_KINDS)
		return "the kind of a request";
	if (!c->tool_len || c->tool_len > sizeof(c->tool) ||
	    memchr(c->tool, '\0', c->tool_len))
		return "the name of a tool";
	if (c->client_len > sizeof(c->client))
		return "the client's name";
	if (c->id_len > sizeof(c->id))
		return "the id of a request";
	if (c->arguments_len > sizeof(c->arguments) || c->arguments_len > c->arguments_total ||
	    (c->arguments_len < c->arguments_total && c->arguments_len != sizeof(c->arguments)))
		return "the length of the arguments";
	return NULL;
}

/* What a person will see must be what the digest is of. */
static const char *judge_digest(const struct order *o, const struct wire_ask *ask)
{
	const struct wire_call *c = &ask->call;
	struct call call = {
		.kind = (enum call_kind)c->kind,
		.server = o->server, .session = o->session, .tool = c->tool,
		.tool_len = c->tool_len, .pin = c->has_pin ? c->pin : NULL,
		.serial = ask->serial, .id = c->id, .id_len = c->id_len,
		.id_is_string = c->id_is_string,
	};
	uint8_t digest[SHA256_SIZE];

	if (c->arguments_len == c->arguments_total) {
		sha256(c->arguments, c->arguments_len, digest);
		if (memcmp(digest, c->arguments_digest, SHA256_SIZE) != 0)
			return "a digest of other arguments";
	}
	memcpy(call.arguments, c->arguments_digest, SHA256_SIZE);
	memcpy(call.rest, c->rest_digest, SHA256_SIZE);
	call_digest(&call, digest);
	return memcmp(digest, c->digest, SHA256_SIZE) ? "a digest of another call" : NULL;
}

static int open_question(struct order *o, const struct wire_ask *ask, int64_t now,
			 struct order_question **ret, struct err *err)
{
	struct order_question *q = NULL;
	const char *why = judge_facts(&ask->call);

	for (size_t i = 0; i < LIMIT_HELD && !q; i++)
		if (!o->v[i].is_open)
			q = &o->v[i];
	if (!why && ask->serial <= o->last_serial)
		why = "a number that does not grow";
	if (!why && !q)
		why = "more questions than a pep keeps";
	if (!why && (ask->wants_person > 1 || ask->wants_pdp > 1 ||
		     (!ask->wants_person && !ask->wants_pdp)))
		why = "nobody to ask";
	if (!why && (!ask->timeout || ask->timeout > TIMEOUT_MAX))
		why = "its time";
	if (!why)
		why = judge_digest(o, ask);
	if (why)
		return err_set(err, EPROTO, "the pep asks with %s", why);
	q->is_open = true;
	q->is_at_desk = false;
	q->wants_person = ask->wants_person;
	q->wants_pdp = ask->wants_pdp;
	q->serial = o->last_serial = ask->serial;
	q->asked_at = now;
	q->deadline = now + ask->timeout;
	q->call = &o->calls[q - o->v];
	*q->call = ask->call;
	*ret = q;
	return 1;
}

int order_take(struct order *o, const struct wire_ask *ask, int64_t now,
	       struct order_question **ret, struct err *err)
{
	*ret = NULL;
	switch (ask->kind) {
	case WIRE_ASK_QUESTION:
		return open_question(o, ask, now, ret, err);
	case WIRE_ASK_WITHDRAW:
		if (!ask->serial || ask->serial > o->last_serial)
			return err_set(err, EPROTO, "the pep withdraws what it never asked");
		*ret = find(o, ask->serial);
		if (*ret)
			(*ret)->is_open = false;
		return 0;
	default:
		return err_set(err, EPROTO, "the pep sent a message of no kind");
	}
}

struct order_question *order_find(struct order *o, const uint8_t digest[SHA256_SIZE])
{
	for (size_t i = 0; i < LIMIT_HELD; i++)
		if (o->v[i].is_open && !memcmp(o->v[i].call->digest, digest, SHA256_SIZE))
			return &o->v[i];
	return NULL;
}

struct order_question *order_due(struct order *o, int64_t now)
{
	for (size_t i = 0; i < LIMIT_HELD; i++)
		if (o->v[i].is_open && now >= o->v[i].deadline)
			return &o->v[i];
	return NULL;
}

int64_t order_next(const struct order *o)
{
	int64_t next = -1;

	for (size_t i = 0; i < LIMIT_HELD; i++)
		if (o->v[i].is_open && (next < 0 || o->v[i].deadline < next))
			next = o->v[i].deadline;
	return next;
}

void order_answer(struct order_question *q, enum wire_answer_kind kind, bool by_person,
		  struct wire_answer *ret)
{
	assert(q->is_open);
	memset(ret, 0, sizeof(*ret));
	ret->kind = kind;
	ret->by_person = by_person;
	ret->serial = q->serial;
	memcpy(ret->digest, q->call->digest, SHA256_SIZE);
	q->is_open = false;
}
