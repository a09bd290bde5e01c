/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/offlimits.h"
#include "launcher/path.h"
#include "launcher/runtime.h"
#include "launcher/runtime_grant.h"
#include "launcher/runtime_modules.h"
#include "launcher/runtime_npm.h"
#include "launcher/walk.h"

/* Notes of one start: a package can provoke any number of them. */
#define NOTES 12
/* Directory entries that are looked at for a script's siblings. */
#define SIBLINGS 512

int runtime_note(struct runtime *r, const char *fmt, ...)
{
	cleanup_free char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return -ENOMEM;
	if (strv_has(&r->notes, text) || r->notes.n > NOTES)
		return 0;
	if (r->notes.n == NOTES)
		return strv_add(&r->notes, "and more of this kind; mcp-confine explain shows "
					   "what is granted");
	return strv_add(&r->notes, text);
}

int runtime_want(struct runtime *r, const char *path, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	if (strv_has(&r->want, path) || r->want.n == NOTES)
		return 0;
	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return -ENOMEM;
	/* Both or none: the lists go together by index. */
	if (strv_add(&r->want, path) < 0) {
		free(text);
		return -ENOMEM;
	}
	return strv_take(&r->want_notes, text);
}

const char *runtime_never(const struct runtime_query *q, const char *path)
{
	const char *why = offlimits_inferred(q->home, path);

	if (!why && q->account_home && strcmp(q->account_home, q->home) != 0)
		why = offlimits_inferred(q->account_home, path);
	return why;
}

/* real is resolved and not off limits. */
static int add(struct runtime *r, const char *real, const char *why, struct err *err)
{
	/* Stores of packages by content: what one needs lies all over them. */
	static const char *const stores[] = { "/nix/store", "/gnu/store",
					      "/home/linuxbrew/.linuxbrew" };
	cleanup_free char *entry = NULL;

	if (walk_is_below(real, "/usr"))
		return 0;
	for (size_t i = 0; i < sizeof(stores) / sizeof(*stores); i++)
		if (walk_is_below(real, stores[i]))
			real = stores[i];
	if (asprintf(&entry, "%s\t%s", why, real) < 0 ||
	    (!strv_has(&r->read, entry) && strv_add(&r->read, entry) < 0))
		return err_errno(err, ENOMEM, "runtime");
	return 0;
}

/* The way to `path`, when symlinks lie on it, must exist inside too. */
static int add_name(struct runtime *r, const char *path, const char *real, struct err *err)
{
	if (!strcmp(path, real) || strv_has(&r->names, path))
		return 0;
	return strv_add(&r->names, path) < 0 ? err_errno(err, ENOMEM, "runtime") : 0;
}

int runtime_grant(const struct runtime_query *q, struct runtime *r, const char *path,
		  const char *why, struct err *err)
{
	cleanup_free char *real = path_real(path);
	const char *never = real ? runtime_never(q, real) : NULL;
	int ret;

	if (!real)
		return err_errno(err, errno, "%s", path);
	if (never)
		return err_set(err, EACCES,
			       "%s (%s): not made readable: %s; put the program into a directory of "
			       "its own", real, why, never);
	ret = add(r, real, why, err);
	return ret < 0 ? ret : add_name(r, path, real, err);
}

int runtime_infer(const struct runtime_query *q, struct runtime *r, const char *path,
		  const char *named_by, const char *why, struct err *err)
{
	cleanup_free char *real = path_real(path);
	const char *never = real ? runtime_never(q, real) : NULL;
	struct stat st;
	int ret = 0;

	if (!real || stat(real, &st) < 0)
		return 0;
	if (walk_is_below(real, "/usr"))
		return 1;
	if (never)
		ret = runtime_note(r, "%s leads to %s, which is not made readable: %s", named_by,
				   real, never);
	else if (st.st_uid != 0 && st.st_uid != getuid())
		ret = runtime_want(r, real, "%s leads to %s, which is another user's; if the "
					    "server needs it", named_by, real);
	else
		never = NULL;
	if (ret < 0)
		return err_errno(err, ENOMEM, "runtime");
	if (never || (st.st_uid != 0 && st.st_uid != getuid()))
		return 0;
	ret = add(r, real, why, err);
	if (ret == 0)
		ret = add_name(r, path, real, err);
	if (ret == 0 && (strv_add(&r->led, real) < 0 || strv_add(&r->led_by, named_by) < 0))
		ret = err_errno(err, ENOMEM, "runtime");
	return ret < 0 ? ret : 1;
}

/* --- packages --------------------------------------------------------------------------- */

static bool has_manifest(const char *dir)
{
	static const char *const manifests[] = {
		"pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Pipfile",
		"pyvenv.cfg", "manifest.json", "deno.json", "deno.jsonc", "Gemfile",
		"composer.json", "go.mod", "Cargo.toml",
	};

	for (size_t i = 0; i < sizeof(manifests) / sizeof(*manifests); i++) {
		cleanup_free char *path = path_make("%s/%s", dir, manifests[i]);

		if (path_is_file(path))
			return true;
	}
	return false;
}

char *runtime_package_root(const struct runtime_query *q, const char *dir)
{
	cleanup_free char *path = strdup(dir), *nameless = NULL;

	while (path && path[1] && !runtime_never(q, path)) {
		bool has_name = false;
		bool is_npm = runtime_npm_has_manifest(path, &has_name);

		/* "dist/package.json" often says only what kind of modules these are. */
		if ((is_npm && has_name) || has_manifest(path))
			return take_ptr(&path);
		if (is_npm && !nameless)
			nameless = strdup(path);
		*strrchr(path, '/') = '\0';
	}
	return take_ptr(&nameless);
}

/* Does something else lie beside the script that looks like code it would load? */
static bool has_siblings(const char *dir, const char *script)
{
	const char *name = path_last(script), *dot = strrchr(name, '.');
	DIR *d = opendir(dir);
	struct dirent *e;
	bool found = false;

	for (int i = 0; d && !found && i < SIBLINGS && (e = readdir(d)); i++) {
		const char *other = strrchr(e->d_name, '.');

		found = dot && other && !strcmp(dot, other) && strcmp(e->d_name, name) != 0;
	}
	if (d)
		closedir(d);
	return found;
}

/* A script without a package: it alone, for what lies around it nobody named. */
static int grant_alone(const struct runtime_query *q, struct runtime *r, const char *dir,
		       const char *path, struct err *err)
{
	int ret = runtime_grant(q, r, path, "script", err);

	if (ret < 0 || !has_siblings(dir, path))
		return ret;
	if (runtime_want(r, dir, "only %s is readable, not the directory around it, which is no "
				 "package of its own (package.json, pyproject.toml, "
				 "requirements.txt); if the script loads others there", path) < 0)
		return err_errno(err, ENOMEM, "runtime");
	return 0;
}

int runtime_grant_script(const struct runtime_query *q, struct runtime *r, const char *path,
			 struct err *err)
{
	const bool is_dir = path_is_dir(path);
	cleanup_free char *dir = is_dir ? strdup(path) : path_dir(path), *root = NULL;
	int ret;

	if (!dir)
		return err_errno(err, ENOMEM, "runtime");
	if (walk_is_below(path, "/usr"))
		return 0;
	if (runtime_modules_is_in(path))
		return runtime_modules_grant(q, r, path, err);
	root = runtime_package_root(q, dir);
	if (root)
		ret = runtime_grant(q, r, root, "package", err);
	else if (is_dir)
		ret = runtime_grant(q, r, path, "package", err);
	else
		ret = grant_alone(q, r, dir, path, err);
	return ret < 0 ? ret : runtime_modules_upward(q, r, root ? root : dir, err);
}
