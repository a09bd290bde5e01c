/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/sys.h"
#include "launcher/fstree.h"
#include "launcher/path.h"

/* The largest servers in the wild have 40000 files and 600 MB, and npm nests 20 deep. */
#define ENTRIES ((size_t)400000)
#define BYTES ((uint64_t)4 << 30)
#define DEPTH 64
#define TARGET 4096
#define TRIES 1000

void fstree_done(struct fstree *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->v[i].path);
		free(t->v[i].target);
	}
	free(t->v);
	*t = (struct fstree){0};
}

void fstree_hex(const uint8_t digest[static FSTREE_DIGEST], char ret[static FSTREE_HEX])
{
	for (size_t i = 0; i < FSTREE_DIGEST; i++)
		snprintf(ret + 2 * i, 3, "%02x", digest[i]);
}

/* --- a walk ------------------------------------------------------------------------------ */

/* One entry: `at` is its directory, name in it, path below the tree. */
typedef int visit_fn(void *arg, int at, const char *name, const char *path,
		     const struct stat *st, struct err *err);

struct walking {
	visit_fn *visit;
	void *arg;
	bool is_after; /* a directory is visited behind what it holds */
	bool is_opening; /* a directory that cannot be read is made readable: ours to remove */
	size_t n;
};

static int walk_dir(struct walking *w, int fd, const char *path, int depth, struct err *err);

static int walk_entry(struct walking *w, int at, const char *name, const char *path, int depth,
		      struct err *err)
{
	struct stat st;
	int r = 0;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(err, errno, "%s", path);
	if (++w->n > ENTRIES)
		return err_set(err, E2BIG, "more than %zu files", ENTRIES);
	if (!w->is_after)
		r = w->visit(w->arg, at, name, path, &st, err);
	if (r == 0 && S_ISDIR(st.st_mode)) {
		int fd;

		if (w->is_opening && fchmodat(at, name, 0700, 0) < 0)
			return err_errno(err, errno, "%s", path);
		fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		r = fd < 0 ? err_errno(err, errno, "%s", path) :
			     walk_dir(w, fd, path, depth + 1, err);
	}
	if (r == 0 && w->is_after)
		r = w->visit(w->arg, at, name, path, &st, err);
	return r;
}

/* Takes fd. */
static int walk_dir(struct walking *w, int fd, const char *path, int depth, struct err *err)
{
	DIR *d = fdopendir(fd);
	struct dirent *e;
	int r = 0;

	if (!d) {
		r = err_errno(err, errno, "%s", path);
		close(fd);
		return r;
	}
	if (depth > DEPTH)
		r = err_set(err, ELOOP, "%s: deeper than %d directories", path, DEPTH);
	while (r == 0 && (e = readdir(d))) {
		cleanup_free char *whole = NULL;

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		whole = path_make("%s%s%s", path, *path ? "/" : "", e->d_name);
		r = whole ? walk_entry(w, fd, e->d_name, whole, depth, err) :
			    err_set(err, ENAMETOOLONG, "%s: too long a path", path);
	}
	closedir(d);
	return r;
}

static int walk_tree(const char *dir, struct walking *w, struct err *err)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, errno, "%s", dir);
	return walk_dir(w, fd, "", 0, err);
}

static int64_t ns(const struct timespec *t)
{
	return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

/* --- reading ------------------------------------------------------------------------------ */

struct reading {
	struct fstree *tree;
	size_t room;
	bool has_content;
};

static int read_file(int at, const char *name, uint8_t digest[static FSTREE_DIGEST],
		     struct err *err)
{
	cleanup_close int fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	static uint8_t data[1 << 18];
	struct sha256_ctx sha;
	ssize_t n;

	if (fd < 0)
		return err_errno(err, errno, "%s", name);
	sha256_init(&sha);
	while ((n = read(fd, data, sizeof(data))) > 0)
		sha256_update(&sha, (size_t)n, data);
	if (n < 0)
		return err_errno(err, errno, "%s", name);
	sha256_digest(&sha, FSTREE_DIGEST, digest);
	return 0;
}

static int read_target(int at, const char *name, char **ret, struct err *err)
{
	char text[TARGET];
	ssize_t n = readlinkat(at, name, text, sizeof(text) - 1);

	if (n < 0)
		return err_errno(err, errno, "%s", name);
	text[n] = '\0';
	*ret = strdup(text);
	return *ret ? 0 : err_errno(err, ENOMEM, "tree");
}

static int add(void *arg, int at, const char *name, const char *path, const struct stat *st,
	       struct err *err)
{
	struct reading *d = arg;
	struct fstree *t = d->tree;
	struct fstree_entry e = { .mode = st->st_mode };
	int r = 0;

	if (t->n == d->room) {
		size_t room = d->room ? 2 * d->room : 256;
		struct fstree_entry *grown = reallocarray(t->v, room, sizeof(*grown));

		if (!grown)
			return err_errno(err, ENOMEM, "tree");
		t->v = grown;
		d->room = room;
	}
	if (S_ISREG(st->st_mode)) {
		e.size = (uint64_t)st->st_size;
		t->bytes += e.size;
		if (t->bytes > BYTES)
			return err_set(err, E2BIG, "more than %llu bytes", (unsigned long long)BYTES);
	}
	e.path = strdup(path);
	if (!e.path)
		return err_errno(err, ENOMEM, "tree");
	if (S_ISLNK(st->st_mode))
		r = read_target(at, name, &e.target, err);
	else if (S_ISREG(st->st_mode) && d->has_content)
		r = read_file(at, name, e.content, err);
	else if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
		r = err_set(err, EPERM, "%s: neither a file, a directory nor a symlink", path);
	if (r < 0) {
		free(e.path);
		free(e.target);
		return r;
	}
	e.inode = (struct fstree_inode){ .number = st->st_ino, .size = (uint64_t)st->st_size,
				       .written = ns(&st->st_mtim), .changed = ns(&st->st_ctim),
				       .mode = st->st_mode };
	t->v[t->n++] = e;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct fstree_entry *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static int gather(const char *dir, bool has_content, struct fstree *ret, struct err *err)
{
	struct reading d = { .tree = ret, .has_content = has_content };
	struct walking w = { .visit = add, .arg = &d };
	int r;

	*ret = (struct fstree){0};
	r = walk_tree(dir, &w, err);
	if (r < 0) {
		fstree_done(ret);
		return r;
	}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), compare);
	return 0;
}

int fstree_look(const char *dir, struct fstree *ret, struct err *err)
{
	struct sha256_ctx sha;
	int r = gather(dir, false, ret, err);

	if (r < 0)
		return r;
	sha256_init(&sha);
	for (size_t i = 0; i < ret->n; i++) {
		struct fstree_entry *e = &ret->v[i];

		sha256_update(&sha, strlen(e->path) + 1, (const uint8_t *)e->path);
		sha256_update(&sha, sizeof(e->inode), (const uint8_t *)&e->inode);
	}
	sha256_digest(&sha, FSTREE_DIGEST, ret->seal);
	return 0;
}

int fstree_read(const char *dir, struct fstree *ret, struct err *err)
{
	return gather(dir, true, ret, err);
}

void fstree_digest(const struct fstree *t, char ret[static FSTREE_HEX + 7])
{
	uint8_t digest[FSTREE_DIGEST];
	struct sha256_ctx sha;

	sha256_init(&sha);
	for (size_t i = 0; i < t->n; i++) {
		const struct fstree_entry *e = &t->v[i];
		char head[64];
		int len = snprintf(head, sizeof(head), "%c%04o %llu",
				   S_ISDIR(e->mode) ? 'd' : S_ISLNK(e->mode) ? 'l' : 'f',
				   S_ISLNK(e->mode) ? 0 : e->mode & 07777,
				   (unsigned long long)e->size);

		/* A NUL ends each part: no path or target holds one. */
		sha256_update(&sha, (size_t)len + 1, (const uint8_t *)head);
		sha256_update(&sha, strlen(e->path) + 1, (const uint8_t *)e->path);
		if (e->target)
			sha256_update(&sha, strlen(e->target) + 1, (const uint8_t *)e->target);
		else if (S_ISREG(e->mode))
			sha256_update(&sha, FSTREE_DIGEST, e->content);
	}
	sha256_digest(&sha, FSTREE_DIGEST, digest);
	memcpy(ret, "sha256-", 7);
	fstree_hex(digest, ret + 7);
}

/* --- settling ------------------------------------------------------------------------------- */

struct settling {
	int top;
	const char *may_leave;
};

static int settle_link(const struct settling *s, const char *path, struct err *err)
{
	cleanup_close int fd = -1;

	if (s->may_leave && !strcmp(path, s->may_leave))
		return 0;
	/* EAGAIN: something was renamed anywhere while ".." was resolved (openat2(2)). */
	for (int i = 0; i < TRIES && (!i || (fd < 0 && errno == EAGAIN)); i++)
		fd = sys_openat2(s->top, path, O_PATH | O_CLOEXEC, 0,
				 RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
	/* What leads to nothing leads nowhere: the tree is read-only from here on. */
	if (fd >= 0 || errno == ENOENT || errno == ENOTDIR)
		return 0;
	if (errno == EXDEV)
		return err_set(err, EPERM, "%s: a symlink that leads out of the package", path);
	return err_errno(err, errno, "%s", path);
}

static int settle(void *arg, int at, const char *name, const char *path, const struct stat *st,
		  struct err *err)
{
	mode_t mode = S_ISDIR(st->st_mode) || (st->st_mode & 0111) ? 0555 : 0444;

	if (S_ISLNK(st->st_mode))
		return settle_link(arg, path, err);
	if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
		return err_set(err, EPERM, "%s: neither a file, a directory nor a symlink", path);
	if (fchmodat(at, name, mode, 0) < 0)
		return err_errno(err, errno, "%s", path);
	return 0;
}

int fstree_settle(const char *dir, const char *may_leave, struct err *err)
{
	cleanup_close int top = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct settling s = { top, may_leave };
	struct walking w = { .visit = settle, .arg = &s, .is_after = true, .is_opening = true };
	int r;

	if (top < 0)
		return err_errno(err, errno, "%s", dir);
	r = walk_tree(dir, &w, err);
	if (r == 0 && fchmod(top, 0555) < 0)
		r = err_errno(err, errno, "%s", dir);
	return r;
}

/* --- removing ------------------------------------------------------------------------------- */

static int unlink_one(void *arg, int at, const char *name, const char *path,
		      const struct stat *st, struct err *err)
{
	(void)arg;
	if (unlinkat(at, name, S_ISDIR(st->st_mode) ? AT_REMOVEDIR : 0) < 0)
		return err_errno(err, errno, "remove %s", path);
	return 0;
}

int fstree_remove(const char *dir, struct err *err)
{
	struct walking w = { .visit = unlink_one, .is_after = true, .is_opening = true };
	struct stat st;
	int r;

	if (lstat(dir, &st) < 0)
		return errno == ENOENT ? 0 : err_errno(err, errno, "%s", dir);
	if (!S_ISDIR(st.st_mode))
		return unlink(dir) < 0 ? err_errno(err, errno, "remove %s", dir) : 0;
	chmod(dir, 0700);
	r = walk_tree(dir, &w, err);
	if (r == 0 && rmdir(dir) < 0)
		r = err_errno(err, errno, "remove %s", dir);
	return r;
}
