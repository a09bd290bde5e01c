/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/audit.h"
#include "common/siphash.h"
#include "shims/pep/rates.h"

/* Names become numbers here; what is secret about the table's order is in its seed. */
static uint64_t hash(const char *text, size_t len)
{
	static const uint64_t key[2] = { 0x6d63702d636f6e66ULL, 0x696e652d72617465ULL };

	return siphash(key, text, len);
}

static uint64_t boot_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * METER_SECOND + (uint64_t)t.tv_nsec;
}

void rates_init(struct rates *r, const struct policy *policy, struct audit *audit,
		const char *server, const char *client, struct meter *meter)
{
	*r = (struct rates){ .policy = policy, .audit = audit, .meter = meter,
			     .server = hash(server, strlen(server)),
			     .client = hash(client, strlen(client)), .uptime = boot_time };
}

/* The counter of one rate. */
struct counter {
	uint64_t name[5];
	struct meter_limit limit;
};

static struct counter counter_of(const struct rates *r, size_t i, uint64_t tool)
{
	const struct policy_rate *rate = &r->policy->messages.rates[i];
	uint64_t match = rate->match ? hash(rate->match, strlen(rate->match)) : 0;
	struct counter c = {
		.name = { rate->per, rate->metric, 0, 0, match },
		.limit = { rate->amount, rate->seconds * METER_SECOND },
	};

	switch (rate->per) {
	case POLICY_PER_CLIENT:
		c.name[2] = r->client;
		break;
	case POLICY_PER_TOOL:
		c.name[3] = tool;
		c.name[2] = r->server;
		break;
	case POLICY_PER_SERVER:
		c.name[2] = r->server;
		break;
	}
	return c;
}

static uint64_t tokens_of(uint64_t bytes)
{
	return bytes / 4 + (bytes % 4 > 0);
}

/* What a rate takes for a request, and later for its answer. */
static uint64_t cost_of(enum policy_metric metric, uint64_t bytes, bool is_answer)
{
	switch (metric) {
	case POLICY_METRIC_CALLS:
		return is_answer ? 0 : 1;
	case POLICY_METRIC_RESULT_BYTES:
		return is_answer ? bytes : 1; /* one, to learn whether any is left */
	case POLICY_METRIC_TOKENS:
		break;
	}
	return tokens_of(bytes) + !is_answer;
}

/* Who crosses the mark up and down again is told of once in a period. */
static bool may_alert(struct rates *r, const struct counter *c, uint64_t now)
{
	uint64_t name = hash((const char *)c->name, sizeof(c->name)) | 1;
	struct rates_told *t = &r->alerted[name / 2 % RATES_TOLD];

	if (t->counter == name && now - t->at < c->limit.period)
		return false;
	*t = (struct rates_told){ name, now };
	return true;
}

static void log_rate(struct rates *r, const char *event, const struct policy_rate *rate,
		     unsigned int percent)
{
	static const char *const metrics[] = { "calls", "result_bytes", "tokens" };
	static const char *const scopes[] = { "server", "client", "tool" };
	struct audit_line l;

	audit_begin(&l, r->audit, event);
	audit_string(&l, "metric", metrics[rate->metric]);
	audit_string(&l, "per", scopes[rate->per]);
	audit_int(&l, "amount", (int64_t)rate->amount);
	audit_int(&l, "seconds", (int64_t)rate->seconds);
	audit_int(&l, "percent", percent);
	audit_end(&l);
}

static const char *words_of(struct rates *r, uint64_t wait, bool is_answer)
{
	uint64_t seconds = wait / METER_SECOND + (wait % METER_SECOND > 0);

	if (is_answer)
		return "The answer was withheld: it is larger than what is left of a budget. The "
		       "call itself was made.";
	if (wait == METER_NEVER)
		return "A budget for today is used up; trying again today will not help.";
	snprintf(r->words, sizeof(r->words), "Too many calls; try again in %llu second%s.",
		 (unsigned long long)seconds, seconds == 1 ? "" : "s");
	return r->words;
}

static void give_back(struct rates *r, uint64_t now, const struct rates_ticket *ticket,
		      size_t until, uint64_t bytes, bool is_answer)
{
	for (size_t i = 0; i < until; i++) {
		struct counter c = counter_of(r, i, ticket->tool);
		enum policy_metric metric = r->policy->messages.rates[i].metric;

		if (ticket->counts >> i & 1)
			meter_give(r->meter, now, c.name, sizeof(c.name), &c.limit,
				   cost_of(metric, bytes, is_answer));
	}
}

static void alert(struct rates *r, const struct policy_rate *rate, const struct counter *c,
		  const struct meter_result *m, uint64_t now)
{
	if (rate->alert && m->before < rate->alert && m->after >= rate->alert && may_alert(r, c, now))
		log_rate(r, "rate-alert", rate, m->after);
}

/* All of them, or none. */
static const char *take(struct rates *r, const struct rates_ticket *ticket, uint64_t bytes,
			bool is_answer)
{
	uint64_t now = meter_now(r->meter, r->uptime());

	for (size_t i = 0; i < r->policy->messages.n_rates; i++) {
		const struct policy_rate *rate = &r->policy->messages.rates[i];
		struct counter c = counter_of(r, i, ticket->tool);
		uint64_t cost = cost_of(rate->metric, bytes, is_answer);
		struct meter_result m;

		if (!(ticket->counts >> i & 1) || !cost)
			continue;
		m = meter_take(r->meter, now, c.name, sizeof(c.name), &c.limit, cost);
		if (!m.is_taken) {
			give_back(r, now, ticket, i, bytes, is_answer);
			/* Who asks on and on must not fill the log. */
			if (now - r->told[i] >= 10 * METER_SECOND) {
				log_rate(r, "rate", rate, m.before);
				r->told[i] = now;
			}
			return words_of(r, m.wait, is_answer);
		}
		alert(r, rate, &c, &m, now);
	}
	return NULL;
}

/* All of it, left or not. */
static void force(struct rates *r, const struct rates_ticket *ticket, uint64_t bytes)
{
	uint64_t now = meter_now(r->meter, r->uptime());

	for (size_t i = 0; i < r->policy->messages.n_rates; i++) {
		const struct policy_rate *rate = &r->policy->messages.rates[i];
		struct counter c = counter_of(r, i, ticket->tool);
		uint64_t cost = cost_of(rate->metric, bytes, true);
		struct meter_result m;

		if (!(ticket->counts >> i & 1) || !cost)
			continue;
		m = meter_force(r->meter, now, c.name, sizeof(c.name), &c.limit, cost);
		alert(r, rate, &c, &m, now);
	}
}

/* The bits of the rates that count it: those of bytes, or all of them. */
static uint64_t counts_of(const struct rates *r, bool bytes_only, const char *tool, size_t len)
{
	uint64_t counts = 0;

	for (size_t i = 0; i < r->policy->messages.n_rates; i++) {
		const struct policy_rate *rate = &r->policy->messages.rates[i];

		if (policy_rate_counts(rate, tool, len) &&
		    (!bytes_only || rate->metric == POLICY_METRIC_RESULT_BYTES))
			counts |= 1ULL << i;
	}
	return counts;
}

const char *rates_request(struct rates *r, enum rates_kind kind, const char *tool, size_t len,
			  uint64_t bytes, struct rates_ticket *ret)
{
	*ret = (struct rates_ticket){ .tool = tool ? hash(tool, len) : 0, .kind = kind };
	if (!r->meter)
		return NULL;
	ret->counts = counts_of(r, kind != RATES_CALL, tool, len);
	return ret->counts && kind != RATES_GREETING ? take(r, ret, bytes, false) : NULL;
}

const char *rates_result(struct rates *r, const struct rates_ticket *ticket, uint64_t bytes)
{
	const char *words = NULL;

	if (!r->meter || !ticket->counts)
		return NULL;
	if (ticket->kind == RATES_CALL)
		return take(r, ticket, bytes, true);
	/* One byte, to learn whether any is left. */
	if (ticket->kind == RATES_LIST || bytes > LIMIT_GREETING)
		words = take(r, ticket, 1, true);
	if (!words)
		force(r, ticket, bytes);
	return words ? "The answer was withheld: a budget is used up." : NULL;
}

const char *rates_unasked(struct rates *r, bool is_request, uint64_t bytes,
			  struct rates_ticket *ret)
{
	*ret = (struct rates_ticket){0};
	if (!r->meter)
		return NULL;
	ret->counts = counts_of(r, !is_request, NULL, 0);
	return ret->counts && take(r, ret, bytes, true) ? "a rate or a budget is used up" : NULL;
}

void rates_answered(struct rates *r, const struct rates_ticket *ticket, uint64_t bytes)
{
	struct rates_ticket tokens = *ticket;

	if (!r->meter || !ticket->counts)
		return;
	/* Its bytes go to the server. */
	tokens.counts &= ~counts_of(r, true, NULL, 0);
	force(r, &tokens, bytes);
}
