/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "shims/pep/session.h"

int session_ask(struct session *s, enum vocabulary_from from, const struct rpc_id *id,
		const struct session_request *request, const struct rpc_id *token)
{
	struct session_side *side = &s->side[from];
	int slot, held = -1;

	if (token) {
		held = keymap_add(&side->tokens, s->secret, token);
		if (held == -EEXIST)
			return -EBUSY;
		if (held < 0)
			return held;
	}
	slot = keymap_add(&side->ids, s->secret, id);
	if (slot < 0) {
		session_free_token(s, from, held);
		return slot;
	}
	side->request[slot] = *request;
	side->token[slot] = held;
	side->n_listen += request->about == SESSION_LISTEN;
	side->n_log += request->wants_log;
	if (request->about == SESSION_INITIALIZE && s->state == SESSION_FRESH)
		s->state = SESSION_ASKED;
	return 0;
}

bool session_is_open(const struct session *s, enum vocabulary_from asker,
		     const struct rpc_id *id)
{
	return keymap_find(&s->side[asker].ids, s->secret, id) >= 0;
}

void session_free_token(struct session *s, enum vocabulary_from asker, int token)
{
	if (token >= 0)
		keymap_remove(&s->side[asker].tokens, s->secret, token);
}

int session_take(struct session *s, enum vocabulary_from asker, const struct rpc_id *id,
		 struct session_request *ret, int *ret_token)
{
	struct session_side *side = &s->side[asker];
	int slot = keymap_find(&side->ids, s->secret, id);

	if (slot < 0)
		return 0;
	*ret = side->request[slot];
	if (ret_token)
		*ret_token = side->token[slot];
	else
		session_free_token(s, asker, side->token[slot]);
	side->n_listen -= ret->about == SESSION_LISTEN;
	side->n_log -= ret->wants_log;
	keymap_remove(&side->ids, s->secret, slot);
	return 1;
}

void session_cancel(struct session *s, enum vocabulary_from asker, const struct rpc_id *id)
{
	struct session_side *side = &s->side[asker];
	struct session_request ignored;

	if (!session_take(s, asker, id, &ignored, NULL))
		return;
	if (side->cancelled.n == KEYMAP_SIZE) {
		keymap_remove(&side->cancelled, s->secret, side->oldest);
		side->oldest = (side->oldest + 1) % KEYMAP_SIZE;
	}
	keymap_add(&side->cancelled, s->secret, id);
}

bool session_is_cancelled(const struct session *s, enum vocabulary_from asker,
			  const struct rpc_id *id)
{
	return keymap_find(&s->side[asker].cancelled, s->secret, id) >= 0;
}

void session_answer_late(struct session *s, enum vocabulary_from asker, const struct rpc_id *id)
{
	struct keymap *cancelled = &s->side[asker].cancelled;
	int slot = keymap_find(cancelled, s->secret, id);

	if (slot >= 0)
		keymap_remove(cancelled, s->secret, slot);
}

bool session_may_cancel(const struct session *s, enum vocabulary_from asker,
			const struct rpc_id *id)
{
	const struct session_side *side = &s->side[asker];
	int slot = keymap_find(&side->ids, s->secret, id);

	return slot >= 0 && side->request[slot].about != SESSION_INITIALIZE;
}

bool session_has_token(const struct session *s, enum vocabulary_from asker,
		       const struct rpc_id *token)
{
	return keymap_find(&s->side[asker].tokens, s->secret, token) >= 0;
}

bool session_listens(const struct session *s, const struct rpc_id *id)
{
	const struct session_side *client = &s->side[FROM_CLIENT];
	int slot = keymap_find(&client->ids, s->secret, id);

	return slot >= 0 && client->request[slot].about == SESSION_LISTEN;
}

bool session_logs(const struct session *s)
{
	return s->side[FROM_CLIENT].n_log > 0;
}

/* --- tasks ----------------------------------------------------------------------------- */

static void forget_task(struct session *s, struct session_side *side, int slot)
{
	if (side->task[slot].token >= 0)
		keymap_remove(&side->tokens, s->secret, side->task[slot].token);
	keymap_remove(&side->tasks, s->secret, slot);
}

/* Of a full table: what is over goes first, then what is finished. */
static void make_room(struct session *s, struct session_side *side, uint64_t now)
{
	struct rpc_id key;

	for (int is_last = 0; is_last < 2 && side->tasks.n == KEYMAP_SIZE; is_last++)
		for (int i = 0; (i = keymap_next(&side->tasks, i, &key)) >= 0; i++)
			if (side->task[i].until <= now || (is_last && side->task[i].is_done))
				forget_task(s, side, i);
}

int session_start_task(struct session *s, enum vocabulary_from asker,
		       const struct rpc_id *task, const struct session_request *request,
		       int token, uint64_t ttl, uint64_t now)
{
	struct session_side *side = &s->side[asker];
	int slot;

	if (side->tasks.n == KEYMAP_SIZE)
		make_room(s, side, now);
	slot = keymap_add(&side->tasks, s->secret, task);
	if (slot < 0) {
		session_free_token(s, asker, token);
		return slot;
	}
	side->task[slot] = (struct session_task){
		.about = request->about,
		.serial = ++side->serial,
		.is_modern = request->is_modern,
		.token = token,
		.ticket = request->ticket,
		.until = ttl > UINT64_MAX - now ? UINT64_MAX : now + ttl,
	};
	return 0;
}

int session_find_task(const struct session *s, enum vocabulary_from asker,
		      const struct rpc_id *task, struct session_task *ret)
{
	const struct session_side *side = &s->side[asker];
	int slot = keymap_find(&side->tasks, s->secret, task);

	if (slot >= 0)
		*ret = side->task[slot];
	return slot;
}

void session_end_task(struct session *s, enum vocabulary_from asker, int slot, uint32_t serial)
{
	struct session_side *side = &s->side[asker];

	/* It may have been forgotten, and its slot given to another. */
	if (slot < 0 || !side->tasks.v[slot].is_used || side->task[slot].serial != serial)
		return;
	side->task[slot].is_done = true;
	session_free_token(s, asker, side->task[slot].token);
	side->task[slot].token = -1;
}

bool session_owes(const struct session *s)
{
	const struct session_side *client = &s->side[FROM_CLIENT];

	return client->ids.n > client->n_listen;
}
