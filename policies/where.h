/* SPDX-License-Identifier: Apache-2.0 */
/*
 * where - a condition of a rule on one value among a call's arguments
 *
 * The value is named by a JSON Pointer (RFC 6901) into `arguments`; a segment "*" means
 * every element or member there.  A condition is true, false, or not certain: a peer may
 * read "5" as 5, `["x"]` as "x", and a path with ".." as another one than it looks.
 * What is not certain never helps an "allow" rule and always helps a "deny" one; see
 * policies/decide.c.
 *
 * Here are the conditions; walking through a message to the value is the caller's.
 */
#ifndef POLICIES_WHERE_H
#define POLICIES_WHERE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/strv.h"

/* Segments of one pointer: bounds the walk. */
#define WHERE_SEGMENTS 16

enum policy_truth { POLICY_NO = 0, POLICY_UNSURE, POLICY_YES };

enum where_type {
	WHERE_ABSENT = 0,
	WHERE_NULL,
	WHERE_FALSE,
	WHERE_TRUE,
	WHERE_NUMBER,
	WHERE_STRING,
	WHERE_CONTAINER, /* an array or an object */
};

/* A value as a message has it: the decoded text of a string, a number as it is written. */
struct where_value {
	enum where_type type;
	const char *text;
	size_t len;
};

enum where_kind {
	WHERE_EQUALS = 0, /* one of `texts`, each behind a letter for its type */
	WHERE_PREFIX,	  /* begins with one of `texts` */
	WHERE_GLOB,	  /* matches one of `texts` */
	WHERE_UNDER,	  /* a path at or below one of `texts` */
	WHERE_RANGE,	  /* a number from min to max */
	WHERE_PRESENT,	  /* is there, or is not there */
};

struct policy_where {
	enum where_kind kind;
	struct strv segments; /* of the pointer, decoded */
	struct strv texts;
	bool has_min, has_max, is_present;
	int64_t min, max;
};

/* The first letters of WHERE_EQUALS' texts: "sTEXT", "n5", "t", "f", "0" (null). */
enum where_letter {
	WHERE_IS_STRING = 's',
	WHERE_IS_NUMBER = 'n',
	WHERE_IS_TRUE = 't',
	WHERE_IS_FALSE = 'f',
	WHERE_IS_NULL = '0',
};

/* Segments of a pointer, appended to *ret.  Return: 0, -EINVAL, -ENOMEM. */
int where_parse(const char *pointer, struct strv *ret);

/* Does the value fulfil the condition? */
enum policy_truth where_test(const struct policy_where *w, const struct where_value *v);

/* Both hold together, for every element that "*" stands for: equal, or not certain. */
enum policy_truth where_all(enum policy_truth a, enum policy_truth b);

/* Is the path at or below `top`?  Lexically; unsure for what could be read two ways. */
enum policy_truth where_is_under(const char *top, const char *path, size_t len);

void where_done(struct policy_where *w);

#endif /* POLICIES_WHERE_H */
