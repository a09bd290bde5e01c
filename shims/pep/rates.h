/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rates - how much a client may ask of a server, a tool, and of all servers
 *
 * The counters are common/meter's: shared by all sessions of the user.  What a call costs
 * before it is passed on (one call, the tokens of its arguments) is taken first; what its
 * answer costs is taken when it comes, and an answer that the budget does not hold is
 * withheld.  So a budget is never overdrawn, and a call may have happened whose answer
 * nobody sees.
 *
 * Everything counts that the server sends and that reaches the client: answers,
 * notifications, its own requests.  What a session needs to begin and to go on, and lists,
 * are counted in bytes and not held to them in full, so that a small budget does not
 * break a server: enum rates_kind.
 */
#ifndef SHIMS_PEP_RATES_H
#define SHIMS_PEP_RATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/limits.h"
#include "common/meter.h"
#include "policies/policy.h"

struct audit;

/* What an exchange is held to. */
enum rates_kind {
	RATES_CALL = 0, /* every metric; an answer that does not fit is withheld */
	RATES_LIST,	/* bytes alone; an answer passes while anything is left, and may overdraw */
	RATES_GREETING, /* the same, and an answer of up to LIMIT_GREETING passes even then */
};

/* Alerts that were told: one for each crossing in a period. */
#define RATES_TOLD 64

struct rates_told {
	uint64_t counter, at; /* a hash of its name; 0: nothing told */
};

struct rates {
	const struct policy *policy;
	struct audit *audit;
	struct meter *meter; /* shared memory; NULL: nothing is counted */
	uint64_t server, client; /* hashes of their names */
	uint64_t (*uptime)(void); /* nanoseconds, CLOCK_BOOTTIME */
	uint64_t told[LIMIT_RATES]; /* when the log was told last that it refuses */
	struct rates_told alerted[RATES_TOLD]; /* by counter; two in one place replace each other */
	char words[128];
};

/* Which rates count a request: what its answer is charged to. */
struct rates_ticket {
	uint64_t counts; /* a bit for each of policy->messages.rates */
	uint64_t tool;
	enum rates_kind kind;
};

void rates_init(struct rates *r, const struct policy *policy, struct audit *audit,
		const char *server, const char *client, struct meter *meter);

/*
 * A request: tool is the name of the tool that it calls, or NULL.  bytes are those of its
 * arguments.  Return: NULL and *ret; or words for the sender (valid until the next call).
 */
const char *rates_request(struct rates *r, enum rates_kind kind, const char *tool, size_t len,
			  uint64_t bytes, struct rates_ticket *ret);

/* Its answer.  Return: NULL, or words: it must be withheld. */
const char *rates_result(struct rates *r, const struct rates_ticket *ticket, uint64_t bytes);

/*
 * What the server sends unasked: a notification, or a request (is_request: for the
 * client's model or user, so its tokens count as well).  Return: NULL and *ret, which the
 * client's answer is charged to; or words: it must not pass.
 */
const char *rates_unasked(struct rates *r, bool is_request, uint64_t bytes,
			  struct rates_ticket *ret);

/* The client answered a request of the server's: what it cost is taken, left or not. */
void rates_answered(struct rates *r, const struct rates_ticket *ticket, uint64_t bytes);

#endif /* SHIMS_PEP_RATES_H */
