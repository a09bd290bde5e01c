/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "launcher/broker.h"
#include "launcher/explain.h"
#include "policies/policy.h"
#include "scan/scan.h"

static const char *const then_words[] = { [POLICY_DENY] = "deny", [POLICY_APPROVE] = "approve",
					  [POLICY_ALLOW] = "allow" };

static void put_texts(FILE *out, const struct policy_where *w)
{
	for (size_t i = 0; i < w->texts.n; i++) {
		const char *text = w->texts.v[i];

		fputs(i ? " or " : " ", out);
		if (w->kind != WHERE_EQUALS || *text == WHERE_IS_STRING)
			fprintf(out, "\"%s\"", text + (w->kind == WHERE_EQUALS));
		else if (*text == WHERE_IS_NUMBER)
			fputs(text + 1, out);
		else
			fputs(*text == WHERE_IS_TRUE ? "true" : *text == WHERE_IS_FALSE ? "false" : "null",
			      out);
	}
}

static void put_where(FILE *out, const struct policy_where *w)
{
	static const char *const words[] = {
		[WHERE_EQUALS] = " is",	      [WHERE_PREFIX] = " begins with",
		[WHERE_GLOB] = " matches",    [WHERE_UNDER] = " lies at or below",
		[WHERE_RANGE] = " is a number", [WHERE_PRESENT] = "",
	};

	for (size_t i = 0; i < w->segments.n; i++)
		fprintf(out, "/%s", w->segments.v[i]);
	fputs(words[w->kind], out);
	if (w->kind == WHERE_PRESENT)
		fputs(w->is_present ? " is given" : " is not given", out);
	if (w->has_min)
		fprintf(out, " from %" PRId64, w->min);
	if (w->has_max)
		fprintf(out, " up to %" PRId64, w->max);
	put_texts(out, w);
}

static void put_rules(FILE *out, const char *what, const struct policy_rules *layers, size_t n)
{
	fprintf(out, "  %s: ", what);
	if (!n)
		fputs("all may pass\n", out);
	for (size_t i = 0; i < n; i++) {
		if (n > 1)
			fprintf(out, "%slayer %zu of %zu, the strictest decides; ", i ? "    " : "", i + 1,
				n);
		fputs("the first that matches:\n", out);
		for (size_t j = 0; j < layers[i].n; j++) {
			const struct policy_rule *rule = &layers[i].v[j];

			fprintf(out, "    %-7s %s", then_words[rule->then], rule->match);
			for (size_t k = 0; k < rule->n_where; k++) {
				fputs(k ? " and " : " when ", out);
				put_where(out, &rule->where[k]);
			}
			fputc('\n', out);
		}
		fputs("    deny    everything else\n", out);
	}
}

static const char *request_words(const struct policy *p, const char *method)
{
	static const char *const words[] = {
		[POLICY_REQUESTS_UNSET] = "refused",
		[POLICY_REQUESTS_DENY] = "refused",
		[POLICY_REQUESTS_ANSWER] = "answered by mcp-confine",
		[POLICY_REQUESTS_PASS] = "pass",
	};

	return words[policy_decide_request(p, method, strlen(method))];
}

static void put_roots(FILE *out, const struct policy_messages *m)
{
	fputs("  roots told to the server: ", out);
	if (!m->has_roots)
		fputs("what the client says", out);
	else if (!m->roots.n)
		fputs("none", out);
	for (size_t i = 0; i < m->roots.n; i++)
		fprintf(out, "%s%s", i ? ", " : "", m->roots.v[i]);
	fputc('\n', out);
}

static void put_sizes(FILE *out, const struct policy_messages *m)
{
	if (m->max_result)
		fprintf(out, "  results larger than %" PRIu64 " bytes are withheld\n", m->max_result);
	if (m->max_arguments)
		fprintf(out, "  arguments larger than %" PRIu64 " bytes are refused\n",
			m->max_arguments);
}

static const char *annotated_words(enum policy_annotated a)
{
	return a == POLICY_ANNOTATED_DENY    ? "are refused" :
	       a == POLICY_ANNOTATED_APPROVE ? "need approval" :
					       NULL;
}

static void put_rates(FILE *out, const struct policy_messages *m)
{
	static const char *const metrics[] = { "calls of tools", "bytes of answers",
					       "estimated tokens of a model" };
	static const char *const scopes[] = { "this server", "this client, over all servers",
					      "each tool" };

	for (size_t i = 0; i < m->n_rates; i++) {
		const struct policy_rate *r = &m->rates[i];

		fprintf(out, "  at most %" PRIu64 " %s in %s for %s", r->amount, metrics[r->metric],
			r->seconds == 1	   ? "a second" :
			r->seconds == 60   ? "a minute" :
			r->seconds == 3600 ? "an hour" :
					     "a day (UTC)",
			scopes[r->per]);
		if (r->match)
			fprintf(out, ", of tools %s", r->match);
		if (r->alert)
			fprintf(out, "; noted at %" PRIu64 " %%", r->alert);
		fputc('\n', out);
	}
}

static void put_surface(FILE *out, const struct policy_messages *m)
{
	static const char *const pin[] = {
		[POLICY_PIN_UNSET] = "off",
		[POLICY_PIN_STRICT] = "strict: a tool is shown once the user has accepted it",
		[POLICY_PIN_TOFU] = "tofu: trusted at first use; what changes is hidden until accepted",
		[POLICY_PIN_OFF] = "off: a server may change its tools at any time",
	};
	const struct {
		const char *what, *then;
	} hints[] = {
		{ "not declared read-only", annotated_words(m->not_read_only) },
		{ "not declared harmless (destructiveHint false)", annotated_words(m->destructive) },
		{ "not declared closed (openWorldHint false)", annotated_words(m->open_world) },
	};

	fprintf(out, "  pins of tools and instructions: %s\n", pin[m->pin]);
	for (size_t i = 0; i < sizeof(hints) / sizeof(*hints); i++)
		if (hints[i].then)
			fprintf(out, "  tools %s %s\n", hints[i].what, hints[i].then);
	fprintf(out, "  names of tools: %s\n",
		m->names == POLICY_NAMES_ANY ?
			"any" :
			"letters, digits, '_', '.', '-'; one that looks like another is hidden");
	fprintf(out, "  descriptions with instructions or invisible characters: %s\n",
		m->descriptions == POLICY_DESCRIPTIONS_HIDE ? "hidden" : "noted in the audit log");
}

static const char *const finding_words[] = {
	[POLICY_FINDING_UNSET] = "",
	[POLICY_FINDING_BLOCK] = "stops the message",
	[POLICY_FINDING_REDACT] = "redacted",
	[POLICY_FINDING_PSEUDONYM] = "pseudonym",
	[POLICY_FINDING_ALERT] = "passes, and the audit log tells",
	[POLICY_FINDING_PASS] = "passes",
};

static void put_personal(FILE *out, const struct policy *p)
{
	size_t n = 0;

	/* Classes that share what becomes of them stand in one line. */
	for (int to_client = POLICY_FINDING_BLOCK; to_client <= POLICY_FINDING_PASS; to_client++)
		for (int to_server = POLICY_FINDING_BLOCK; to_server <= POLICY_FINDING_PASS; to_server++) {
			size_t of_these = 0;

			if (to_client == POLICY_FINDING_PASS && to_server == POLICY_FINDING_PASS)
				continue;
			for (size_t i = 0; scan_personal_name(i); i++) {
				const char *class = scan_personal_name(i);

				if (policy_decide_finding(p, class, POLICY_TO_CLIENT, 0) !=
					    (enum policy_finding)to_client ||
				    policy_decide_finding(p, class, POLICY_TO_SERVER, 0) !=
					    (enum policy_finding)to_server)
					continue;
				fprintf(out, "%s%s", of_these++ ? ", " : "  personal data: ", class);
			}
			n += of_these;
			if (of_these && to_client == to_server)
				fprintf(out, ": %s, both ways\n", finding_words[to_client]);
			else if (of_these)
				fprintf(out, ": %s (to the client), %s (to the server)\n",
					finding_words[to_client], finding_words[to_server]);
		}
	if (!n)
		fputs("  personal data: passes as it is\n", out);
}

static void put_findings(FILE *out, const struct policy_messages *m)
{
	static const char *const directions[] = { [POLICY_TO_CLIENT] = "to the client",
						  [POLICY_TO_SERVER] = "to the server",
						  [POLICY_BOTH] = "both ways" };

	for (size_t i = 0; i < m->n_findings; i++) {
		const struct policy_findings *f = &m->findings[i];

		if (!f->n && !f->n_exempt)
			continue;
		fprintf(out, "  findings, layer %zu of %zu, the strictest decides; the first that matches:\n",
			i + 1, m->n_findings);
		for (size_t k = 0; k < f->n; k++)
			fprintf(out, "    %s: %s, %s\n", f->v[k].match, finding_words[f->v[k].then],
				directions[f->v[k].direction]);
		for (size_t k = 0; k < f->n_exempt; k++)
			fprintf(out, "    the field %s of the tool %s is exempt from this layer and the "
				     "default; each use is noted\n", f->exempt[k].pointer, f->exempt[k].tool);
	}
}

/* The classes of tokens that fare otherwise than most are in the findings. */
static void put_tokens(FILE *out, const struct policy *p)
{
	const struct policy_messages *m = &p->messages;

	fprintf(out, "  tokens: %s%s\n",
		m->tokens == POLICY_TOKENS_OFF ?
			"pass as they are (the policy says off)" :
			"known formats and values of the environment are redacted, both ways",
		policy_has_findings(p) ? ", but for what the findings name" : "");
}

void explain_messages(FILE *out, const struct policy *p)
{
	const struct policy_messages *m = &p->messages;

	fputs("\nmessages: each is parsed strictly and written anew; unknown methods are refused",
	      out);
	if (m->methods.n)
		fputs(", except:", out);
	for (size_t i = 0; i < m->methods.n; i++)
		fprintf(out, " %s", m->methods.v[i]);
	if (m->denied_methods.n)
		fputs("; refused by name:", out);
	for (size_t i = 0; i < m->denied_methods.n; i++)
		fprintf(out, " %s", m->denied_methods.v[i]);
	fputc('\n', out);
	put_rules(out, "tools", m->tools, m->n_tools);
	broker_explain(out, p);
	put_rules(out, "prompts", m->prompts, m->n_prompts);
	put_rules(out, "resources", m->resources, m->n_resources);
	put_surface(out, m);
	put_rates(out, m);
	put_sizes(out, m);
	put_tokens(out, p);
	put_personal(out, p);
	put_findings(out, m);
	fprintf(out, "  requests of the server: sampling %s, elicitation %s, roots %s\n",
		request_words(p, "sampling/createMessage"), request_words(p, "elicitation/create"),
		request_words(p, "roots/list"));
	put_roots(out, m);
}
