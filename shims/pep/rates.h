/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rates - how much a client may ask of a server, a tool, and of all servers
 *
 * The counters are common/meter's: shared by all sessions of the user.  What a call costs
 * before it is passed on (one call, the tokens of its arguments) is taken first; what its
 * answer costs is taken when it comes, and an answer that the budget does not hold is
 * withheld.  So a budget is never overdrawn, and a call may have happened whose answer
 * nobody sees.
 */
#ifndef SHIMS_PEP_RATES_H
#define SHIMS_PEP_RATES_H

#include <stddef.h>
#include <stdint.h>

#include "common/limits.h"
#include "common/meter.h"
#include "policies/policy.h"

struct audit;

struct rates {
	const struct policy *policy;
	struct audit *audit;
	struct meter *meter; /* shared memory; NULL: nothing is counted */
	uint64_t server, client; /* hashes of their names */
	uint64_t (*uptime)(void); /* nanoseconds, CLOCK_BOOTTIME */
	uint64_t told[LIMIT_RATES]; /* when the log was told last that it refuses */
	char words[128];
};

/* Which rates count a request: what its answer is charged to. */
struct rates_ticket {
	uint64_t counts; /* a bit for each of policy->messages.rates */
	uint64_t tool;
};

void rates_init(struct rates *r, const struct policy *policy, struct audit *audit,
		const char *server, const char *client, struct meter *meter);

/*
 * A request: tool is the name of the tool that it calls, or NULL.  bytes are those of its
 * arguments.  Return: NULL and *ret; or words for the sender (valid until the next call).
 */
const char *rates_request(struct rates *r, const char *tool, size_t len, uint64_t bytes,
			  struct rates_ticket *ret);

/* Its answer.  Return: NULL, or words: it must be withheld. */
const char *rates_result(struct rates *r, const struct rates_ticket *ticket, uint64_t bytes);

#endif /* SHIMS_PEP_RATES_H */
