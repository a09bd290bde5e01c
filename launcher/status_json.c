/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/revocation.h"
#include "launcher/status.h"
#include "launcher/tier.h"

static const char *need_name(unsigned int need)
{
	return need == TRIAL_FOR_BOTH	   ? "both" :
	       need == TRIAL_FOR_FULL	   ? "full" :
	       need == TRIAL_FOR_NOUSERNS ? "nouserns" :
					    "none";
}

static json_t *json_of(const struct status *s, const struct trial *t)
{
	json_t *one = json_pack("{s:s,s:s,s:s,s:s}", "id", t->id, "name", t->name, "needed_by",
				need_name(t->need), "state",
				!t->error			? "works" :
				t->error == TRIAL_NOT_TRIED ? "not_tried" :
								"fails");
	struct cause c;

	if (t->error <= 0)
		return one;
	cause_judge(t->step, t->error, &s->facts, &c);
	if (t->error == EBADE)
		json_object_set_new(one, "error", json_string("no effect"));
	else
		json_object_set_new(one, "error", json_string(strerrorname_np(t->error)));
	if (t->need != TRIAL_OPTIONAL) {
		json_object_set_new(one, "why", json_string(c.why));
		json_object_set_new(one, "mend", json_string(c.mend));
	}
	return one;
}

/* A part of a list as text that JSON can hold. */
static json_t *plain(const char *text, size_t len)
{
	char part[REVOKED_LINE], safe[REVOKED_LINE];

	snprintf(part, sizeof(part), "%.*s", (int)len, text ? text : "");
	return json_string(err_printable(safe, sizeof(safe), part));
}

/* What is revoked, an object for each entry: who says it, and what. */
static json_t *revoked(const struct status *s)
{
	json_t *all = json_array();

	for (int i = 0; i < 2 && s->user; i++) {
		cleanup_free char *path = NULL, *text = NULL;
		struct revoked_entry e;
		struct err err = {0};
		size_t len, at = 0, line = 0;
		int r = revocation_read(s->user, i, &path, &text, &len, &err);

		while (r == 0 && text && revoked_next(text, len, &at, &line, &e, &err) > 0)
			json_array_append_new(all, json_pack("{s:s,s:s,s:o,s:o}", "file", path, "kind",
							     revoked_word(e.kind), "name",
							     plain(e.name, e.name_len), "reason",
							     plain(e.reason, e.reason_len)));
		if (err.code)
			json_array_append_new(all, json_pack("{s:s,s:s,s:s}", "file", path ? path : "",
							     "kind", "unreadable", "reason", err.text));
	}
	return all;
}

int status_json(const struct status *s)
{
	json_auto_t *root = json_pack(
		"{s:i,s:s,s:{s:s,s:s},s:{s:i,s:i},s:s,s:b,s:s}", "schema", 1, "version", VERSION,
		"kernel", "release", s->kernel.release, "machine", s->kernel.machine, "landlock",
		"abi", s->abi, "errata", s->errata < 0 ? 0 : s->errata, "container",
		s->facts.container, "pep", s->has_pep, "tier", tier_name(s->tier));
	json_t *all = json_array(), *losses = json_array();
	cleanup_free char *text = NULL;
	const char *lost[TIER_LOSSES];
	size_t n = s->tier == POLICY_TIER_NOUSERNS ? tier_losses(s->abi, lost) : 0;

	for (size_t i = 0; i < s->n; i++)
		json_array_append_new(all, json_of(s, &s->v[i]));
	for (size_t i = 0; i < n; i++)
		json_array_append_new(losses, json_string(lost[i]));
	json_object_set_new(root, "revoked", revoked(s));
	json_object_set_new(root, "lost", losses);
	json_object_set_new(root, "mechanisms", all);
	text = root ? json_dumps(root, JSON_INDENT(1) | JSON_ENSURE_ASCII) : NULL;
	if (!text || puts(text) < 0)
		return -ENOMEM;
	return 0;
}
