/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "common/call.h"
#include "shims/pep/ask.h"

static bool is_open(const struct ask_call *c)
{
	return c->state == ASK_WAITING || c->state == ASK_LEFT;
}

/* Does a client wait for it? */
static bool is_held(const struct ask_call *c)
{
	return c->state == ASK_WAITING || c->state == ASK_READY;
}

/* --- the arena: frozen bytes in one piece, moved together when one goes -------------------- */

static void drop_bytes(struct ask *a, struct ask_call *c)
{
	size_t size = c->len + c->arguments_len;

	if (!size)
		return;
	memmove(a->arena + c->at, a->arena + c->at + size, a->used - c->at - size);
	a->used -= size;
	for (size_t i = 0; i < LIMIT_HELD; i++)
		if (a->v[i].len && a->v[i].at > c->at) {
			a->v[i].at -= size;
			a->v[i].arguments_at -= size;
		}
	c->len = c->arguments_len = 0;
}

static bool keep_bytes(struct ask *a, struct ask_call *c, const char *line, size_t len,
		       const char *arguments, size_t arguments_len)
{
	if (len > LIMIT_HELD_BYTES - a->used ||
	    arguments_len > LIMIT_HELD_BYTES - a->used - len)
		return false;
	c->at = a->used;
	c->len = len;
	c->arguments_at = c->at + len;
	c->arguments_len = (uint32_t)arguments_len;
	memcpy(a->arena + c->at, line, len);
	if (arguments_len)
		memcpy(a->arena + c->arguments_at, arguments, arguments_len);
	a->used += len + arguments_len;
	return true;
}

const char *ask_line(const struct ask *a, const struct ask_call *c, size_t *ret_len)
{
	*ret_len = c->len;
	return a->arena + c->at;
}

/* --- ends ------------------------------------------------------------------------------------ */

/* The broker must forget it; what it does not know of needs no word. */
static void withdraw(struct ask *a, struct ask_call *c)
{
	if (c->must_tell || !is_open(c) || a->is_closed)
		return;
	assert(a->n_withdrawn < 2 * LIMIT_HELD);
	a->withdrawn[a->n_withdrawn++] = c->serial;
}

void ask_end(struct ask *a, struct ask_call *c)
{
	withdraw(a, c);
	drop_bytes(a, c);
	c->state = ASK_FREE;
}

/* The bytes are not needed again: who repeats the call brings them. */
void ask_leave(struct ask *a, struct ask_call *c)
{
	if (c->must_tell) {
		ask_end(a, c); /* the broker does not even take questions */
		return;
	}
	drop_bytes(a, c);
	c->state = ASK_LEFT;
	c->id.exists = c->token.exists = false;
}

void ask_progressed(struct ask_call *c, int64_t now)
{
	c->progress++;
	c->progress_at = now + LIMIT_PROGRESS;
}

/* --- adding ---------------------------------------------------------------------------------- */

/* Calls that only a PDP has to judge may run side by side, alike or not. */
static struct ask_call *find_same(struct ask *a, const uint8_t same[SHA256_SIZE])
{
	for (size_t i = 0; i < LIMIT_HELD; i++) {
		struct ask_call *c = &a->v[i];

		if (c->state && (c->wants_person || !is_held(c)) &&
		    !memcmp(c->same, same, SHA256_SIZE))
			return c;
	}
	return NULL;
}

/* NULL, or why a person cannot be asked one more thing now. */
static const char *is_flood(struct ask *a, const struct ask_call *facts, int64_t now)
{
	size_t all = 0, tool = 0;

	if (!a->in_minute || now - a->minute_at >= 60000) {
		a->minute_at = now;
		a->in_minute = 0;
	}
	if (a->in_minute >= LIMIT_QUESTIONS_MINUTE)
		return "Too many calls were put up for approval in the last minute; wait before "
		       "the next one.";

	for (size_t i = 0; i < LIMIT_HELD; i++) {
		const struct ask_call *c = &a->v[i];

		if (!is_open(c) || !c->wants_person)
			continue;
		all++;
		tool += c->kind == facts->kind && c->tool_len == facts->tool_len &&
			!memcmp(c->tool, facts->tool, c->tool_len);
	}
	if (tool >= LIMIT_QUESTIONS_TOOL)
		return "Too many calls of this tool wait for approval already; let a person "
		       "decide about those first.";
	return all >= LIMIT_QUESTIONS ? "Too many calls wait for approval already; let a person "
					"decide about those first." :
					NULL;
}

static struct ask_call *find_free(struct ask *a)
{
	for (size_t i = 0; i < LIMIT_HELD; i++)
		if (a->v[i].state == ASK_FREE)
			return &a->v[i];
	return NULL;
}

static void set_digests(const struct ask *a, struct ask_call *c)
{
	struct call call = {
		.kind = c->kind,
		.server = a->server,	  .session = a->session,
		.tool = c->tool,	  .tool_len = c->tool_len,
		.pin = c->has_pin ? c->pin : NULL,
		.id = "",
	};

	memcpy(call.arguments, c->arguments_digest, SHA256_SIZE);
	memcpy(call.rest, c->rest_digest, SHA256_SIZE);
	call_digest(&call, c->same);
	call.serial = c->serial;
	call.id = c->id.text;
	call.id_len = c->id.len;
	call.id_is_string = c->id.is_string;
	call_digest(&call, c->digest);
}

static void set_waiting(const struct ask *a, struct ask_call *c, int64_t now)
{
	c->state = ASK_WAITING;
	/* A PDP answers at once, unless it hands the question on to a person. */
	c->progress_at = c->wants_person ? now : now + LIMIT_PROGRESS;
	c->patience_at = c->token.exists ? INT64_MAX : now + a->patience;
}

/* The same call again: the question is open, answered yes, or was answered no. */
static enum ask_verdict repeat(struct ask *a, struct ask_call *c, const struct ask_call *facts,
			       const char *line, size_t len, int64_t now, struct ask_call **ret,
			       const char **ret_words)
{
	switch (c->state) {
	case ASK_KEPT:
		ask_end(a, c);
		return ASK_PASS;
	case ASK_LEFT:
		c->id = facts->id;
		c->token = facts->token;
		c->is_modern = facts->is_modern;
		c->progress = 0;
		if (!keep_bytes(a, c, line, len, NULL, 0)) {
			*ret_words = "This tool call is too large to be held for approval.";
			c->id.exists = false;
			return ASK_REFUSED;
		}
		set_waiting(a, c, now);
		*ret = c;
		return ASK_HELD;
	case ASK_COOLING:
		*ret_words = "A person denied this tool call. Do not repeat it.";
		return ASK_REFUSED;
	case ASK_WAITING:
	case ASK_READY:
		*ret_words = "The same tool call waits for approval already; wait for its answer.";
		return ASK_REFUSED;
	case ASK_FREE:
		break;
	}
	*ret_words = "";
	return ASK_REFUSED;
}

enum ask_verdict ask_add(struct ask *a, const struct ask_call *facts, const char *line,
			 size_t len, const char *arguments, int64_t now, struct ask_call **ret,
			 const char **ret_words)
{
	size_t shown = facts->arguments_total < WIRE_ARGUMENTS ? (size_t)facts->arguments_total :
								 WIRE_ARGUMENTS;
	struct ask_call new = *facts, *c;

	*ret = NULL;
	*ret_words = "This tool call needs an approval and nobody can be asked.";
	if (a->is_closed)
		return ASK_REFUSED;
	new.serial = a->last_serial + 1;
	set_digests(a, &new);
	c = find_same(a, new.same);
	if (c && now >= c->deadline && !is_held(c)) {
		ask_end(a, c);
		c = NULL;
	}
	if (c)
		return repeat(a, c, facts, line, len, now, ret, ret_words);
	*ret_words = new.wants_person ? is_flood(a, facts, now) : NULL;
	if (*ret_words)
		return ASK_REFUSED;
	c = find_free(a);
	*ret_words = "Too many calls wait for a decision already.";
	/* So that every open question has a place among the withdrawn. */
	if (!c || a->n_withdrawn > LIMIT_HELD)
		return ASK_REFUSED;
	*ret_words = "This tool call is too large to be held for a decision.";
	if (!keep_bytes(a, &new, line, len, arguments, shown))
		return ASK_REFUSED;
	new.must_tell = true;
	new.asked_at = now;
	new.deadline = now + a->timeout;
	if (facts->deadline && facts->deadline < new.deadline)
		new.deadline = facts->deadline;
	set_waiting(a, &new, now);
	a->last_serial = new.serial;
	a->in_minute += new.wants_person;
	*c = new;
	*ret = c;
	return ASK_HELD;
}

/* --- what happens to a call -------------------------------------------------------------------- */

struct ask_call *ask_find(struct ask *a, const char *id, size_t len, bool is_string)
{
	for (size_t i = 0; i < LIMIT_HELD; i++) {
		struct ask_call *c = &a->v[i];

		if (is_held(c) && c->id.len == len && c->id.is_string == is_string &&
		    !memcmp(c->id.text, id, len))
			return c;
	}
	return NULL;
}

bool ask_cancel(struct ask *a, const char *id, size_t len, bool is_string)
{
	struct ask_call *c = ask_find(a, id, len, is_string);

	if (!c)
		return false;
	ask_end(a, c);
	return true;
}

/* A no: cool down when a person said it.  Return: its client waits. */
static bool refuse(struct ask *a, struct ask_call *c, const struct wire_answer *answer,
		   int64_t now, const char **ret_words)
{
	bool has_client = c->state == ASK_WAITING;
	bool cools = answer->kind == WIRE_ANSWER_DENIED && answer->by_person;

	switch ((enum wire_answer_kind)answer->kind) {
	case WIRE_ANSWER_DENIED:
		*ret_words = answer->by_person ?
				     "A person denied this tool call. Do not repeat it." :
				     "This tool call is refused by policy; trying again will not help.";
		break;
	case WIRE_ANSWER_EXPIRED:
		*ret_words = "Nobody approved this tool call in time. It was not executed.";
		break;
	case WIRE_ANSWER_APPROVED:
	case WIRE_ANSWER_FAILED:
	default:
		*ret_words = "This tool call needs an approval and nobody can be asked.";
	}
	drop_bytes(a, c);
	/* Nothing is left to withdraw: the broker closed the question itself. */
	c->state = cools ? ASK_COOLING : ASK_FREE;
	c->deadline = now + LIMIT_COOLING;
	return has_client;
}

struct ask_call *ask_answer(struct ask *a, const struct wire_answer *answer, int64_t now,
			    bool *ret_taken, const char **ret_words)
{
	struct ask_call *c = NULL;

	*ret_taken = false;
	for (size_t i = 0; i < LIMIT_HELD; i++)
		if (is_open(&a->v[i]) && a->v[i].serial == answer->serial && !a->v[i].must_tell)
			c = &a->v[i];
	if (!c || memcmp(c->digest, answer->digest, SHA256_SIZE) != 0)
		return NULL;
	/* A late yes is none; the deadline itself is dealt with by ask_due(). */
	if (now >= c->deadline)
		return NULL;
	*ret_taken = true;
	if (answer->kind != WIRE_ANSWER_APPROVED)
		return refuse(a, c, answer, now, ret_words) ? c : NULL;
	c->state = c->state == ASK_WAITING ? ASK_READY : ASK_KEPT;
	return NULL;
}

/* Return: what is due for this call. */
static enum ask_due due_of(const struct ask_call *c, int64_t now)
{
	switch (c->state) {
	case ASK_READY:
		return ASK_DUE_RELEASE;
	case ASK_WAITING:
		if (now >= c->deadline)
			return ASK_DUE_EXPIRED;
		if (now >= c->patience_at)
			return ASK_DUE_PATIENCE;
		return c->token.exists && now >= c->progress_at ? ASK_DUE_PROGRESS :
								  ASK_DUE_NOTHING;
	case ASK_FREE:
	case ASK_LEFT:
	case ASK_KEPT:
	case ASK_COOLING:
		break;
	}
	return ASK_DUE_NOTHING;
}

enum ask_due ask_due(struct ask *a, int64_t now, struct ask_call **ret)
{
	for (size_t i = 0; i < LIMIT_HELD; i++) {
		struct ask_call *c = &a->v[i];
		enum ask_due due;

		if (c->state && !is_held(c) && now >= c->deadline)
			ask_end(a, c);
		due = due_of(c, now);
		if (due) {
			*ret = c;
			return due;
		}
	}
	return ASK_DUE_NOTHING;
}

int64_t ask_next(const struct ask *a)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < LIMIT_HELD; i++) {
		const struct ask_call *c = &a->v[i];
		int64_t at = c->state ? c->deadline : INT64_MAX;

		if (c->state == ASK_READY)
			at = 0;
		if (c->state == ASK_WAITING && c->patience_at < at)
			at = c->patience_at;
		if (c->state == ASK_WAITING && c->token.exists && c->progress_at < at)
			at = c->progress_at;
		if (at < next)
			next = at;
	}
	return next == INT64_MAX ? -1 : next;
}

/* --- towards the broker ------------------------------------------------------------------------ */

static void put_call(const struct ask *a, const struct ask_call *c, struct wire_call *ret)
{
	memcpy(ret->digest, c->digest, SHA256_SIZE);
	memcpy(ret->arguments_digest, c->arguments_digest, SHA256_SIZE);
	memcpy(ret->rest_digest, c->rest_digest, SHA256_SIZE);
	memcpy(ret->pin, c->pin, SHA256_SIZE);
	ret->kind = c->kind;
	ret->has_pin = c->has_pin;
	ret->id_is_string = c->id.is_string;
	ret->id_len = c->id.len;
	memcpy(ret->id, c->id.text, c->id.len);
	ret->tool_len = c->tool_len;
	memcpy(ret->tool, c->tool, c->tool_len);
	ret->arguments_total = c->arguments_total;
	ret->arguments_len = c->arguments_len;
	memcpy(ret->arguments, a->arena + c->arguments_at, c->arguments_len);
}

/* In the order of their numbers: the broker takes no other. */
static const struct ask_call *first_untold(const struct ask *a)
{
	const struct ask_call *c = NULL;

	for (size_t i = 0; i < LIMIT_HELD; i++)
		if (a->v[i].state && a->v[i].must_tell && (!c || a->v[i].serial < c->serial))
			c = &a->v[i];
	return c;
}

bool ask_has_outgoing(const struct ask *a)
{
	return a->n_withdrawn || first_untold(a);
}

bool ask_outgoing(const struct ask *a, int64_t now, struct wire_ask *ret)
{
	const struct ask_call *c = first_untold(a);

	memset(ret, 0, sizeof(*ret));
	if (a->n_withdrawn) {
		ret->kind = WIRE_ASK_WITHDRAW;
		ret->serial = a->withdrawn[0];
		return true;
	}
	if (!c)
		return false;
	ret->kind = WIRE_ASK_QUESTION;
	ret->serial = c->serial;
	ret->wants_person = c->wants_person;
	ret->wants_pdp = c->wants_pdp;
	ret->timeout = c->deadline > now ? (uint32_t)(c->deadline - now) : 1;
	put_call(a, c, &ret->call);
	memcpy(ret->call.client, a->client, a->client_len);
	ret->call.client_len = a->client_len;
	return true;
}

void ask_told(struct ask *a, const struct wire_ask *sent)
{
	if (sent->kind == WIRE_ASK_WITHDRAW) {
		memmove(a->withdrawn, a->withdrawn + 1, --a->n_withdrawn * sizeof(*a->withdrawn));
		return;
	}
	for (size_t i = 0; i < LIMIT_HELD; i++)
		if (a->v[i].state && a->v[i].serial == sent->serial)
			a->v[i].must_tell = false;
}

struct ask_call *ask_any_waiting(struct ask *a)
{
	for (size_t i = 0; i < LIMIT_HELD; i++)
		if (is_held(&a->v[i]))
			return &a->v[i];
	return NULL;
}

void ask_void(struct ask *a)
{
	for (size_t i = 0; i < LIMIT_HELD; i++)
		if (a->v[i].state != ASK_FREE && a->v[i].state != ASK_COOLING)
			ask_end(a, &a->v[i]);
}

size_t ask_waiting(const struct ask *a)
{
	size_t n = 0;

	for (size_t i = 0; i < LIMIT_HELD; i++)
		n += is_held(&a->v[i]);
	return n;
}

bool ask_digest(const struct ask *a, uint64_t serial, uint8_t ret[static SHA256_SIZE])
{
	for (size_t i = 0; i < LIMIT_HELD; i++) {
		if (!is_open(&a->v[i]) || a->v[i].serial != serial)
			continue;
		memcpy(ret, a->v[i].digest, SHA256_SIZE);
		return true;
	}
	return false;
}
