/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * Nothing is ever half there.  A package grows in staging, is settled and digested, and
 * arrives under its digest's name by one rename; it runs from the moment that `current`
 * is replaced, by another.  Whoever is interrupted between leaves files that no name
 * leads to, and the next one sweeps them, under the lock.
 *
 * The digest is checked before each start (store_verify): of the content when any inode's
 * number, size, mode or times differ from the seal, else by the seal alone, which costs one
 * lstat(2) a file and opens none.  No ordinary user can change a file's content and keep its
 * time of change (ctime); a change that falls into the same tick of the clock as the one
 * before could, so a tree that has changed just now gets no seal.  Both are made for accidents and for what other programs of the user do;
 * who may write the store itself can write the lock file too.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/limits.h"
#include "launcher/path.h"
#include "launcher/store.h"
#include "launcher/user.h"
#include "launcher/walk.h"

#define LOCK_MAX (16 * MIB)

static int no_memory(struct err *err)
{
	return err_errno(err, ENOMEM, "package store");
}

/* --- places ------------------------------------------------------------------------------ */

int store_lock(const struct user *u, char **ret_staging, struct err *err)
{
	cleanup_free char *top = NULL, *path = NULL, *staging = NULL;
	cleanup_close int fd = -1;
	int r = user_data(u, "packages", &top, err);

	if (r < 0)
		return r;
	path = path_make("%s/lock", top);
	staging = path_make("%s/staging", top);
	if (!path || !staging)
		return no_memory(err);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_errno(err, errno, "open %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return err_set(err, errno, "another mcp-confine changes the installed packages; wait "
					   "for it, or end it");
	r = fstree_remove(staging, err);
	if (r == 0 && mkdir(staging, 0700) < 0)
		r = err_errno(err, errno, "make directory %s", staging);
	if (r < 0)
		return r;
	*ret_staging = take_ptr(&staging);
	return take_fd(&fd);
}

static char *place_of(const char *data, const struct spec *s)
{
	char name[SPEC_NAME];

	spec_directory(s, name);
	return path_make("%s/packages/%s/%s", data, spec_kind_name(s->kind), name);
}

char *store_find(const char *home, enum spec_kind kind, const char *name, const char *which)
{
	cleanup_free char *data = path_make("%s/.local/share/mcp-confine", home), *place = NULL;
	cleanup_free char *link = NULL;
	struct spec s = { .kind = kind };

	if (!data || strlen(name) >= sizeof(s.name))
		return NULL;
	snprintf(s.name, sizeof(s.name), "%s", name);
	place = place_of(data, &s);
	link = place ? path_make("%s/%s", place, which) : NULL;
	return link ? path_real(link) : NULL;
}

char *store_of(const char *data, const char *path)
{
	cleanup_free char *top = path_make("%s/packages", data), *real = top ? path_real(top) : NULL;
	const char *p;

	if (!real || !walk_is_below(path, real) || !strcmp(path, real))
		return NULL;
	p = path + strlen(real) + 1;
	for (int i = 0; i < 2 && p; i++) {
		p = strchr(p, '/');
		p = p ? p + 1 : NULL;
	}
	if (!p || strncmp(p, "sha256-", 7) != 0)
		return NULL;
	return strndup(path, (size_t)(p - path) + strcspn(p, "/"));
}

/* --- the lock file -------------------------------------------------------------------------- */

json_t *store_read_lock(const char *dir)
{
	cleanup_free char *path = path_make("%s/lock.json", dir);
	cleanup_free char *text = path ? path_read(path, LOCK_MAX) : NULL;

	return text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
}

static int write_file(const char *path, const char *text, struct err *err)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : fd_write_all(fd, text, strlen(text));

	return r < 0 ? err_errno(err, -r, "write %s", path) : 0;
}

/* The seal is a memory aid: without it the next start reads every file. */
static void write_seal(const char *dir, const char *seal, size_t len)
{
	cleanup_free char *path = path_make("%s/seal", dir), *new = path_make("%s/seal.new", dir);
	cleanup_close int fd = -1;

	if (!path || !new)
		return;
	unlink(new);
	fd = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || fd_write_all(fd, seal, len) < 0 || rename(new, path) < 0)
		unlink(new);
}

/* Return: true when it is there and holds. */
static bool has_seal(const char *dir, const char *tree)
{
	cleanup_free char *path = path_make("%s/seal", dir), *text = NULL;
	cleanup_close int fd = path ? open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK) : -1;
	struct err ignored = {0};
	size_t len;

	return fd >= 0 && fd_read_all(fd, FSTREE_SEAL, &text, &len, &ignored) == 0 &&
	       fstree_has_seal(tree, text, len);
}

static int write_lock(const char *package, json_t *lock, const struct fstree *t,
		      const char *digest, struct err *err)
{
	cleanup_free char *path = path_make("%s/lock.json", package), *text = NULL;
	char date[32];
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (!path || json_object_set_new(lock, "digest", json_string(digest)) < 0 ||
	    json_object_set_new(lock, "files", json_integer((json_int_t)t->n)) < 0 ||
	    json_object_set_new(lock, "bytes", json_integer((json_int_t)t->bytes)) < 0 ||
	    json_object_set_new(lock, "installed", json_string(date)) < 0)
		return no_memory(err);
	text = json_dumps(lock, JSON_INDENT(2));
	return text ? write_file(path, text, err) : no_memory(err);
}

static int sync_all(const char *dir, struct err *err)
{
	cleanup_close int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || syncfs(fd) < 0 ? err_errno(err, errno, "sync %s", dir) : 0;
}

/* --- changes ----------------------------------------------------------------------------------- */

/* Its place by its digest; an equal one that is there already, and whole, stays. */
static int move_in(const char *package, const char *place, const char *digest, char **ret_dir,
		   struct err *err)
{
	cleanup_free char *dir = path_make("%s/%s", place, digest);
	struct err ignored = {0};
	int r;

	if (!dir)
		return no_memory(err);
	if (path_is_dir(dir) && store_verify(dir, &ignored) == 0) {
		*ret_dir = take_ptr(&dir);
		return 0;
	}
	r = fstree_remove(dir, err);
	if (r == 0 && rename(package, dir) < 0)
		r = err_errno(err, errno, "move to %s", dir);
	if (r == 0)
		*ret_dir = take_ptr(&dir);
	return r;
}

int store_commit(const struct user *u, const struct spec *s, const char *staging,
		 const char *may_leave, json_t *lock, char **ret_dir, struct err *err)
{
	cleanup_free char *package = path_make("%s/package", staging);
	cleanup_free char *dir = package ? path_make("%s/tree", package) : NULL;
	cleanup_free char *below = NULL, *place = NULL, *seal = NULL;
	size_t seal_len;
	char digest[FSTREE_HEX + 7], name[SPEC_NAME];
	struct fstree t = {0};
	int r = dir ? fstree_settle(dir, may_leave, err) : no_memory(err);

	if (r == 0)
		r = fstree_read(dir, &t, err);
	if (r < 0)
		return err_wrap(err, "%s:%s", spec_kind_name(s->kind), s->name);
	fstree_digest(&t, digest);
	r = write_lock(package, lock, &t, digest, err);
	fstree_done(&t);
	if (r == 0)
		r = fstree_seal(dir, &seal, &seal_len, err);
	if (r == 0 && seal)
		write_seal(package, seal, seal_len);
	spec_directory(s, name);
	below = path_make("packages/%s/%s", spec_kind_name(s->kind), name);
	if (r == 0)
		r = below ? user_data(u, below, &place, err) : no_memory(err);
	if (r == 0)
		r = sync_all(package, err);
	return r < 0 ? r : move_in(package, place, digest, ret_dir, err);
}

static int set_link(const char *place, const char *which, const char *to, struct err *err)
{
	cleanup_free char *path = path_make("%s/%s", place, which);
	cleanup_free char *new = path_make("%s/%s.new", place, which);

	if (!path || !new)
		return no_memory(err);
	unlink(new);
	if (symlink(to, new) < 0 || rename(new, path) < 0)
		return err_errno(err, errno, "set %s", path);
	return 0;
}

static void read_link(const char *place, const char *which, char to[static FSTREE_HEX + 7])
{
	cleanup_free char *path = path_make("%s/%s", place, which);
	ssize_t n = path ? readlink(path, to, FSTREE_HEX + 6) : -1;

	to[n > 0 ? n : 0] = '\0';
}

int store_sweep(const struct user *u, const struct spec *s, struct err *err)
{
	cleanup_free char *place = place_of(u->data, s);
	char current[FSTREE_HEX + 7], previous[FSTREE_HEX + 7];
	DIR *d = place ? opendir(place) : NULL;
	struct dirent *e;
	int r = 0;

	if (!d)
		return errno == ENOENT ? 0 : err_errno(err, errno, "packages");
	read_link(place, "current", current);
	read_link(place, "previous", previous);
	while (r == 0 && (e = readdir(d))) {
		cleanup_free char *dir = path_make("%s/%s", place, e->d_name);

		if (strncmp(e->d_name, "sha256-", 7) != 0 || !strcmp(e->d_name, current) ||
		    !strcmp(e->d_name, previous))
			continue;
		r = dir ? fstree_remove(dir, err) : no_memory(err);
	}
	closedir(d);
	/* Of a package that never became one. */
	if (r == 0 && !current[0])
		rmdir(place);
	return r;
}

int store_select(const struct user *u, const struct spec *s, const char *dir, struct err *err)
{
	cleanup_free char *place = place_of(u->data, s);
	char current[FSTREE_HEX + 7];
	int r = 0;

	if (!place)
		return no_memory(err);
	read_link(place, "current", current);
	if (!strcmp(current, path_last(dir)))
		return 0;
	if (current[0])
		r = set_link(place, "previous", current, err);
	if (r == 0)
		r = set_link(place, "current", path_last(dir), err);
	return r < 0 ? r : store_sweep(u, s, err);
}

int store_remove(const struct user *u, const struct spec *s, struct err *err)
{
	cleanup_free char *place = place_of(u->data, s);
	cleanup_free char *current = place ? path_make("%s/current", place) : NULL;

	if (!current)
		return no_memory(err);
	/* First it stops being found, then it goes. */
	if (unlink(current) < 0 && errno != ENOENT)
		return err_errno(err, errno, "remove %s", current);
	return fstree_remove(place, err);
}

/* --- checking ---------------------------------------------------------------------------------- */

static int verify_content(const char *dir, const char *tree, struct err *err)
{
	json_auto_t *lock = store_read_lock(dir);
	const char *want = json_string_value(json_object_get(lock, "digest"));
	char digest[FSTREE_HEX + 7];
	struct fstree t;
	int r;

	if (!lock)
		return err_set(err, EBADMSG, "its lock file is damaged");
	r = fstree_read(tree, &t, err);
	if (r < 0)
		return r;
	fstree_digest(&t, digest);
	fstree_done(&t);
	if (!want || strcmp(want, digest) != 0 || strcmp(path_last(dir), digest) != 0)
		return err_set(err, EBADMSG, "its files are not what was installed");
	return 0;
}

int store_verify(const char *dir, struct err *err)
{
	cleanup_free char *tree = path_make("%s/tree", dir), *lock = path_make("%s/lock.json", dir);
	cleanup_free char *seal = NULL;
	size_t len;
	int r;

	if (!tree || !lock)
		return no_memory(err);
	if (access(lock, R_OK) < 0)
		return err_set(err, EBADMSG, "%s: its lock file is missing", dir);
	if (has_seal(dir, tree))
		return 0;
	/* The seal is taken first: what is changed while the files are read breaks it. */
	r = fstree_seal(tree, &seal, &len, err);
	if (r == 0)
		r = verify_content(dir, tree, err);
	if (r == 0 && seal)
		write_seal(dir, seal, len);
	return r < 0 ? err_wrap(err, "%s", dir) : 0;
}

/* --- names -------------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list_kind(const struct user *u, const char *kind, struct strv *ret)
{
	cleanup_free char *top = path_make("%s/packages/%s", u->data, kind);
	DIR *d = top ? opendir(top) : NULL;
	struct dirent *e;
	int r = 0;

	while (d && r == 0 && (e = readdir(d))) {
		cleanup_free char *current = path_make("%s/%s/current", top, e->d_name);
		cleanup_free char *real = current ? path_real(current) : NULL;
		char name[SPEC_NAME];
		char *plus;

		if (e->d_name[0] == '.' || !real || strlen(e->d_name) >= sizeof(name))
			continue;
		memcpy(name, e->d_name, strlen(e->d_name) + 1);
		plus = name[0] == '@' ? strchr(name, '+') : NULL;
		if (plus)
			*plus = '/';
		r = strv_addf(ret, "%s:%s", kind, name);
	}
	if (d)
		closedir(d);
	return r;
}

int store_list(const struct user *u, struct strv *ret, struct err *err)
{
	int r = list_kind(u, "npm", ret);

	if (r == 0)
		r = list_kind(u, "pypi", ret);
	if (r == 0)
		r = list_kind(u, "mcpb", ret);
	if (r < 0)
		return no_memory(err);
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), compare);
	return 0;
}

static bool is_installed(const struct user *u, const struct spec *s)
{
	cleanup_free char *dir = store_find(u->account_home, s->kind, s->name, "current");

	return dir != NULL;
}

int store_name(const struct user *u, const char *text, struct spec *ret, struct err *err)
{
	static const char *const kinds[] = { "npm", "pypi", "mcpb" };
	struct spec found = {0};
	int n = 0;

	for (size_t i = 0; i < 3; i++) {
		bool has_kind = !strncmp(text, kinds[i], strlen(kinds[i])) &&
				text[strlen(kinds[i])] == ':';
		cleanup_free char *whole = path_make("%s:%s", i == 1 ? "pypi" : "npm",
						     has_kind ? strchr(text, ':') + 1 : text);
		struct err ignored = {0};
		struct spec s = {0};

		if ((strchr(text, ':') && !has_kind) || !whole ||
		    spec_parse(whole, &s, &ignored) < 0)
			continue;
		s.kind = i == 0 ? SPEC_NPM : i == 1 ? SPEC_PYPI : SPEC_MCPB;
		if (!is_installed(u, &s))
			continue;
		found = s;
		n++;
	}
	if (n > 1)
		return err_set(err, EINVAL, "%s: installed more than once; say npm:%s or pypi:%s", text,
			       text, text);
	if (!n)
		return err_set(err, ENOENT, "%s: not installed; mcp-confine list shows what is", text);
	*ret = found;
	return 0;
}
