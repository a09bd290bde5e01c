/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "policies/policy.h"

void policy_done(struct policy *p)
{
	struct policy_messages *m = &p->messages;
	struct policy_sandbox *s = &p->sandbox;

	for (size_t i = 0; i < m->n_tools; i++) {
		for (size_t j = 0; j < m->tools[i].n; j++)
			free(m->tools[i].v[j].match);
		free(m->tools[i].v);
	}
	free(m->tools);
	strv_done(&m->methods);
	for (size_t i = 0; i < s->n_ceilings; i++) {
		strv_done(&s->ceilings[i].read);
		strv_done(&s->ceilings[i].write);
	}
	free(s->ceilings);
	strv_done(&s->read);
	strv_done(&s->write);
	strv_done(&s->env_pass);
	strv_done(&s->env_set);
	strv_done(&s->env_files);
	strv_done(&p->command);
	strv_done(&p->command_files);
	strv_done(&p->packages);
	strv_done(&p->notes);
	free(p->server);
	*p = (struct policy){0};
}
