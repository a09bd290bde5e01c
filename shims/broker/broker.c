/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/call.h"
#include "common/err.h"
#include "common/limits.h"
#include "common/wire.h"
#include "shims/broker/broker.h"

int64_t broker_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void note(struct broker *b, const struct order_question *q, const char *decision,
		 const char *who)
{
	char hex[2 * SHA256_SIZE + 1];
	struct audit_line l;

	call_hex(q->call->digest, hex);
	audit_begin(&l, &b->audit, "answer");
	audit_text(&l, call_noun((enum call_kind)q->call->kind), q->call->tool, q->call->tool_len);
	audit_string(&l, "digest", hex);
	audit_int(&l, "question", (int64_t)q->serial);
	audit_string(&l, "decision", decision);
	audit_string(&l, "who", who);
	audit_int(&l, "ms", b->now - q->asked_at);
	audit_end(&l);
	/* On record before it is said; the pep, which knows whether that is required, hears
	 * from the keeper itself when it was not. */
	audit_settle(&b->audit);
}

void broker_answer(struct broker *b, struct order_question *q, enum wire_answer_kind kind,
		   bool by_person, const char *who)
{
	static const char *const decisions[] = {
		[WIRE_ANSWER_DENIED] = "denied",
		[WIRE_ANSWER_APPROVED] = "approved",
		[WIRE_ANSWER_EXPIRED] = "expired",
		[WIRE_ANSWER_FAILED] = "failed",
	};
	struct wire_answer answer;
	ssize_t n;

	note(b, q, decisions[kind], who);
	order_answer(q, kind, by_person, &answer);
	b->channel->closed(b, q);
	/* The pep reads between two messages and the buffer holds thousands of answers; one
	 * that does not take this is stuck, and its deadline says no for us. */
	do
		n = send(b->pep, &answer, sizeof(answer), MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
}

/* Return: 0, or -errno when the pep is gone or breaks the rules. */
static int hear_pep(struct broker *b, struct err *err)
{
	static struct wire_ask ask;
	struct order_question *q;
	ssize_t n;
	int r;

	do
		n = recv(b->pep, &ask, sizeof(ask), MSG_DONTWAIT | MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (n == 0)
		return -EPIPE;
	if (n != (ssize_t)sizeof(ask))
		return err_set(err, EPROTO, "the pep sent a message of another size");
	r = order_take(&b->order, &ask, b->now, &q, err);
	if (r < 0)
		return r;
	if (r == 1 && b->revoked_at)
		broker_answer(b, q, WIRE_ANSWER_FAILED, false, "revoked");
	else if (r == 1)
		b->channel->opened(b, q);
	else if (q)
		b->channel->closed(b, q);
	return 0;
}

/* Revoked: every question is a no, now and later, and what was derived is given back. */
static void end_revoked(struct broker *b)
{
	if (b->revoked_at)
		return;
	b->revoked_at = b->now ? b->now : 1;
	for (size_t i = 0; i < LIMIT_HELD; i++)
		if (b->order.v[i].is_open)
			broker_answer(b, &b->order.v[i], WIRE_ANSWER_FAILED, false, "revoked");
	if (b->channel->revoked)
		b->channel->revoked(b);
}

static void hear_launcher(struct broker *b)
{
	struct wire_standing s;
	ssize_t n = recv(b->standing, &s, sizeof(s), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == (ssize_t)sizeof(s) && s.kind == WIRE_STANDING_REVOKED)
		end_revoked(b);
	/* Its end comes with the pep's. */
	if (n <= 0)
		b->standing = -1;
}

/* Is there something to give back, and time for it? */
static bool is_revoking(struct broker *b)
{
	return b->revoked_at && b->channel->is_busy && b->channel->is_busy(b) &&
	       broker_now() - b->revoked_at < LIMIT_REVOKING;
}

static int sleep_of(struct broker *b)
{
	int64_t next = order_next(&b->order);
	int64_t own = b->channel->next ? b->channel->next(b) : -1;

	if (next < 0 || (own >= 0 && own < next))
		next = own;
	if (next < 0)
		return -1;
	if (b->revoked_at && next > b->revoked_at + LIMIT_REVOKING)
		next = b->revoked_at + LIMIT_REVOKING;
	next -= broker_now();
	return next < 0 ? 0 : next > INT32_MAX ? INT32_MAX : (int)next;
}

int broker_run(struct broker *b, struct err *err)
{
	struct pollfd p[2 + BROKER_FDS];

	for (;;) {
		struct order_question *q;
		int n, r;

		p[0] = (struct pollfd){ b->pep, POLLIN, 0 };
		p[1] = (struct pollfd){ b->standing, POLLIN, 0 };
		n = b->channel->wanted(b, p + 2);
		r = b->channel->sleep ? b->channel->sleep(b, p, n + 2, sleep_of(b)) :
					poll(p, (nfds_t)n + 2, sleep_of(b));
		if (r < 0 && errno != EINTR)
			return err_errno(err, errno, "poll");
		if (r < 0)
			continue;
		b->now = broker_now();
		if (p[1].revents)
			hear_launcher(b);
		/* What the pep withdraws comes before what a channel says about it. */
		r = p[0].revents ? hear_pep(b, err) : 0;
		if (r == -EPIPE || r == -ECONNRESET)
			b->pep = -1;
		else if (r < 0)
			return r;
		/* Its last word may lie behind the pep's end. */
		if (b->pep < 0 && b->standing >= 0)
			hear_launcher(b);
		if (b->pep < 0 && !is_revoking(b))
			return 0;
		while ((q = order_due(&b->order, b->now)) != NULL)
			broker_answer(b, q, WIRE_ANSWER_EXPIRED, false, "nobody");
		b->channel->ready(b, p + 2, n);
	}
}
