/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * Each of the four things has its newer call and its way round, chosen by itself.  One
 * choice follows from another: mount(2) flags only what is attached somewhere in this
 * mount namespace, so where mount_setattr is missing nothing is made detached.  What is
 * detached can be moved by mount(2) as well as by move_mount (Linux 5.2, where both came).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/sys.h"
#include "launcher/mount.h"
#include "launcher/mount_old.h"

static bool is_missing(int answer)
{
	return answer < 0 && errno == ENOSYS;
}

void mount_find(struct mount_ways *ret)
{
	struct mount_ways w = {0};

	/* Nothing is named by these arguments: a kernel that has the call answers EBADF or
	 * EINVAL, or EPERM before it looks at them. */
	w.old_make = is_missing(sys_fsopen(NULL, ~0U)) ||
		     is_missing(sys_fsconfig(-1, ~0U, NULL, NULL, 0)) ||
		     is_missing(sys_fsmount(-1, ~0U, 0));
	w.old_clone = is_missing(sys_open_tree(-1, "", ~0U));
	w.old_flags = is_missing(sys_mount_setattr(-1, "", ~0U, 0, 0));
	w.old_attach = is_missing(sys_move_mount(-1, "", -1, "", ~0U));
	*ret = w;
}

bool mount_is_old(const struct mount_ways *w)
{
	return w->old_make || w->old_clone || w->old_flags || w->old_attach;
}

void mount_missing(const struct mount_ways *w, char ret[static MOUNT_WORDS])
{
	const struct {
		bool is_out;
		const char *name;
	} all[] = {
		{ w->old_clone, "open_tree" },
		{ w->old_flags, "mount_setattr" },
		{ w->old_attach, "move_mount" },
		{ w->old_make, "fsopen or fsmount" },
	};
	size_t len = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (all[i].is_out && len < MOUNT_WORDS)
			len += (size_t)snprintf(ret + len, MOUNT_WORDS - len, "%s%s", len ? ", " : "",
						all[i].name);
}

static bool makes_on_stage(const struct mount_ways *w)
{
	return w->old_make || w->old_flags;
}

static bool clones_on_stage(const struct mount_ways *w)
{
	return w->old_clone || w->old_flags;
}

/* What the kernel says of a file system that it refuses: "e overlay: words" (fsopen(2)). */
static int refused(int fs, int error, char *words, size_t size)
{
	char text[256] = "";
	ssize_t n = fs < 0 || !words ? -1 : read(fs, text, sizeof(text) - 1);

	if (!words)
		return -error;
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	snprintf(words, size, "%s", n > 2 ? text + 2 : "");
	return -error;
}

int mount_make(struct mount_ways *w, const char *type, const struct mount_option *v, size_t n,
	       uint64_t attrs, char *words, size_t size)
{
	cleanup_close int fs = -1;
	int fd;

	if (words && size)
		words[0] = '\0';
	if (makes_on_stage(w))
		return mount_old_make(w, type, v, n, attrs);
	fs = sys_fsopen(type, FSOPEN_CLOEXEC);
	if (fs < 0)
		return refused(fs, errno, words, size);
	for (size_t i = 0; i < n; i++)
		if (sys_fsconfig(fs, v[i].value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, v[i].key,
				 v[i].value, 0) < 0)
			return refused(fs, errno, words, size);
	if (sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return refused(fs, errno, words, size);
	fd = sys_fsmount(fs, FSMOUNT_CLOEXEC, (unsigned int)attrs);
	return fd < 0 ? refused(fs, errno, words, size) : fd;
}

int mount_clone(struct mount_ways *w, int source, bool is_tree, uint64_t attrs)
{
	const unsigned int below = is_tree ? AT_RECURSIVE : 0;
	cleanup_close int tree = -1;

	if (clones_on_stage(w))
		tree = mount_old_clone(w, source, is_tree);
	else
		tree = sys_open_tree(source, "",
				     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | below);
	if (tree < 0)
		return clones_on_stage(w) ? tree : -errno;
	if (attrs && w->old_flags) {
		int r = mount_old_flag_tree(tree, is_tree, attrs);

		return r < 0 ? r : take_fd(&tree);
	}
	if (attrs && sys_mount_setattr(tree, "", AT_EMPTY_PATH | below, attrs, 0) < 0)
		return -errno;
	return take_fd(&tree);
}

int mount_flag(const struct mount_ways *w, int mount, uint64_t attrs)
{
	if (w->old_flags)
		return mount_old_flag_tree(mount, false, attrs);
	return sys_mount_setattr(mount, "", AT_EMPTY_PATH, attrs, 0) < 0 ? -errno : 0;
}

int mount_attach(const struct mount_ways *w, int mount, int target)
{
	if (w->old_attach)
		return mount_old_attach(mount, target);
	return sys_move_mount(mount, "", target, "",
			      MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0 ?
		       -errno :
		       0;
}

int mount_attach_at(const struct mount_ways *w, int mount, int dir, const char *name)
{
	cleanup_close int target = -1;

	if (!w->old_attach)
		return sys_move_mount(mount, "", dir, name, MOVE_MOUNT_F_EMPTY_PATH) < 0 ? -errno : 0;
	target = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return target < 0 ? -errno : mount_old_attach(mount, target);
}
