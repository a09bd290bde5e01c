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
	bool open[2][N], token[2][N], task[2][N], task_done[2][N];
	int token_of[2][N], task_token[2][N]; /* -1: none */
	bool listens[2][N], is_initialize[2][N];
	uint32_t serial[2][N];
};

static struct session s;
static struct model m;

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
					      SESSION_TOOLS_CALL, .task_slot = -1 };
	char text[8], token_text[8];
	struct rpc_id id = key(n, text), token = key((n + 3) % N, token_text);
	bool with_token = kind == 3;
	int e = session_ask(&s, side, &id, &r, with_token ? &token : NULL);

	if (with_token && m.token[side][(n + 3) % N]) {
		expect(e == -EBUSY);
		return;
	}
	expect(e == (m.open[side][n] ? -EEXIST : 0));
	if (e < 0)
		return;
	m.open[side][n] = true;
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
	expect(found.is_done == m.task_done[side][n]);
	/* A serial of another task ends nothing. */
	session_end_task(&s, side, slot, found.serial + 1);
	session_end_task(&s, side, slot, found.serial);
	m.task_done[side][n] = true;
	if (m.task_token[side][n] >= 0)
		m.token[side][m.task_token[side][n]] = false;
	m.task_token[side][n] = -1;
}

static void check(void)
{
	bool owes = false;
	char text[8];

	for (unsigned int side = 0; side < 2; side++)
		for (unsigned int n = 0; n < N; n++) {
			struct rpc_id id = key(n, text);

			expect(session_is_open(&s, side, &id) == m.open[side][n]);
			expect(session_may_cancel(&s, side, &id) ==
			       (m.open[side][n] && !m.is_initialize[side][n]));
			expect(session_has_token(&s, side, &id) == m.token[side][n]);
			if (side == FROM_CLIENT) {
				expect(session_listens(&s, &id) == (m.open[side][n] && m.listens[side][n]));
				owes |= m.open[side][n] && !m.listens[side][n];
			}
		}
	expect(session_owes(&s) == owes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	reset();
	for (size_t i = 0; i + 1 < size; i += 2) {
		unsigned int side = data[i] & 1, n = data[i + 1] % N;

		switch (data[i] >> 1 & 7) {
		case 0: case 1: case 2: case 3:
			ask(side, n, data[i] >> 1 & 3);
			break;
		case 4: case 5:
			take(side, n, false);
			break;
		case 6:
			take(side, n, true);
			break;
		default:
			end_task(side, n);
		}
		check();
	}
	return 0;
}
