/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "policies/load_rates.h"
#include "policies/policy.h"

struct rates_loading {
	struct policy_messages *messages;
	struct load_fault *fault;
};

__attribute__((format(printf, 2, 3))) static int refuse(struct rates_loading *l, const char *fmt,
							...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(l->fault->words, sizeof(l->fault->words), fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* "60/min", "50M/day": K, M and G are powers of 1024 for bytes, of 1000 for the others. */
static int amount(struct rates_loading *l, json_t *value, uint64_t kilo, struct policy_rate *rate)
{
	static const struct {
		const char *name;
		uint64_t seconds;
	} periods[] = { { "/sec", 1 }, { "/min", 60 }, { "/hour", 3600 }, { "/day", 86400 } };
	const char *text = json_string_value(value);
	size_t digits = text ? strspn(text, "0123456789") : 0;
	const char *p = text ? text + digits : "";
	uint64_t n = 0;

	if (digits && digits <= 9)
		n = strtoull(text, NULL, 10);
	for (const char *unit = "KMG"; *unit && n; unit++) {
		if (!*p || !strchr("KMG", *p))
			break;
		n *= kilo;
		if (*unit == *p) {
			p++;
			break;
		}
	}
	for (size_t i = 0; i < sizeof(periods) / sizeof(*periods); i++)
		if (n && !strcmp(p, periods[i].name)) {
			rate->amount = n;
			rate->seconds = periods[i].seconds;
			return 0;
		}
	return refuse(l, "must be like \"60/min\" or \"50M/day\": a number above 0, K, M or G, "
			 "and sec, min, hour or day");
}

/* What all limits of one object share. */
static int load_rate_scope(struct rates_loading *l, json_t *value, struct policy_rate *scope)
{
	json_t *per = json_object_get(value, "per"), *match = json_object_get(value, "match");
	json_t *alert = json_object_get(value, "alert");
	static const char *const scopes[] = { [POLICY_PER_SERVER] = "server",
					      [POLICY_PER_CLIENT] = "client",
					      [POLICY_PER_TOOL] = "tool" };

	if (per) {
		const char *text = json_string_value(per);
		size_t i = 0;

		while (text && i < 3 && strcmp(scopes[i], text) != 0)
			i++;
		if (!text || i == 3)
			return refuse(l, "\"per\" must be one of server|client|tool");
		scope->per = (enum policy_per)i;
	}
	if (match && (!json_is_string(match) || !*json_string_value(match)))
		return refuse(l, "\"match\" must be a glob over names of tools");
	if (alert && (json_integer_value(alert) < 1 || json_integer_value(alert) > 100))
		return refuse(l, "\"alert\" must be a percentage from 1 to 100");
	scope->match = match ? strdup(json_string_value(match)) : NULL;
	scope->alert = (uint64_t)json_integer_value(alert);
	return match && !scope->match ? -ENOMEM : 0;
}

static int add_rate(struct rates_loading *l, const struct policy_rate *rate)
{
	struct policy_messages *m = l->messages;
	struct policy_rate *grown;

	if (m->n_rates == LIMIT_RATES)
		return refuse(l, "more than %d rates", LIMIT_RATES);
	grown = reallocarray(m->rates, m->n_rates + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	m->rates = grown;
	grown[m->n_rates] = *rate;
	grown[m->n_rates].match = rate->match ? strdup(rate->match) : NULL;
	m->n_rates++;
	return rate->match && !grown[m->n_rates - 1].match ? -ENOMEM : 0;
}

static int load_rate_members(struct rates_loading *l, json_t *value, struct policy_rate *rate)
{
	static const char *const metrics[] = {
		[POLICY_METRIC_CALLS] = "calls",
		[POLICY_METRIC_RESULT_BYTES] = "result_bytes",
		[POLICY_METRIC_TOKENS] = "tokens",
	};
	json_t *child;
	const char *key;
	size_t found = 0;

	json_object_foreach(value, key, child) {
		size_t i = 0;
		int r = 0;

		l->fault->path[l->fault->depth++] = (struct locate_step){ key, 0 };
		while (i < 3 && strcmp(metrics[i], key) != 0)
			i++;
		if (i < 3) {
			rate->metric = (enum policy_metric)i;
			r = amount(l, child, i == POLICY_METRIC_RESULT_BYTES ? 1024 : 1000, rate);
			if (r == 0)
				r = add_rate(l, rate);
			found++;
		} else if (strcmp(key, "per") && strcmp(key, "match") && strcmp(key, "alert")) {
			r = refuse(l, "unknown member \"%.64s\" of a rate", key);
		}
		if (r < 0)
			return r;
		l->fault->depth--;
	}
	return found ? 0 : refuse(l, "a rate needs \"calls\", \"result_bytes\" or \"tokens\"");
}

static int load_rate(struct rates_loading *l, json_t *value)
{
	struct policy_rate rate = {0};
	int r;

	if (!json_is_object(value))
		return refuse(l, "must be an object like {\"calls\": \"60/min\"}, or a list of them");
	r = load_rate_scope(l, value, &rate);
	if (r == 0)
		r = load_rate_members(l, value, &rate);
	free(rate.match);
	return r;
}

int load_rate_list(json_t *value, struct policy_messages *ret, struct load_fault *fault)
{
	struct rates_loading loading = { ret, fault }, *l = &loading;
	json_t *element;
	size_t i;

	*fault = (struct load_fault){0};
	if (!json_is_array(value))
		return load_rate(l, value);
	json_array_foreach(value, i, element) {
		int r;

		l->fault->path[l->fault->depth++] = (struct locate_step){ NULL, i };
		r = load_rate(l, element);
		if (r < 0)
			return r;
		l->fault->depth--;
	}
	return 0;
}
