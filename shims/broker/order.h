/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order - what the pep may ask of the broker, and in which order
 *
 * Pure.  The pep reads hostile bytes, so the broker takes it for taken over: a question
 * has a number that grows, is asked once and answered once; its digest is computed here
 * again, from the server and session that the launcher named and from what will be shown
 * to a person; what breaks a rule ends the broker, which is a no to everything.
 *
 *                    QUESTION                    WITHDRAW
 *   number is new    opens it                    breaks the rule
 *   it is open       breaks the rule             closes it, without an answer
 *   it was closed    breaks the rule             nothing (it crossed our answer)
 */
#ifndef SHIMS_BROKER_ORDER_H
#define SHIMS_BROKER_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/limits.h"
#include "common/wire.h"

struct err;

struct order_question {
	bool is_open;
	bool wants_person, wants_pdp;
	bool is_at_desk; /* a terminal may see and answer it */
	uint64_t serial;
	int64_t asked_at, deadline; /* ms */
	struct wire_call *call;	    /* in `calls`, valid while it is open */
};

struct order {
	const char *server, *session; /* borrowed; from the command line */
	uint64_t last_serial;
	struct order_question v[LIMIT_HELD];
	/* Apart, so that looking for a question touches none of them. */
	struct wire_call calls[LIMIT_HELD];
};

/*
 * One message of the pep.  Return: 1 and *ret, a question that was opened; 0 and *ret, a
 * question that was closed, or NULL; -EPROTO, the rules were broken.
 */
int order_take(struct order *o, const struct wire_ask *ask, int64_t now,
	       struct order_question **ret, struct err *err);

/* The open question with that digest; NULL. */
struct order_question *order_find(struct order *o, const uint8_t digest[SHA256_SIZE]);

/* An open question whose time is over at `now`; NULL. */
struct order_question *order_due(struct order *o, int64_t now);

/* The next deadline; -1: none. */
int64_t order_next(const struct order *o);

/* Close q, which is open, with its one answer. */
void order_answer(struct order_question *q, enum wire_answer_kind kind, bool by_person,
		  struct wire_answer *ret);

#endif /* SHIMS_BROKER_ORDER_H */
