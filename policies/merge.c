/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/destination.h"
#include "common/err.h"
#include "common/limits.h"
#include "common/range.h"
#include "policies/merge.h"
#include "policies/policy.h"

/* Move a list; what was in `to` is dropped. */
static void move(struct strv *to, struct strv *from)
{
	strv_done(to);
	*to = *from;
	*from = (struct strv){0};
}

static int add_ceiling(struct policy_sandbox *s)
{
	struct policy_ceiling *grown =
		reallocarray(s->ceilings, s->n_ceilings + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	s->ceilings = grown;
	s->ceilings[s->n_ceilings++] = (struct policy_ceiling){0};
	return 0;
}

/* The ceilings that a layer brings itself bound what is weaker than it. */
static int take_ceilings(struct policy_sandbox *strong, struct policy_sandbox *weak)
{
	for (size_t i = 0; i < weak->n_ceilings; i++) {
		if (add_ceiling(strong) < 0)
			return -ENOMEM;
		strong->ceilings[strong->n_ceilings - 1] = weak->ceilings[i];
		weak->ceilings[i] = (struct policy_ceiling){0};
	}
	return 0;
}

/* A stronger list that a weaker one replaces as the grant stays as a ceiling. */
static int merge_paths(struct policy_sandbox *strong, struct policy_sandbox *weak)
{
	bool read = strong->has_read && weak->has_read;
	bool write = strong->has_write && weak->has_write;
	/* What may be changed in a layer of its own only is not written by a weaker list. */
	bool overlay = strong->has_overlay && (weak->has_overlay || weak->has_write);

	if (read || write || overlay) {
		struct policy_ceiling *c;

		if (add_ceiling(strong) < 0)
			return -ENOMEM;
		c = &strong->ceilings[strong->n_ceilings - 1];
		c->has_read = read;
		c->has_write = write;
		c->has_overlay = overlay;
		if (read)
			move(&c->read, &strong->read);
		if (write)
			move(&c->write, &strong->write);
		if (overlay && strv_add_all(&c->overlay, &strong->overlay) < 0)
			return -ENOMEM;
	}
	if (take_ceilings(strong, weak) < 0)
		return -ENOMEM;
	if (weak->has_read)
		move(&strong->read, &weak->read);
	if (weak->has_write)
		move(&strong->write, &weak->write);
	if (weak->has_overlay)
		move(&strong->overlay, &weak->overlay);
	strong->has_read |= weak->has_read;
	strong->has_write |= weak->has_write;
	strong->has_overlay |= weak->has_overlay;
	return 0;
}

typedef bool (*merge_covers)(const char *pattern, const struct strv *by);

/* Is every name that `pattern` stands for also one of `by`?  ("A*" by "*", not by "AB*") */
static bool is_covered(const char *pattern, const struct strv *by)
{
	for (size_t i = 0; i < by->n; i++) {
		size_t len = strlen(by->v[i]);

		if (!strcmp(by->v[i], pattern) ||
		    (len && by->v[i][len - 1] == '*' && !strncmp(by->v[i], pattern, len - 1)))
			return true;
	}
	return false;
}

/* Does one destination, or range, of `by` grant all that this one does? */
static bool is_reached(const char *text, const struct strv *by)
{
	struct destination wanted, has;

	for (size_t i = 0; i < by->n; i++)
		if (destination_parse(text, &wanted, NULL) == 0 &&
		    destination_parse(by->v[i], &has, NULL) == 0 &&
		    destination_covers(&has, &wanted))
			return true;
	return false;
}

static bool is_in_range(const char *text, const struct strv *by)
{
	struct range wanted, has;

	for (size_t i = 0; i < by->n; i++)
		if (range_parse(text, &wanted, NULL) == 0 && range_parse(by->v[i], &has, NULL) == 0 &&
		    has.bits <= wanted.bits && range_has(&has, wanted.bytes, wanted.is_v6))
			return true;
	return false;
}

/* Names that may pass: those of either list that the other one covers. */
static int intersect(struct strv *strong, const struct strv *weak, merge_covers covers,
		     const char *what, struct strv *notes)
{
	struct strv both = {0};
	int r = 0;

	for (size_t i = 0; i < weak->n && r == 0; i++) {
		if (covers(weak->v[i], strong))
			r = strv_add(&both, weak->v[i]);
		else
			r = strv_addf(notes, "%s %s: not allowed by a stronger policy", what,
				      weak->v[i]);
	}
	for (size_t i = 0; i < strong->n && r == 0; i++)
		if (covers(strong->v[i], weak) && !strv_has(&both, strong->v[i]))
			r = strv_add(&both, strong->v[i]);
	move(strong, &both);
	return r;
}

static int merge_names(struct strv *strong, bool *has_strong, struct strv *weak, bool has_weak,
		       merge_covers covers, const char *what, struct strv *notes)
{
	if (!has_weak)
		return 0;
	if (*has_strong)
		return intersect(strong, weak, covers, what, notes);
	move(strong, weak);
	*has_strong = true;
	return 0;
}

/* What a stronger layer sets, by value or by file, stays as it sets it. */
static int merge_set(struct strv *strong, const struct strv *other, const struct strv *weak,
		     struct strv *notes)
{
	for (size_t i = 0; i < weak->n; i++) {
		size_t name = strcspn(weak->v[i], "=") + 1;
		bool is_set = false;
		int r;

		for (size_t j = 0; j < strong->n; j++)
			is_set = is_set || !strncmp(strong->v[j], weak->v[i], name);
		for (size_t j = 0; j < other->n; j++)
			is_set = is_set || !strncmp(other->v[j], weak->v[i], name);
		r = is_set ? strv_addf(notes, "environment %.*s: set by a stronger policy",
				       (int)(name - 1), weak->v[i]) :
			     strv_add(strong, weak->v[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static void least(uint64_t *strong, uint64_t weak)
{
	if (weak && (!*strong || weak < *strong))
		*strong = weak;
}

static void merge_limits(struct policy_limits *strong, const struct policy_limits *weak)
{
	least(&strong->memory, weak->memory);
	least(&strong->memory_total, weak->memory_total);
	least(&strong->cpu_percent, weak->cpu_percent);
	strong->require_cgroup = strong->require_cgroup || weak->require_cgroup;
	least(&strong->processes, weak->processes);
	least(&strong->open_files, weak->open_files);
	least(&strong->file_size, weak->file_size);
	least(&strong->tmp_size, weak->tmp_size);
	least(&strong->cpu, weak->cpu);
}

/* Enums run from the strictest up, 0 is unset. */
static int stricter(int strong, int weak)
{
	if (!strong || !weak)
		return strong + weak;
	return weak < strong ? weak : strong;
}

/* Layers stand side by side: decide.c takes the strictest. */
static int merge_rules(struct policy_rules **strong, size_t *n_strong,
		       struct policy_rules **weak, size_t *n_weak)
{
	struct policy_rules *grown;

	if (!*n_weak)
		return 0;
	grown = reallocarray(*strong, *n_strong + *n_weak, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memcpy(grown + *n_strong, *weak, *n_weak * sizeof(*grown));
	*strong = grown;
	*n_strong += *n_weak;
	*n_weak = 0; /* the rules moved */
	return 0;
}

/* Side by side as well: decide_findings.c takes the strictest. */
static int merge_findings(struct policy_messages *strong, struct policy_messages *weak)
{
	struct policy_findings *grown;

	if (!weak->n_findings)
		return 0;
	grown = reallocarray(strong->findings, strong->n_findings + weak->n_findings, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memcpy(grown + strong->n_findings, weak->findings, weak->n_findings * sizeof(*grown));
	strong->findings = grown;
	strong->n_findings += weak->n_findings;
	weak->n_findings = 0; /* they moved */
	return 0;
}

static bool is_same(const struct policy_rate *a, const struct policy_rate *b)
{
	return a->per == b->per && a->metric == b->metric && a->amount == b->amount &&
	       a->seconds == b->seconds && !a->match == !b->match &&
	       (!a->match || !strcmp(a->match, b->match));
}

/* Every rate of every layer holds.  The same one twice would count everything twice. */
static int merge_rates(struct policy_messages *strong, struct policy_messages *weak)
{
	struct policy_rate *grown;

	if (!weak->n_rates)
		return 0;
	grown = reallocarray(strong->rates, strong->n_rates + weak->n_rates, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	strong->rates = grown;
	for (size_t i = 0; i < weak->n_rates; i++) {
		struct policy_rate *rate = &weak->rates[i], *same = NULL;

		for (size_t j = 0; j < strong->n_rates; j++)
			if (is_same(&strong->rates[j], rate))
				same = &strong->rates[j];
		if (!same) {
			strong->rates[strong->n_rates++] = *rate;
			rate->match = NULL;
		} else {
			least(&same->alert, rate->alert);
		}
	}
	return strong->n_rates > LIMIT_RATES ? -E2BIG : 0;
}

static bool is_below(const char *path, const struct strv *tops)
{
	for (size_t i = 0; i < tops->n; i++)
		if (where_is_under(tops->v[i], path, strlen(path)) == POLICY_YES)
			return true;
	return false;
}

/* Of both lists, what lies at or below an entry of the other one. */
static int merge_roots(struct policy_messages *strong, struct policy_messages *weak)
{
	struct strv both = {0};
	int r = 0;

	if (!weak->has_roots)
		return 0;
	if (!strong->has_roots) {
		move(&strong->roots, &weak->roots);
		strong->has_roots = true;
		return 0;
	}
	for (size_t i = 0; i < weak->roots.n && r == 0; i++)
		if (is_below(weak->roots.v[i], &strong->roots))
			r = strv_add(&both, weak->roots.v[i]);
	for (size_t i = 0; i < strong->roots.n && r == 0; i++)
		if (is_below(strong->roots.v[i], &weak->roots) &&
		    !strv_has(&both, strong->roots.v[i]))
			r = strv_add(&both, strong->roots.v[i]);
	move(&strong->roots, &both);
	return r;
}

#define STRICTER(field, type) s->field = (type)stricter((int)s->field, (int)w->field)

static void merge_words(struct policy_messages *s, const struct policy_messages *w)
{
	STRICTER(tokens, enum policy_tokens);
	STRICTER(server_requests, enum policy_requests);
	STRICTER(sampling, enum policy_requests);
	STRICTER(elicitation, enum policy_requests);
	STRICTER(list_roots, enum policy_requests);
	STRICTER(names, enum policy_names);
	STRICTER(pin, enum policy_pin);
	STRICTER(capability, enum policy_capability);
	STRICTER(descriptions, enum policy_descriptions);
	STRICTER(not_read_only, enum policy_annotated);
	STRICTER(destructive, enum policy_annotated);
	STRICTER(open_world, enum policy_annotated);
	least(&s->max_result, w->max_result);
	least(&s->max_arguments, w->max_arguments);
}

static int merge_messages(struct policy *strong, struct policy *weak)
{
	struct policy_messages *s = &strong->messages, *w = &weak->messages;
	int r;

	merge_words(s, w);
	s->personal |= w->personal; /* what any layer wants redacted is */
	/* What any layer denies is denied. */
	r = strv_add_all(&s->denied_methods, &w->denied_methods);
	if (r == 0)
		r = merge_rules(&s->tools, &s->n_tools, &w->tools, &w->n_tools);
	if (r == 0)
		r = merge_rules(&s->prompts, &s->n_prompts, &w->prompts, &w->n_prompts);
	if (r == 0)
		r = merge_rules(&s->resources, &s->n_resources, &w->resources, &w->n_resources);
	if (r == 0)
		r = merge_roots(s, w);
	if (r == 0)
		r = merge_rates(s, w);
	if (r == 0)
		r = merge_findings(s, w);
	if (r == 0)
		r = merge_names(&s->methods, &s->has_methods, &w->methods, w->has_methods,
				is_covered, "method", &strong->notes);
	return r;
}

/* A weaker list within the ceiling of a stronger layer. */
static int lower(struct strv *list, const struct strv *ceiling, merge_covers covers,
		 const char *what, struct strv *notes)
{
	struct strv within = {0};
	int r = strv_add_all(&within, ceiling);

	if (r == 0)
		r = intersect(&within, list, covers, what, notes);
	move(list, &within);
	return r;
}


static void take_text(char **strong, char **weak)
{
	if (!*strong) {
		*strong = *weak;
		*weak = NULL;
	}
}

static int merge_network(struct policy *strong, struct policy *weak)
{
	struct policy_network *s = &strong->sandbox.network, *w = &weak->sandbox.network;
	int r = 0;

	least(&s->budget, w->budget);
	/* Only the administrator's policy.json names these: bundle_merge() sees to it. */
	take_text(&s->ca_file, &w->ca_file);
	if (!s->proxy) {
		take_text(&s->proxy, &w->proxy);
		take_text(&s->proxy_credentials, &w->proxy_credentials);
		move(&s->proxy_except, &w->proxy_except);
	}
	if (s->has_connect_ceiling && w->has_connect)
		r = lower(&w->connect, &s->connect_ceiling, is_reached, "destination",
			  &strong->notes);
	if (r == 0 && s->has_addresses_ceiling && w->has_addresses)
		r = lower(&w->addresses, &s->addresses_ceiling, is_in_range,
			  "range of addresses", &strong->notes);
	/* Only the strongest document of all is one for every server. */
	if (w->has_connect_ceiling)
		move(&s->connect_ceiling, &w->connect_ceiling);
	if (w->has_addresses_ceiling)
		move(&s->addresses_ceiling, &w->addresses_ceiling);
	s->has_connect_ceiling |= w->has_connect_ceiling;
	s->has_addresses_ceiling |= w->has_addresses_ceiling;
	if (r == 0)
		r = merge_names(&s->connect, &s->has_connect, &w->connect, w->has_connect, is_reached,
			"destination", &strong->notes);
	if (r == 0)
		r = merge_names(&s->addresses, &s->has_addresses, &w->addresses, w->has_addresses,
				is_in_range, "range of addresses", &strong->notes);
	return r;
}

static int merge_sandbox(struct policy *strong, struct policy *weak)
{
	struct policy_sandbox *s = &strong->sandbox, *w = &weak->sandbox;
	int r = merge_paths(s, w);

	s->home = (enum policy_home)stricter((int)s->home, (int)w->home);
	s->arguments = (enum policy_arguments)stricter((int)s->arguments, (int)w->arguments);
	s->sockets = (enum policy_sockets)stricter((int)s->sockets, (int)w->sockets);
	s->new_names = (enum policy_new_names)stricter((int)s->new_names, (int)w->new_names);
	s->minimum_tier = (enum policy_tier)stricter((int)s->minimum_tier, (int)w->minimum_tier);
	merge_limits(&s->limits, &w->limits);
	/* As the command that it belongs to: of the strongest layer that names one. */
	if (!s->socket) {
		s->socket = w->socket;
		w->socket = NULL;
	}
	if (r == 0)
		r = merge_names(&s->env_pass, &s->has_env_pass, &w->env_pass, w->has_env_pass,
				is_covered, "environment", &strong->notes);
	if (r == 0)
		r = merge_network(strong, weak);
	if (r == 0)
		r = merge_names(&s->unprotect, &s->has_unprotect, &w->unprotect, w->has_unprotect,
				is_covered, "unprotect", &strong->notes);
	if (r == 0)
		r = merge_set(&s->env_set, &s->env_files, &w->env_set, &strong->notes);
	if (r == 0)
		r = merge_set(&s->env_files, &s->env_set, &w->env_files, &strong->notes);
	return r;
}

/* Who is asked is the strongest layer's to say; times take the minimum. */
static int merge_approval(struct policy_approval *strong, struct policy_approval *weak,
			  struct strv *notes)
{
	int r = 0;

	if (!strong->channel) {
		strong->channel = weak->channel;
		strong->ciba = weak->ciba;
		weak->ciba = (struct policy_ciba){0};
	} else if (weak->channel) {
		r = strv_add(notes, "approval channel: set by a stronger policy");
	}
	least(&strong->timeout, weak->timeout);
	least(&strong->patience, weak->patience);
	return r;
}

/* The PDP of the strongest layer that names one; a weaker layer cannot take it away. */
static int merge_pdp(struct policy_pdp *strong, struct policy_pdp *weak, struct strv *notes)
{
	if (strong->kind)
		return weak->kind ? strv_add(notes, "pdp: set by a stronger policy") : 0;
	*strong = *weak;
	*weak = (struct policy_pdp){0};
	return 0;
}

/* As a command: of the strongest layer that names one, all of it. */
static int merge_delegation(struct policy_delegation *strong, struct policy_delegation *weak,
			    struct strv *notes)
{
	if (strong->is_set)
		return weak->is_set ? strv_add(notes, "delegation: set by a stronger policy") : 0;
	*strong = *weak;
	*weak = (struct policy_delegation){0};
	return 0;
}

static void most(int *strong, int weak)
{
	if (weak > *strong)
		*strong = weak;
}

/* A weaker layer can ask for more of the log, never for less. */
static void merge_audit(struct policy_audit *strong, const struct policy_audit *weak)
{
	int calls = (int)strong->calls, journald = (int)strong->journald, syslog = (int)strong->syslog;

	strong->required |= weak->required;
	strong->sync |= weak->sync;
	most(&calls, (int)weak->calls);
	most(&journald, (int)weak->journald);
	most(&syslog, (int)weak->syslog);
	strong->calls = (enum policy_audit_calls)calls;
	strong->journald = (enum policy_audit_copy)journald;
	strong->syslog = (enum policy_audit_copy)syslog;
	if (weak->max_size > strong->max_size)
		strong->max_size = weak->max_size;
	if (weak->files > strong->files)
		strong->files = weak->files;
}

/* Who is asked, and about whom, is the strongest layer's to say; times take the minimum. */
static int merge_revocation(struct policy *strong, struct policy *weak)
{
	struct policy_revocation *s = &strong->revocation, *w = &weak->revocation;
	int r = 0;

	least(&s->interval, w->interval);
	least(&s->deny_after, w->deny_after);
	least(&s->kill_after, w->kill_after);
	if (!s->scim.type) {
		s->scim = w->scim;
		w->scim = (struct policy_scim){0};
	} else if (w->scim.type) {
		r = strv_add(&strong->notes, "revocation.scim: set by a stronger policy");
	}
	if (!strong->agent.id && !strong->agent.spiffe_id) {
		strong->agent = weak->agent;
		weak->agent = (struct policy_agent){0};
	} else if (r == 0 && (weak->agent.id || weak->agent.spiffe_id)) {
		r = strv_add(&strong->notes, "agent: set by a stronger policy");
	}
	return r;
}

/* Whole, of the strongest layer that has one: half of one and half of another says nothing. */
static int merge_assessment(struct policy *strong, struct policy *weak)
{
	if (strong->assessment.is_set)
		return weak->assessment.is_set ?
			       strv_add(&strong->notes, "assessment: set by a stronger policy") : 0;
	strong->assessment = weak->assessment;
	weak->assessment = (struct assessment){0};
	return 0;
}

int merge_into(struct policy *strong, struct policy *weak, struct err *err)
{
	int r = merge_sandbox(strong, weak);

	if (r == 0)
		r = merge_messages(strong, weak);
	if (r == 0)
		r = merge_approval(&strong->approval, &weak->approval, &strong->notes);
	if (r == 0)
		r = merge_pdp(&strong->pdp, &weak->pdp, &strong->notes);
	merge_audit(&strong->audit, &weak->audit);
	if (r == 0)
		r = merge_revocation(strong, weak);
	if (r == 0)
		r = merge_delegation(&strong->delegation, &weak->delegation, &strong->notes);
	if (r == 0)
		r = merge_assessment(strong, weak);
	if (r == 0)
		r = strv_add_all(&strong->notes, &weak->notes);
	strong->enforce |= weak->enforce;
	take_text(&strong->registry_npm, &weak->registry_npm);
	take_text(&strong->registry_pypi, &weak->registry_pypi);
	if (!strong->server) {
		strong->server = weak->server;
		weak->server = NULL;
	}
	if (!strong->about) {
		strong->about = weak->about;
		weak->about = NULL;
	}
	/* The command of the strongest layer that names one. */
	if (!strong->command.n) {
		move(&strong->command, &weak->command);
		move(&strong->command_files, &weak->command_files);
	}
	policy_done(weak);
	return r < 0 ? err_errno(err, -r, "merge policies") : 0;
}

static void unless_set(uint64_t *value, uint64_t otherwise)
{
	if (!*value)
		*value = otherwise;
}

void merge_defaults(struct policy *p)
{
	const uint64_t mib = 1 << 20;
	struct policy_sandbox *s = &p->sandbox;

	if (s->home == POLICY_HOME_UNSET)
		s->home = POLICY_HOME_PRIVATE;
	if (s->arguments == POLICY_ARGUMENTS_UNSET)
		s->arguments = POLICY_ARGUMENTS_NONE;
	if (s->sockets == POLICY_SOCKETS_UNSET)
		s->sockets = POLICY_SOCKETS_UNIX;
	if (s->new_names == POLICY_NEW_NAMES_UNSET)
		s->new_names = POLICY_NEW_NAMES_ALLOW;
	if (s->minimum_tier == POLICY_TIER_UNSET)
		s->minimum_tier = POLICY_TIER_FULL;
	unless_set(&s->limits.memory, 4096 * mib);
	unless_set(&s->limits.processes, 256);
	unless_set(&s->limits.open_files, 4096);
	unless_set(&s->limits.file_size, 4096 * mib);
	unless_set(&s->limits.tmp_size, 512 * mib);
	if (p->approval.channel == POLICY_CHANNEL_UNSET)
		p->approval.channel = POLICY_CHANNEL_LOCAL;
	unless_set(&p->approval.timeout, 120);
	unless_set(&p->approval.patience, 50);
	unless_set(&p->audit.max_size, 16 * mib);
	unless_set(&p->audit.files, 8);
	/* Where the administrator enforces, what is not on record does not happen. */
	p->audit.required |= p->enforce;
	unless_set(&p->revocation.interval, 15);
	unless_set(&p->revocation.deny_after, 30);
	unless_set(&p->revocation.kill_after, 50);
	/* Layers may cross each other: not denied after it would be killed, nor asked later. */
	least(&p->revocation.deny_after, p->revocation.kill_after);
	least(&p->revocation.interval, p->revocation.deny_after);
	if (p->messages.tokens == POLICY_TOKENS_UNSET)
		p->messages.tokens = POLICY_TOKENS_REDACT;
	if (p->messages.server_requests == POLICY_REQUESTS_UNSET)
		p->messages.server_requests = POLICY_REQUESTS_PASS;
	if (p->messages.names == POLICY_NAMES_UNSET)
		p->messages.names = POLICY_NAMES_STRICT;
	if (p->messages.capability == POLICY_CAPABILITY_UNSET)
		p->messages.capability = POLICY_CAPABILITY_ACCEPT;
	if (p->messages.pin == POLICY_PIN_UNSET)
		p->messages.pin = POLICY_PIN_OFF;
	if (p->messages.descriptions == POLICY_DESCRIPTIONS_UNSET)
		p->messages.descriptions = POLICY_DESCRIPTIONS_FLAG;
}
