/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * A layer's rules are read in order and the first that matches decides; no match is
 * DENY.  Over the layers the strictest decides.  Whether a rule matches may be uncertain
 * (policies/where.h).  Then both ways are gone, with it and without it, and the stricter
 * end counts; for lists, where the arguments are not known yet, the laxer one.
 */
#include <string.h>

#include "policies/match.h"
#include "policies/policy.h"
#include "policies/uri.h"

/* What rules are held against. */
struct subject {
	const char *text; /* a name, or a normal URI */
	size_t len, bare; /* bare: of a URI without what a server may not look at */
	bool is_strict;	  /* a name, and no two that look alike may be used */
	bool is_certain;  /* false: only "*" matches for certain, others may */
	bool is_lax;	  /* any arguments are possible */
	const struct policy_call *arguments;
};

static enum policy_decision least(enum policy_decision a, enum policy_decision b)
{
	return a < b ? a : b;
}

/* A fragment is for who reads a resource, not for who finds it (RFC 3986, section 3.5), and
 * a file has no query: servers drop both. */
static size_t bare_of(const char *uri, size_t len)
{
	bool is_file = uri_path(uri) != NULL;

	for (size_t i = 0; i < len; i++)
		if (uri[i] == '#' || (is_file && uri[i] == '?'))
			return i;
	return len;
}

static enum policy_truth matches_text(const char *glob, const struct subject *s)
{
	bool all = match_glob(glob, s->text, s->len);

	/* A rule that names a fragment means it. */
	if (s->bare == s->len || strchr(glob, '#') || match_glob(glob, s->text, s->bare) == all)
		return all ? POLICY_YES : POLICY_NO;
	return POLICY_UNSURE;
}

static enum policy_truth matches(const struct policy_rule *rule, const struct subject *s)
{
	enum policy_truth all = POLICY_YES;

	if (strcmp(rule->match, "*") != 0) {
		all = s->is_certain ? matches_text(rule->match, s) : POLICY_UNSURE;
		/* To a server, or a reader, DELETE-ALL may be delete_all. */
		if (all == POLICY_NO && s->is_strict && rule->then != POLICY_ALLOW &&
		    match_alike(rule->match, s->text, s->len))
			all = rule->then == POLICY_DENY ? POLICY_YES : POLICY_UNSURE;
		if (all == POLICY_NO)
			return all;
	}
	for (size_t i = 0; i < rule->n_where; i++) {
		enum policy_truth one =
			s->arguments ? s->arguments->test(s->arguments, &rule->where[i]) :
				       POLICY_UNSURE;

		if (one < all)
			all = one;
	}
	return all;
}

static enum policy_decision decide_rules(const struct policy_rules *rules,
					 const struct subject *s)
{
	enum policy_decision worst = POLICY_ALLOW, best = POLICY_DENY;

	for (size_t i = 0; i < rules->n; i++) {
		enum policy_truth truth = matches(&rules->v[i], s);

		if (truth == POLICY_NO)
			continue;
		worst = least(worst, rules->v[i].then);
		best = best < rules->v[i].then ? rules->v[i].then : best;
		if (truth == POLICY_YES)
			return s->is_lax ? best : worst;
	}
	return s->is_lax ? best : POLICY_DENY;
}

static enum policy_decision decide(const struct policy_rules *layers, size_t n,
				   const struct subject *s)
{
	enum policy_decision d = POLICY_ALLOW;

	for (size_t i = 0; i < n; i++)
		d = least(d, decide_rules(&layers[i], s));
	return d;
}

enum policy_decision policy_decide_tool(const struct policy *p, const char *name, size_t len,
					const struct policy_call *arguments)
{
	const struct subject s = { name, len, len, p->messages.names == POLICY_NAMES_STRICT,
				   true, !arguments, arguments };

	return decide(p->messages.tools, p->messages.n_tools, &s);
}

const char *policy_blame_tool(const struct policy *p, const char *name, size_t len,
			      const struct policy_call *arguments)
{
	const struct subject s = { name, len, len, p->messages.names == POLICY_NAMES_STRICT,
				   true, false, arguments };
	enum policy_decision d = policy_decide_tool(p, name, len, arguments);

	for (size_t i = 0; i < p->messages.n_tools; i++) {
		const struct policy_rules *layer = &p->messages.tools[i];

		if (decide_rules(layer, &s) != d)
			continue;
		for (size_t k = 0; k < layer->n; k++) {
			enum policy_truth truth = matches(&layer->v[k], &s);

			if (truth != POLICY_NO && layer->v[k].then == d)
				return layer->v[k].match;
			if (truth == POLICY_YES)
				break;
		}
	}
	return NULL;
}

enum policy_decision policy_decide_prompt(const struct policy *p, const char *name, size_t len,
					  const struct policy_call *arguments)
{
	const struct subject s = { name, len, len, false, true, !arguments, arguments };

	return decide(p->messages.prompts, p->messages.n_prompts, &s);
}

enum policy_decision policy_decide_resource(const struct policy *p, const char *uri, size_t len)
{
	char normal[URI_SIZE];
	struct subject s = { .text = normal };

	if (!p->messages.n_resources)
		return POLICY_ALLOW;
	s.is_certain = uri_normalize(uri, len, normal, &s.len) == 0;
	s.bare = s.is_certain ? bare_of(normal, s.len) : 0;
	return decide(p->messages.resources, p->messages.n_resources, &s);
}

/* Could the glob match a text that begins with this one? */
static bool is_compatible(const char *glob, const char *prefix, size_t len)
{
	size_t literal = strcspn(glob, "*?"), common = literal < len ? literal : len;

	return !memcmp(glob, prefix, common);
}

static enum policy_decision decide_template(const struct policy_rules *rules, const char *text,
					    size_t len)
{
	const char *hole = memchr(text, URI_HOLE, len);
	size_t prefix = hole ? (size_t)(hole - text) : len;
	enum policy_decision best = POLICY_DENY;

	for (size_t i = 0; i < rules->n; i++) {
		const struct policy_rule *rule = &rules->v[i];

		if (!is_compatible(rule->match, text, prefix))
			continue;
		if (rule->then > best)
			best = rule->then;
		if (match_covers(rule->match, text, len, URI_HOLE) ||
		    match_covers(rule->match, text, bare_of(text, len), URI_HOLE))
			break;
	}
	return best;
}

enum policy_decision policy_decide_template(const struct policy *p, const char *text, size_t len)
{
	char normal[URI_SIZE];
	struct subject s = { .text = normal }; /* one without a normal form */
	enum policy_decision d = POLICY_ALLOW;

	if (!memchr(text, '{', len) || !p->messages.n_resources)
		return policy_decide_resource(p, text, len);
	if (uri_normalize_template(text, len, normal, &len) < 0)
		return decide(p->messages.resources, p->messages.n_resources, &s);
	for (size_t i = 0; i < p->messages.n_resources; i++)
		d = least(d, decide_template(&p->messages.resources[i], normal, len));
	return d;
}

static enum policy_decision annotated(enum policy_annotated a)
{
	switch (a) {
	case POLICY_ANNOTATED_UNSET:
	case POLICY_ANNOTATED_ALLOW:
		return POLICY_ALLOW;
	case POLICY_ANNOTATED_APPROVE:
		return POLICY_APPROVE;
	case POLICY_ANNOTATED_DENY:
		break;
	}
	return POLICY_DENY;
}

enum policy_decision policy_decide_hints(const struct policy *p, unsigned int hints)
{
	const struct policy_messages *m = &p->messages;
	enum policy_decision d = POLICY_ALLOW;

	if (!(hints & POLICY_HINT_READ_ONLY))
		d = least(d, annotated(m->not_read_only));
	if (!(hints & POLICY_HINT_NOT_DESTRUCTIVE))
		d = least(d, annotated(m->destructive));
	if (!(hints & POLICY_HINT_CLOSED_WORLD))
		d = least(d, annotated(m->open_world));
	return d;
}

bool policy_rate_counts(const struct policy_rate *rate, const char *tool, size_t len)
{
	if (!tool)
		return !rate->match && rate->per != POLICY_PER_TOOL &&
		       rate->metric != POLICY_METRIC_CALLS;
	return !rate->match || match_glob(rate->match, tool, len);
}

static bool has_approve(const struct policy_rules *layers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < layers[i].n; j++)
			if (layers[i].v[j].then == POLICY_APPROVE)
				return true;
	return false;
}

bool policy_wants_person(const struct policy *p)
{
	const struct policy_messages *m = &p->messages;

	if (has_approve(m->tools, m->n_tools) || has_approve(m->prompts, m->n_prompts) ||
	    has_approve(m->resources, m->n_resources))
		return true;
	return annotated(m->not_read_only) == POLICY_APPROVE ||
	       annotated(m->destructive) == POLICY_APPROVE ||
	       annotated(m->open_world) == POLICY_APPROVE;
}

bool policy_wants_pdp(const struct policy *p)
{
	return p->pdp.kind != POLICY_PDP_UNSET;
}

bool policy_wants_scim(const struct policy *p)
{
	return p->revocation.scim.type != POLICY_SCIM_UNSET;
}

enum policy_decision policy_decide_method(const struct policy *p, const char *name, size_t len)
{
	for (size_t i = 0; i < p->messages.methods.n; i++)
		if (match_glob(p->messages.methods.v[i], name, len))
			return POLICY_ALLOW;
	return POLICY_DENY;
}

bool policy_denies_method(const struct policy *p, const char *name, size_t len)
{
	for (size_t i = 0; i < p->messages.denied_methods.n; i++)
		if (match_glob(p->messages.denied_methods.v[i], name, len))
			return true;
	return false;
}

enum policy_requests policy_decide_request(const struct policy *p, const char *method,
					   size_t len)
{
	const struct policy_messages *m = &p->messages;
	const struct {
		const char *method;
		enum policy_requests then;
	} kinds[] = {
		{ "sampling/createMessage", m->sampling },
		{ "elicitation/create", m->elicitation },
		{ "roots/list", m->list_roots },
	};
	enum policy_requests then = m->server_requests;

	/* Also where it is asked inside of a result. */
	if (policy_denies_method(p, method, len))
		return POLICY_REQUESTS_DENY;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (kinds[i].then && kinds[i].then < then && strlen(kinds[i].method) == len &&
		    !memcmp(kinds[i].method, method, len))
			then = kinds[i].then;
	return then;
}

enum policy_decision policy_decide_root(const struct policy *p, const char *uri, size_t len)
{
	char normal[URI_SIZE];
	const char *path;

	if (!p->messages.has_roots)
		return POLICY_ALLOW;
	if (uri_normalize(uri, len, normal, &len) < 0)
		return POLICY_DENY;
	path = uri_path(normal);
	for (size_t i = 0; path && i < p->messages.roots.n; i++)
		if (where_is_under(p->messages.roots.v[i], path, strlen(path)) == POLICY_YES)
			return POLICY_ALLOW;
	return POLICY_DENY;
}
