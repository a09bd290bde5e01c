/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/call.h"
#include "common/err.h"
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
	if (r == 1)
		b->channel->opened(b, q);
	else if (q)
		b->channel->closed(b, q);
	return 0;
}

static int sleep_of(struct broker *b)
{
	int64_t next = order_next(&b->order);
	int64_t own = b->channel->next ? b->channel->next(b) : -1;

	if (next < 0 || (own >= 0 && own < next))
		next = own;
	if (next < 0)
		return -1;
	next -= broker_now();
	return next < 0 ? 0 : next > INT32_MAX ? INT32_MAX : (int)next;
}

int broker_run(struct broker *b, struct err *err)
{
	struct pollfd p[1 + BROKER_FDS];

	for (;;) {
		struct order_question *q;
		int n, r;

		p[0] = (struct pollfd){ b->pep, POLLIN, 0 };
		n = b->channel->wanted(b, p + 1);
		r = b->channel->sleep ? b->channel->sleep(b, p, n + 1, sleep_of(b)) :
					poll(p, (nfds_t)n + 1, sleep_of(b));
		if (r < 0 && errno != EINTR)
			return err_errno(err, errno, "poll");
		if (r < 0)
			continue;
		b->now = broker_now();
		/* What the pep withdraws comes before what a channel says about it. */
		r = p[0].revents ? hear_pep(b, err) : 0;
		if (r == -EPIPE || r == -ECONNRESET)
			return 0;
		if (r < 0)
			return r;
		while ((q = order_due(&b->order, b->now)) != NULL)
			broker_answer(b, q, WIRE_ANSWER_EXPIRED, false, "nobody");
		b->channel->ready(b, p + 1, n);
	}
}
