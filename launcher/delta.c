/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * A layer says three things.  What stands in it is what the server sees; a whiteout (a
 * character device 0:0, or an empty file with user.overlay.whiteout) hides a name of the
 * real directory; an opaque directory (user.overlay.opaque) hides everything in the one
 * below it.  All else is merged.
 *
 * Whether the real file is still the one that the server saw is asked of its change time
 * (st_ctim), which no program can set: whatever has one at or after the beginning of the
 * layer was changed, replaced or touched by others, but for what `known` records, which
 * `changes apply` did.  Content, size, mode, names and inode are all covered by it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/nolinks.h"
#include "common/sys.h"
#include "launcher/delta.h"
#include "launcher/plan.h"
#include "launcher/protect.h"
#include "policies/policy.h"

#define KNOWN_MAX ((size_t)DELTA_MAX * 2 * sizeof(struct delta_known))

void delta_done(struct delta *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->v[i].path);
		free(c->v[i].link);
	}
	free(c->v);
	free(c->known);
	free(c->origin.path);
	strv_done(&c->trusted_paths);
	if (c->store > 0)
		close(c->store);
	if (c->upper > 0)
		close(c->upper);
	if (c->root > 0)
		close(c->root);
	*c = (struct delta){0};
}

/* --- names --------------------------------------------------------------------------- */

bool delta_is_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	return !len || (!strncmp(path, top, len) && (!path[len] || path[len] == '/'));
}

/* Does path begin with the components of name, as a file system without case takes them? */
static bool begins_with(const char *path, const char *name)
{
	for (;;) {
		size_t n = strcspn(name, "/"), p = strcspn(path, "/");
		char pattern[64], component[256];

		if (n >= sizeof(pattern) || p >= sizeof(component))
			return false;
		memcpy(pattern, name, n);
		pattern[n] = '\0';
		memcpy(component, path, p);
		component[p] = '\0';
		if (fnmatch(pattern, component, FNM_CASEFOLD) != 0)
			return false;
		if (!name[n])
			return true;
		if (!path[p])
			return false;
		name += n + 1;
		path += p + 1;
	}
}

const char *delta_trusted(const char *path)
{
	const char *last = strrchr(path, '/');

	for (const char *p = path; p; p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL)
		for (const struct protect_name *row = protect_names; row->name; row++)
			if (begins_with(p, row->name))
				return row->why;
	/* With objects and refs beside it, its directory is a repository as it is. */
	if (!strcasecmp(last ? last + 1 : path, "HEAD"))
		return "git takes its directory for a repository, and runs what that names";
	return NULL;
}

bool delta_link_stays(const char *text, size_t depth)
{
	bool is_down = false;

	if (!*text || *text == '/')
		return false;
	for (const char *p = text; *p;) {
		size_t len = strcspn(p, "/");

		if (len == 2 && p[0] == '.' && p[1] == '.') {
			if (is_down || !depth)
				return false;
			depth--;
		} else if (len && !(len == 1 && p[0] == '.')) {
			is_down = true;
		}
		p += len + (p[len] == '/');
	}
	return true;
}

static size_t depth_of(const char *path)
{
	size_t n = 0;

	for (; *path; path++)
		n += *path == '/';
	return n;
}

/* --- descriptors --------------------------------------------------------------------- */

int delta_open_directory(int dir, const char *path, int flags)
{
	return sys_openat2(dir, *path ? path : ".",
			   flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0,
			   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
				   RESOLVE_NO_XDEV);
}

int delta_open_parent(int dir, const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *parent = slash ? strndup(path, (size_t)(slash - path)) : strdup("");

	if (!parent) {
		errno = ENOMEM;
		return -1;
	}
	*ret_name = slash ? slash + 1 : path;
	return delta_open_directory(dir, parent, O_PATH);
}

static int open_file(int dir, const char *name)
{
	return openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static bool has_attribute(int fd, const char *name, char first)
{
	char value[4] = "";

	return fgetxattr(fd, name, value, sizeof(value)) > 0 && value[0] == first;
}

/* --- the original -------------------------------------------------------------------- */

bool delta_is_later(const struct delta *c, const struct stat *st)
{
	const struct timespec *a = &st->st_ctim, *b = &c->origin.since;

	if (a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec))
		return false;
	for (size_t i = 0; i < c->n_known; i++)
		if (c->known[i].dev == st->st_dev && c->known[i].ino == st->st_ino &&
		    c->known[i].changed.tv_sec == a->tv_sec &&
		    c->known[i].changed.tv_nsec == a->tv_nsec)
			return false;
	return true;
}

/* The same bytes?  What cannot be read differs. */
static bool is_same_file(int a_dir, int b_dir, const char *name)
{
	cleanup_close int a = open_file(a_dir, name), b = open_file(b_dir, name);
	char x[16384], y[16384];
	ssize_t n;

	if (a < 0 || b < 0)
		return false;
	while ((n = read(a, x, sizeof(x))) > 0)
		for (ssize_t done = 0; done < n;) {
			ssize_t m = read(b, y, (size_t)(n - done));

			if (m <= 0 || memcmp(x + done, y, (size_t)m) != 0)
				return false;
			done += m;
		}
	return n == 0 && read(b, y, 1) == 0;
}

static char *read_link(int dir, const char *name)
{
	char text[4096];
	ssize_t n = readlinkat(dir, name, text, sizeof(text));

	return n < 0 || n == (ssize_t)sizeof(text) ? NULL : strndup(text, (size_t)n);
}

/* --- the walk ------------------------------------------------------------------------ */

/* One directory of the layer and the one of the same path below it. */
struct level {
	int upper, lower;    /* lower -1: none */
	const char *path;    /* "" at the top */
	bool is_anew;	     /* opaque, or in what is: nothing of lower shows through */
	bool is_conflict;    /* its place was taken by others */
	bool is_repository;  /* a bare git repository, or in one */
	size_t depth;
};

static int walk_level(struct delta *c, const struct level *l, struct err *err);

static struct change *add(struct delta *c, const struct level *l, enum change_kind kind,
			  const char *name, struct err *err)
{
	struct change *grown = NULL, *one;

	if (c->n == DELTA_MAX) {
		err_set(err, E2BIG, "%s: more than %d changes; discard them, or some with a PATH",
			c->origin.path, DELTA_MAX);
		return NULL;
	}
	if (!(c->n & (c->n - 1)))
		grown = reallocarray(c->v, c->n ? 2 * c->n : 1, sizeof(*grown));
	if (grown)
		c->v = grown;
	one = &c->v[c->n];
	if (((c->n & (c->n - 1)) || grown)) {
		*one = (struct change){ .kind = kind, .is_anew = l->is_anew };
		if (asprintf(&one->path, "%s%s%s", l->path, *l->path ? "/" : "", name) >= 0) {
			c->n++;
			one->trusted = l->is_repository ? "git runs what a repository names" :
							  delta_trusted(one->path);
			for (size_t i = 0; i < c->trusted_paths.n && !one->trusted; i++)
				if (delta_is_below(one->path, c->trusted_paths.v[i]))
					one->trusted = "git's configuration points there";
			return one;
		}
	}
	err_errno(err, ENOMEM, "changes");
	return NULL;
}

/* Why this may never be applied, or NULL. */
static const char *judge(const struct delta *c, const struct change *one)
{
	const mode_t mode = one->is.st_mode;

	if (!mode)
		return NULL;
	if (mode & (S_ISUID | S_ISGID))
		return "it is set-user-ID or set-group-ID";
	if (S_ISLNK(mode)) {
		cleanup_free char *whole = NULL;
		const char *slash = strrchr(one->path, '/');
		cleanup_close int fd = -1;

		if (!one->link || !delta_link_stays(one->link, depth_of(one->path)))
			return "a symlink that leads out of the directory";
		/* It may lead out by way of a symlink that is there already. */
		if (asprintf(&whole, "%.*s%s", slash ? (int)(slash - one->path + 1) : 0, one->path,
			     one->link) < 0)
			return "memory is out";
		fd = sys_openat2(c->root, whole, O_PATH | O_CLOEXEC, 0,
				 RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
		if (fd < 0 && errno != ENOENT && errno != ENOTDIR)
			return "a symlink that leads out of the directory";
		return NULL;
	}
	if (!S_ISREG(mode) && !S_ISDIR(mode))
		return "it is a device, a FIFO or a socket";
	return NULL;
}

/* What a change of kind REMOVED or TYPE would take away, down to the last entry. */
static bool is_tree_later(const struct delta *c, int dir, const char *name, size_t depth)
{
	cleanup_close int fd = delta_open_directory(dir, name, O_RDONLY);
	bool is_later = false;
	struct dirent *e;
	struct stat st;
	DIR *d;

	if (fd < 0 || depth > DELTA_DEPTH || fstat(fd, &st) < 0)
		return true;
	d = fdopendir(fd);
	if (!d)
		return true;
	(void)take_fd(&fd);
	is_later = delta_is_later(c, &st);
	while (!is_later && (e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			is_later = true;
		else if (S_ISDIR(st.st_mode))
			is_later = is_tree_later(c, dirfd(d), e->d_name, depth + 1);
		else
			is_later = delta_is_later(c, &st);
	}
	closedir(d);
	return is_later;
}

static bool is_conflict(const struct delta *c, int lower, const char *name,
			const struct change *one)
{
	if (!one->was.st_mode)
		return false;
	if (S_ISDIR(one->was.st_mode) && !S_ISDIR(one->is.st_mode))
		return is_tree_later(c, lower, name, 0);
	return delta_is_later(c, &one->was);
}

static int add_removed(struct delta *c, const struct level *l, const char *name,
		       const struct stat *was, struct err *err)
{
	struct change *one = add(c, l, CHANGE_REMOVED, name, err);

	if (!one)
		return -err->code;
	one->was = *was;
	one->is_conflict = is_conflict(c, l->lower, name, one);
	return 0;
}

static bool is_whiteout(int dir, const char *name, const struct stat *st)
{
	cleanup_close int fd = -1;

	if (S_ISCHR(st->st_mode))
		return st->st_rdev == 0;
	if (!S_ISREG(st->st_mode) || st->st_size)
		return false;
	fd = open_file(dir, name);
	return fd >= 0 && fgetxattr(fd, "user.overlay.whiteout", NULL, 0) >= 0;
}

/* Does it differ from its original, and how?  -1: no. */
static int compare(const struct level *l, const char *name, const struct stat *is,
		   const struct stat *was)
{
	if (!was->st_mode)
		return CHANGE_ADDED;
	if ((is->st_mode & S_IFMT) != (was->st_mode & S_IFMT))
		return CHANGE_TYPE;
	if (S_ISREG(is->st_mode) &&
	    (is->st_size != was->st_size || !is_same_file(l->upper, l->lower, name)))
		return CHANGE_CONTENT;
	if (S_ISLNK(is->st_mode)) {
		cleanup_free char *a = read_link(l->upper, name), *b = read_link(l->lower, name);

		return a && b && !strcmp(a, b) ? -1 : CHANGE_CONTENT;
	}
	if (!S_ISREG(is->st_mode) && !S_ISDIR(is->st_mode))
		return CHANGE_CONTENT;
	return (is->st_mode & 07777) != (was->st_mode & 07777) ? CHANGE_MODE : -1;
}

/* What an opaque directory hides: every name of the original that it does not have. */
static int walk_hidden(struct delta *c, const struct level *l, struct err *err)
{
	int fd = l->lower < 0 ? -1 : delta_open_directory(l->lower, "", O_RDONLY);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	int r = 0;

	for (struct dirent *e; d && r == 0 && (e = readdir(d));) {
		struct stat is, was;

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") ||
		    fstatat(l->upper, e->d_name, &is, AT_SYMLINK_NOFOLLOW) == 0 ||
		    fstatat(l->lower, e->d_name, &was, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		r = add_removed(c, l, e->d_name, &was, err);
	}
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
	return r;
}

/* at: where the directory's own change is, or SIZE_MAX. */
static int go_down(struct delta *c, const struct level *l, const char *name,
		   const struct stat *was, size_t at, struct err *err)
{
	cleanup_close int upper = delta_open_directory(l->upper, name, O_RDONLY), lower = -1;
	cleanup_free char *path = NULL;
	struct level next = *l;
	struct stat st;
	int r;

	if (S_ISDIR(was->st_mode))
		lower = delta_open_directory(l->lower, name, O_RDONLY);
	if (upper < 0 || l->depth == DELTA_DEPTH || (S_ISDIR(was->st_mode) && lower < 0)) {
		struct change *one = at < c->n ? &c->v[at] : add(c, l, CHANGE_TYPE, name, err);

		if (!one)
			return -err->code;
		one->refused = upper < 0 ? "what is in this directory cannot be read" :
			       l->depth == DELTA_DEPTH ? "too deep to look into" :
							   "the original directory cannot be read";
		return 0;
	}
	if (asprintf(&path, "%s%s%s", l->path, *l->path ? "/" : "", name) < 0)
		return err_errno(err, ENOMEM, "changes");
	next.upper = upper;
	next.lower = lower;
	next.path = path;
	next.depth++;
	next.is_conflict = l->is_conflict || (at < c->n && c->v[at].kind == CHANGE_TYPE &&
					      c->v[at].is_conflict);
	next.is_anew = l->is_anew || lower < 0 || has_attribute(upper, "user.overlay.opaque", 'y');
	next.is_repository = l->is_repository ||
			     (lower >= 0 && fstatat(lower, "HEAD", &st, 0) == 0 &&
			      fstatat(lower, "objects", &st, 0) == 0);
	r = walk_level(c, &next, err);
	return r == 0 && next.is_anew ? walk_hidden(c, &next, err) : r;
}

static int walk_entry(struct delta *c, const struct level *l, const char *name,
		      struct err *err)
{
	struct stat is, was = {0};
	struct change *one;
	size_t at = c->n;
	int kind;

	if (fstatat(l->upper, name, &is, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(err, errno, "look at the layer of %s", c->origin.path);
	if (l->lower >= 0 && fstatat(l->lower, name, &was, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT)
			return err_errno(err, errno, "look at %s", c->origin.path);
		was.st_mode = 0;
	}
	if (is_whiteout(l->upper, name, &is))
		return was.st_mode ? add_removed(c, l, name, &was, err) : 0;
	kind = compare(l, name, &is, &was);
	if (kind >= 0) {
		one = add(c, l, (enum change_kind)kind, name, err);
		if (!one)
			return -err->code;
		one->is = is;
		one->was = was;
		if (S_ISLNK(is.st_mode))
			one->link = read_link(l->upper, name);
		one->refused = judge(c, one);
		if (!one->refused && S_ISREG(is.st_mode)) {
			cleanup_close int fd = open_file(l->upper, name);

			if (fd < 0)
				one->refused = "it cannot be read";
		}
		one->is_conflict = l->is_conflict || is_conflict(c, l->lower, name, one);
	}
	return S_ISDIR(is.st_mode) ? go_down(c, l, name, &was, kind >= 0 ? at : SIZE_MAX, err) : 0;
}

static int walk_level(struct delta *c, const struct level *l, struct err *err)
{
	int fd = delta_open_directory(l->upper, "", O_RDONLY), r = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		r = err_errno(err, errno, "look at the layer of %s", c->origin.path);
		if (fd >= 0)
			close(fd);
		return r;
	}
	for (struct dirent *e; r == 0 && (e = readdir(d));)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			r = walk_entry(c, l, e->d_name, err);
	closedir(d);
	return r;
}

/* --- the whole ----------------------------------------------------------------------- */

static int by_path(const void *a, const void *b)
{
	const struct change *x = a, *y = b;
	int r = strcmp(x->path, y->path);

	return r ? r : (int)x->kind - (int)y->kind;
}

static int read_known(struct delta *c, struct err *err)
{
	cleanup_close int fd = openat(c->store, "known", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char *data = NULL;
	size_t len;
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_errno(err, errno, "open what was applied");
	r = fd_read_all(fd, KNOWN_MAX, &data, &len, err);
	if (r < 0)
		return r;
	c->known = (struct delta_known *)(void *)data;
	c->n_known = len / sizeof(*c->known); /* of a write that was cut off, nothing counts */
	return 0;
}

/* What protect.c finds in the real directory by reading git's configuration. */
static int find_trusted(struct delta *c, struct err *err)
{
	const size_t len = strlen(c->origin.path);
	const struct policy policy = {0};
	struct plan plan = {0};
	struct plan_entry *e = plan_add(&plan, PLAN_BIND, c->origin.path, c->origin.path, "");
	int r = e ? 0 : err_errno(err, ENOMEM, "changes");

	if (e) {
		e->is_dir = e->is_writable = true;
		r = protect_plan(&plan, &policy, err);
	}
	for (size_t i = 0; i < plan.n && r == 0; i++)
		if (plan.v[i].is_protection && !plan.v[i].is_writable &&
		    strlen(plan.v[i].target) > len + 1)
			r = strv_add(&c->trusted_paths, plan.v[i].target + len + 1);
	plan_done(&plan);
	return r < 0 && !err->code ? err_errno(err, -r, "changes") : r;
}

static int open_both(struct delta *c, struct err *err)
{
	struct stat st;

	c->upper = delta_open_directory(c->store, "upper", O_RDONLY);
	/* Its mode is the server's to choose; the directory is ours. */
	if (c->upper < 0 && errno == EACCES && fchmodat(c->store, "upper", 0700, 0) == 0)
		c->upper = delta_open_directory(c->store, "upper", O_RDONLY);
	if (c->upper < 0)
		return err_errno(err, errno, "open the layer of %s", c->origin.path);
	c->root = nolinks_open(AT_FDCWD, c->origin.path, O_RDONLY | O_DIRECTORY);
	if (c->root < 0 || fstat(c->root, &st) < 0)
		return err_errno(err, errno, "open %s", c->origin.path);
	if (st.st_dev != c->origin.dev || st.st_ino != c->origin.ino)
		return err_set(err, ESTALE,
			       "%s: replaced since its layer began; what is in the layer cannot be "
			       "compared: discard it", c->origin.path);
	return 0;
}

int delta_read(int store, struct delta *ret, struct err *err)
{
	struct level top = { .path = "" };
	int r;

	*ret = (struct delta){ .store = store };
	r = overlay_read_origin(store, &ret->origin, err);
	if (r == 0)
		r = open_both(ret, err);
	if (r == 0)
		r = read_known(ret, err);
	if (r == 0)
		r = find_trusted(ret, err);
	if (r < 0)
		return r;
	top.upper = ret->upper;
	top.lower = ret->root;
	r = walk_level(ret, &top, err);
	if (r == 0 && ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_path);
	return r;
}
