/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "launcher/delta.h"
#include "launcher/delta_apply.h"
#include "launcher/private.h"

const char *delta_held_back(const struct change *one, const struct delta_choice *choice)
{
	bool is_named = !choice->paths.n, is_explicit = choice->with_trusted;

	for (size_t i = 0; i < choice->paths.n; i++) {
		if (!delta_is_below(one->path, choice->paths.v[i]))
			continue;
		is_named = true;
		/* "." or "src" does not name the hooks that lie in it. */
		is_explicit = is_explicit || !strcmp(one->path, choice->paths.v[i]) ||
			      delta_trusted(choice->paths.v[i]) != NULL;
	}
	if (!is_named)
		return "";
	if (one->refused)
		return one->refused;
	if (one->trusted && !is_explicit)
		return one->trusted;
	if (one->is_conflict && !(choice->with_conflicts && choice->paths.n))
		return "the original changed since";
	return NULL;
}

/* --- one change ---------------------------------------------------------------------- */

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* Is the original still what delta_read() saw? */
static int check_original(int parent, const char *name, const struct change *one,
			  struct err *err)
{
	struct stat st;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT)
			return err_errno(err, errno, "%s", one->path);
		st.st_mode = 0;
	}
	if (!st.st_mode && !one->was.st_mode)
		return 0;
	/* A directory's own change time moves with what is applied in it. */
	if (st.st_mode != one->was.st_mode || st.st_dev != one->was.st_dev ||
	    st.st_ino != one->was.st_ino ||
	    (!S_ISDIR(st.st_mode) && !is_same_time(&st.st_ctim, &one->was.st_ctim)))
		return err_set(err, ESTALE, "%s: the original changed while it was being applied; look again",
			       one->path);
	return 0;
}

static void make_name(char name[static 48])
{
	unsigned long long random = 0;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		random = (unsigned long long)getpid();
	snprintf(name, 48, ".mcp-confine-%016llx", random);
}

static int copy(int from, int to)
{
	char buf[65536];
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) != 0) {
		int r = n < 0 ? -errno : fd_write_all(to, buf, (size_t)n);

		if (r < 0 && r != -EINTR)
			return r;
	}
	return 0;
}

/* The new file beside its place, whole, under a name of ours. */
static int make_beside(struct delta *c, int parent, const char *temporary,
		       const struct change *one)
{
	const char *name;
	cleanup_close int upper = -1, from = -1, to = -1;
	struct stat st;
	int r;

	if (S_ISLNK(one->is.st_mode))
		return symlinkat(one->link, parent, temporary) < 0 ? -errno : 0;
	upper = delta_open_parent(c->upper, one->path, &name);
	from = upper < 0 ? -1 : openat(upper, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (from < 0 || fstat(from, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ESTALE;
	to = openat(parent, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	r = copy(from, to);
	return r == 0 && fchmod(to, one->is.st_mode & 0777) < 0 ? -errno : r;
}

static int put(struct delta *c, int parent, const char *name, const struct change *one,
	       struct err *err)
{
	const bool is_new = !one->was.st_mode || one->kind == CHANGE_TYPE;
	char temporary[48];
	int r;

	make_name(temporary);
	r = make_beside(c, parent, temporary, one);
	if (r < 0)
		err_errno(err, -r, "write %s", one->path);
	else if (!is_new)
		r = check_original(parent, name, one, err);
	if (r == 0 && renameat2(parent, temporary, parent, name, is_new ? RENAME_NOREPLACE : 0) < 0)
		r = err_errno(err, errno, "put %s in its place", one->path);
	if (r < 0)
		unlinkat(parent, temporary, 0);
	return r;
}

/* Remove a directory of the user's: into no mount, and nothing that others changed. */
static int remove_directory(const struct delta *c, int parent, const char *name,
			    bool with_conflicts, size_t depth)
{
	int fd = delta_open_directory(parent, name, O_RDONLY), r = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d || depth > DELTA_DEPTH) {
		r = d ? -ELOOP : -errno;
		if (d)
			closedir(d);
		else if (fd >= 0)
			close(fd);
		return r;
	}
	for (struct dirent *e; r == 0 && (e = readdir(d));) {
		struct stat st;

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			r = -errno;
		else if (!with_conflicts && delta_is_later(c, &st))
			r = -ESTALE;
		else if (S_ISDIR(st.st_mode))
			r = remove_directory(c, dirfd(d), e->d_name, with_conflicts, depth + 1);
		else if (unlinkat(dirfd(d), e->d_name, 0) < 0)
			r = -errno;
	}
	closedir(d);
	return r == 0 && unlinkat(parent, name, AT_REMOVEDIR) < 0 ? -errno : r;
}

static int take_away(const struct delta *c, int parent, const char *name,
		     const struct change *one, bool with_conflicts, struct err *err)
{
	int r = 0;

	if (S_ISDIR(one->was.st_mode))
		r = remove_directory(c, parent, name, with_conflicts, 0);
	else if (unlinkat(parent, name, 0) < 0)
		r = -errno;
	return r < 0 ? err_errno(err, -r, "remove %s", one->path) : 0;
}

/* Through the descriptor of the name itself, which is no symlink. */
static int set_mode(int parent, const char *name, const struct change *one, struct err *err)
{
	cleanup_close int fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	char path[64];

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, errno, "%s", one->path);
	if ((st.st_mode & S_IFMT) != (one->is.st_mode & S_IFMT))
		return err_set(err, ESTALE, "%s: replaced while it was being applied; look again", one->path);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (chmod(path, one->is.st_mode & 0777) < 0)
		return err_errno(err, errno, "change the mode of %s", one->path);
	return 0;
}

/* What we leave has a change time of now: it is no change of others. */
static void record(struct delta *c, int parent, const char *name)
{
	cleanup_close int fd = openat(c->store, "known",
				      O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct delta_known k = {0};
	struct stat st;

	if (fd < 0)
		return; /* then it counts as changed, the careful way */
	for (int i = 0; i < 2; i++) {
		if (i ? fstat(parent, &st) < 0 : fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		k.dev = st.st_dev;
		k.ino = st.st_ino;
		k.changed = st.st_ctim;
		fd_write_all(fd, &k, sizeof(k));
	}
}

/* The layer forgets what the real directory has now. */
static void forget(struct delta *c, const struct change *one)
{
	const char *name;
	cleanup_close int upper = -1;

	/* In an opaque directory the absence of a name would say that it was removed. */
	if (one->is_anew || (one->is.st_mode && S_ISDIR(one->is.st_mode)))
		return;
	upper = delta_open_parent(c->upper, one->path, &name);
	if (upper >= 0)
		unlinkat(upper, name, 0);
}

static int apply_one(struct delta *c, const struct change *one, bool with_conflicts,
		     struct err *err)
{
	const bool is_dir = S_ISDIR(one->is.st_mode);
	cleanup_close int parent = -1;
	const char *name;
	int r = 0;

	parent = delta_open_parent(c->root, one->path, &name);
	if (parent < 0)
		return err_errno(err, errno, "%s: the directory that holds it", one->path);
	r = check_original(parent, name, one, err);
	if (r == 0 && (one->kind == CHANGE_REMOVED || one->kind == CHANGE_TYPE))
		r = take_away(c, parent, name, one, with_conflicts, err);
	if (r == 0 && one->kind == CHANGE_MODE && !is_dir)
		r = set_mode(parent, name, one, err);
	else if (r == 0 && is_dir && one->kind != CHANGE_MODE && mkdirat(parent, name, 0700) < 0)
		r = err_errno(err, errno, "make %s", one->path);
	else if (r == 0 && !is_dir && one->kind != CHANGE_REMOVED && one->kind != CHANGE_MODE)
		r = put(c, parent, name, one, err);
	if (r < 0)
		return r;
	record(c, parent, name);
	forget(c, one);
	return 0;
}

/* --- all of them --------------------------------------------------------------------- */

/* A new directory above something that is applied is applied too. */
static bool is_needed(const struct delta *c, size_t i, const bool *is_chosen)
{
	const struct change *one = &c->v[i];

	if (one->kind != CHANGE_ADDED || !S_ISDIR(one->is.st_mode) || one->refused)
		return false;
	for (size_t j = i + 1; j < c->n; j++)
		if (is_chosen[j] && delta_is_below(c->v[j].path, one->path))
			return true;
	return false;
}

/* Directories get their modes last: one without the owner's write bit takes no file. */
static int finish_directories(struct delta *c, const bool *is_chosen, struct err *err)
{
	int r = 0;

	for (size_t i = c->n; i-- > 0 && r == 0;) {
		cleanup_close int parent = -1;
		const char *name;

		if (!is_chosen[i] || !S_ISDIR(c->v[i].is.st_mode))
			continue;
		parent = delta_open_parent(c->root, c->v[i].path, &name);
		if (parent < 0)
			return err_errno(err, errno, "%s", c->v[i].path);
		r = set_mode(parent, name, &c->v[i], err);
		if (r == 0)
			record(c, parent, name);
	}
	return r;
}

int delta_apply(struct delta *c, const struct delta_choice *choice, struct err *err)
{
	cleanup_free bool *is_chosen = calloc(c->n ? c->n : 1, sizeof(*is_chosen));
	int r = 0, n = 0;
	size_t i;

	if (!is_chosen)
		return err_errno(err, ENOMEM, "changes");
	for (i = 0; i < c->n; i++)
		is_chosen[i] = !delta_held_back(&c->v[i], choice);
	for (i = c->n; choice->paths.n && i-- > 0;)
		is_chosen[i] = is_chosen[i] || is_needed(c, i, is_chosen);
	for (i = 0; i < c->n && r == 0; i++) {
		if (!is_chosen[i])
			continue;
		r = apply_one(c, &c->v[i], choice->with_conflicts, err);
		if (r == 0)
			n++;
		else /* what was made before gets its mode all the same */
			memset(is_chosen + i, 0, (c->n - i) * sizeof(*is_chosen));
	}
	if (finish_directories(c, is_chosen, r < 0 ? NULL : err) < 0 && r == 0)
		r = -err->code;
	return r < 0 ? r : n;
}

/* --- dropping ------------------------------------------------------------------------ */

/* In an opaque directory over a real one, to drop a name would be to remove it. */
static bool hides_original(const struct delta *c, const char *path)
{
	for (const char *slash = path; (slash = strchr(slash, '/')); slash++) {
		cleanup_free char *top = strndup(path, (size_t)(slash - path));
		cleanup_close int upper = top ? delta_open_directory(c->upper, top, O_RDONLY) : -1;
		cleanup_close int lower = top ? delta_open_directory(c->root, top, O_PATH) : -1;

		if (!top || upper < 0 ||
		    (lower >= 0 && fgetxattr(upper, "user.overlay.opaque", NULL, 0) > 0))
			return true;
	}
	return false;
}

int delta_discard(struct delta *c, const char *path, struct err *err)
{
	cleanup_close int parent = -1;
	const char *name;

	if (!*path) {
		private_remove(c->store, "upper");
		private_remove(c->store, "work");
		unlinkat(c->store, "known", 0);
		if (faccessat(c->store, "upper", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return err_set(err, EACCES, "%s: not all of its layer could be removed",
				       c->origin.path);
		unlinkat(c->store, "origin", 0);
		return 0;
	}
	if (hides_original(c, path))
		return err_set(err, EINVAL,
			       "%s: it lies in a directory that the server made anew in the place of "
			       "another; discard that", path);
	parent = delta_open_parent(c->upper, path, &name);
	if (parent < 0 || faccessat(parent, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(err, errno, "%s", path);
	if (unlinkat(parent, name, 0) < 0)
		private_remove(parent, name);
	if (faccessat(parent, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return err_set(err, EACCES, "%s: not all of it could be removed from the layer", path);
	return 0;
}
