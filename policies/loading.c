/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/limits.h"
#include "policies/load_rules.h"
#include "policies/loading.h"
#include "policies/policy.h"

int loading_refuse(struct loading *l, const char *fmt, ...)
{
	size_t line, column;
	char words[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	locate(l->text, l->len, l->path, l->depth, &line, &column);
	return err_set(l->err, EINVAL, "%s:%zu:%zu: %s", l->origin, line, column, words);
}

int loading_no_memory(struct loading *l)
{
	return err_errno(l->err, ENOMEM, "%s", l->origin);
}

/* A word of a list "private|persistent": its place, from 1. */
int loading_word(struct loading *l, json_t *value, const char *words, int *ret)
{
	const char *text = json_string_value(value);
	int n = 1;

	for (const char *p = words; text; n++) {
		size_t len = strcspn(p, "|");

		if (strlen(text) == len && !strncmp(p, text, len)) {
			*ret = n;
			return 0;
		}
		if (!p[len])
			break;
		p += len + 1;
	}
	return loading_refuse(l, "must be one of %s", words);
}

/* 512, "64M": bytes, with binary K, M, G; plain numbers for counts too. */
int loading_size(struct loading *l, json_t *value, uint64_t min, uint64_t max, uint64_t *ret)
{
	static const char units[] = "KMG";
	const char *text = json_string_value(value);
	uint64_t n = 0;

	if (json_is_integer(value) && json_integer_value(value) > 0) {
		n = (uint64_t)json_integer_value(value);
	} else if (text) {
		size_t digits = strspn(text, "0123456789");
		const char *unit = strchr(units, text[digits]);

		if (digits < 1 || digits > 12 || !text[digits] || !unit || text[digits + 1])
			return loading_refuse(l, "must be a number or one like \"64M\" (K, M or G)");
		n = strtoull(text, NULL, 10);
		/* Above every bound, and it would come round to a small one. */
		if (n > UINT64_MAX >> (10 * (unit - units + 1)))
			return loading_refuse(l, "must be at most %llu", (unsigned long long)max);
		n <<= 10 * (unit - units + 1);
	} else {
		return loading_refuse(l, "must be a positive number or one like \"64M\"");
	}
	if (n < min || n > max)
		return loading_refuse(l, "must be from %llu to %llu", (unsigned long long)min,
			      (unsigned long long)max);
	*ret = n;
	return 0;
}

int loading_strings(struct loading *l, json_t *value, loading_item item, struct strv *list)
{
	json_t *element;
	size_t i;

	if (!json_is_array(value))
		return loading_refuse(l, "must be a list of strings");
	if (json_array_size(value) > LIMIT_RULES)
		return loading_refuse(l, "more than %d entries", LIMIT_RULES);
	json_array_foreach(value, i, element) {
		int r;

		l->path[l->depth++] = (struct locate_step){ NULL, i };
		r = json_is_string(element) ? item(l, json_string_value(element), list) :
					      loading_refuse(l, "must be a string");
		if (r < 0)
			return r;
		l->depth--;
	}
	return 0;
}

int loading_plain(struct loading *l, const char *text, struct strv *list)
{
	if (!*text)
		return loading_refuse(l, "must not be empty");
	return strv_add(list, text) < 0 ? loading_no_memory(l) : 0;
}

/* Absolute or below ~, without "..": what it names is resolved later, and only once. */
int loading_path(struct loading *l, const char *text, struct strv *list)
{
	bool is_home = !strcmp(text, "~") || !strncmp(text, "~/", 2);

	if (text[0] != '/' && !is_home)
		return loading_refuse(l, "must be an absolute path or begin with ~/");
	if (strlen(text) >= PATH_MAX - 256)
		return loading_refuse(l, "longer than a path can be");
	for (const char *p = text; (p = strstr(p, "..")); p += 2)
		if ((p[2] == '/' || !p[2]) && p > text && p[-1] == '/')
			return loading_refuse(l, "must not hold \"..\"");
	return strv_addf(list, "%s%s", is_home ? l->home : "", is_home ? text + 1 : text) < 0 ?
		       loading_no_memory(l) :
		       0;
}

int loading_object(struct loading *l, json_t *value, const struct loading_member *members)
{
	json_t *child;
	const char *key;

	if (!json_is_object(value))
		return loading_refuse(l, "must be an object");
	json_object_foreach(value, key, child) {
		const struct loading_member *m = members;
		int r;

		l->path[l->depth++] = (struct locate_step){ key, 0 };
		while (m->name && strcmp(m->name, key) != 0)
			m++;
		r = m->name ? m->load(l, child) :
			      loading_refuse(l, "unknown member \"%.64s\"; this version has no such thing",
				     key);
		if (r < 0)
			return r;
		l->depth--;
	}
	return 0;
}

/* What is wrong in a part that another module loads, with its place in the document. */
int loading_faulty(struct loading *l, int r, const struct load_fault *fault)
{
	if (r == 0)
		return 0;
	if (!fault->words[0])
		return loading_no_memory(l);
	for (size_t i = 0; i < fault->depth && l->depth < LOADING_DEPTH; i++)
		l->path[l->depth++] = fault->path[i];
	return loading_refuse(l, "%s", fault->words);
}
