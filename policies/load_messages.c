/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/limits.h"
#include "policies/load_findings.h"
#include "policies/load_messages.h"
#include "policies/load_rates.h"
#include "policies/load_rules.h"
#include "policies/loading.h"
#include "policies/policy.h"
#include "scan/scan.h"

LOADING_ENUM(load_tokens, "redact|off", messages.tokens, enum policy_tokens)
LOADING_ENUM(load_all_requests, "deny|answer|pass", messages.server_requests, enum policy_requests)
LOADING_ENUM(load_sampling, "deny|answer|pass", messages.sampling, enum policy_requests)
LOADING_ENUM(load_elicitation, "deny|answer|pass", messages.elicitation, enum policy_requests)
LOADING_ENUM(load_list_roots, "deny|answer|pass", messages.list_roots, enum policy_requests)
LOADING_ENUM(load_pin, "strict|tofu|off", messages.pin, enum policy_pin)
LOADING_ENUM(load_capability, "require|accept", messages.capability, enum policy_capability)
LOADING_ENUM(load_descriptions, "hide|flag", messages.descriptions, enum policy_descriptions)
LOADING_ENUM(load_not_read_only, "deny|approve|allow", messages.not_read_only, enum policy_annotated)
LOADING_ENUM(load_destructive, "deny|approve|allow", messages.destructive, enum policy_annotated)
LOADING_ENUM(load_open_world, "deny|approve|allow", messages.open_world, enum policy_annotated)
LOADING_ENUM(load_names, "strict|any", messages.names, enum policy_names)

/* A class of personal data (scan/scan.h); the list is kept as bits. */
static int item_personal(struct loading *l, const char *text, struct strv *list)
{
	uint64_t bits = scan_personal(text);

	(void)list;
	if (!bits)
		return loading_refuse(l, "no such class of personal data; mcp-confine(1) has them under "
				 "--pii, and \"all\" is all of them");
	l->policy->messages.personal |= bits;
	return 0;
}

static int load_pii(struct loading *l, json_t *value)
{
	return loading_strings(l, value, item_personal, NULL);
}

/* The rules of this layer become the one entry of `layers`. */
static int rules(struct loading *l, json_t *value, enum load_subject subject,
		 struct policy_rules **layers, size_t *n)
{
	struct load_fault fault;

	*layers = calloc(1, sizeof(**layers));
	if (!*layers)
		return loading_no_memory(l);
	*n = 1;
	return loading_faulty(l, load_rules(value, subject, l->home, *layers, &fault), &fault);
}

static int load_tools(struct loading *l, json_t *value)
{
	return rules(l, value, LOAD_NAMES, &l->policy->messages.tools,
		     &l->policy->messages.n_tools);
}

static int load_prompts(struct loading *l, json_t *value)
{
	return rules(l, value, LOAD_NAMES, &l->policy->messages.prompts,
		     &l->policy->messages.n_prompts);
}

static int load_resources(struct loading *l, json_t *value)
{
	return rules(l, value, LOAD_URIS, &l->policy->messages.resources,
		     &l->policy->messages.n_resources);
}

static int load_roots(struct loading *l, json_t *value)
{
	l->policy->messages.has_roots = true;
	return loading_strings(l, value, loading_path, &l->policy->messages.roots);
}

static int load_result_size(struct loading *l, json_t *v)
{
	return loading_size(l, v, 1024, LIMIT_LINE, &l->policy->messages.max_result);
}

static int load_arguments_size(struct loading *l, json_t *v)
{
	return loading_size(l, v, 64, LIMIT_LINE, &l->policy->messages.max_arguments);
}

static int load_bounds(struct loading *l, json_t *value)
{
	static const struct loading_member members[] = { { "result", load_result_size },
						 { "arguments", load_arguments_size }, {0} };

	return loading_object(l, value, members);
}

static int load_rates(struct loading *l, json_t *value)
{
	struct load_fault fault;

	return loading_faulty(l, load_rate_list(value, &l->policy->messages, &fault), &fault);
}

static int load_annotations(struct loading *l, json_t *value)
{
	static const struct loading_member members[] = { { "not_read_only", load_not_read_only },
						 { "destructive", load_destructive },
						 { "open_world", load_open_world }, {0} };

	return loading_object(l, value, members);
}

/* One word for all kinds, or an object with a word for each. */
static int load_requests(struct loading *l, json_t *value)
{
	static const struct loading_member members[] = { { "sampling", load_sampling },
						 { "elicitation", load_elicitation },
						 { "roots", load_list_roots }, {0} };

	return json_is_object(value) ? loading_object(l, value, members) : load_all_requests(l, value);
}

static int load_methods(struct loading *l, json_t *value)
{
	l->policy->messages.has_methods = true;
	return loading_strings(l, value, loading_plain, &l->policy->messages.methods);
}

static int load_denied_methods(struct loading *l, json_t *value)
{
	return loading_strings(l, value, loading_plain, &l->policy->messages.denied_methods);
}

/* What this layer says about findings: the one entry of the list. */
static struct policy_findings *findings(struct loading *l)
{
	struct policy_messages *m = &l->policy->messages;

	if (!m->findings)
		m->findings = calloc(1, sizeof(*m->findings));
	m->n_findings = m->findings != NULL;
	return m->findings;
}

static int load_findings(struct loading *l, json_t *value)
{
	struct policy_findings *f = findings(l);
	struct load_fault fault;

	return f ? loading_faulty(l, load_finding_rules(value, f, &fault), &fault) : loading_no_memory(l);
}

static int load_exempt(struct loading *l, json_t *value)
{
	struct policy_findings *f = findings(l);
	struct load_fault fault;

	return f ? loading_faulty(l, load_exemptions(value, f, &fault), &fault) : loading_no_memory(l);
}

int load_messages(struct loading *l, json_t *value)
{
	static const struct loading_member members[] = {
		{ "tools", load_tools },
		{ "prompts", load_prompts },
		{ "resources", load_resources },
		{ "methods", load_methods },
		{ "deny_methods", load_denied_methods },
		{ "names", load_names },
		{ "pin", load_pin },
		{ "capability", load_capability },
		{ "rate", load_rates },
		{ "descriptions", load_descriptions },
		{ "annotations", load_annotations },
		{ "limits", load_bounds },
		{ "roots", load_roots },
		{ "tokens", load_tokens },
		{ "pii", load_pii },
		{ "findings", load_findings },
		{ "exempt", load_exempt },
		{ "server_requests", load_requests },
		{0},
	};
	struct policy_messages *m = &l->policy->messages;
	int r = loading_object(l, value, members);

	if (r < 0 || (!m->tokens && !m->personal && !m->findings))
		return r;
	if (!findings(l))
		return loading_no_memory(l);
	m->findings->tokens = m->tokens;
	m->findings->personal = m->personal;
	return 0;
}
