/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The kernel mounts an overlay for the root of a user namespace since Linux 5.11 when its
 * own attributes are user.* ones (userxattr).  Both directories are given by descriptor,
 * through /proc/self/fd, so that the plan's pin holds and no character of a path is read
 * as a separator of options.  What overlayfs needs of the file systems is decided by the
 * mount itself, and its own words are in the refusal: there is no other way to the same
 * promise, so nothing stands in.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/nolinks.h"
#include "common/sys.h"
#include "launcher/mount.h"
#include "launcher/overlay.h"
#include "launcher/plan.h"
#include "launcher/private.h"
#include "launcher/user.h"

#define ORIGIN_MAX 8192 /* a path and four numbers */
#define KEY_BYTES 16

/* --- the layer on disk --------------------------------------------------------------- */

static void make_key(const char *path, char key[static 2 * KEY_BYTES + 1])
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, strlen(path), (const uint8_t *)path);
	sha256_digest(&ctx, sizeof(digest), digest);
	for (size_t i = 0; i < KEY_BYTES; i++)
		snprintf(key + 2 * i, 3, "%02x", digest[i]);
}

int overlay_read_origin(int store, struct overlay_origin *ret, struct err *err)
{
	cleanup_close int fd = openat(store, "origin", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct overlay_origin o = {0};
	cleanup_free char *text = NULL;
	intmax_t sec;
	size_t len;
	long nsec;
	uintmax_t dev, ino;
	int at = 0, r;

	if (fd < 0)
		return err_errno(err, errno, "open the origin of an overlay");
	r = fd_read_all(fd, ORIGIN_MAX, &text, &len, err);
	if (r < 0)
		return r;
	if (sscanf(text, "1 %ju %ju %jd %ld %n", &dev, &ino, &sec, &nsec, &at) != 4 || !at ||
	    text[at] != '/' || strlen(text) != len)
		return err_set(err, EBADMSG, "the origin of an overlay is damaged");
	o.dev = (dev_t)dev;
	o.ino = (ino_t)ino;
	o.since = (struct timespec){ .tv_sec = (time_t)sec, .tv_nsec = nsec };
	o.path = strdup(text + at);
	if (!o.path)
		return err_errno(err, ENOMEM, "overlay");
	*ret = o;
	return 0;
}

/* Written whole or not at all; what was known of the layer before is forgotten. */
static int write_origin(int store, const struct plan_entry *e, struct err *err)
{
	cleanup_close int fd = -1;
	struct timespec now;

	if (unlinkat(store, "known", 0) < 0 && errno != ENOENT)
		return err_errno(err, errno, "begin the overlay of %s", e->target);
	/* The clock that the kernel takes change times from. */
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	fd = openat(store, "origin.new", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 ||
	    dprintf(fd, "1 %ju %ju %jd %ld %s", (uintmax_t)e->dev, (uintmax_t)e->ino,
		    (intmax_t)now.tv_sec, now.tv_nsec, e->source) < 0 ||
	    renameat(store, "origin.new", store, "origin") < 0)
		return err_errno(err, errno, "begin the overlay of %s", e->target);
	return 0;
}

static int check_origin(int store, const struct plan_entry *e, const char *name, struct err *err)
{
	struct overlay_origin o = {0};
	int r = overlay_read_origin(store, &o, err);

	if (r == 0 && (o.dev != e->dev || o.ino != e->ino || strcmp(o.path, e->source) != 0))
		r = err_set(err, ESTALE,
			    "overlay of %s: the directory was replaced since its layer began; see "
			    "mcp-confine changes show %s, then discard it", e->target, name);
	free(o.path);
	return r;
}

/* One layer: its directories, and its origin when it holds nothing. */
static int open_store(const char *path, const char *name, const struct plan_entry *e,
		      struct err *err)
{
	cleanup_close int store = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (store < 0)
		return err_errno(err, errno, "open %s", path);
	if (stat(e->source, &st) < 0)
		return err_errno(err, errno, "%s", e->source);
	if (mkdirat(store, "work", 0700) < 0 && errno != EEXIST)
		return err_errno(err, errno, "make %s/work", path);
	/* Gone while it is empty only. */
	if (unlinkat(store, "upper", AT_REMOVEDIR) < 0 && errno != ENOENT) {
		if (errno != ENOTEMPTY)
			return err_errno(err, errno, "%s/upper", path);
		return check_origin(store, e, name, err);
	}
	/* The origin first: an upper directory without one would have no beginning. */
	if (write_origin(store, e, err) < 0)
		return -err->code;
	/* Its mode is what the server sees at the top. */
	if (mkdirat(store, "upper", 0700) < 0 || fchmodat(store, "upper", st.st_mode & 0777, 0) < 0)
		return err_errno(err, errno, "make %s/upper", path);
	return 0;
}

static int lock_all(const struct user *user, const char *name, struct err *err)
{
	cleanup_free char *below = NULL, *path = NULL;
	cleanup_close int fd = -1;
	int r;

	if (asprintf(&below, "overlays/%s", name) < 0)
		return err_errno(err, ENOMEM, "overlay");
	r = user_state(user, below, &path, err);
	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "open %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return err_set(err, EBUSY,
			       "overlay: another session of %s runs, or its changes are being applied, and "
			       "a layer cannot be shared; end that, or start this one with --name NAME", name);
	return take_fd(&fd);
}

int overlay_open(const struct user *user, const char *name, struct plan *p, struct err *err)
{
	cleanup_close int lock = -1;

	for (size_t i = 0; i < p->n; i++) {
		cleanup_free char *below = NULL;
		char key[2 * KEY_BYTES + 1];
		int r;

		if (p->v[i].kind != PLAN_OVERLAY)
			continue;
		if (!name)
			return err_set(err, EINVAL,
				       "an overlay needs a name for the server; add --name NAME");
		if (lock < 0)
			lock = lock_all(user, name, err);
		if (lock < 0)
			return lock;
		make_key(p->v[i].source, key);
		if (asprintf(&below, "overlays/%s/%s", name, key) < 0)
			return err_errno(err, ENOMEM, "overlay");
		r = user_state(user, below, &p->v[i].store, err);
		if (r == 0)
			r = open_store(p->v[i].store, name, &p->v[i], err);
		if (r < 0)
			return r;
	}
	return lock < 0 ? 0 : take_fd(&lock);
}

/* --- the mount ----------------------------------------------------------------------- */

static int refused(int error, const char *words, const struct plan_entry *e, struct err *err)
{
	return err_set(err, error,
		       "overlay of %s: %s%s%s%s (needs Linux 5.11, a kernel with overlayfs, and user "
		       "attributes on the file system of %s); grant it with --read, or with --write to "
		       "let the server change the directory itself",
		       e->target, strerror(error), *words ? " (" : "", words, *words ? ")" : "", e->store);
}

int overlay_mount(struct mount_ways *ways, const struct plan_entry *e, struct err *err)
{
	cleanup_close int lower = nolinks_open(AT_FDCWD, e->source, O_PATH | O_DIRECTORY);
	cleanup_close int store = -1, upper = -1, work = -1;
	char paths[3][32], words[256];
	/* One layer of the kernel's own making below, none that an attribute could name. */
	const struct mount_option options[] = {
		{ "userxattr", NULL }, { "lowerdir", paths[0] }, { "upperdir", paths[1] },
		{ "workdir", paths[2] },
	};
	struct stat st;
	int fd;

	if (lower < 0 || fstat(lower, &st) < 0)
		return err_errno(err, errno, "open %s", e->source);
	if (st.st_dev != e->dev || st.st_ino != e->ino)
		return err_set(err, ESTALE, "%s: replaced while it was being bound; try again",
			       e->source);
	store = e->store ? nolinks_open(AT_FDCWD, e->store, O_PATH | O_DIRECTORY) : -1;
	if (store < 0)
		return err_set(err, ENOENT, "overlay of %s: it has no layer", e->target);
	upper = nolinks_open(store, "upper", O_PATH | O_DIRECTORY);
	work = nolinks_open(store, "work", O_PATH | O_DIRECTORY);
	if (upper < 0 || work < 0)
		return err_errno(err, errno, "open the layer of %s", e->target);
	snprintf(paths[0], sizeof(paths[0]), "/proc/self/fd/%d", lower);
	snprintf(paths[1], sizeof(paths[1]), "/proc/self/fd/%d", upper);
	snprintf(paths[2], sizeof(paths[2]), "/proc/self/fd/%d", work);
	fd = mount_make(ways, "overlay", options, sizeof(options) / sizeof(*options),
			MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, words, sizeof(words));
	return fd < 0 ? refused(-fd, words, e, err) : fd;
}
