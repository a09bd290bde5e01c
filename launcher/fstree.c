/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/sha256.h"
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

/* --- the seal ----------------------------------------------------------------------------- */

/* No padding: it is digested as it lies. */
struct inode {
	uint64_t number, size;
	int64_t written, changed; /* mtime, ctime, in nanoseconds */
	uint32_t mode, path_len;  /* the path follows */
};

struct sealing {
	struct sha256 sha;
	int64_t last; /* time of the latest change */
	char *paths;
	size_t len, room;
};

/* Times of files advance with the timer's tick, which is at most 10 ms (CONFIG_HZ 100). */
#define TICKS_NS 40000000

static int64_t ns(const struct timespec *t)
{
	return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

static void seal_entry(struct sha256 *sha, const char *path, const struct stat *st)
{
	const struct inode i = { .number = st->st_ino, .size = (uint64_t)st->st_size,
				 .written = ns(&st->st_mtim), .changed = ns(&st->st_ctim),
				 .mode = st->st_mode, .path_len = (uint32_t)strlen(path) };

	sha256_add(sha, &i, sizeof(i));
	sha256_add(sha, path, i.path_len);
}

static int add_to_seal(void *arg, int at, const char *name, const char *path,
		       const struct stat *st, struct err *err)
{
	const size_t size = strlen(path) + 1;
	struct sealing *s = arg;

	(void)at;
	(void)name;
	if (s->room - s->len < size) {
		size_t room = 2 * s->room + size;
		char *grown = room < FSTREE_SEAL ? realloc(s->paths, room) : NULL;

		if (!grown)
			return err_errno(err, ENOMEM, "seal");
		s->paths = grown;
		s->room = room;
	}
	memcpy(s->paths + s->len, path, size);
	s->len += size;
	if (ns(&st->st_ctim) > s->last)
		s->last = ns(&st->st_ctim);
	seal_entry(&s->sha, path, st);
	return 0;
}

/* The digest in hexadecimal, a newline, and the paths. */
static int make_seal(struct sealing *s, char **ret, size_t *ret_len, struct err *err)
{
	uint8_t digest[FSTREE_DIGEST];
	char *text = malloc(FSTREE_HEX + s->len);

	if (!text)
		return err_errno(err, ENOMEM, "seal");
	sha256_done(&s->sha, digest);
	fstree_hex(digest, text);
	text[FSTREE_HEX - 1] = '\n';
	memcpy(text + FSTREE_HEX, s->paths, s->len);
	*ret = text;
	*ret_len = FSTREE_HEX + s->len;
	return 0;
}

int fstree_seal(const char *dir, char **ret, size_t *ret_len, struct err *err)
{
	struct sealing s = {0};
	struct walking w = { .visit = add_to_seal, .arg = &s };
	struct timespec now;
	struct stat st;
	int r = 0;

	*ret = NULL;
	sha256_start(&s.sha);
	if (lstat(dir, &st) < 0 || clock_gettime(CLOCK_REALTIME, &now) < 0)
		r = err_errno(err, errno, "%s", dir);
	if (r == 0)
		r = add_to_seal(&s, -1, "", "", &st, err);
	if (r == 0)
		r = walk_tree(dir, &w, err);
	if (r == 0 && ns(&now) - s.last >= TICKS_NS)
		r = make_seal(&s, ret, ret_len, err);
	free(s.paths);
	return r;
}

bool fstree_has_seal(const char *dir, const char *seal, size_t len)
{
	cleanup_close int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const char *end = seal + len;
	uint8_t digest[FSTREE_DIGEST];
	char hex[FSTREE_HEX];
	struct sha256 sha;

	if (fd < 0 || len <= FSTREE_HEX || seal[FSTREE_HEX - 1] != '\n' || end[-1])
		return false;
	sha256_start(&sha);
	for (const char *p = seal + FSTREE_HEX; p < end; p += strlen(p) + 1) {
		struct stat st;

		if (fstatat(fd, p, &st, AT_SYMLINK_NOFOLLOW | (*p ? 0 : AT_EMPTY_PATH)) < 0)
			return false;
		seal_entry(&sha, p, &st);
	}
	sha256_done(&sha, digest);
	fstree_hex(digest, hex);
	return !memcmp(hex, seal, FSTREE_HEX - 1);
}

/* --- reading ------------------------------------------------------------------------------ */

struct reading {
	struct fstree *tree;
	size_t room;
};

static int read_file(int at, const char *name, uint8_t digest[static FSTREE_DIGEST],
		     struct err *err)
{
	cleanup_close int fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	static uint8_t data[1 << 18];
	struct sha256 sha;
	ssize_t n;

	if (fd < 0)
		return err_errno(err, errno, "%s", name);
	sha256_start(&sha);
	while ((n = read(fd, data, sizeof(data))) > 0)
		sha256_add(&sha, data, (size_t)n);
	if (n < 0)
		return err_errno(err, errno, "%s", name);
	sha256_done(&sha, digest);
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
	else if (S_ISREG(st->st_mode))
		r = read_file(at, name, e.content, err);
	else if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
		r = err_set(err, EPERM, "%s: neither a file, a directory nor a symlink", path);
	if (r < 0) {
		free(e.path);
		free(e.target);
		return r;
	}
	t->v[t->n++] = e;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct fstree_entry *x = a, *y = b;

	return strcmp(x->path, y->path);
}

int fstree_read(const char *dir, struct fstree *ret, struct err *err)
{
	struct reading d = { .tree = ret };
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


void fstree_digest(const struct fstree *t, char ret[static FSTREE_HEX + 7])
{
	uint8_t digest[FSTREE_DIGEST];
	struct sha256 sha;

	sha256_start(&sha);
	for (size_t i = 0; i < t->n; i++) {
		const struct fstree_entry *e = &t->v[i];
		char head[64];
		int len = snprintf(head, sizeof(head), "%c%04o %llu",
				   S_ISDIR(e->mode) ? 'd' : S_ISLNK(e->mode) ? 'l' : 'f',
				   S_ISLNK(e->mode) ? 0 : e->mode & 07777,
				   (unsigned long long)e->size);

		/* A NUL ends each part: no path or target holds one. */
		sha256_add(&sha, head, (size_t)len + 1);
		sha256_add(&sha, e->path, strlen(e->path) + 1);
		if (e->target)
			sha256_add(&sha, e->target, strlen(e->target) + 1);
		else if (S_ISREG(e->mode))
			sha256_add(&sha, e->content, FSTREE_DIGEST);
	}
	sha256_done(&sha, digest);
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
