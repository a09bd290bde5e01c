/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delta - what a server changed in an overlay, and what of it may be applied
 *
 * Compares the layer of an overlay (overlay.h) with the real directory, descriptor by
 * descriptor, following no symlink in either.  All that is in the layer was chosen by a
 * hostile program; the real directory is the user's, and others may write it meanwhile.
 * Nothing here writes; delta_apply.c does.
 */
#ifndef LAUNCHER_DELTA_H
#define LAUNCHER_DELTA_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "common/strv.h"
#include "launcher/overlay.h"

struct err;

/* More than this is no work of a server that anybody could review. */
#define DELTA_MAX 100000
#define DELTA_DEPTH 128 /* directories below each other; two descriptors each */

enum change_kind {
	CHANGE_ADDED = 0,
	CHANGE_REMOVED,
	CHANGE_CONTENT, /* of a file or symlink; perhaps the mode too */
	CHANGE_MODE,
	CHANGE_TYPE, /* a file became a directory, or the like */
};

struct change {
	enum change_kind kind;
	char *path;	     /* relative to the directory; bytes */
	char *link;	     /* of a symlink: what it says */
	struct stat is, was; /* st_mode 0: not there */
	const char *refused; /* static: never applied, for this reason; or NULL */
	const char *trusted; /* static: programs outside of the sandbox do this with it; or NULL */
	bool is_conflict;    /* the original changed since the layer began */
	bool is_anew;	     /* in a directory that the server made anew: stays in the layer */
};

/* What `changes apply` itself left in the real directory: no change of others. */
struct delta_known {
	dev_t dev;
	ino_t ino;
	struct timespec changed;
};

struct delta {
	struct change *v; /* sorted by path: a directory before what lies in it */
	size_t n;
	int store, upper, root; /* descriptors; root is the real directory */
	struct overlay_origin origin;
	struct delta_known *known;
	size_t n_known;
	struct strv trusted_paths; /* what git runs or reads by the configuration that is there */
};

/*
 * Look at one layer.  store is a descriptor of its directory and becomes the changes'.
 * Return: 0; -ESTALE when the real directory was replaced (the list is then of no use and
 * empty, discarding works), -E2BIG, -errno.  delta_done() in any case.
 */
int delta_read(int store, struct delta *ret, struct err *err);

void delta_done(struct delta *c);

/* Who runs or trusts a path, at any depth (protect_names); NULL: nobody known.  Pure. */
const char *delta_trusted(const char *path);

/*
 * Does a symlink in a directory `depth` levels below the top, that says `text`, stay
 * below the top?  Only ".." at its beginning count, and others are refused.  Pure.
 */
bool delta_link_stays(const char *text, size_t depth);

/* Is path at or below `top` ("" is everything)? */
bool delta_is_below(const char *path, const char *top);

/* Did others change what st is of since the layer began? */
bool delta_is_later(const struct delta *c, const struct stat *st);

/* Open a directory below dir, through no symlink and no mount.  "" is dir itself. */
int delta_open_directory(int dir, const char *path, int flags);

/* The directory that holds path; *ret_name points into path. */
int delta_open_parent(int dir, const char *path, const char **ret_name);

#endif /* LAUNCHER_DELTA_H */
