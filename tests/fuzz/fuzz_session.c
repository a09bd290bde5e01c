/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session under any traffic, beside a model that is as simple as it is slow: lists.
 * Two bytes an event: what happens, and which of few ids it happens to.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shims/pep/session.h"

#define N 64 /* ids, tokens and tasks in play; each open or not */

struct model {
	bool open[2][N], cancelled[2][N], token[2][N], task[2][N], task_done[2][N];
	bool logs[2][N];
	uint64_t ticket[2][N], task_ticket[2][N];
	int token_of[2][N], task_token[2][N]; /* -1: none */
	bool listens[2][N], is_initialize[2][N];
	uint32_t serial[2][N];
};

static struct session s;
static struct model m;
static uint64_t tickets;

static struct rpc_id key(unsigned int n, char *text)
{
	/* Half of them differ by type only. */
	int len = snprintf(text, 8, "%u", n / 2);

	return (struct rpc_id){ text, (size_t)len, n % 2 };
}

static void reset(void)
{
	memset(&m, 0, sizeof(m));
	s.secret[0] = 1;
	s.state = SESSION_FRESH;
	for (int i = 0; i < 2; i++) {
		s.side[i].n_listen = s.side[i].n_log = 0;
		s.side[i].oldest = 0;
		memset(&s.side[i].cancelled, 0, offsetof(struct keymap, v));
		memset(&s.side[i].ids, 0, offsetof(struct keymap, v));
		memset(&s.side[i].tokens, 0, offsetof(struct keymap, v));
		memset(&s.side[i].tasks, 0, offsetof(struct keymap, v));
	}
}

static void expect(bool is_true)
{
	if (!is_true)
		abort();
}

static void ask(unsigned int side, unsigned int n, unsigned int kind)
{
	struct session_request r = { .about = kind == 1 ? SESSION_LISTEN : kind == 2 ? SESSION_INITIALIZE :
					      SESSION_TOOLS_CALL, .task_slot = -1,
				     .wants_log = n % 3 == 0, .ticket = { .counts = ++tickets } };
	char text[8], token_text[8];
	struct rpc_id id = key(n, text), token = key((n + 3) % N, token_text);
	bool with_token = kind == 3;
	int e;

	/* The gate takes no request under such an id. */
	if (m.cancelled[side][n])
		return;
	e = session_ask(&s, side, &id, &r, with_token ? &token : NULL);

	if (with_token && m.token[side][(n + 3) % N]) {
		expect(e == -EBUSY);
		return;
	}
	expect(e == (m.open[side][n] ? -EEXIST : 0));
	if (e < 0)
		return;
	m.open[side][n] = true;
	m.logs[side][n] = n % 3 == 0;
	m.ticket[side][n] = tickets;
	m.listens[side][n] = kind == 1;
	m.is_initialize[side][n] = kind == 2;
	m.token_of[side][n] = with_token ? (int)(n + 3) % N : -1;
	if (with_token)
		m.token[side][(n + 3) % N] = true;
}

static void take(unsigned int side, unsigned int n, bool starts_task)
{
	char text[8], task_text[8];
	struct rpc_id id = key(n, text), task = key((n + 5) % N, task_text);
	unsigned int t = (n + 5) % N;
	struct session_request r;
	int token, e;

	expect(session_take(&s, side, &id, &r, &token) == m.open[side][n]);
	if (!m.open[side][n])
		return;
	m.open[side][n] = false;
	/* What comes out is what went in under that id. */
	expect(r.ticket.counts == m.ticket[side][n] && r.wants_log == m.logs[side][n] &&
	       (r.about == SESSION_LISTEN) == m.listens[side][n] &&
	       (r.about == SESSION_INITIALIZE) == m.is_initialize[side][n]);
	expect((token >= 0) == (m.token_of[side][n] >= 0));
	if (!starts_task) {
		session_free_token(&s, side, token);
		if (m.token_of[side][n] >= 0)
			m.token[side][m.token_of[side][n]] = false;
		return;
	}
	e = session_start_task(&s, side, &task, &r, token, 1000, 0);
	expect(e == (m.task[side][t] ? -EEXIST : 0));
	if (e < 0) {
		if (m.token_of[side][n] >= 0)
			m.token[side][m.token_of[side][n]] = false;
		return;
	}
	m.task[side][t] = true;
	m.task_done[side][t] = false;
	m.task_token[side][t] = m.token_of[side][n];
	m.task_ticket[side][t] = r.ticket.counts;
}

/* Given up: its token is free, its id is not before the answer came. */
static void cancel(unsigned int side, unsigned int n)
{
	char text[8];
	struct rpc_id id = key(n, text);

	if (!session_may_cancel(&s, side, &id))
		return;
	session_cancel(&s, side, &id);
	m.open[side][n] = false;
	m.cancelled[side][n] = true;
	if (m.token_of[side][n] >= 0)
		m.token[side][m.token_of[side][n]] = false;
}

static void answer_late(unsigned int side, unsigned int n)
{
	char text[8];
	struct rpc_id id = key(n, text);

	session_answer_late(&s, side, &id);
	m.cancelled[side][n] = false;
}

/* is_filled: more is open than the model knows. */
static void check(bool is_filled)
{
	bool owes = is_filled, logs = false;
	char text[8];

	for (unsigned int side = 0; side < 2; side++)
		for (unsigned int n = 0; n < N; n++) {
			struct rpc_id id = key(n, text);

			expect(session_is_open(&s, side, &id) == m.open[side][n]);
			expect(session_may_cancel(&s, side, &id) ==
			       (m.open[side][n] && !m.is_initialize[side][n]));
			expect(session_is_cancelled(&s, side, &id) == m.cancelled[side][n]);
			/* Nothing is open and given up at once. */
			expect(!m.open[side][n] || !m.cancelled[side][n]);
			expect(session_has_token(&s, side, &id) == m.token[side][n]);
			if (side == FROM_CLIENT) {
				expect(session_listens(&s, &id) == (m.open[side][n] && m.listens[side][n]));
				owes |= m.open[side][n] && !m.listens[side][n];
				logs |= m.open[side][n] && m.logs[side][n];
			}
		}
	expect(is_filled || session_owes(&s) == owes);
	expect(session_logs(&s) == logs);
}

static struct rpc_id extra(unsigned int n, char *text)
{
	return (struct rpc_id){ text, (size_t)snprintf(text, 16, "extra%u", n), true };
}

/* As many as there may be: a further one is refused and none is forgotten; then all of
 * them go.  is_cancelled: each is given up at once; then the oldest are forgotten. */
static void fill(unsigned int side, bool is_cancelled)
{
	struct session_request r = { .about = SESSION_TOOLS_CALL, .task_slot = -1 };
	unsigned int open = s.side[side].ids.n, n = 0;
	char text[16];
	struct rpc_id id;

	for (; n < KEYMAP_SIZE + 10; n++) {
		id = extra(n, text);
		if (session_ask(&s, side, &id, &r, NULL) < 0)
			break;
		if (is_cancelled)
			session_cancel(&s, side, &id);
	}
	expect(n == (is_cancelled && open < KEYMAP_SIZE ? KEYMAP_SIZE + 10 : KEYMAP_SIZE - open));
	if (is_cancelled)
		memset(m.cancelled[side], 0, sizeof(m.cancelled[side]));
	check(!is_cancelled);
	while (n-- > 0) {
		id = extra(n, text);
		expect(session_is_cancelled(&s, side, &id) == (is_cancelled && n >= 10));
		if (is_cancelled)
			session_answer_late(&s, side, &id);
		else
			expect(session_take(&s, side, &id, &r, NULL) == 1);
	}
	expect(s.side[side].ids.n == open && (!is_cancelled || !s.side[side].cancelled.n));
}

static void end_task(unsigned int side, unsigned int n)
{
	char text[8];
	struct rpc_id task = key(n, text);
	struct session_task found;
	int slot = session_find_task(&s, side, &task, &found);

	expect((slot >= 0) == m.task[side][n]);
	if (slot < 0)
		return;
	expect(found.is_done == m.task_done[side][n] &&
	       found.ticket.counts == m.task_ticket[side][n]);
	/* A serial of another task ends nothing. */
	session_end_task(&s, side, slot, found.serial + 1);
	session_end_task(&s, side, slot, found.serial);
	m.task_done[side][n] = true;
	if (m.task_token[side][n] >= 0)
		m.token[side][m.task_token[side][n]] = false;
	m.task_token[side][n] = -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fills = 0;

	reset();
	for (size_t i = 0; i + 1 < size; i += 2) {
		unsigned int side = data[i] & 1, n = data[i + 1] % N;

		if (data[i] == 0xff && fills < 2) {
			fills++;
			fill(side, n & 1);
			check(false);
			continue;
		}
		switch (data[i] >> 1 & 15) {
		case 0: case 1: case 2: case 3:
			ask(side, n, data[i] >> 1 & 3);
			break;
		case 4: case 5:
			take(side, n, false);
			break;
		case 6:
			take(side, n, true);
			break;
		case 7: case 8:
			cancel(side, n);
			break;
		case 9:
			answer_late(side, n);
			break;
		default:
			end_task(side, n);
		}
		check(false);
	}
	return 0;
}
