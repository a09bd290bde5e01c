/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loading - what the parts of the loader share: where in the document they are, and how a
 * value of each shape is read
 *
 * For policies/load*.c alone.  Each function returns 0, or -EINVAL or -ENOMEM with words
 * that name the file, line and column of the value that is wrong.
 */
#ifndef POLICIES_LOADING_H
#define POLICIES_LOADING_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "common/strv.h"
#include "policies/locate.h"

struct err;
struct load_fault;
struct policy;

#define LOADING_DEPTH 12 /* messages, tools, 0, arguments, /path, under, 0 */

struct loading {
	const char *text, *origin, *home;
	size_t len;
	struct locate_step path[LOADING_DEPTH];
	size_t depth;
	struct policy *policy;
	struct err *err;
};

typedef int (*loading_load)(struct loading *l, json_t *value);

struct loading_member {
	const char *name;
	loading_load load;
};

/* One string of a list, onto the list. */
typedef int (*loading_item)(struct loading *l, const char *text, struct strv *list);

__attribute__((format(printf, 2, 3))) int loading_refuse(struct loading *l, const char *fmt, ...);
int loading_no_memory(struct loading *l);

/* One of "a|b|c": *ret is 1 for the first. */
int loading_word(struct loading *l, json_t *value, const char *words, int *ret);

/* A number, or one with K, M or G behind it, in [min, max]. */
int loading_size(struct loading *l, json_t *value, uint64_t min, uint64_t max, uint64_t *ret);

/* A list of strings, each by item; and the usual items: any text, and a path. */
int loading_strings(struct loading *l, json_t *value, loading_item item, struct strv *list);
int loading_plain(struct loading *l, const char *text, struct strv *list);
int loading_path(struct loading *l, const char *text, struct strv *list);

/* An object with these members and no others; the table ends with {0}. */
int loading_object(struct loading *l, json_t *value, const struct loading_member *members);

/* What is wrong in a part that another module loads, with its place in the document. */
int loading_faulty(struct loading *l, int r, const struct load_fault *fault);

/* A member whose words stand in the order of its enum in policy.h. */
#define LOADING_ENUM(function, words, field, type)                                        \
	static int function(struct loading *l, json_t *v)                                \
	{                                                                                \
		int n, r = loading_word(l, v, words, &n);                                        \
										         \
		if (r == 0)                                                              \
			l->policy->field = (type)n;                                      \
		return r;                                                                \
	}

#endif /* POLICIES_LOADING_H */
