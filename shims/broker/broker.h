/* SPDX-License-Identifier: Apache-2.0 */
/*
 * broker - one process's state, and the loop between the pep and who decides
 *
 * Who decides is a channel: `desk` (terminals of this user), or `remote` (a PDP and an
 * authorization server over HTTPS).  A channel is told when a question opens and when it
 * closes, and answers through broker_answer(), at once or later.
 */
#ifndef SHIMS_BROKER_BROKER_H
#define SHIMS_BROKER_BROKER_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/audit.h"
#include "shims/broker/order.h"

struct broker;
struct err;

/* Descriptors that a channel waits for besides the pep's. */
#define BROKER_FDS (LIMIT_DESKS + 1)

struct channel {
	/* A question opened that a person (or a PDP, which hands on) has to decide. */
	void (*opened)(struct broker *b, struct order_question *q);
	/* It closed: withdrawn, expired, or answered by this channel or another. */
	void (*closed)(struct broker *b, struct order_question *q);
	/* A person at a desk said yes; NULL: then that is the answer.  Return: false, so is
	 * it here; true, the channel has something to ask first, and answers itself. */
	bool (*agreed)(struct broker *b, struct order_question *q, const char *who);
	/* What to poll for; return how many, at most BROKER_FDS. */
	int (*wanted)(struct broker *b, struct pollfd *p);
	void (*ready)(struct broker *b, const struct pollfd *p, int n);
	/* Sleep until one of p is ready or `timeout` ms are over; NULL: poll(2). */
	int (*sleep)(struct broker *b, struct pollfd *p, int n, int timeout);
	/* When the channel itself has something to do (ms); -1: never. */
	int64_t (*next)(struct broker *b);
	/* The session was revoked: drop what was derived for it (tokens), and have it
	 * revoked where it came from (RFC 7009).  Called once; NULL: there is nothing. */
	void (*revoked)(struct broker *b);
	/* Is that under way still?  It gets LIMIT_REVOKING; NULL: no. */
	bool (*is_busy)(struct broker *b);
};

struct broker {
	struct order order;
	struct audit audit;
	int pep;
	int standing;	     /* struct wire_standing, from and to the launcher; -1: none */
	int64_t revoked_at;  /* 0: not revoked */
	const struct channel *channel;
	void *own; /* the channel's state */
	int64_t now;
};

/* Close q with this answer; who: words for the audit log. */
void broker_answer(struct broker *b, struct order_question *q, enum wire_answer_kind kind,
		   bool by_person, const char *who);

/* Until the pep's end.  Return: the exit code. */
int broker_run(struct broker *b, struct err *err);

int64_t broker_now(void);

#endif /* SHIMS_BROKER_BROKER_H */
