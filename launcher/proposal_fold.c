/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "launcher/path.h"
#include "launcher/proposal.h"
#include "launcher/proposal_judge.h"
#include "launcher/walk.h"

static int by_path(const void *a, const void *b)
{
	const struct proposal_item *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static bool is_file_in(const struct proposal_item *i, const char *dir, bool is_writable)
{
	size_t len = strlen(dir);

	return !i->why && !i->is_dir && i->is_writable == is_writable &&
	       !strncmp(i->path, dir, len) && i->path[len] == '/' && !strchr(i->path + len + 1, '/');
}

/* Does it hold something by a name that is never proposed itself? */
static bool holds_secret(const struct proposal *p, const char *dir)
{
	static const char *const some[] = { ".env", ".env.local", "id_rsa", "id_ed25519", ".npmrc",
					    "credentials.json", ".netrc", ".pypirc", "secrets" };

	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].why && walk_is_below(p->v[i].path, dir))
			return true;
	for (size_t i = 0; i < sizeof(some) / sizeof(*some); i++) {
		cleanup_free char *path = path_make("%s/%s", dir, some[i]);

		if (!path || access(path, F_OK) == 0)
			return true;
	}
	return false;
}

/* The directory of item `at` instead of its files, when there are enough, and it may be. */
static int fold_one(struct proposal *p, const struct session *s, size_t at)
{
	cleanup_free char *dir = path_dir(p->v[at].path);
	const bool is_writable = p->v[at].is_writable;
	struct walk w = {0};
	size_t found = 0;
	bool may;

	if (!dir)
		return -ENOMEM;
	for (size_t i = 0; i < p->n; i++)
		found += is_file_in(&p->v[i], dir, is_writable);
	if (found < PROPOSAL_FOLD || holds_secret(p, dir) || walk_path(dir, &w, NULL) < 0)
		return 0;
	may = !proposal_never(s, dir, &w, is_writable) &&
	      access(w.real, is_writable ? R_OK | W_OK : R_OK) == 0;
	walk_done(&w);
	if (!may)
		return 0;
	p->v[at].is_dir = true;
	p->v[at].folded = found;
	free(p->v[at].path);
	p->v[at].path = take_ptr(&dir);
	return 0;
}

/* Is what item i wants in what item j gives? */
static bool is_held(const struct proposal *p, size_t i, size_t j)
{
	const struct proposal_item *a = &p->v[i], *b = &p->v[j];

	if (i == j || a->why || b->why || (a->is_writable && !b->is_writable))
		return false;
	if (!strcmp(a->path, b->path))
		return a->is_writable == b->is_writable ? i > j : true;
	return b->is_dir && walk_is_below(a->path, b->path);
}

static void drop(struct proposal *p, size_t i)
{
	free(p->v[i].path);
	free(p->v[i].next);
	memmove(&p->v[i], &p->v[i + 1], (p->n - i - 1) * sizeof(*p->v));
	p->n--;
}

static void drop_held(struct proposal *p)
{
	for (size_t i = 0; i < p->n;) {
		size_t j = 0;

		while (j < p->n && !is_held(p, i, j))
			j++;
		if (j < p->n)
			drop(p, i);
		else
			i++;
	}
}

/* A proposal that nobody reads to its end is none. */
static void cut(struct proposal *p)
{
	size_t proposed = 0, refused = 0;

	for (size_t i = 0; i < p->n;) {
		size_t *n = p->v[i].why ? &refused : &proposed;

		if ((*n)++ < PROPOSAL_MAX) {
			i++;
			continue;
		}
		p->lost++;
		drop(p, i);
	}
}

int proposal_settle(struct proposal *p, const struct session *s)
{
	int r = 0;

	/* Equal paths were united; by_path is total. */
	if (p->n)
		qsort(p->v, p->n, sizeof(*p->v), by_path);
	for (size_t i = 0; i < p->n; i++) {
		/* "make DIR first": what is above was not named by the server. */
		if (!p->v[i].why && p->v[i].next)
			p->v[i].why = "the directory for it does not exist";
	}
	drop_held(p);
	for (size_t i = 0; i < p->n && r == 0; i++)
		if (!p->v[i].why && !p->v[i].is_dir)
			r = fold_one(p, s, i);
	drop_held(p);
	if (p->n)
		qsort(p->v, p->n, sizeof(*p->v), by_path);
	cut(p);
	return r;
}
