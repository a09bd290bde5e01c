/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mount - make, flag and attach one mount, each by descriptor
 *
 * A mount is held as a descriptor of its root that nothing else can reach until it is
 * attached: detached (open_tree, fsmount), or, where a call of the mount API of Linux 5.2
 * and 5.12 is missing, on a stage of ours (mount_old.h).  The caller sees no difference,
 * and what was made is read back from the mount table either way (mounts.h).
 *
 * For pid 1 of the new namespaces, whose mounts are private already.
 */
#ifndef LAUNCHER_MOUNT_H
#define LAUNCHER_MOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What does without the newer call; and where, once it was needed. */
struct mount_ways {
	bool old_make;	 /* fsopen, fsconfig or fsmount is missing */
	bool old_clone;	 /* open_tree */
	bool old_flags;	 /* mount_setattr */
	bool old_attach; /* move_mount */
	bool has_stage;
	unsigned int n_staged;
};

struct mount_option {
	const char *key, *value; /* value NULL: a flag */
};

/*
 * Ask for each call; changes nothing.  Only ENOSYS makes it a missing one: what a filter
 * refuses otherwise is not gone round, and the step that needs it fails by its name.
 */
void mount_find(struct mount_ways *ret);

/* Is any of them missing? */
bool mount_is_old(const struct mount_ways *w);

/* The missing calls, for people and the log: "open_tree, move_mount"; "" for none. */
#define MOUNT_WORDS 80
void mount_missing(const struct mount_ways *w, char ret[static MOUNT_WORDS]);

/*
 * A new file system: its options, and MOUNT_ATTR_* of the mount.  words: what the kernel
 * says of a refusal, size bytes, or NULL.  Return: a descriptor or -errno.
 */
int mount_make(struct mount_ways *w, const char *type, const struct mount_option *v, size_t n,
	       uint64_t attrs, char *words, size_t size);

/*
 * What source (O_PATH) is, once more, with MOUNT_ATTR_* added to those that it has; with
 * is_tree all that is mounted below it as well.  Return: a descriptor or -errno: -ESTALE
 * when something of the tree cannot be reached to be flagged (mount_old.h).
 */
int mount_clone(struct mount_ways *w, int source, bool is_tree, uint64_t attrs);

/* MOUNT_ATTR_* added to one mount, attached or not.  Return: 0 or -errno. */
int mount_flag(const struct mount_ways *w, int mount, uint64_t attrs);

/* Over target (O_PATH), which is of this mount namespace.  Return: 0 or -errno. */
int mount_attach(const struct mount_ways *w, int mount, int target);

/* The same over a name of the directory dir (O_PATH); a symlink there is not followed. */
int mount_attach_at(const struct mount_ways *w, int mount, int dir, const char *name);

#endif /* LAUNCHER_MOUNT_H */
