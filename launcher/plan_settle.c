/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "launcher/plan.h"
#include "launcher/plan_settle.h"
#include "launcher/runtime.h"
#include "launcher/walk.h"

const char plan_on_the_way[] = "symlink on the way";

/* Static words for the reason of an entry. */
const char *plan_reason(const char *entry)
{
	static const char *const known[] = { "interpreter", "program", "package", "packages",
					     "script", "virtual environment", "libraries",
					     "loader", "linked package", "editable package",
					     "the user's packages" };
	size_t len = strcspn(entry, "\t");

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strlen(known[i]) == len && !strncmp(known[i], entry, len))
			return known[i];
	return "runtime";
}

/* --- overlaps and order ------------------------------------------------------------ */

static bool is_mount(const struct plan_entry *e)
{
	return e->kind == PLAN_BIND || e->kind == PLAN_OVERLAY || e->kind == PLAN_DEVICE || e->kind == PLAN_TMPFS ||
	       e->kind == PLAN_PROC;
}

/* End before '/' before every other byte: a directory, what lies in it, its siblings. */
static int rank(char c)
{
	return c == '\0' ? 0 : c == '/' ? 1 : (unsigned char)c + 1;
}

/* A path before what lies below it, symlinks last. */
static int compare(const void *a, const void *b)
{
	const struct plan_entry *x = a, *y = b;
	const char *s = x->target, *t = y->target;

	if ((x->kind == PLAN_LINK) != (y->kind == PLAN_LINK))
		return x->kind == PLAN_LINK ? 1 : -1;
	while (*s && *s == *t)
		s++, t++;
	if (*s == *t)
		return (int)x->kind - (int)y->kind;
	return rank(*s) - rank(*t);
}

static void plan_drop(struct plan *p, size_t i)
{
	free(p->v[i].target);
	free(p->v[i].source);
	free(p->v[i].store);
	memmove(p->v + i, p->v + i + 1, (p->n - i - 1) * sizeof(*p->v));
	p->n--;
}

/* The mount among v[0, before) that target lies in, the nearest; NULL: our own root. */
struct plan_entry *plan_nearest(struct plan *p, size_t before, const char *target)
{
	for (size_t i = before; i-- > 0;)
		if (is_mount(&p->v[i]) && walk_is_below(target, p->v[i].target))
			return &p->v[i];
	return NULL;
}

/* Two entries for one path: write wins over execute wins over read. */
static void unite(struct plan_entry *kept, const struct plan_entry *other)
{
	/* The server's own code there, too, is then what its layer holds. */
	if (kept->kind == PLAN_BIND && other->kind == PLAN_OVERLAY) {
		kept->kind = PLAN_OVERLAY;
		kept->is_writable = true;
		kept->is_executable = false;
		kept->why = other->why;
		return;
	}
	if (kept->kind != PLAN_BIND || other->kind != PLAN_BIND)
		return;
	kept->is_writable = kept->is_writable || other->is_writable;
	kept->is_executable =
		(kept->is_executable || other->is_executable) && !kept->is_writable;
	if (other->is_writable)
		kept->why = other->why;
}

void plan_sort(struct plan *p)
{
	if (p->n)
		qsort(p->v, p->n, sizeof(*p->v), compare);
}

/* Each path once, before anything is dropped: what stands for it is then known. */
static void unite_all(struct plan *p)
{
	for (size_t i = 1; i < p->n;) {
		if (!strcmp(p->v[i].target, p->v[i - 1].target) &&
		    (p->v[i].kind == PLAN_LINK) == (p->v[i - 1].kind == PLAN_LINK)) {
			unite(&p->v[i - 1], &p->v[i]);
			plan_drop(p, i);
		} else {
			i++;
		}
	}
}

void plan_settle(struct plan *p)
{
	plan_sort(p);
	unite_all(p);
	for (size_t i = 1; i < p->n;) {
		struct plan_entry *e = &p->v[i], *up;

		up = e->kind == PLAN_BIND ? plan_nearest(p, i, e->target) : NULL;
		if (up && up->kind == PLAN_BIND && !strcmp(up->source, up->target) &&
		    up->is_writable == e->is_writable &&
		    (up->is_executable || !e->is_executable)) {
			plan_drop(p, i);
			continue;
		}
		i++;
	}
}

/*
 * A plain writable directory in an overlay, or around one, would show the server the real
 * files by another path, and what protect.c mounts over a writable directory would cover
 * the overlay: they do not mix.
 */
int plan_check_overlays(const struct plan *p, struct err *err)
{
	for (size_t i = 0; i < p->n; i++)
		for (size_t j = 0; j < p->n && p->v[i].kind == PLAN_OVERLAY; j++) {
			const struct plan_entry *over = &p->v[i], *e = &p->v[j];
			const bool is_same = !strcmp(over->target, e->target);

			if (i == j ||
			    !(e->kind == PLAN_OVERLAY ? !is_same :
							e->kind == PLAN_BIND && e->is_writable))
				continue;
			if (walk_is_below(e->target, over->target) || walk_is_below(over->target, e->target))
				return err_set(err, EINVAL,
					       "%s is an overlay and %s %s: one may not hold the other; drop one "
					       "of them", over->target, e->target,
					       e->kind == PLAN_OVERLAY ? "too" : "is writable");
		}
	return 0;
}

/* --- what the server could change until its next start ------------------------------- */

static bool is_writable_bind(const struct plan_entry *e)
{
	return e && e->kind == PLAN_BIND && e->is_writable;
}

/* A symlink that the server may replace would choose what the next start grants. */
int plan_check_links(struct plan *p, struct err *err)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].kind == PLAN_LINK && p->v[i].why == plan_on_the_way &&
		    is_writable_bind(plan_nearest(p, p->n, p->v[i].target)))
			return err_set(err, EPERM,
				       "%s: a symlink in a directory that the server may write leads to "
				       "what is granted; name the real path", p->v[i].target);
	return 0;
}

/* Is a path readable for another reason than that a file of the package led to it? */
static bool is_own(const struct runtime *rt, const char *path)
{
	static const char *const own[] = { "interpreter", "program", "package", "script",
					   "virtual environment", "loader" };

	for (size_t i = 0; i < rt->read.n; i++)
		for (size_t j = 0; j < sizeof(own) / sizeof(*own); j++)
			if (plan_reason(rt->read.v[i]) && !strcmp(plan_reason(rt->read.v[i]), own[j]) &&
			    !strcmp(runtime_read_path(rt->read.v[i]), path))
				return true;
	return false;
}

/* The same for what a file of the package led to: where the server may write that file,
 * it is not granted. */
int plan_drop_led(struct plan *p, const struct runtime *rt, struct err *err)
{
	for (size_t i = 0; i < rt->led.n; i++) {
		const char *path = rt->led.v[i];
		size_t at = 0;

		if (is_own(rt, path) ||
		    !is_writable_bind(plan_nearest(p, p->n, rt->led_by.v[i])))
			continue;
		while (at < p->n && (p->v[at].kind != PLAN_BIND || p->v[at].is_writable ||
				     strcmp(p->v[at].target, path) != 0))
			at++;
		/* Inside of what is writable it is readable anyway, and stays as it is. */
		if (at == p->n || is_writable_bind(plan_nearest(p, at, path)))
			continue;
		if (strv_addf(&p->notes, "%s leads to %s, but the server may write there: not made "
					 "readable; if the server needs it: --read %s",
			      rt->led_by.v[i], path, path) < 0)
			return err_errno(err, ENOMEM, "plan");
		plan_drop(p, at);
	}
	return 0;
}
