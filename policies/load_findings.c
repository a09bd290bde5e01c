/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "policies/load_findings.h"
#include "policies/match.h"
#include "policies/policy.h"
#include "scan/scan.h"

__attribute__((format(printf, 2, 3))) static int refuse(struct load_fault *fault, const char *fmt,
							...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(fault->words, sizeof(fault->words), fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int check_list(json_t *value, struct load_fault *fault)
{
	*fault = (struct load_fault){0};
	if (!json_is_array(value) || json_array_size(value) > LIMIT_RULES)
		return refuse(fault, "must be a list of at most %d", LIMIT_RULES);
	return 0;
}

/* --- findings ----------------------------------------------------------------------------- */

/* A class that no scanner finds would be a promise that nobody keeps. */
static int check_match(const char *glob, enum policy_finding then, struct load_fault *fault)
{
	bool is_known = false, is_personal = false;
	const char *class;

	for (size_t i = 0; (class = scan_class_name(i)); i++) {
		if (!match_glob(glob, class, strlen(class)))
			continue;
		is_known = true;
		is_personal = is_personal || scan_personal(class);
	}
	if (!is_known)
		return refuse(fault, "\"%.64s\" matches no class; mcp-confine(1) has those of personal "
				     "data under --pii, and scan shows those of tokens", glob);
	if (then == POLICY_FINDING_PSEUDONYM && !is_personal)
		return refuse(fault, "\"%.64s\" is no personal data, and only that has pseudonyms; "
				     "redact it", glob);
	return 0;
}

static int load_word(json_t *value, const char *const *words, size_t n, size_t *ret)
{
	const char *text = json_string_value(value);

	for (size_t i = 0; text && i < n; i++)
		if (words[i] && !strcmp(words[i], text)) {
			*ret = i;
			return 0;
		}
	return -EINVAL;
}

static int load_finding(json_t *value, struct policy_finding_rule *rule, struct load_fault *fault)
{
	static const char *const then_words[] = { [POLICY_FINDING_BLOCK] = "block",
						  [POLICY_FINDING_REDACT] = "redact",
						  [POLICY_FINDING_PSEUDONYM] = "pseudonym",
						  [POLICY_FINDING_ALERT] = "alert" };
	static const char *const direction_words[] = { [POLICY_TO_CLIENT] = "to_client",
						       [POLICY_TO_SERVER] = "to_server",
						       [POLICY_BOTH] = "both" };
	const char *match = json_string_value(json_object_get(value, "match")), *key;
	json_t *direction = json_object_get(value, "direction"), *child;
	size_t word = POLICY_BOTH;

	json_object_foreach(value, key, child)
		if (strcmp(key, "match") && strcmp(key, "direction") && strcmp(key, "then"))
			return refuse(fault, "unknown member \"%.64s\" of a finding", key);
	if (!match || !*match)
		return refuse(fault, "a finding is {\"match\": class or glob, \"direction\": "
				     "\"to_client\", \"to_server\" or \"both\", \"then\": action}");
	if (direction && load_word(direction, direction_words, 4, &word) < 0)
		return refuse(fault, "\"direction\" must be one of to_client|to_server|both");
	rule->direction = (enum policy_direction)word;
	if (load_word(json_object_get(value, "then"), then_words, 5, &word) < 0)
		return refuse(fault, "\"then\" must be one of block|redact|pseudonym|alert");
	rule->then = (enum policy_finding)word;
	rule->match = strdup(match);
	return rule->match ? check_match(match, rule->then, fault) : -ENOMEM;
}

int load_finding_rules(json_t *value, struct policy_findings *ret, struct load_fault *fault)
{
	json_t *element;
	size_t i;
	int r = check_list(value, fault);

	if (r < 0)
		return r;
	ret->v = calloc(json_array_size(value) + 1, sizeof(*ret->v));
	if (!ret->v)
		return -ENOMEM;
	json_array_foreach(value, i, element) {
		fault->path[0] = (struct locate_step){ NULL, i };
		fault->depth = 1;
		r = load_finding(element, &ret->v[ret->n++], fault);
		if (r < 0)
			return r;
	}
	fault->depth = 0;
	return 0;
}

/* --- exemptions --------------------------------------------------------------------------- */

static int load_exemption(json_t *value, struct policy_exemption *e, struct load_fault *fault)
{
	const char *tool = json_string_value(json_object_get(value, "tool"));
	const char *pointer = json_string_value(json_object_get(value, "pointer"));
	int r;

	if (!tool || !*tool || !pointer || !*pointer || json_object_size(value) != 2)
		return refuse(fault, "an exemption is {\"tool\": the exact name, \"pointer\": JSON "
				     "Pointer of one field of its arguments}");
	if (strpbrk(tool, "*?"))
		return refuse(fault, "\"tool\" must be the exact name of one tool, no glob");
	e->tool = strdup(tool);
	e->pointer = strdup(pointer);
	if (!e->tool || !e->pointer)
		return -ENOMEM;
	r = where_parse(pointer, &e->segments);
	if (r == -EINVAL || strv_has(&e->segments, "*"))
		return refuse(fault, "\"pointer\" must be a JSON Pointer of at most %d segments, "
				     "without a wildcard", WHERE_SEGMENTS);
	return r;
}

int load_exemptions(json_t *value, struct policy_findings *ret, struct load_fault *fault)
{
	json_t *element;
	size_t i;
	int r = check_list(value, fault);

	if (r < 0)
		return r;
	ret->exempt = calloc(json_array_size(value) + 1, sizeof(*ret->exempt));
	if (!ret->exempt)
		return -ENOMEM;
	json_array_foreach(value, i, element) {
		fault->path[0] = (struct locate_step){ NULL, i };
		fault->depth = 1;
		r = load_exemption(element, &ret->exempt[ret->n_exempt++], fault);
		if (r < 0)
			return r;
	}
	fault->depth = 0;
	return 0;
}
