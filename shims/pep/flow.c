/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/audit.h"
#include "common/call.h"
#include "common/fd.h"
#include "common/limits.h"
#include "common/wire.h"
#include "shims/pep/ask.h"
#include "shims/pep/elicit.h"
#include "shims/pep/flow.h"
#include "shims/pep/hold.h"
#include "shims/pep/stderr.h"

/* Small messages may pile up to this before their side is read no further. */
#define PENDING (64 * KIB)

/* Memory of large messages goes back so many milliseconds after the first of them: each new
 * page costs more than to read and judge what it holds. */
#define TRIM_AFTER 250

/* What a pipe holds is read at the end in this many steps; a flood is not waited for. */
#define LAST_READS 64

static void close_one(int *fd)
{
	if (*fd > 2)
		close(*fd);
	*fd = -1;
}

static void say(struct flow *f, enum wire_event_kind kind)
{
	struct wire_event e = { .kind = (int32_t)kind };

	if (f->event >= 0)
		fd_write_all(f->event, &e, sizeof(e));
}

/* May a line of this side be judged now?  When what it was made of has left, and not too
 * many answers of ours wait for its sender: what the other side sent to it does not
 * count, so a large answer never stops the requests of who reads it.  Pure. */
static bool may_judge(const struct flow *f, enum vocabulary_from side)
{
	return sink_pending(&f->to[side]) <= PENDING && f->to[1 - side].own <= LIMIT_REPLIES / 2;
}

/* --- the broker ------------------------------------------------------------------------ */

static void broker_ended(struct flow *f)
{
	close_one(&f->broker);
	hold_end(&f->gate, HOLD_BROKER_ENDED);
}

/* A line of ours on stderr: a server's own lines begin with its name in brackets. */
static void say_waiting(struct flow *f, const struct wire_ask *ask)
{
	char code[CALL_CODE + 1], text[256];
	int n;

	if (ask->kind != WIRE_ASK_QUESTION || !ask->wants_person)
		return;
	call_code(ask->call.digest, code);
	n = snprintf(text, sizeof(text), "mcp-confine: a call of server %s waits for approval %s%s\n",
		     f->name, code, f->gate.is_local ? "; answer it with mcp-confine approve" : "");
	if (sink_pending(&f->errors) + (size_t)n <= f->errors.size)
		sink_put(&f->errors, text, (size_t)n);
}

/* Questions and withdrawals, as long as it takes them. */
static void tell_broker(struct flow *f)
{
	static struct wire_ask ask; /* too large for a stack that is never touched again */
	ssize_t n;

	while (f->broker >= 0 && ask_outgoing(f->gate.ask, (int64_t)f->gate.now, &ask)) {
		n = send(f->broker, &ask, sizeof(ask), MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n != (ssize_t)sizeof(ask)) {
			broker_ended(f);
			return;
		}
		ask_told(f->gate.ask, &ask);
		say_waiting(f, &ask);
	}
}

static void hear_broker(struct flow *f)
{
	struct wire_answer answer;
	ssize_t n;

	do
		n = recv(f->broker, &answer, sizeof(answer), MSG_DONTWAIT | MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n == (ssize_t)sizeof(answer))
		hold_answer(&f->gate, &answer);
	else
		broker_ended(f);
}

/* --- the launcher ---------------------------------------------------------------------- */

/* Return: 0, or -EOWNERDEAD. */
static int take_life(struct flow *f)
{
	static const char denied[] =
		"Tool calls of this server are refused at the moment, since it is not known "
		"whether it was revoked. Nothing was executed.";
	static const char ended[] =
		"This server was revoked and is stopped; trying again will not help.";
	struct wire_life life;

	if (read(f->lifeline, &life, sizeof(life)) != (ssize_t)sizeof(life))
		return -EOWNERDEAD;
	switch (life.kind) {
	case WIRE_LIFE_PASS:
		f->is_void = false;
		gate_suspend(&f->gate, NULL, false);
		return 0;
	case WIRE_LIFE_DENY:
		f->gate.suspended = denied;
		f->is_void = true;
		return 0;
	case WIRE_LIFE_END:
		f->gate.suspended = ended;
		f->is_void = f->is_final = true;
		return 0;
	default:
		return -EOWNERDEAD;
	}
}

/* --- reading --------------------------------------------------------------------------- */

/* Return: bytes read, 0 at the end, -EAGAIN. */
static ssize_t fill(struct source *s)
{
	size_t room;
	char *at = frame_space(&s->frame, &room);
	ssize_t n;

	if (!room)
		return -EAGAIN;
	/* A peer that fills the pipe faster than we read must not keep us here. */
	if (room > MIB)
		room = MIB;
	do
		n = s->is_socket ? recv(s->fd, at, room, MSG_DONTWAIT) : read(s->fd, at, room);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? -EAGAIN : 0;
	frame_added(&s->frame, (size_t)n);
	if (s->frame.tail > s->high)
		s->high = s->frame.tail;
	return n;
}

static void trim_source(struct source *s)
{
	if (s->high <= LIMIT_KEPT || s->frame.tail != s->frame.head)
		return;
	s->frame.head = s->frame.scan = s->frame.tail = 0;
	s->high = 0;
	madvise(s->frame.buf, s->frame.size, MADV_DONTNEED);
}

static void trim_tape(struct flow *f)
{
	struct json *j = &f->gate.json;

	if (f->tape_high <= LIMIT_KEPT)
		return;
	madvise(j->arena, LIMIT_LINE, MADV_DONTNEED);
	madvise(j->nodes, j->size * sizeof(*j->nodes), MADV_DONTNEED);
	madvise(j->seen, 4 * LIMIT_MEMBERS * sizeof(*j->seen), MADV_DONTNEED);
	f->tape_high = 0;
}

/* The tape is done with. */
static void note_tape(struct flow *f)
{
	struct json *j = &f->gate.json;
	size_t nodes = j->n * sizeof(*j->nodes), most = nodes > j->arena_len ? nodes : j->arena_len;

	if (most > f->tape_high)
		f->tape_high = most;
	j->arena_len = j->n = 0;
}

static bool has_large(const struct flow *f)
{
	bool is_large = f->tape_high > LIMIT_KEPT;

	for (int side = FROM_CLIENT; side <= FROM_SERVER; side++)
		is_large = is_large || f->from[side].high > LIMIT_KEPT || f->to[side].high > LIMIT_KEPT;
	return is_large;
}

/* What is in use then has its turn the next time. */
static void trim(struct flow *f)
{
	if (!has_large(f)) {
		f->trim_at = 0;
		return;
	}
	if (f->trim_at && f->trim_at <= f->gate.now) {
		for (int side = FROM_CLIENT; side <= FROM_SERVER; side++) {
			if (!f->to[side].lent)
				trim_source(&f->from[side]);
			sink_trim(&f->to[side]);
		}
		trim_tape(f);
		f->trim_at = 0;
	}
	if (!f->trim_at && has_large(f))
		f->trim_at = f->gate.now + TRIM_AFTER;
}

/* --- judging --------------------------------------------------------------------------- */

static void judge(struct flow *f, enum vocabulary_from side)
{
	struct source *s = &f->from[side];
	const char *line, *why;
	size_t len;

	s->is_behind = true;
	while (may_judge(f, side)) {
		int r = frame_next(&s->frame, &line, &len);

		/* Nothing moves it until the sink has it: may_read(). */
		f->gate.lent = r > 0 && line[len] == '\n' ? line : NULL;
		if (r == 0 && s->fd < 0)
			r = frame_last(&s->frame, &line, &len);
		if (r == 0) {
			s->is_behind = false;
			break;
		}
		if (r < 0)
			gate_overlong(&f->gate, side, &s->peek);
		else
			gate_line(&f->gate, side, line, len, &why);
		note_tape(f);
	}
	f->gate.lent = NULL;
}

/* All of it but for a word that is not whole yet: a secret is not cut in two. */
static int take_piece(struct frame *frame, const char **ret_line, size_t *ret_len)
{
	size_t end = frame->tail, least = frame->head + frame->size / 2;

	while (end > least && frame->buf[end - 1] != ' ')
		end--;
	if (end == least)
		end = frame->tail;
	*ret_line = frame->buf + frame->head;
	*ret_len = end - frame->head;
	frame->head = frame->scan = end;
	return 1;
}

static void diagnose(struct flow *f)
{
	struct frame *frame = &f->diagnostics.frame;
	const char *line;
	size_t len;

	for (;;) {
		/* A long line leaves in pieces: as soon as the buffer holds nothing else. */
		bool is_full = frame->tail - frame->head == frame->size &&
			       !memchr(frame->buf + frame->scan, '\n', frame->tail - frame->scan);
		int r = is_full ? take_piece(frame, &line, &len) : frame_next(frame, &line, &len);

		if (r == 0 && f->diagnostics.fd < 0)
			r = frame_last(frame, &line, &len);
		if (r <= 0)
			return;
		stderr_line(&f->relay, line, len, f->gate.now);
	}
}

/* --- ends ------------------------------------------------------------------------------ */

static bool is_drained(const struct flow *f, enum vocabulary_from side)
{
	const struct frame *frame = &f->from[side].frame;

	return f->from[side].fd < 0 && frame->tail == frame->head &&
	       !sink_pending(&f->to[side]);
}

static void client_gone(struct flow *f)
{
	close_one(&f->to[FROM_CLIENT].fd);
	f->from[FROM_CLIENT].fd = -1;
	f->to[FROM_SERVER].fd = -1;
}

/* The client's stream ended and all of it was passed on: the server sees its end too. */
static void pass_end(struct flow *f)
{
	const struct frame *frame = &f->from[FROM_CLIENT].frame;

	/* Who does not listen for the end of a question is not asked about. */
	if (f->from[FROM_CLIENT].fd < 0 && frame->tail == frame->head)
		hold_end(&f->gate, HOLD_CLIENT_ENDED);
	if (!is_drained(f, FROM_CLIENT))
		return;
	close_one(&f->to[FROM_CLIENT].fd);
	if (!f->said_eof)
		say(f, WIRE_EVENT_CLIENT_EOF);
	f->said_eof = true;
	if (!f->said_idle && !gate_owes(&f->gate)) {
		say(f, WIRE_EVENT_IDLE);
		f->said_idle = true;
	}
}

/* Is there nothing left to do?  After the server's end the client gets its answers. */
static bool is_over(struct flow *f)
{
	const struct frame *frame = &f->from[FROM_SERVER].frame;

	if (f->from[FROM_SERVER].fd >= 0 || frame->tail != frame->head)
		return false;
	f->to[FROM_CLIENT].fd = -1;
	if (!gate_server_ended(&f->gate) && f->to[FROM_SERVER].fd >= 0)
		return false;
	return !sink_pending(&f->to[FROM_SERVER]) || f->to[FROM_SERVER].fd < 0;
}

/* --- one round --------------------------------------------------------------------------- */

enum { P_CLIENT = 0, P_SERVER, P_TO_SERVER, P_TO_CLIENT, P_DIAGNOSTICS, P_ERRORS, P_LIFELINE, P_BROKER,
       P_N };

static int wanted(int fd, bool is_wanted)
{
	return is_wanted ? fd : -1;
}

/* A side is read only when all that it sent before was judged: what waits is a line's
 * length at most, and each byte is moved a bounded number of times. */
static bool may_read(const struct flow *f, enum vocabulary_from side)
{
	return may_judge(f, side) && !f->from[side].is_behind && !f->to[side].lent;
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* The shorter of both: milliseconds, -1 for ever; `next` counts when it is ahead of us. */
static int sooner(const struct flow *f, int wait, int64_t next)
{
	if (next <= (int64_t)f->gate.now)
		return wait;
	next -= (int64_t)f->gate.now;
	if (next > INT32_MAX)
		next = INT32_MAX;
	return wait < 0 || next < wait ? (int)next : wait;
}

/* Lines that can be judged now come before anything new; nobody would wake us. */
static int timeout(const struct flow *f)
{
	int64_t next;
	int wait;

	for (int side = FROM_CLIENT; side <= FROM_SERVER; side++)
		if (f->from[side].is_behind && may_judge(f, (enum vocabulary_from)side))
			return 0;
	wait = stderr_wait(&f->relay, now());
	next = f->gate.ask ? ask_next(f->gate.ask) : -1;
	/* What was due in the last round and was not done lacks room: a sink that empties
	 * wakes us. */
	wait = sooner(f, wait, next);
	return f->trim_at ? sooner(f, wait, (int64_t)f->trim_at) : wait;
}

/*
 * What was decided is on record before anything leaves that it was decided about; one test
 * while nothing is to be recorded.  Return: may it leave?
 */
static bool is_recorded(struct flow *f)
{
	static const char lost[] =
		"mcp-confine: note: the audit log cannot be written; this session goes on without it\n";
	static const char required[] =
		"mcp-confine: the audit log cannot be written, and the policy requires it; the "
		"session ends\n";
	const char *words = f->audit->is_required ? required : lost;
	int r = audit_is_open(f->audit) ? audit_settle(f->audit) : 0;

	if (r == 0)
		return !f->is_unrecorded;
	f->is_unrecorded = f->audit->is_required;
	if (!f->audit->is_told && sink_pending(&f->errors) + strlen(words) <= f->errors.size)
		sink_put(&f->errors, words, strlen(words));
	f->audit->is_told = true;
	return !f->is_unrecorded;
}

static void flush(struct flow *f, enum vocabulary_from side)
{
	if (!is_recorded(f))
		return;
	if (sink_flush(&f->to[side]) < 0) {
		if (side == FROM_SERVER)
			client_gone(f);
		else
			close_one(&f->to[side].fd);
		sink_flush(&f->to[side]);
	}
	/* What is little is taken over, so that its side can be read on. */
	if (f->to[side].lent && sink_pending(&f->to[side]) <= PENDING)
		sink_settle(&f->to[side]);
}

static void take(struct flow *f, enum vocabulary_from side)
{
	if (fill(&f->from[side]) == 0)
		f->from[side].fd = -1;
}

static int round_once(struct flow *f)
{
	bool reads_client = may_read(f, FROM_CLIENT), reads_server = may_read(f, FROM_SERVER);
	struct pollfd p[P_N] = {
		[P_CLIENT] = { wanted(f->from[FROM_CLIENT].fd, reads_client), POLLIN, 0 },
		[P_SERVER] = { wanted(f->from[FROM_SERVER].fd, reads_server), POLLIN, 0 },
		[P_TO_SERVER] = { wanted(f->to[FROM_CLIENT].fd, sink_pending(&f->to[FROM_CLIENT])),
				  POLLOUT, 0 },
		/* Without anything to write: only to learn that the client is gone. */
		[P_TO_CLIENT] = { f->to[FROM_SERVER].fd,
				  sink_pending(&f->to[FROM_SERVER]) ? POLLOUT : 0, 0 },
		[P_DIAGNOSTICS] = { f->diagnostics.fd, POLLIN, 0 },
		[P_ERRORS] = { wanted(f->errors.fd, sink_pending(&f->errors)), POLLOUT, 0 },
		[P_LIFELINE] = { f->lifeline, POLLIN, 0 },
		[P_BROKER] = { f->broker, POLLIN, 0 },
	};

	if (f->broker >= 0 && ask_has_outgoing(f->gate.ask))
		p[P_BROKER].events |= POLLOUT;
	if (poll(p, P_N, timeout(f)) < 0)
		return errno == EINTR ? 0 : -errno;
	f->gate.now = now();
	f->to[FROM_CLIENT].is_full = f->to[FROM_SERVER].is_full = f->errors.is_full = false;
	if (p[P_LIFELINE].revents && take_life(f) < 0)
		return -EOWNERDEAD;
	if (f->is_void)
		f->is_void = !gate_suspend(&f->gate, f->gate.suspended, f->is_final);
	/* A pipe that nobody reads is an error, a socket or terminal is hung up; unheeded it
	 * would wake us for ever. */
	if (p[P_TO_CLIENT].revents & (POLLERR | POLLHUP | POLLNVAL))
		client_gone(f);
	if (p[P_DIAGNOSTICS].revents && fill(&f->diagnostics) == 0)
		f->diagnostics.fd = -1;
	if (p[P_CLIENT].revents)
		take(f, FROM_CLIENT);
	if (p[P_SERVER].revents)
		take(f, FROM_SERVER);
	diagnose(f);
	stderr_tell(&f->relay, f->gate.now, false);
	/* An answer before what the client says: it may be about to give up. */
	if (p[P_BROKER].revents & (POLLIN | POLLHUP | POLLERR))
		hear_broker(f);
	for (int side = FROM_CLIENT; side <= FROM_SERVER; side++) {
		judge(f, (enum vocabulary_from)side);
		flush(f, FROM_CLIENT);
		flush(f, FROM_SERVER);
	}
	hold_time(&f->gate);
	if (f->gate.is_form)
		elicit_tell(&f->gate);
	else
		tell_broker(f);
	flush(f, FROM_CLIENT);
	flush(f, FROM_SERVER);
	if (sink_flush(&f->errors) < 0)
		f->errors.fd = -1;
	trim(f);
	return f->is_unrecorded ? -EIO : 0;
}

int flow_run(struct flow *f)
{
	f->gate.now = now();
	stderr_init(&f->relay, f->gate.scan, f->name, &f->errors, now());
	say(f, WIRE_EVENT_LOCKED);
	for (;;) {
		int r = round_once(f);

		if (r < 0)
			return 125;
		pass_end(f);
		if (is_over(f))
			break;
	}
	/* The last words, when somebody takes them. */
	for (int i = 0; i < LAST_READS && f->diagnostics.fd >= 0 && fill(&f->diagnostics) > 0; i++)
		diagnose(f);
	f->diagnostics.fd = -1;
	diagnose(f);
	stderr_tell(&f->relay, f->gate.now, true);
	f->errors.is_full = false;
	sink_flush(&f->errors);
	return 0;
}
