/* SPDX-License-Identifier: Apache-2.0 */
/*
 * protect - what stays as it is inside a writable directory
 *
 * Programs outside of the sandbox run or trust certain names in a project: git its
 * hooks and configuration, editors and agents their settings, shells and package
 * managers their start-up files.  A server that may write there would reach out of the
 * sandbox through them at the next `git status` (CVE-2026-25725 and its kind).  So each
 * such name that exists is mounted over itself read-only, which also keeps it from being
 * removed or renamed, and each directory on the way to it is mounted over itself so that
 * it cannot be moved away and made anew.
 *
 * Two limits, both reported at the end of a session (appear.h).  A name that does not
 * exist has nothing to mount over, and nothing is created on the host for it; a policy
 * with "new_names": "deny" keeps it from appearing directly in a writable directory.
 * And when a program outside replaces a protected name (an editor that saves by
 * renaming), the kernel takes our mount off the old file: the new one is the server's to
 * change until the next start.
 */
#ifndef LAUNCHER_PROTECT_H
#define LAUNCHER_PROTECT_H

#include <stddef.h>

struct err;
struct plan;
struct policy;

struct protect_name {
	const char *name; /* relative to a writable directory or a repository; a glob in
			     its last component */
	const char *why;  /* who runs or trusts it */
};

/* The table; ended by a row without a name. */
extern const struct protect_name protect_names[];

/*
 * Add to the settled plan: read-only mounts for the names that exist in each writable
 * directory and in the repositories below it, pins for the directories on the way, and
 * in plan->watched the names that do not exist.  plan->notes gets a sentence for what is
 * beyond our bounds.  Return: 0 or -errno.
 */
int protect_plan(struct plan *p, const struct policy *policy, struct err *err);

#endif /* LAUNCHER_PROTECT_H */
