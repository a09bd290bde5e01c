/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/path.h"
#include "launcher/runtime.h"
#include "launcher/runtime_grant.h"
#include "launcher/runtime_modules.h"
#include "launcher/runtime_npm.h"
#include "launcher/walk.h"

/* Entries of one node_modules that are looked at for links. */
#define ENTRIES 4096
/* Links of linked packages: a workspace's member may link another one. */
#define DEPTH 16
/* Linked packages of one start: each is a mount. */
#define LINKED 256

static int no_memory(struct err *err)
{
	return err_errno(err, ENOMEM, "runtime");
}

bool runtime_modules_is_in(const char *path)
{
	return strstr(path, "/node_modules/") != NULL;
}

static int scan(const struct runtime_query *q, struct runtime *r, const char *modules,
		const char *below, int depth, struct err *err);

/*
 * A link in a node_modules that leads out of it.  A tarball of a registry holds no
 * symlinks, but a cloned repository may: so only a package of the name of the link.
 */
static int follow(const struct runtime_query *q, struct runtime *r, const char *modules,
		  const char *name, int depth, struct err *err)
{
	cleanup_free char *link = path_make("%s/%s", modules, name), *real = NULL;
	cleanup_free char *found = NULL, *project = path_dir(modules), *own = NULL;
	int ret;

	real = link ? path_real(link) : NULL;
	if (!real || walk_is_below(real, modules) || !path_is_dir(real))
		return 0;
	found = runtime_npm_own_name(real);
	if (!found || strcmp(found, name) != 0) {
		/* In the project itself it is readable anyway, if the project is. */
		if (project && walk_is_below(real, project) && strcmp(real, project) != 0)
			return 0;
		ret = runtime_want(r, real, "%s is a symlink to %s, which is no package of that "
					    "name and not made readable; if the server needs it",
				   link, real);
		return ret < 0 ? no_memory(err) : 0;
	}
	/* Members of a workspace link each other, in circles. */
	if (strv_has(&r->led, real))
		return 0;
	if (r->led.n >= LINKED)
		return runtime_note(r, "more than %d linked packages; not all are readable; name the "
				       "directory that holds them: --read DIR", LINKED) < 0 ?
			       no_memory(err) :
			       0;
	ret = runtime_infer(q, r, real, link, "linked package", err);
	if (ret <= 0)
		return ret;
	own = path_make("%s/node_modules", real);
	return own ? scan(q, r, own, "", depth + 1, err) : no_memory(err);
}

/* modules + below ("" or "@scope/"): each symlink, and one level of scopes. */
static int scan(const struct runtime_query *q, struct runtime *r, const char *modules,
		const char *below, int depth, struct err *err)
{
	cleanup_free char *dir = path_make("%s/%s", modules, below);
	struct dirent *e;
	struct stat st;
	int ret = 0;
	DIR *d;

	/* A node_modules that is itself a symlink was judged by whoever granted it. */
	if (!dir || depth > DEPTH || lstat(modules, &st) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	d = opendir(dir);
	for (int i = 0; d && ret == 0 && i < ENTRIES && (e = readdir(d)); i++) {
		cleanup_free char *name = path_make("%s%s", below, e->d_name);

		if (!name)
			ret = no_memory(err);
		else if (e->d_name[0] == '.')
			continue;
		else if (e->d_type == DT_LNK)
			ret = follow(q, r, modules, name, depth, err);
		else if (e->d_name[0] == '@' && !*below && e->d_type == DT_DIR) {
			cleanup_free char *scope = path_make("%s/", name);

			ret = scope ? scan(q, r, modules, scope, depth, err) : no_memory(err);
		}
	}
	if (d)
		closedir(d);
	return ret;
}

int runtime_modules_grant(const struct runtime_query *q, struct runtime *r, const char *path,
			  struct err *err)
{
	static const char store[] = "/.pnpm/", modules[] = "/node_modules/";
	const char *at = strstr(path, modules), *pnpm = strstr(path, store);
	cleanup_free char *root = NULL, *up = NULL;
	int ret;

	/* .../node_modules/.pnpm/x@1/node_modules/x, or global/5/.pnpm/x@1/...: x finds its
	 * siblings through links inside of the store. */
	if (pnpm && pnpm < at)
		root = strndup(path, (size_t)(pnpm - path) + sizeof(store) - 2);
	else
		root = strndup(path, (size_t)(at - path) + sizeof(modules) - 2);
	up = root ? path_dir(root) : NULL;
	if (!up)
		return no_memory(err);
	ret = runtime_grant(q, r, root, "packages", err);
	if (ret == 0)
		ret = scan(q, r, root, "", 0, err);
	return ret < 0 ? ret : runtime_modules_upward(q, r, up, err);
}

/* PATH/node_modules, where it is not part of what is granted already. */
static int grant_one(const struct runtime_query *q, struct runtime *r, const char *dir,
		     struct err *err)
{
	cleanup_free char *modules = path_make("%s/node_modules", dir), *real = NULL;
	int ret;

	real = modules ? path_real(modules) : NULL;
	if (!real || !path_is_dir(real))
		return 0;
	if (strcmp(real, modules) != 0 && strcmp(path_last(real), "node_modules") != 0)
		return runtime_want(r, real, "%s is a symlink to %s and not made readable; if the "
					     "server needs it", modules, real) < 0 ?
			       no_memory(err) :
			       0;
	ret = runtime_infer(q, r, modules, modules, "packages", err);
	return ret <= 0 ? ret : scan(q, r, real, "", 0, err);
}

int runtime_modules_upward(const struct runtime_query *q, struct runtime *r, const char *dir,
			   struct err *err)
{
	cleanup_free char *path = strdup(dir);
	int ret = path ? 0 : no_memory(err);

	while (ret == 0 && path[1] && !runtime_never(q, path)) {
		char *slash = strrchr(path, '/');

		if (strcmp(path_last(path), "node_modules") != 0)
			ret = grant_one(q, r, path, err);
		*slash = '\0';
		if (slash == path)
			break;
	}
	return ret;
}
