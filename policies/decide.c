/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/match.h"
#include "policies/policy.h"

static enum policy_decision decide_rules(const struct policy_rules *rules, const char *name,
					 size_t len)
{
	for (size_t i = 0; i < rules->n; i++)
		if (match_glob(rules->v[i].match, name, len))
			return rules->v[i].then;
	return POLICY_DENY;
}

enum policy_decision policy_decide_tool(const struct policy *p, const char *name, size_t len)
{
	enum policy_decision strictest = POLICY_ALLOW;

	for (size_t i = 0; i < p->messages.n_tools; i++) {
		enum policy_decision one = decide_rules(&p->messages.tools[i], name, len);

		if (one < strictest)
			strictest = one;
	}
	return strictest;
}

bool policy_wants_person(const struct policy *p)
{
	for (size_t i = 0; i < p->messages.n_tools; i++)
		for (size_t j = 0; j < p->messages.tools[i].n; j++)
			if (p->messages.tools[i].v[j].then == POLICY_APPROVE)
				return true;
	return false;
}

bool policy_wants_pdp(const struct policy *p)
{
	return p->pdp.kind != POLICY_PDP_UNSET;
}

enum policy_decision policy_decide_method(const struct policy *p, const char *name, size_t len)
{
	for (size_t i = 0; i < p->messages.methods.n; i++)
		if (match_glob(p->messages.methods.v[i], name, len))
			return POLICY_ALLOW;
	return POLICY_DENY;
}

enum policy_decision policy_decide_server_request(const struct policy *p)
{
	return p->messages.server_requests == POLICY_REQUESTS_PASS ? POLICY_ALLOW : POLICY_DENY;
}
