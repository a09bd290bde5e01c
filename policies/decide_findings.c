/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * Each layer says for itself what becomes of a class in a direction: by the first of its
 * rules that matches, else by its `tokens` or `pii`, else nothing.  The strictest of what
 * is said counts; the default (tokens are redacted, personal data passes) only where no
 * layer says anything.  So a layer may lift the default, and nothing else.
 */
#include <string.h>

#include "policies/match.h"
#include "policies/policy.h"
#include "scan/scan.h"

/* "all" names all classes and is none. */
static uint64_t personal_bit(const char *class)
{
	return strcmp(class, "all") != 0 ? scan_personal(class) : 0;
}

static enum policy_finding decide_layer(const struct policy_findings *f, const char *class,
					uint64_t personal, enum policy_direction direction)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct policy_finding_rule *r = &f->v[i];

		if (!(r->direction & direction) || !match_glob(r->match, class, strlen(class)))
			continue;
		/* Only personal data has pseudonyms. */
		return r->then == POLICY_FINDING_PSEUDONYM && !personal ? POLICY_FINDING_REDACT :
									  r->then;
	}
	if (personal)
		return f->personal & personal ? POLICY_FINDING_REDACT : POLICY_FINDING_UNSET;
	switch (f->tokens) {
	case POLICY_TOKENS_REDACT:
		return POLICY_FINDING_REDACT;
	case POLICY_TOKENS_OFF:
		return POLICY_FINDING_PASS;
	case POLICY_TOKENS_UNSET:
		break;
	}
	return POLICY_FINDING_UNSET;
}

enum policy_finding policy_decide_finding(const struct policy *p, const char *class,
					  enum policy_direction direction, uint32_t exempt)
{
	uint64_t personal = personal_bit(class);
	enum policy_finding then = POLICY_FINDING_UNSET;

	if (!strcmp(class, SCAN_KNOWN))
		exempt = 0;
	for (size_t i = 0; i < p->messages.n_findings; i++) {
		enum policy_finding one =
			decide_layer(&p->messages.findings[i], class, personal, direction);

		if (one != POLICY_FINDING_BLOCK && i < 32 && exempt >> i & 1)
			one = POLICY_FINDING_PASS;
		if (one && (!then || one < then))
			then = one;
	}
	if (then)
		return then;
	return personal ? POLICY_FINDING_PASS : POLICY_FINDING_REDACT;
}

bool policy_looks_for(const struct policy *p, uint64_t *ret_personal)
{
	bool tokens = false;
	const char *class;

	*ret_personal = 0;
	/* The classes of personal data come first: once something is done about one of the
	 * tokens, hundreds of classes behind it need not be asked. */
	for (size_t i = 0; (class = scan_class_name(i)) && !(tokens && !scan_personal_name(i)); i++) {
		uint64_t bit = personal_bit(class);

		if (policy_decide_finding(p, class, POLICY_TO_CLIENT, 0) == POLICY_FINDING_PASS &&
		    policy_decide_finding(p, class, POLICY_TO_SERVER, 0) == POLICY_FINDING_PASS)
			continue;
		*ret_personal |= bit;
		tokens = tokens || !bit;
	}
	return tokens;
}

bool policy_has_pseudonyms(const struct policy *p)
{
	for (size_t i = 0; i < p->messages.n_findings; i++)
		for (size_t j = 0; j < p->messages.findings[i].n; j++)
			if (p->messages.findings[i].v[j].then == POLICY_FINDING_PSEUDONYM)
				return true;
	return false;
}

bool policy_has_findings(const struct policy *p)
{
	for (size_t i = 0; i < p->messages.n_findings; i++)
		if (p->messages.findings[i].n || p->messages.findings[i].n_exempt)
			return true;
	return false;
}
