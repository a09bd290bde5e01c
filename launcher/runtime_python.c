/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * Python finds its standard library from the directory that pyvenv.cfg calls home, and
 * its packages in lib/pythonX.Y/site-packages, where each *.pth file may add directories.
 * A wheel may bring a .pth file and a finder, so these are the attacker's words: they
 * count only for directories of the project that the environment lies in.  pyvenv.cfg
 * counts only when a standard library stands where it points.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/path.h"
#include "launcher/runtime.h"
#include "launcher/runtime_grant.h"
#include "launcher/runtime_python.h"
#include "launcher/walk.h"

#define CONFIG_MAX 4096
#define PTH_MAX (256 * 1024)
#define ENTRIES 8192

struct venv {
	char *dir;  /* holds pyvenv.cfg; resolved */
	char *home; /* what it says */
	bool has_system_site;
};

static void venv_done(struct venv *v)
{
	free(v->dir);
	free(v->home);
}

static int no_memory(struct err *err)
{
	return err_errno(err, ENOMEM, "runtime");
}

bool runtime_python_is(const char *program)
{
	const char *name = path_last(program);

	if (!strncmp(name, "pypy", 4))
		name += 4;
	else if (!strncmp(name, "python", 6))
		name += 6;
	else
		return false;
	return name[strspn(name, "0123456789.tw")] == '\0';
}

char *runtime_python_version(const char *prefix)
{
	cleanup_free char *lib = path_make("%s/lib", prefix);
	DIR *d = lib ? opendir(lib) : NULL;
	struct dirent *e;
	char *version = NULL;

	while (d && !version && (e = readdir(d))) {
		cleanup_free char *os = path_make("%s/%s/os.py", lib, e->d_name);

		if (!strncmp(e->d_name, "python", 6) && isdigit((unsigned char)e->d_name[6]) &&
		    path_is_file(os))
			version = strdup(e->d_name + 6);
		else if (!strncmp(e->d_name, "pypy", 4) && path_is_file(os))
			version = strdup(e->d_name + 4);
	}
	if (d)
		closedir(d);
	return version;
}

/* --- the environment ----------------------------------------------------------------------- */

static bool read_config(const char *dir, struct venv *ret)
{
	cleanup_free char *path = path_make("%s/pyvenv.cfg", dir);
	cleanup_free char *text = path ? path_read(path, CONFIG_MAX) : NULL;
	char *save = NULL;

	if (!text)
		return false;
	*ret = (struct venv){ .dir = path_real(dir) };
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		char *value = strchr(l, '=');
		size_t len = strcspn(l, " \t=");

		if (!value)
			continue;
		value += 1 + strspn(value + 1, " \t");
		value[strcspn(value, "\r")] = '\0';
		if (len == 4 && !strncasecmp(l, "home", 4) && !ret->home)
			ret->home = strdup(value);
		if (len == 28 && !strncasecmp(l, "include-system-site-packages", 28))
			ret->has_system_site = !strcasecmp(value, "true");
	}
	return ret->dir != NULL;
}

/* pyvenv.cfg one above the bin that a name of the interpreter lies in, or beside it. */
static bool find_near(const char *name, struct venv *ret)
{
	cleanup_free char *bin = path_dir(name), *dir = bin ? path_dir(bin) : NULL;

	return dir && (read_config(dir, ret) || read_config(bin, ret));
}

static bool find_venv(const char *command, const struct walk *w, struct venv *ret)
{
	if (find_near(command, ret))
		return true;
	for (size_t i = 0; i < w->n_links; i++)
		if (runtime_python_is(w->links[i].path) && find_near(w->links[i].path, ret))
			return true;
	return false;
}

/* What of a directory that is too much to grant belongs to Python. */
static int grant_parts(const struct runtime_query *q, struct runtime *r, const char *dir,
		       const char *version, struct err *err)
{
	char *const parts[] = {
		path_make("%s/pyvenv.cfg", dir),
		path_make("%s/lib/python%s", dir, version),
		path_make("%s/lib/libpython%s.so.1.0", dir, version),
	};
	int ret = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (ret == 0 && (path_is_dir(parts[i]) || path_is_file(parts[i])))
			ret = runtime_grant(q, r, parts[i], "interpreter", err);
		free(parts[i]);
	}
	return ret;
}

static int grant_dir(const struct runtime_query *q, struct runtime *r, const char *dir,
		     const char *version, const char *why, struct err *err)
{
	cleanup_free char *real = path_real(dir);

	if (!real)
		return err_errno(err, errno, "%s", dir);
	if (!runtime_never(q, real))
		return runtime_grant(q, r, dir, why, err);
	return grant_parts(q, r, real, version, err);
}

/* The interpreter that an environment was made from.  *ret_version: of its library. */
static int grant_base(const struct runtime_query *q, struct runtime *r, const struct venv *v,
		      char **ret_version, struct err *err)
{
	const char *home = v->home ? v->home : "";
	cleanup_free char *real = home[0] == '/' ? path_real(home) : NULL;
	cleanup_free char *prefix = real && real[1] ? path_dir(real) : NULL;

	*ret_version = prefix ? runtime_python_version(prefix) : NULL;
	if (!*ret_version && prefix && walk_is_below(prefix, "/usr"))
		*ret_version = runtime_python_version("/usr");
	if (!*ret_version)
		return err_set(err, EACCES,
			       "%s/pyvenv.cfg: home = %s holds no Python; make the virtual "
			       "environment anew", v->dir, home);
	if (strcmp(home, real) != 0 && strv_add(&r->names, home) < 0)
		return no_memory(err);
	if (walk_is_below(prefix, "/usr"))
		return 0;
	return grant_dir(q, r, prefix, *ret_version, "interpreter", err);
}

/* --- .pth files ---------------------------------------------------------------------------- */

struct site {
	const struct runtime_query *q;
	struct runtime *r;
	const char *dir;     /* the site-packages */
	const char *project; /* what directories may be granted in, or NULL */
};

/* A directory that a file of site-packages names. */
static int take_named(const struct site *s, const char *file, const char *named,
		      struct err *err)
{
	cleanup_free char *path = path_below(s->dir, named), *real = NULL;
	const char *never;
	int ret = 0;

	real = path ? path_real(path) : NULL;
	if (!real || walk_is_below(real, "/usr") || walk_is_below(real, s->dir) ||
	    strstr(real, "/pipx/shared/"))
		return 0;
	for (size_t i = 0; i < s->r->read.n; i++)
		if (walk_is_below(real, runtime_read_path(s->r->read.v[i])))
			return 0;
	if (s->project && walk_is_below(real, s->project)) {
		ret = runtime_infer(s->q, s->r, path, file, "editable package", err);
		return ret < 0 ? ret : 0;
	}
	never = runtime_never(s->q, real);
	if (never)
		ret = runtime_note(s->r, "%s leads to %s, which is not made readable: %s", file,
				   real, never);
	else
		ret = runtime_want(s->r, real, "%s names %s, outside of its project: not readable; "
				   "if the server needs it (an editable install)", file, real);
	return ret < 0 ? no_memory(err) : 0;
}

/* The absolute paths between quotes in a finder that setuptools made: its MAPPING. */
static int read_finder(const struct site *s, const char *module, struct err *err)
{
	cleanup_free char *file = path_make("%s/%s.py", s->dir, module);
	cleanup_free char *text = file ? path_read(file, PTH_MAX) : NULL;
	char *p = text ? strstr(text, "MAPPING") : NULL, *end;
	int ret = 0;

	if (!p)
		return 0;
	end = strchr(p, '\n');
	if (end)
		*end = '\0';
	while (ret == 0 && (p = strpbrk(p, "'\""))) {
		char quote = *p++;

		end = strchr(p, quote);
		if (!end)
			break;
		*end = '\0';
		if (*p == '/')
			ret = take_named(s, file, p, err);
		p = end + 1;
	}
	return ret;
}

static int read_pth(const struct site *s, const char *name, struct err *err)
{
	cleanup_free char *file = path_make("%s/%s", s->dir, name);
	cleanup_free char *text = file ? path_read(file, PTH_MAX) : NULL;
	char *save = NULL;
	int ret = 0;

	for (char *l = text ? strtok_r(text, "\r\n", &save) : NULL; l && ret == 0;
	     l = strtok_r(NULL, "\r\n", &save)) {
		if (!strncmp(l, "import __editable__", 19)) {
			l += 7;
			l[strcspn(l, ";., ")] = '\0';
			if (path_is_name(l))
				ret = read_finder(s, l, err);
		} else if (*l && *l != '#' && strncmp(l, "import", 6) != 0) {
			ret = take_named(s, file, l, err);
		}
	}
	return ret;
}

static int scan_site(const struct site *s, struct err *err)
{
	DIR *d = opendir(s->dir);
	struct dirent *e;
	int ret = 0;

	for (int i = 0; d && ret == 0 && i < ENTRIES && (e = readdir(d)); i++) {
		const char *dot = strrchr(e->d_name, '.');

		if (e->d_name[0] != '.' && dot && !strcmp(dot, ".pth"))
			ret = read_pth(s, e->d_name, err);
	}
	if (d)
		closedir(d);
	return ret;
}

/* The project that holds an environment: its parent, when that has a manifest. */
static char *project_of(const struct runtime_query *q, const char *venv)
{
	cleanup_free char *up = path_dir(venv);
	cleanup_free char *root = up ? runtime_package_root(q, up) : NULL;

	return root && up && !strcmp(root, up) ? take_ptr(&root) : NULL;
}

/* --- the whole ----------------------------------------------------------------------------- */

static int grant_user_site(const struct runtime_query *q, struct runtime *r, const char *version,
			   struct err *err)
{
	cleanup_free char *dir =
		path_make("%s/.local/lib/python%s/site-packages", q->home, version);
	struct site s = { .q = q, .r = r, .dir = dir };
	int ret;

	if (!path_is_dir(dir))
		return 0;
	ret = runtime_infer(q, r, dir, dir, "the user's packages", err);
	return ret <= 0 ? ret : scan_site(&s, err);
}

static int grant_venv(const struct runtime_query *q, struct runtime *r, const struct venv *v,
		      struct err *err)
{
	cleanup_free char *version = NULL, *packages = NULL, *project = NULL;
	struct site s = { .q = q, .r = r };
	int ret = grant_base(q, r, v, &version, err);

	if (ret == 0)
		ret = grant_dir(q, r, v->dir, version, "virtual environment", err);
	if (ret < 0)
		return ret;
	packages = path_make("%s/lib/python%s/site-packages", v->dir, version);
	project = project_of(q, v->dir);
	if (!packages)
		return no_memory(err);
	s.dir = packages;
	s.project = project;
	ret = scan_site(&s, err);
	if (ret == 0 && v->has_system_site)
		ret = grant_user_site(q, r, version, err);
	return ret;
}

int runtime_python_grant(const struct runtime_query *q, struct runtime *r, const char *command,
			 const struct walk *w, struct err *err)
{
	cleanup_free char *bin = path_dir(w->real), *prefix = bin ? path_dir(bin) : NULL;
	cleanup_free char *version = prefix ? runtime_python_version(prefix) : NULL;
	struct venv v = {0};
	int ret = 0;

	/* pyvenv.cfg of the environment first: then its prefix is the one that counts. */
	if (find_venv(command, w, &v)) {
		ret = grant_venv(q, r, &v, err);
		venv_done(&v);
	} else if (version) {
		ret = grant_user_site(q, r, version, err);
	}
	if (ret == 0 && version && !walk_is_below(prefix, "/usr"))
		ret = grant_dir(q, r, prefix, version, "interpreter", err);
	return ret;
}
