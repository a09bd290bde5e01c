/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/runtime.h"
#include "launcher/runtime_grant.h"
#include "launcher/walk.h"

/* Entries of one node_modules that are looked at for links to siblings. */
#define SIBLINGS 4096

char *runtime_dir(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

bool runtime_is_broad(const struct runtime_query *q, const char *dir)
{
	static const char *const system_dirs[] = { "/tmp",  "/var",  "/var/tmp", "/etc", "/opt",
						   "/home", "/root", "/run",	 "/srv", "/mnt",
						   "/media", "/dev", "/proc",	 "/sys" };
	static const char *const home_dirs[] = { ".local", ".local/share", ".local/state",
						 ".local/lib", ".config", ".cache", "bin",
						 "Documents", "Downloads", "Desktop" };

	if (walk_is_below(q->home, dir))
		return true;
	for (size_t i = 0; i < sizeof(system_dirs) / sizeof(*system_dirs); i++)
		if (!strcmp(dir, system_dirs[i]))
			return true;
	for (size_t i = 0; i < sizeof(home_dirs) / sizeof(*home_dirs); i++) {
		char path[PATH_MAX];

		if (snprintf(path, sizeof(path), "%s/%s", q->home, home_dirs[i]) < PATH_MAX &&
		    !strcmp(dir, path))
			return true;
	}
	return false;
}

static int add(struct runtime *r, const char *path, const char *why, struct err *err)
{
	if (walk_is_below(path, "/usr"))
		return 0;
	/* A store of packages by content: what one needs lies all over it (Nix, Guix). */
	if (walk_is_below(path, "/nix/store"))
		path = "/nix/store";
	if (walk_is_below(path, "/gnu/store"))
		path = "/gnu/store";
	return strv_addf(&r->read, "%s\t%s", path, why) < 0 ? err_errno(err, ENOMEM, "runtime") :
							       0;
}

int runtime_grant(const struct runtime_query *q, struct runtime *r, const char *dir,
		  const char *file, const char *why, struct err *err)
{
	if (!runtime_is_broad(q, dir))
		return add(r, dir, why, err);
	if (strv_addf(&r->notes, "only %s is readable, not the directory %s around it; put the "
				 "program into a directory of its own, or grant more with --read DIR",
		      file, dir) < 0)
		return err_errno(err, ENOMEM, "runtime");
	return add(r, file, why, err);
}

int runtime_grant_prefix(const struct runtime_query *q, struct runtime *r,
			 const char *program, struct err *err)
{
	cleanup_free char *dir = runtime_dir(program), *up = dir ? runtime_dir(dir) : NULL;
	const char *name = dir ? strrchr(dir, '/') : NULL;

	if (!dir || !up)
		return err_errno(err, ENOMEM, "runtime");
	if (walk_is_below(program, "/usr"))
		return 0;
	if (name && !strcmp(name, "/bin") && !runtime_is_broad(q, up))
		return add(r, up, "interpreter", err);
	return add(r, program, "program", err);
}

/* --- packages --------------------------------------------------------------------------- */

static bool has_file(const char *dir, const char *name)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/%s", dir, name) < PATH_MAX &&
	       access(path, F_OK) == 0;
}

/* The nearest directory at or above dir that holds a manifest; from malloc, or NULL. */
static char *package_root(const char *dir)
{
	static const char *const manifests[] = { "package.json", "pyproject.toml", "setup.py",
						 "pyvenv.cfg" };
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", dir);
	while (path[1]) {
		for (size_t i = 0; i < sizeof(manifests) / sizeof(*manifests); i++)
			if (has_file(path, manifests[i]))
				return strdup(path);
		*strrchr(path, '/') = '\0';
		if (!path[0])
			break;
	}
	return NULL;
}

/* A linked sibling (npm link, a workspace): its package is readable too. */
static int grant_link(const struct runtime_query *q, struct runtime *r, const char *modules,
		      const char *path, struct err *err)
{
	cleanup_free char *real = realpath(path, NULL), *root = NULL;

	if (!real || walk_is_below(real, modules))
		return 0;
	root = package_root(real);
	return runtime_grant(q, r, root ? root : real, real, "linked package", err);
}

static int grant_links(const struct runtime_query *q, struct runtime *r, const char *modules,
		       const char *dir, int depth, struct err *err)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int seen = 0, ret = 0;

	while (d && ret == 0 && (e = readdir(d)) && seen++ < SIBLINGS) {
		char path[PATH_MAX];

		if (e->d_name[0] == '.' ||
		    snprintf(path, sizeof(path), "%s/%s", dir, e->d_name) >= PATH_MAX)
			continue;
		if (e->d_type == DT_LNK)
			ret = grant_link(q, r, modules, path, err);
		else if (e->d_name[0] == '@' && depth == 0)
			ret = grant_links(q, r, modules, path, 1, err);
	}
	if (d)
		closedir(d);
	return ret;
}

int runtime_grant_script(const struct runtime_query *q, struct runtime *r, const char *path,
			 struct err *err)
{
	static const char modules[] = "/node_modules/";
	const char *found = strstr(path, modules);
	cleanup_free char *dir = runtime_dir(path), *root = NULL;
	int ret;

	if (!dir)
		return err_errno(err, ENOMEM, "runtime");
	if (walk_is_below(path, "/usr"))
		return 0;
	if (found) {
		root = strndup(path, (size_t)(found - path) + sizeof(modules) - 2);
		if (!root)
			return err_errno(err, ENOMEM, "runtime");
		ret = runtime_grant(q, r, root, path, "packages", err);
		return ret < 0 ? ret : grant_links(q, r, root, root, 0, err);
	}
	root = package_root(dir);
	if (root && runtime_is_broad(q, root)) {
		free(root);
		root = NULL;
	}
	ret = runtime_grant(q, r, root ? root : dir, path, "package", err);
	if (ret == 0 && root) {
		char nested[PATH_MAX];

		if (snprintf(nested, sizeof(nested), "%s/node_modules", root) < PATH_MAX)
			ret = grant_links(q, r, root, nested, 0, err);
	}
	return ret;
}
