/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay - a directory that a server may write without changing it
 *
 * The server sees the real directory with a layer of its own on top (overlayfs).  What it
 * changes lies in the layer, ~/.local/state/mcp-confine/overlays/SERVER/KEY, until
 * `mcp-confine changes` applies or discards it (delta.h).  KEY is made of the real
 * path.  In it are
 *
 *   upper    what the server wrote, removed (whiteouts) and made
 *   work     the kernel's own
 *   origin   of what directory, and since when (struct overlay_origin)
 *   known    what `changes apply` itself changed in the real directory since
 *
 * One session or one `changes apply` uses the overlays of a server at a time: an upper
 * directory must not be shared.  Nothing below the state directory can be reached from
 * inside; what lies in upper was chosen by a hostile program all the same.
 */
#ifndef LAUNCHER_OVERLAY_H
#define LAUNCHER_OVERLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

struct err;
struct mount_ways;
struct plan;
struct plan_entry;
struct user;

/* The real directory as it was when its layer began. */
struct overlay_origin {
	dev_t dev;
	ino_t ino;
	struct timespec since; /* what has a later change time was changed by others */
	char *path;	       /* the caller's to free */
};

/*
 * For every overlay of the plan: make or find its layer, and set the entry's `store`.
 * name is what the server's state is called; NULL is refused.  A layer that holds nothing
 * begins anew.  Return: a descriptor that holds the lock, for as long as the sandbox
 * lives; 0 when the plan has no overlay; -EBUSY, -ESTALE, -errno with words.
 */
int overlay_open(const struct user *user, const char *name, struct plan *p, struct err *err);

/*
 * An overlay of an entry with a store, nosuid, nodev, noexec, as mount.h makes mounts.  For
 * pid 1 of the sandbox, before the old root goes.  Since Linux 5.11 (userxattr).  Return: a descriptor
 * or -errno; never anything that would write to the real directory.
 */
int overlay_mount(struct mount_ways *ways, const struct plan_entry *e, struct err *err);

/* Read KEY/origin; store is a descriptor of KEY.  Return: 0 or -errno. */
int overlay_read_origin(int store, struct overlay_origin *ret, struct err *err);

#endif /* LAUNCHER_OVERLAY_H */
