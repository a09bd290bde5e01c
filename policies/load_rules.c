/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "policies/load_rules.h"
#include "policies/policy.h"

struct rules_loading {
	const char *home;
	enum load_subject subject;
	struct policy_rules *rules;
	struct load_fault *fault;
};

__attribute__((format(printf, 2, 3))) static int refuse(struct rules_loading *l, const char *fmt,
							...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(l->fault->words, sizeof(l->fault->words), fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static void enter(struct rules_loading *l, const char *key, size_t index)
{
	l->fault->path[l->fault->depth++] = (struct locate_step){ key, index };
}

static void leave(struct rules_loading *l)
{
	l->fault->depth--;
}

/* --- one condition ------------------------------------------------------------------------ */

static int add_scalar(struct rules_loading *l, json_t *v, struct strv *texts)
{
	if (json_is_string(v))
		return strv_addf(texts, "%c%s", WHERE_IS_STRING, json_string_value(v));
	if (json_is_integer(v))
		return strv_addf(texts, "%c%lld", WHERE_IS_NUMBER, (long long)json_integer_value(v));
	if (json_is_boolean(v))
		return strv_addf(texts, "%c", json_is_true(v) ? WHERE_IS_TRUE : WHERE_IS_FALSE);
	if (json_is_null(v))
		return strv_addf(texts, "%c", WHERE_IS_NULL);
	return refuse(l, "must be a string, an integer, true, false or null");
}

static int add_path(struct rules_loading *l, const char *text, struct strv *texts)
{
	bool is_home = !strcmp(text, "~") || !strncmp(text, "~/", 2);

	if (text[0] != '/' && !is_home)
		return refuse(l, "must be an absolute path or begin with ~/");
	if (!is_home && where_is_under("/", text, strlen(text)) != POLICY_YES)
		return refuse(l, "must not hold \"..\", a backslash or an encoded byte");
	return strv_addf(texts, "%s%s", is_home ? l->home : "", is_home ? text + 1 : text);
}

static int add_text(struct rules_loading *l, enum where_kind kind, json_t *v, struct strv *texts)
{
	const char *text = json_string_value(v);

	if (kind == WHERE_EQUALS)
		return add_scalar(l, v, texts);
	if (!text || !*text)
		return refuse(l, "must be a string, and not empty");
	return kind == WHERE_UNDER ? add_path(l, text, texts) : strv_add(texts, text);
}

/* One value, or a list of which one must fit. */
static int add_texts(struct rules_loading *l, json_t *v, struct policy_where *w)
{
	json_t *element;
	size_t i;
	int r = 0;

	if (!json_is_array(v))
		return add_text(l, w->kind, v, &w->texts);
	if (!json_array_size(v) || json_array_size(v) > LIMIT_RULES)
		return refuse(l, "must be a list of 1 to %d values", LIMIT_RULES);
	json_array_foreach(v, i, element) {
		enter(l, NULL, i);
		r = add_text(l, w->kind, element, &w->texts);
		if (r < 0)
			break;
		leave(l);
	}
	return r;
}

static struct policy_where *add_where(struct policy_rule *rule, enum where_kind kind,
				      const char *pointer, int *ret)
{
	struct policy_where *grown =
		reallocarray(rule->where, rule->n_where + 1, sizeof(*grown)), *w;

	*ret = -ENOMEM;
	if (!grown)
		return NULL;
	rule->where = grown;
	w = &grown[rule->n_where++];
	*w = (struct policy_where){ .kind = kind };
	*ret = where_parse(pointer, &w->segments);
	return *ret < 0 ? NULL : w;
}

static int load_range(struct rules_loading *l, json_t *tests, struct policy_rule *rule,
		      const char *pointer)
{
	json_t *min = json_object_get(tests, "min"), *max = json_object_get(tests, "max");
	struct policy_where *w;
	int r;

	if ((min && !json_is_integer(min)) || (max && !json_is_integer(max)))
		return refuse(l, "min and max must be integers");
	w = add_where(rule, WHERE_RANGE, pointer, &r);
	if (!w)
		return r;
	w->has_min = min;
	w->has_max = max;
	w->min = json_integer_value(min);
	w->max = json_integer_value(max);
	return min && max && w->min > w->max ? refuse(l, "min is greater than max") : 0;
}

static int load_test(struct rules_loading *l, const char *name, json_t *value, json_t *tests,
		     struct policy_rule *rule, const char *pointer)
{
	static const char *const names[] = {
		[WHERE_EQUALS] = "equals", [WHERE_PREFIX] = "prefix",  [WHERE_GLOB] = "glob",
		[WHERE_UNDER] = "under",   [WHERE_PRESENT] = "present",
	};
	struct policy_where *w;
	int r;

	/* Both make one condition: it is loaded with the first of them. */
	if (!strcmp(name, "min") || (!strcmp(name, "max") && !json_object_get(tests, "min")))
		return load_range(l, tests, rule, pointer);
	if (!strcmp(name, "max"))
		return 0;
	for (size_t kind = 0; kind < sizeof(names) / sizeof(*names); kind++) {
		if (!names[kind] || strcmp(names[kind], name) != 0)
			continue;
		if (kind == WHERE_PRESENT && !json_is_boolean(value))
			return refuse(l, "must be true or false");
		w = add_where(rule, (enum where_kind)kind, pointer, &r);
		if (!w)
			return r;
		w->is_present = json_is_true(value);
		return kind == WHERE_PRESENT ? 0 : add_texts(l, value, w);
	}
	return refuse(l, "unknown condition; it is one of equals, prefix, glob, under, min, max, "
			 "present");
}

static int load_pointer(struct rules_loading *l, const char *pointer, json_t *tests,
			struct policy_rule *rule)
{
	struct strv segments = {0};
	const char *name;
	json_t *value;
	int r = where_parse(pointer, &segments);

	strv_done(&segments);
	if (r == -EINVAL || !*pointer)
		return refuse(l, "must be a JSON Pointer of at most %d segments: \"/path\"",
			      WHERE_SEGMENTS);
	if (r < 0)
		return r;
	if (!json_is_object(tests) || !json_object_size(tests))
		return refuse(l, "must be an object with a condition: {\"equals\": value}");
	json_object_foreach(tests, name, value) {
		enter(l, name, 0);
		r = load_test(l, name, value, tests, rule, pointer);
		if (r < 0)
			return r;
		leave(l);
	}
	return 0;
}

/* --- one rule ----------------------------------------------------------------------------- */

static int load_then(struct rules_loading *l, json_t *value, struct policy_rule *rule)
{
	static const char *const words[] = { [POLICY_DENY] = "deny", [POLICY_APPROVE] = "approve",
					     [POLICY_ALLOW] = "allow" };
	const char *text = json_string_value(value);

	for (size_t i = 0; text && i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(words[i], text)) {
			rule->then = (enum policy_decision)i;
			return 0;
		}
	return refuse(l, "must be one of deny|approve|allow");
}

static int load_match(struct rules_loading *l, json_t *value, struct policy_rule *rule)
{
	const char *text = json_string_value(value);
	size_t scheme;

	if (!text || !*text)
		return refuse(l, "must be a name or a glob, and not empty");
	if (l->subject == LOAD_URIS && !strncmp(text, "file://~/", 9))
		return asprintf(&rule->match, "file://%s%s", l->home, text + 8) < 0 ? -ENOMEM : 0;
	scheme = strcspn(text, ":*?");
	/* A rule that no normal form can match would be a promise that nobody keeps. */
	if (l->subject == LOAD_URIS && (strstr(text, "/../") || strstr(text, "/./") ||
					strcspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ/") < scheme))
		return refuse(l, "must be a URI with its scheme in lower case and without dots "
				 "as segments, or a glob of one");
	rule->match = strdup(text);
	return rule->match ? 0 : -ENOMEM;
}

static int load_arguments(struct rules_loading *l, json_t *value, struct policy_rule *rule)
{
	const char *pointer;
	json_t *tests;
	int r;

	if (l->subject == LOAD_URIS)
		return refuse(l, "a resource has no arguments");
	if (!json_is_object(value))
		return refuse(l, "must be an object of JSON Pointers: {\"/path\": {...}}");
	json_object_foreach(value, pointer, tests) {
		enter(l, pointer, 0);
		r = load_pointer(l, pointer, tests, rule);
		if (r < 0)
			return r;
		leave(l);
	}
	return 0;
}

static int load_rule(struct rules_loading *l, json_t *value)
{
	struct policy_rule *rule = &l->rules->v[l->rules->n];
	const char *key;
	json_t *child;
	int r;

	if (!json_object_get(value, "match") || !json_object_get(value, "then"))
		return refuse(l, "a rule is {\"match\": name or glob, \"then\": \"allow\", "
				 "\"approve\" or \"deny\"}");
	l->rules->n++;
	json_object_foreach(value, key, child) {
		enter(l, key, 0);
		if (!strcmp(key, "match"))
			r = load_match(l, child, rule);
		else if (!strcmp(key, "then"))
			r = load_then(l, child, rule);
		else if (!strcmp(key, "arguments"))
			r = load_arguments(l, child, rule);
		else
			r = refuse(l, "unknown member \"%.64s\" of a rule", key);
		if (r < 0)
			return r;
		leave(l);
	}
	return 0;
}

int load_rules(json_t *value, enum load_subject subject, const char *home,
	       struct policy_rules *ret, struct load_fault *fault)
{
	struct rules_loading l = { home, subject, ret, fault };
	json_t *element;
	size_t i;
	int r;

	*fault = (struct load_fault){0};
	*ret = (struct policy_rules){0};
	if (!json_is_array(value) || json_array_size(value) > LIMIT_RULES)
		return refuse(&l, "must be a list of at most %d rules", LIMIT_RULES);
	ret->v = calloc(json_array_size(value) + 1, sizeof(*ret->v));
	if (!ret->v)
		return -ENOMEM;
	json_array_foreach(value, i, element) {
		enter(&l, NULL, i);
		r = load_rule(&l, element);
		if (r < 0)
			return r;
		leave(&l);
	}
	return 0;
}
