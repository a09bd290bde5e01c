/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * 1. Nothing that we mount may reach the host, and nothing of the host may reach us
 *    later: every mount becomes private.
 * 2. Each source of the plan is opened anew in this mount namespace, without following
 *    any symlink, compared with the device and inode that the plan pinned, and cloned
 *    by descriptor (mount.h).  Read-only, nosuid, nodev, noexec are set on the clone,
 *    recursively, before it is attached to its place.
 * 3. An empty tmpfs becomes the new root.  Mount points are made in it component by
 *    component, only where the directory is on a tmpfs of ours: never through a symlink
 *    (nolinks) and never inside a directory of the host's.
 * 4. /proc of this pid namespace is mounted, nested user namespaces are forbidden
 *    through it, and it becomes read-only.
 * 5. pivot_root, and the old root is detached.  From here on no path of the host exists.
 *
 * With the mount API of Linux 5.12, or with mount(2) where a call of it is missing: the
 * steps, and the table that they must give, are the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/layer.h"
#include "common/nolinks.h"
#include "common/sys.h"
#include "launcher/cause.h"
#include "launcher/mount.h"
#include "launcher/mounts.h"
#include "launcher/overlay.h"
#include "launcher/plan.h"
#include "launcher/timing.h"
#include "launcher/walk.h"

/* tmpfs inodes: one for each 4 KiB of its size, so that neither runs out first. */
#define BYTES_PER_INODE 4096

/* What step 3 has made so far: whose directories are ours. */
struct building {
	struct mount_ways ways;
	int root;	    /* the new root, attached and not yet pivoted to */
	dev_t ours[64];	    /* devices of our tmpfs */
	size_t n_ours;
	/* The directory that was made or found last; entries come sorted by directory.
	 * Forgotten when something is mounted there or above. */
	int dir;	    /* -1: none */
	bool is_dir_ours;
	char dir_path[PATH_MAX];
	int null, empty;    /* what covers files and directories, attached; -1: not yet */
};

static int remember(struct building *b, int fd, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(err, errno, "stat a new tmpfs");
	if (b->n_ours == sizeof(b->ours) / sizeof(*b->ours))
		return err_set(err, E2BIG, "too many private directories");
	b->ours[b->n_ours++] = st.st_dev;
	return 0;
}

static bool is_ours(const struct building *b, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	for (size_t i = 0; i < b->n_ours; i++)
		if (b->ours[i] == st.st_dev)
			return true;
	return false;
}

/* --- detached mounts ---------------------------------------------------------------- */

static int new_tmpfs(struct building *b, uint64_t size, const char *mode, uint64_t attrs,
		     struct err *err)
{
	char text[32], inodes[32];
	const struct mount_option options[] = {
		{ "size", text }, { "nr_inodes", inodes }, { "mode", mode },
	};
	int fd;

	snprintf(text, sizeof(text), "%llu", (unsigned long long)size);
	snprintf(inodes, sizeof(inodes), "%llu", (unsigned long long)(size / BYTES_PER_INODE + 64));
	fd = mount_make(&b->ways, "tmpfs", options, sizeof(options) / sizeof(*options), attrs, NULL, 0);
	return fd < 0 ? cause_set(err, CAUSE_MOUNT, -fd, "mount a tmpfs") : fd;
}

/* With CAP_SYS_RESOURCE over this user namespace, and in it only (Linux 4.9). */
static int forbid_namespaces(int proc, struct err *err)
{
	cleanup_close int limit =
		openat(proc, "sys/user/max_user_namespaces", O_WRONLY | O_CLOEXEC);

	if (limit < 0 || fd_write_all(limit, "0", 1) < 0)
		return err_errno(err, errno, "forbid nested user namespaces");
	return 0;
}

/*
 * Watches on files are counted for the user in every namespace at once: who takes them all
 * leaves none to the editor outside.  A server gets a part of what the user has (Linux
 * 4.12; without inotify there is nothing to bound).
 */
static int bound_watches(int proc, struct err *err)
{
	static const struct {
		const char *has, *gets;
		unsigned int part;
	} all[] = {
		{ "sys/fs/inotify/max_user_instances", "sys/user/max_inotify_instances", 8 },
		{ "sys/fs/inotify/max_user_watches", "sys/user/max_inotify_watches", 4 },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		cleanup_close int has = openat(proc, all[i].has, O_RDONLY | O_CLOEXEC);
		cleanup_close int gets = openat(proc, all[i].gets, O_WRONLY | O_CLOEXEC);
		char text[32] = "";
		int len;

		if (has < 0 || gets < 0)
			continue;
		if (read(has, text, sizeof(text) - 1) <= 0)
			return err_errno(err, errno, "read /proc/%s", all[i].has);
		len = snprintf(text, sizeof(text), "%lu", strtoul(text, NULL, 10) / all[i].part);
		if (fd_write_all(gets, text, (size_t)len) < 0)
			return err_errno(err, errno, "bound the watches on files");
	}
	return 0;
}

static int mount_proc(struct building *b, struct err *err)
{
	int fd = mount_make(&b->ways, "proc", NULL, 0,
			    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, NULL, 0);

	return fd < 0 ? cause_set(err, CAUSE_PROC, -fd, "mount /proc") : fd;
}

/* Only where a test leaves the pid namespace out: the kernel mounts no other /proc then. */
static int clone_proc(struct building *b, struct err *err)
{
	cleanup_close int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = proc < 0 ? -errno : mount_clone(&b->ways, proc, true, 0);

	return fd < 0 ? err_errno(err, -fd, "clone the mount of /proc") : fd;
}

static int new_proc(struct building *b, struct err *err)
{
	cleanup_close int fd = layer_is_out("pid") ? clone_proc(b, err) : mount_proc(b, err);
	int r;

	if (fd < 0)
		return fd;
	if (!layer_is_out("nested-limit") && forbid_namespaces(fd, err) < 0)
		return -err->code;
	if (!layer_is_out("pid") && bound_watches(fd, err) < 0)
		return -err->code;
	r = mount_flag(&b->ways, fd, MOUNT_ATTR_RDONLY);
	return r < 0 ? err_errno(err, -r, "make /proc read-only") : take_fd(&fd);
}

/* The name itself, a symlink, as its directory has it; no other is followed on the way. */
static int open_name(int dirfd, const char *path)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *parent = slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
	cleanup_close int dir = -1;

	if (!parent) {
		errno = ENOMEM;
		return -1;
	}
	dir = nolinks_open(dirfd, *parent ? parent : "/", O_PATH | O_DIRECTORY);
	return dir < 0 ? -1 : openat(dir, slash ? slash + 1 : path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

static uint64_t bind_attrs(const struct plan_entry *e)
{
	uint64_t attrs = MOUNT_ATTR_NOSUID;

	if (e->kind != PLAN_DEVICE)
		attrs |= MOUNT_ATTR_NODEV;
	if (!e->is_writable)
		attrs |= MOUNT_ATTR_RDONLY;
	if (!e->is_executable)
		attrs |= MOUNT_ATTR_NOEXEC;
	return attrs;
}

static int new_bind(struct building *b, const struct plan_entry *e, struct err *err)
{
	cleanup_close int source = -1;
	struct stat st;
	int tree;

	/* Only where the plan found a symlink is one opened, and never followed. */
	source = e->kind == PLAN_NAME ? open_name(AT_FDCWD, e->source) :
					nolinks_open(AT_FDCWD, e->source, O_PATH);
	if (source < 0 || fstat(source, &st) < 0)
		return err_errno(err, errno, "open %s", e->source);
	if (st.st_dev != e->dev || st.st_ino != e->ino)
		return err_set(err, ESTALE, "%s: replaced while it was being bound; try again",
			       e->source);
	tree = mount_clone(&b->ways, source, e->is_dir, layer_is_out("mount-flags") ? 0 : bind_attrs(e));
	if (tree == -ESTALE)
		return err_set(err, ESTALE,
			       "%s: something is mounted below it, under another mount or where names are "
			       "being changed, and this kernel has no mount_setattr to reach it; unmount it, "
			       "or grant the directories beside it", e->source);
	return tree < 0 ? cause_set(err, CAUSE_MOUNT, -tree, "bind %s", e->source) : tree;
}

static int new_mount(struct building *b, const struct plan_entry *e, struct err *err)
{
	switch (e->kind) {
	case PLAN_BIND:
	case PLAN_DEVICE:
	case PLAN_NAME:
		return new_bind(b, e, err);
	case PLAN_OVERLAY:
		if (layer_is_out("overlay")) /* the real directory in its place */
			return new_bind(b, e, err);
		return overlay_mount(&b->ways, e, err);
	case PLAN_TMPFS:
		return new_tmpfs(b, e->size, "0700",
				 MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, err);
	case PLAN_PROC:
		return new_proc(b, err);
	case PLAN_COVER:
	case PLAN_FILE:
	case PLAN_DIR:
	case PLAN_LINK:
		break;
	}
	return -1;
}

/* --- mount points ------------------------------------------------------------------- */

static int open_inside(const struct building *b, const char *target, int flags)
{
	const char *relative = target + strspn(target, "/");

	return nolinks_open(b->root, *relative ? relative : ".", flags);
}

/* The directory of that name below the new root, made where it is missing and ours. */
static int make_way(const struct building *b, const char *path, struct err *err)
{
	cleanup_close int dir = open_inside(b, "/", O_PATH | O_DIRECTORY);
	const char *p = path + strspn(path, "/");

	if (dir < 0)
		return err_errno(err, errno, "open the new root");
	while (*p) {
		size_t len = strcspn(p, "/");
		cleanup_close int next = -1;
		char name[NAME_MAX + 1];

		if (len >= sizeof(name))
			return err_errno(err, ENAMETOOLONG, "%s", path);
		memcpy(name, p, len);
		name[len] = '\0';
		next = nolinks_open(dir, name, O_PATH | O_DIRECTORY);
		if (next < 0 && errno == ENOENT && is_ours(b, dir) &&
		    mkdirat(dir, name, 0755) == 0)
			next = nolinks_open(dir, name, O_PATH | O_DIRECTORY);
		if (next < 0)
			return err_errno(err, errno, "make the way to %s", path);
		close(dir);
		dir = take_fd(&next);
		p += len + strspn(p + len, "/");
	}
	return take_fd(&dir);
}

static void forget_dir(struct building *b)
{
	if (b->dir >= 0)
		close(b->dir);
	b->dir = -1;
}

/* Make b->dir the directory that holds target; *ret_name points into target. */
static int enter_parent(struct building *b, const char *target, const char **ret_name,
			struct err *err)
{
	const char *slash = strrchr(target, '/');
	size_t len = slash ? (size_t)(slash - target) : 0;

	if (!slash || len >= sizeof(b->dir_path))
		return err_errno(err, ENAMETOOLONG, "%s", target);
	*ret_name = slash + 1;
	if (b->dir >= 0 && !strncmp(b->dir_path, target, len) && !b->dir_path[len])
		return 0;
	forget_dir(b);
	memcpy(b->dir_path, target, len);
	b->dir_path[len] = '\0';
	b->dir = open_inside(b, b->dir_path, O_PATH | O_DIRECTORY);
	if (b->dir < 0 && errno == ENOENT)
		b->dir = make_way(b, b->dir_path, err);
	else if (b->dir < 0)
		err_errno(err, errno, "make the way to %s", target);
	if (b->dir < 0)
		return -err->code;
	b->is_dir_ours = is_ours(b, b->dir);
	return 0;
}

static bool wants_directory(const struct plan_entry *e)
{
	return e->kind == PLAN_DIR || e->kind == PLAN_TMPFS || e->kind == PLAN_PROC || e->is_dir;
}

/* A new mount point in b->dir.  Return: 1, 0 when something stands there, -errno. */
static int make_point(const struct building *b, const struct plan_entry *e, const char *name,
		      struct err *err)
{
	int r;

	if (!b->is_dir_ours)
		return 0;
	r = wants_directory(e) ? mkdirat(b->dir, name, 0755) :
				 mknodat(b->dir, name, S_IFREG | 0644, 0);
	if (r < 0 && errno != EEXIST)
		return err_errno(err, errno, "make %s", e->target);
	return r == 0;
}

/* What stands at the mount point already: never a symlink, but for PLAN_NAME. */
static int open_standing(const struct building *b, const struct plan_entry *e,
			 struct err *err)
{
	int fd = e->kind == PLAN_NAME ? open_name(b->root, e->target + strspn(e->target, "/")) :
					open_inside(b, e->target, O_PATH);

	if (fd >= 0)
		return fd;
	return errno == ENOENT ?
		       err_set(err, ENOENT, "%s: no such file inside what is granted", e->target) :
		       err_errno(err, errno, "open %s", e->target);
}

static int attach(struct building *b, const struct plan_entry *e, int mount,
		  struct err *err)
{
	cleanup_close int target = -1;
	const char *name;
	int made, r = enter_parent(b, e->target, &name, err);

	made = r < 0 ? r : make_point(b, e, name, err);
	if (made < 0)
		return made;
	if (!made) {
		target = open_standing(b, e, err);
		if (target < 0)
			return target;
	}
	/* By name only where it was made a moment ago, and a symlink is not followed there. */
	r = made ? mount_attach_at(&b->ways, mount, b->dir, name) :
		   mount_attach(&b->ways, mount, target);
	if (r < 0)
		return err_errno(err, -r, "attach %s", e->target);
	if (b->dir >= 0 && walk_is_below(b->dir_path, e->target))
		forget_dir(b);
	return e->kind == PLAN_TMPFS ? remember(b, mount, err) : 0;
}

static int make_directory(struct building *b, const struct plan_entry *e, struct err *err)
{
	cleanup_close int standing = -1;
	const char *name;
	int r;

	/* The working directory of a client that was started in "/". */
	if (!strcmp(e->target, "/"))
		return 0;
	r = enter_parent(b, e->target, &name, err);
	r = r < 0 ? r : make_point(b, e, name, err);
	if (r == 0)
		r = standing = open_standing(b, e, err);
	return r < 0 ? r : 0;
}

static int make_file(struct building *b, const struct plan_entry *e, struct err *err)
{
	cleanup_close int fd = -1;
	const char *name;
	int r = enter_parent(b, e->target, &name, err);

	if (r < 0)
		return r;
	fd = openat(b->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_errno(err, errno, "make %s", e->target);
	r = fd_write_all(fd, e->source, strlen(e->source));
	return r < 0 ? err_errno(err, -r, "write %s", e->target) : 0;
}

static int make_link(struct building *b, const struct plan_entry *e, struct err *err)
{
	struct err quiet = {0};
	const char *name;

	/* Below a bind the link is there already, or another link leads there. */
	if (enter_parent(b, e->target, &name, &quiet) < 0 || !b->is_dir_ours)
		return 0;
	if (symlinkat(e->source, b->dir, name) < 0 && errno != EEXIST)
		return err_errno(err, errno, "make the symlink %s", e->target);
	return 0;
}

/* One empty file system for all that is covered; the first cover is what is cloned. */
static int new_empty(struct building *b, struct err *err)
{
	if (b->empty >= 0)
		return mount_clone(&b->ways, b->empty, false, 0);
	return new_tmpfs(b, BYTES_PER_INODE, "0555",
			 MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
				 MOUNT_ATTR_RDONLY,
			 err);
}

static int new_null(struct building *b)
{
	if (b->null < 0)
		b->null = open_inside(b, "/dev/null", O_PATH);
	return b->null < 0 ? -errno : mount_clone(&b->ways, b->null, false, 0);
}

/* An empty file or directory over target, when there is one. */
static int cover(struct building *b, const struct plan_entry *e, struct err *err)
{
	cleanup_close int tree = -1;
	const char *name;
	struct stat st;
	int r = enter_parent(b, e->target, &name, err);

	if (r < 0)
		return r;
	if (fstatat(b->dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_errno(err, errno, "cover %s", e->target);
	if (S_ISLNK(st.st_mode))
		return err_errno(err, ELOOP, "cover %s", e->target);
	tree = S_ISDIR(st.st_mode) ? new_empty(b, err) : new_null(b);
	r = tree < 0 ? tree : mount_attach_at(&b->ways, tree, b->dir, name);
	if (r < 0)
		return err_errno(err, -r, "cover %s", e->target);
	if (S_ISDIR(st.st_mode) && b->empty < 0)
		b->empty = take_fd(&tree);
	return 0;
}

/* --- the whole ------------------------------------------------------------------------ */

static int place(struct building *b, const struct plan *plan, const int *mounts,
		 struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < plan->n && r == 0; i++) {
		const struct plan_entry *e = &plan->v[i];

		switch (e->kind) {
		case PLAN_BIND:
		case PLAN_OVERLAY:
		case PLAN_DEVICE:
		case PLAN_TMPFS:
		case PLAN_PROC:
		case PLAN_NAME:
			r = attach(b, e, mounts[i], err);
			break;
		case PLAN_COVER:
			r = cover(b, e, err);
			break;
		case PLAN_FILE:
			r = make_file(b, e, err);
			break;
		case PLAN_DIR:
			r = make_directory(b, e, err);
			break;
		case PLAN_LINK:
			r = make_link(b, e, err);
			break;
		}
	}
	forget_dir(b);
	if (b->null >= 0)
		close(b->null);
	if (b->empty >= 0)
		close(b->empty);
	return r;
}

static int enter_root(const struct building *b, struct err *err)
{
	int r = mount_flag(&b->ways, b->root, MOUNT_ATTR_RDONLY);

	if (r < 0)
		return err_errno(err, -r, "make the root read-only");
	if (fchdir(b->root) < 0 || sys_pivot_root(".", ".") < 0)
		return cause_set(err, CAUSE_MOUNT, errno, "pivot_root");
	/* The old root lies over the new one now; it goes, with all that is below it. */
	if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return cause_set(err, CAUSE_MOUNT, errno, "detach the old root");
	return 0;
}

static int open_mounts(struct building *b, const struct plan *plan, int *mounts, struct err *err)
{
	for (size_t i = 0; i < plan->n; i++) {
		enum plan_kind kind = plan->v[i].kind;

		if (kind != PLAN_BIND && kind != PLAN_OVERLAY && kind != PLAN_DEVICE && kind != PLAN_TMPFS &&
		    kind != PLAN_PROC && kind != PLAN_NAME)
			continue;
		mounts[i] = new_mount(b, &plan->v[i], err);
		if (mounts[i] < 0)
			return mounts[i];
	}
	return 0;
}

/* The new root stands somewhere until pivot_root: on /usr, which always exists, and whose
 * clone is taken already. */
static int open_root(struct building *b, struct err *err)
{
	cleanup_close int usr = open("/usr", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	b->root = new_tmpfs(b, 16 * 1024 * 1024, "0755", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, err);
	if (b->root < 0)
		return b->root;
	r = usr < 0 ? -errno : mount_attach(&b->ways, b->root, usr);
	if (r < 0)
		return cause_set(err, CAUSE_MOUNT, -r, "attach the new root");
	return remember(b, b->root, err);
}

int mounts_enter(const struct plan *plan, struct err *err)
{
	cleanup_free int *mounts = malloc(plan->n * sizeof(*mounts));
	struct building b = { .root = -1, .dir = -1, .null = -1, .empty = -1 };
	int r;

	if (!mounts)
		return err_errno(err, ENOMEM, "mounts");
	for (size_t i = 0; i < plan->n; i++)
		mounts[i] = -1;
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return cause_set(err, CAUSE_MOUNT, errno, "make all mounts private");
	mount_find(&b.ways);
	r = open_mounts(&b, plan, mounts, err);
	if (r == 0)
		r = open_root(&b, err);
	if (r == 0)
		r = place(&b, plan, mounts, err);
	if (r == 0)
		r = enter_root(&b, err);
	for (size_t i = 0; i < plan->n; i++)
		if (mounts[i] >= 0)
			close(mounts[i]);
	if (b.root >= 0)
		close(b.root);
	timing_mark("init", mount_is_old(&b.ways) ? "root built and entered, by mount(2) in part" :
						    "root built and entered");
	return r;
}
