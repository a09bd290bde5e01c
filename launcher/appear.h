/* SPDX-License-Identifier: Apache-2.0 */
/*
 * appear - protected names that are another file at the end of a session than before it
 *
 * What does not exist cannot be mounted over, and what is replaced from outside loses its
 * mount (protect.h).  So the directories are opened before the start, and looked at once
 * more at the end, by descriptor and without
 * opening anything: that works in a launcher that has locked itself.  What appeared is
 * said on stderr and in the audit log.  It may be the user's own doing; it is told in
 * any case.  Nothing is said when the launcher itself was killed; at the next start the
 * name exists, and is protected.
 */
#ifndef LAUNCHER_APPEAR_H
#define LAUNCHER_APPEAR_H

#include <stddef.h>

struct audit;
struct err;
struct plan;

struct appear {
	struct appear_name *v; /* owned */
	size_t n;
};

/* Open the directories of plan->watched, which outlives *ret.  Return: 0 or -errno. */
int appear_open(const struct plan *plan, struct appear *ret, struct err *err);

/* Say which names exist now.  Return: how many. */
size_t appear_report(const struct appear *a, struct audit *log);

void appear_close(struct appear *a);

#endif /* LAUNCHER_APPEAR_H */
