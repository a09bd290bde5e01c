/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mount_old - what mount(2) does for mount.c where a newer call is missing
 *
 * Used by mount.c alone.
 */
#ifndef LAUNCHER_MOUNT_OLD_H
#define LAUNCHER_MOUNT_OLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mount_option;
struct mount_ways;

/* As mount_make(), on the stage, which the first call makes.  Return: a descriptor or -errno. */
int mount_old_make(struct mount_ways *w, const char *type, const struct mount_option *v, size_t n,
		   uint64_t attrs);

/* As mount_clone() without attributes, on the stage.  Return: a descriptor or -errno. */
int mount_old_clone(struct mount_ways *w, int source, bool is_tree);

/*
 * As mount_flag(), for a mount that is attached, and with is_tree for each below it too.
 * Return: 0; -ESTALE when one of them lies under another, or was renamed each time that it
 * was looked for; -errno.
 */
int mount_old_flag_tree(int mount, bool is_tree, uint64_t attrs);

/* As mount_attach().  Return: 0 or -errno. */
int mount_old_attach(int mount, int target);

#endif /* LAUNCHER_MOUNT_OLD_H */
