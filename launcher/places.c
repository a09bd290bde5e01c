/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/strv.h"
#include "launcher/places.h"

#define FILES_MAX 4096 /* a directory full of decoys must not keep an audit busy for ever */
#define DEEP 8

void places_done(struct place_files *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i].path);
	free(list->v);
	*list = (struct place_files){0};
}

int places_add(struct place_files *list, const char *path, const struct client *client,
	       enum place_scope scope, struct err *err)
{
	struct place_file f = { .client = client, .scope = scope }, *grown;
	struct stat st;

	/* A dangling link or an unreadable directory is a finding, too. */
	if (stat(path, &st) < 0 && lstat(path, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : err_errno(err, errno, "%s", path);
	f.dev = st.st_dev;
	f.ino = st.st_ino;
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].dev == f.dev && list->v[i].ino == f.ino)
			return 0;
	if (list->n >= FILES_MAX)
		return err_set(err, E2BIG, "more than %d configuration files", FILES_MAX);
	grown = reallocarray(list->v, list->n + 1, sizeof(*grown));
	if (grown)
		list->v = grown;
	f.path = strdup(path);
	if (!grown || !f.path) {
		free(f.path);
		return err_errno(err, ENOMEM, "configuration files");
	}
	list->v[list->n++] = f;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in the directory, sorted; none when it cannot be read. */
static int names(const char *dir, struct strv *ret)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int r = 0;

	while (d && r == 0 && ret->n < FILES_MAX && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			r = strv_add(ret, e->d_name);
	if (d)
		closedir(d);
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_name);
	return r;
}

/* What pattern, below dir, stands for. */
static int expand(const char *dir, const char *pattern, int depth, const struct client *client,
		  enum place_scope scope, struct place_files *list, struct err *err)
{
	const size_t len = strcspn(pattern, "/");
	const char *rest = pattern + len + (pattern[len] == '/');
	cleanup_free char *step = strndup(pattern, len), *path = NULL;
	cleanup_strv struct strv found = {0};
	const bool is_deep = step && !strcmp(step, "**");
	int r = 0;

	if (!step)
		return err_errno(err, ENOMEM, "configuration files");
	if (!strchr(step, '*')) {
		if (asprintf(&path, "%s/%s", dir, step) < 0)
			return err_errno(err, ENOMEM, "configuration files");
		return *rest ? expand(path, rest, depth, client, scope, list, err) :
			       places_add(list, path, client, scope, err);
	}
	if (is_deep)
		r = expand(dir, rest, depth, client, scope, list, err);
	if (r < 0 || names(dir, &found) < 0)
		return r < 0 ? r : err_errno(err, ENOMEM, "configuration files");
	for (size_t i = 0; i < found.n && r == 0; i++) {
		cleanup_free char *below = NULL;
		struct stat st;

		if (!is_deep && fnmatch(step, found.v[i], FNM_PERIOD) != 0)
			continue;
		if (asprintf(&below, "%s/%s", dir, found.v[i]) < 0)
			return err_errno(err, ENOMEM, "configuration files");
		if (is_deep && depth < DEEP && lstat(below, &st) == 0 && S_ISDIR(st.st_mode))
			r = expand(below, pattern, depth + 1, client, scope, list, err);
		else if (!is_deep)
			r = *rest ? expand(below, rest, depth, client, scope, list, err) :
				    places_add(list, below, client, scope, err);
	}
	return r;
}

static int add_user(const struct places_query *q, const struct client *c,
		    const struct client_place *p, struct place_files *list, struct err *err)
{
	const char *base = q->use_environment && p->variable ? getenv(p->variable) : NULL;
	const char *config = q->use_environment ? getenv("XDG_CONFIG_HOME") : NULL;
	int r = 0;

	if (p->variable)
		return base && *base == '/' ? expand(base, p->path, 0, c, p->scope, list, err) : 0;
	if (config && *config == '/' && !strncmp(p->path, "~/.config/", 10))
		r = expand(config, p->path + 10, 0, c, p->scope, list, err);
	return r < 0 ? r : expand(q->home, p->path + 2, 0, c, p->scope, list, err);
}

int places_find(const struct places_query *q, struct place_files *list, struct err *err)
{
	for (size_t i = 0; i < n_clients; i++) {
		const struct client *c = &clients[i];

		for (const struct client_place *p = c->places; p->scope; p++) {
			int r = 0;

			if ((q->only && q->only != c) ||
			    (p->scope == PLACE_SYSTEM) != q->is_system ||
			    (p->scope == PLACE_PACKAGED && !q->is_packaged))
				continue;
			if (p->scope == PLACE_PROJECT)
				r = q->cwd ? expand(q->cwd, p->path, 0, c, p->scope, list, err) : 0;
			else if (p->scope == PLACE_SYSTEM)
				r = places_add(list, p->path, c, p->scope, err);
			else
				r = add_user(q, c, p, list, err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}
