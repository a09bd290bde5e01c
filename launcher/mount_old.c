/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * mount(2) takes paths, so each end is /proc/self/fd/N of an O_PATH descriptor: a magic
 * link leads to the very object, whatever its path is by then.  And it mounts only onto
 * something, so there is a stage: a tmpfs of ours on a directory of the kernel's that no
 * plan can name (sources in /proc are refused, mounts_check_kernel()).  A mount is made
 * there, gets its flags there, and is moved to its place: no moment in which it stands
 * where the server will see it without them.  What is on the stage is reached by our own
 * names, which nobody outside can change.  pivot_root leaves the stage behind.
 *
 * mount(2) sets flags of one mount, and all of them at once: those that it has (it may be
 * locked to them, being copied from a mount namespace of more privilege) are read first
 * and given again.  Access times stay as they are when none of their flags is given.
 *
 * A tree is flagged one by one, by the mount table.  Below its root lie directories of
 * the host's, which somebody may rename meanwhile: each mount that is opened is compared
 * with the table by its id, and looked for again.  One that another mount hides cannot be
 * opened at all: then there is no flag to be had, and no start.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/nolinks.h"
#include "common/sys.h"
#include "launcher/mount.h"
#include "launcher/mount_old.h"
#include "launcher/mountinfo.h"
#include "launcher/walk.h"

/* A directory that every /proc has, and nothing is read in. */
#define STAGE "/proc/fs"

#define OPTIONS_MAX 1024
#define ROUNDS 100 /* of looking for a mount whose directories are renamed */

/* statfs(2), f_flags; the libc knows all but the last. */
#define ST_NOSYMFOLLOW_ 0x2000 /* Linux 5.10 */
#define MS_NOSYMFOLLOW_ 256

struct name {
	char text[32];
};

static struct name by_fd(int fd)
{
	struct name n;

	snprintf(n.text, sizeof(n.text), "/proc/self/fd/%d", fd);
	return n;
}

static unsigned long flags_of(uint64_t attrs)
{
	return (attrs & MOUNT_ATTR_RDONLY ? MS_RDONLY : 0) |
	       (attrs & MOUNT_ATTR_NOSUID ? MS_NOSUID : 0) |
	       (attrs & MOUNT_ATTR_NODEV ? MS_NODEV : 0) |
	       (attrs & MOUNT_ATTR_NOEXEC ? MS_NOEXEC : 0);
}

/* --- the stage ------------------------------------------------------------------------- */

static int make_stage(struct mount_ways *w)
{
	if (w->has_stage)
		return 0;
	if (mount("none", STAGE, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  "size=1m,nr_inodes=65536,mode=0700") < 0)
		return -errno;
	w->has_stage = true;
	return 0;
}

/* An empty place for one mount.  ret_path: its name. */
static int next_place(struct mount_ways *w, bool is_dir, struct name *ret_path)
{
	int r = make_stage(w);

	if (r < 0)
		return r;
	snprintf(ret_path->text, sizeof(ret_path->text), STAGE "/%u", w->n_staged++);
	r = is_dir ? mkdir(ret_path->text, 0700) : mknod(ret_path->text, S_IFREG | 0600, 0);
	return r < 0 ? -errno : 0;
}

/* What is mounted there.  Its root may be a symlink (PLAN_NAME), which is not followed. */
static int open_staged(const struct name *path)
{
	int fd = open(path->text, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int mount_old_make(struct mount_ways *w, const char *type, const struct mount_option *v, size_t n,
		   uint64_t attrs)
{
	char text[OPTIONS_MAX] = "";
	struct name path;
	size_t len = 0;
	int r = next_place(w, true, &path);

	for (size_t i = 0; i < n && r == 0; i++) {
		/* None of ours has one: a separator would begin another option. */
		if (v[i].value && strchr(v[i].value, ','))
			return -EINVAL;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s%s%s", len ? "," : "",
					v[i].key, v[i].value ? "=" : "", v[i].value ? v[i].value : "");
		if (len >= sizeof(text))
			return -E2BIG;
	}
	if (r < 0)
		return r;
	if (mount("none", path.text, type, flags_of(attrs), text) < 0)
		return -errno;
	return open_staged(&path);
}

int mount_old_clone(struct mount_ways *w, int source, bool is_tree)
{
	struct name path;
	struct stat st;
	int r = fstat(source, &st) < 0 ? -errno : next_place(w, S_ISDIR(st.st_mode), &path);

	if (r < 0)
		return r;
	if (mount(by_fd(source).text, path.text, NULL, MS_BIND | (is_tree ? MS_REC : 0), NULL) < 0)
		return -errno;
	return open_staged(&path);
}

int mount_old_attach(int mount_fd, int target)
{
	return mount(by_fd(mount_fd).text, by_fd(target).text, NULL, MS_MOVE, NULL) < 0 ? -errno : 0;
}

/* --- flags ----------------------------------------------------------------------------- */

static int flag_one(int fd, uint64_t attrs)
{
	static const struct {
		unsigned long has, flag;
	} all[] = {
		{ ST_RDONLY, MS_RDONLY },     { ST_NOSUID, MS_NOSUID }, { ST_NODEV, MS_NODEV },
		{ ST_NOEXEC, MS_NOEXEC },     { ST_NOSYMFOLLOW_, MS_NOSYMFOLLOW_ },
	};
	unsigned long flags = flags_of(attrs);
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return -errno;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if ((unsigned long)fs.f_flags & all[i].has)
			flags |= all[i].flag;
	return mount("none", by_fd(fd).text, NULL, MS_REMOUNT | MS_BIND | flags, NULL) < 0 ? -errno : 0;
}

/* The id of the mount that fd is in: "mnt_id:\t36" (proc(5), Linux 3.15); -1: not known. */
static long id_of(int fd)
{
	char path[40], line[128];
	long id = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	while (f && id < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, "mnt_id:", 7))
			id = strtol(line + 7, NULL, 10);
	if (f)
		fclose(f);
	return id;
}

/* One pass over the table.  Return: 0; -ESTALE: one was not where the table has it. */
static int flag_listed(const char *root, uint64_t attrs)
{
	cleanup_free char *table = NULL;
	struct err quiet = {0};
	char *save = NULL;
	int r = mountinfo_read(&table, &quiet);

	if (r < 0)
		return r;
	for (char *line = strtok_r(table, "\n", &save); line && r == 0;
	     line = strtok_r(NULL, "\n", &save)) {
		cleanup_close int fd = -1;
		struct mountinfo m;

		if (!mountinfo_parse(line, &m))
			return -EBADMSG;
		if (!walk_is_below(m.path, root) || !strcmp(m.path, root))
			continue;
		fd = nolinks_open(AT_FDCWD, m.path, O_PATH);
		if (fd < 0 || id_of(fd) != m.id)
			return -ESTALE;
		r = flag_one(fd, attrs);
	}
	return r;
}

int mount_old_flag_tree(int mount_fd, bool is_tree, uint64_t attrs)
{
	char root[64];
	ssize_t len = readlink(by_fd(mount_fd).text, root, sizeof(root) - 1);
	int r = flag_one(mount_fd, attrs);

	if (r < 0 || !is_tree)
		return r;
	root[len > 0 ? len : 0] = '\0';
	/* Only what stands on the stage has a name that is ours. */
	if (strncmp(root, STAGE "/", sizeof(STAGE)) != 0)
		return -EINVAL;
	for (int i = 0; i < ROUNDS; i++) {
		r = flag_listed(root, attrs);
		if (r != -ESTALE)
			break;
	}
	return r;
}
