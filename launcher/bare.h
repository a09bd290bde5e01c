/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bare - the plan of a sandbox without namespaces (tier nouserns)
 *
 * A plan speaks of mounts.  Here there are none: what it binds becomes a Landlock rule
 * on the path of the host, what it makes anew falls away or is found on disk.
 */
#ifndef LAUNCHER_BARE_H
#define LAUNCHER_BARE_H

struct err;
struct plan;

/*
 * Rewrite the plan, its environment (HOME, TMPDIR) and limits.  private is what
 * private_open() made, or would make (explain).  Code that would lie inside something
 * writable is refused with -EPERM: rules only add up, so it would be writable as well.
 */
int bare_adapt(struct plan *plan, const char *private, struct err *err);

#endif /* LAUNCHER_BARE_H */
