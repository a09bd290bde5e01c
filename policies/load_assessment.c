/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "policies/load_assessment.h"
#include "policies/loading.h"
#include "policies/policy.h"

#define TEXT_MAX 1024

/* One line: it stands in a line of a report. */
static int take_line(struct loading *l, json_t *value, char **ret)
{
	const char *text = json_string_value(value);

	if (!text || !*text || strlen(text) > TEXT_MAX)
		return loading_refuse(l, "must be a text of 1 to %d bytes", TEXT_MAX);
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return loading_refuse(l, "must be one line, without control characters");
	*ret = strdup(text);
	return *ret ? 0 : loading_no_memory(l);
}

static int take_date(struct loading *l, json_t *value, int32_t *ret)
{
	const char *text = json_string_value(value);

	if (!text || !assessment_parse_date(text, ret))
		return loading_refuse(l, "must be a day, like \"2026-01-31\"");
	return 0;
}

static int load_owner(struct loading *l, json_t *v)
{
	return take_line(l, v, &l->policy->assessment.owner);
}

static int load_purpose(struct loading *l, json_t *v)
{
	return take_line(l, v, &l->policy->assessment.purpose);
}

static int load_data(struct loading *l, json_t *v)
{
	return take_line(l, v, &l->policy->assessment.data);
}

static int load_risks(struct loading *l, json_t *v)
{
	return take_line(l, v, &l->policy->assessment.risks);
}

static int load_decision(struct loading *l, json_t *v)
{
	int n, r = loading_word(l, v, "rejected|conditional|accepted", &n);

	if (r == 0)
		l->policy->assessment.decision = (enum assessment_decision)(n - 1);
	return r;
}

static int load_assessed(struct loading *l, json_t *v)
{
	return take_date(l, v, &l->policy->assessment.assessed);
}

static int load_review_by(struct loading *l, json_t *v)
{
	return take_date(l, v, &l->policy->assessment.review_by);
}

int load_assessment(struct loading *l, json_t *value)
{
	static const struct loading_member members[] = {
		{ "owner", load_owner },	 { "purpose", load_purpose },
		{ "data", load_data },		 { "risks", load_risks },
		{ "decision", load_decision },	 { "assessed", load_assessed },
		{ "review_by", load_review_by }, {0},
	};
	struct assessment *a = &l->policy->assessment;
	int r = loading_object(l, value, members);

	if (r < 0)
		return r;
	for (const struct loading_member *m = members; m->name; m++)
		if (m->load != load_review_by && !json_object_get(value, m->name))
			return loading_refuse(l, "\"%s\" is missing", m->name);
	if (a->review_by && a->review_by <= a->assessed)
		return loading_refuse(l, "\"review_by\" must be after \"assessed\"");
	a->is_set = true;
	return 0;
}
