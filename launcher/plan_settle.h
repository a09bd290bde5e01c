/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_settle - what entries of a plan mean together: order, overlaps, and what the
 * server could change until its next start
 */
#ifndef LAUNCHER_PLAN_SETTLE_H
#define LAUNCHER_PLAN_SETTLE_H

#include <stddef.h>

struct err;
struct plan;
struct plan_entry;
struct runtime;

/* The `why` of a symlink that was passed on the way to something granted. */
extern const char plan_on_the_way[];

/* The reason in an entry of runtime.read, as static words. */
const char *plan_reason(const char *entry);

/* Sort, unite entries of one path, drop binds that lie in an equal one. */
void plan_settle(struct plan *p);

/* The mount among v[0, before) that target lies in, the nearest; NULL: our own root.
 * The plan is settled. */
struct plan_entry *plan_nearest(struct plan *p, size_t before, const char *target);

/* No overlay holds another or what is writable as it is, nor the other way round.  Return: 0
 * or -EINVAL with both names. */
int plan_check_overlays(const struct plan *p, struct err *err);

/*
 * A symlink on the way to what is granted must not lie where the server may write: it
 * would choose what the next start grants.  Return: 0 or -EPERM with its name.
 */
int plan_check_links(struct plan *p, struct err *err);

/*
 * The same for what a file of the package led to (runtime.led): where the server may
 * write that file, it is not granted, and a note says so.  Return: 0 or -ENOMEM.
 */
int plan_drop_led(struct plan *p, const struct runtime *rt, struct err *err);

#endif /* LAUNCHER_PLAN_SETTLE_H */
