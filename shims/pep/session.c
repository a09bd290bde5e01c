/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "shims/pep/session.h"

static size_t find(const struct session_table *t, const char *id, size_t len, bool is_string)
{
	size_t i = 0;

	while (i < t->n && !(t->v[i].len == len && t->v[i].is_string == is_string &&
			     !memcmp(t->v[i].id, id, len)))
		i++;
	return i;
}

int session_add(struct session_table *t, const char *id, size_t len, bool is_string,
		enum session_about about, bool is_modern)
{
	struct session_request *r;

	if (len > LIMIT_ID || t->n == LIMIT_IN_FLIGHT)
		return -ENOSPC;
	if (find(t, id, len, is_string) < t->n)
		return -EEXIST;
	r = &t->v[t->n++];
	r->about = about;
	r->is_modern = is_modern;
	r->is_string = is_string;
	r->len = (unsigned short)len;
	memcpy(r->id, id, len);
	return 0;
}

int session_take(struct session_table *t, const char *id, size_t len, bool is_string,
		 struct session_request *ret)
{
	size_t i = find(t, id, len, is_string);

	if (i == t->n)
		return 0;
	*ret = t->v[i];
	t->v[i] = t->v[--t->n];
	return 1;
}
