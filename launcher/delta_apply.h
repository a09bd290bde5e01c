/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delta_apply - carry out what a user accepted of a server's changes, or drop it
 *
 * Only these functions write to the real directory of an overlay.  Every one goes by
 * descriptor, through no symlink and no mount, and compares the original once more
 * directly before it is replaced.
 */
#ifndef LAUNCHER_DELTA_APPLY_H
#define LAUNCHER_DELTA_APPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/strv.h"

struct change;
struct delta;
struct err;

struct delta_choice {
	struct strv paths;   /* relative to the directory; none: everything */
	bool with_trusted;   /* also what programs outside run or trust */
	bool with_conflicts; /* also what others changed since */
};

/*
 * Why this change is not to be applied, static words, or NULL.  "" for what no path of
 * the choice names.  Trusted names need a path that is one itself, or with_trusted.
 * Pure.
 */
const char *delta_held_back(const struct change *one, const struct delta_choice *choice);

/*
 * Apply those that are not held back; choice is made wider by the directories that they
 * need.  What is applied leaves the layer.  Return: how many, or -errno at the first
 * that fails (what came before stays applied).
 */
int delta_apply(struct delta *c, const struct delta_choice *choice, struct err *err);

/*
 * Drop what a path names from the layer; "" drops all of it, and the layer.  Return: 0,
 * -ENOENT when the layer has no such path, -EINVAL when it lies in a directory that the
 * server made anew, -errno.
 */
int delta_discard(struct delta *c, const char *path, struct err *err);

#endif /* LAUNCHER_DELTA_APPLY_H */
