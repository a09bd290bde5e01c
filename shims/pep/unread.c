/* SPDX-License-Identifier: Apache-2.0 */
#include "common/limits.h"
#include "shims/pep/peek.h"
#include "shims/pep/reply.h"
#include "shims/pep/unread.h"

static enum vocabulary_from other(enum vocabulary_from from)
{
	return from == FROM_CLIENT ? FROM_SERVER : FROM_CLIENT;
}

/* A request of the server's, as far as one can see: it must not wait for ever.  Not a line
 * of a log, nor in the modern era, where it reads no answers. */
static bool answer_server(struct gate *g, const struct unread *u, int code, const char *words)
{
	if (!u->has_version || !u->has_method || u->has_answer || !u->id.text ||
	    g->session.state == SESSION_FRESH || session_is_open(&g->session, FROM_SERVER, &u->id))
		return false;
	reply_error(g->out[FROM_CLIENT], &u->id, code, words);
	return true;
}

/* Return: was somebody told? */
static bool answer_unread(struct gate *g, enum vocabulary_from from, const struct unread *u,
			  int code, const char *words)
{
	struct rpc_id id = u->id;
	struct session_request asked;

	/* Too broken to pass, to a request that is open: its asker must not wait.  A line of
	 * a log may have an id, too, but no result. */
	if (!u->has_method && u->has_answer && id.text &&
	    session_take(&g->session, other(from), &id, &asked, NULL)) {
		if (asked.about == SESSION_INITIALIZE && g->session.state == SESSION_ASKED)
			g->session.state = SESSION_FRESH;
		reply_error(g->out[from], &id, CODE_BROKEN,
			    "the answer was malformed and was withheld");
		return true;
	}
	if (from == FROM_SERVER)
		return answer_server(g, u, code, words);
	if (u->has_answer)
		return false;
	if (session_is_open(&g->session, from, &id))
		id = (struct rpc_id){0};
	reply_error(g->out[FROM_SERVER], &id, code, words);
	return true;
}

enum gate_outcome unread_message(struct gate *g, enum vocabulary_from from,
				 const struct unread *u, int code, const char *words)
{
	gate_dropped(g, from, words);
	if (from == FROM_SERVER && !u->id.text && u->has_error) {
		/* About something that the server could not read. */
		reply_error(g->out[FROM_SERVER], &u->id, CODE_BROKEN,
			    "the server sent an error without an id");
		return GATE_DROPPED;
	}
	if (!answer_unread(g, from, u, code, words) || u->has_answer || from == FROM_SERVER)
		return GATE_DROPPED;
	return GATE_REFUSED;
}

enum gate_outcome unread_line(struct gate *g, enum vocabulary_from from, const char *line,
			      size_t len, const char *words)
{
	struct peek peek = {0};
	struct unread u;

	peek_feed(&peek, line, len);
	u = (struct unread){ peek_id(&peek), peek.has_version, peek.has_method, peek.has_answer, false };
	return unread_message(g, from, &u, CODE_PARSE, words);
}

struct unread unread_of(const struct json *j, const struct rpc *m)
{
	return (struct unread){ rpc_id(j, m->id), m->has_version, m->method != JSON_NONE,
				m->result != JSON_NONE || m->error != JSON_NONE,
				m->error != JSON_NONE && m->result == JSON_NONE };
}

enum gate_outcome unread_batch(struct gate *g, enum vocabulary_from from)
{
	static const char words[] = "batches are not accepted; send one message a line";
	const struct json *j = &g->json;
	size_t told = 0, left = 0;

	gate_dropped(g, from, words);
	for (uint32_t i = 0, at = 1; i < j->nodes[0].len; i++, at = j->nodes[at].next) {
		struct rpc m;
		struct unread u;

		rpc_read(j, at, &m);
		u = unread_of(j, &m);
		/* Answers are bounded by what waits for them. */
		if (!u.id.text)
			continue;
		if (told < LIMIT_BATCH || u.has_answer)
			told += answer_unread(g, from, &u, CODE_INVALID, words);
		else
			left++;
	}
	if ((!told || left) && from == FROM_CLIENT)
		reply_error(g->out[FROM_SERVER], &(struct rpc_id){0}, CODE_INVALID,
			    left ? "a batch of more requests than may be open at once" : words);
	return from == FROM_CLIENT ? GATE_REFUSED : GATE_DROPPED;
}
