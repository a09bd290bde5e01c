/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "policies/policy.h"

static void client_done(struct policy_client *c)
{
	char *all[] = { c->issuer, c->client_id, c->credential_file, c->key_id, c->algorithm,
			c->spiffe_socket, c->ca_file };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		free(all[i]);
}

void policy_ciba_done(struct policy_ciba *c)
{
	char *all[] = { c->scope, c->login_hint, c->login_hint_token_file, c->id_token_hint_file,
			c->approver, c->acr_values, c->user_code_file, c->details_type, c->resource,
			c->request_key_file, c->request_key_id };

	client_done(&c->client);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		free(all[i]);
	*c = (struct policy_ciba){0};
}

static void delegation_done(struct policy_delegation *d)
{
	char *all[] = { d->subject_token_file, d->actor_token_file, d->audience, d->resource,
			d->scope, d->actor, d->environment, d->file };

	client_done(&d->client);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		free(all[i]);
}

static void pdp_done(struct policy_pdp *d)
{
	free(d->url);
	free(d->socket);
	free(d->path);
	free(d->token_file);
	free(d->ca_file);
	free(d->principal);
	free(d->agent);
	free(d->model);
	free(d->model_version);
	free(d->scope);
}

static void scim_done(struct policy_scim *s)
{
	free(s->url);
	free(s->socket);
	free(s->id);
	free(s->token_file);
	free(s->ca_file);
}

static void rules_done(struct policy_rules *layers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < layers[i].n; j++) {
			struct policy_rule *rule = &layers[i].v[j];

			for (size_t k = 0; k < rule->n_where; k++)
				where_done(&rule->where[k]);
			free(rule->where);
			free(rule->match);
		}
		free(layers[i].v);
	}
	free(layers);
}

static void findings_done(struct policy_findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->v[i].match);
	free(f->v);
	for (size_t i = 0; i < f->n_exempt; i++) {
		free(f->exempt[i].tool);
		free(f->exempt[i].pointer);
		strv_done(&f->exempt[i].segments);
	}
	free(f->exempt);
}

void policy_done(struct policy *p)
{
	struct policy_messages *m = &p->messages;
	struct policy_sandbox *s = &p->sandbox;

	rules_done(m->tools, m->n_tools);
	rules_done(m->prompts, m->n_prompts);
	rules_done(m->resources, m->n_resources);
	for (size_t i = 0; i < m->n_findings; i++)
		findings_done(&m->findings[i]);
	free(m->findings);
	strv_done(&m->roots);
	for (size_t i = 0; i < m->n_rates; i++)
		free(m->rates[i].match);
	free(m->rates);
	strv_done(&m->methods);
	strv_done(&m->denied_methods);
	for (size_t i = 0; i < s->n_ceilings; i++) {
		strv_done(&s->ceilings[i].read);
		strv_done(&s->ceilings[i].write);
		strv_done(&s->ceilings[i].overlay);
	}
	free(s->ceilings);
	strv_done(&s->read);
	strv_done(&s->write);
	strv_done(&s->overlay);
	strv_done(&s->unprotect);
	strv_done(&s->network.connect);
	strv_done(&s->network.addresses);
	strv_done(&s->network.connect_ceiling);
	strv_done(&s->network.addresses_ceiling);
	free(s->network.proxy);
	free(s->network.proxy_credentials);
	strv_done(&s->network.proxy_except);
	free(s->network.ca_file);
	strv_done(&s->env_pass);
	strv_done(&s->env_set);
	strv_done(&s->env_files);
	free(s->socket);
	strv_done(&p->command);
	strv_done(&p->command_files);
	strv_done(&p->packages);
	strv_done(&p->notes);
	policy_ciba_done(&p->approval.ciba);
	pdp_done(&p->pdp);
	assessment_done(&p->assessment);
	free(p->registry_npm);
	free(p->registry_pypi);
	delegation_done(&p->delegation);
	scim_done(&p->revocation.scim);
	free(p->agent.id);
	free(p->agent.spiffe_id);
	free(p->server);
	free(p->about);
	*p = (struct policy){0};
}
