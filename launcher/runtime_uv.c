/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/path.h"
#include "launcher/runtime.h"
#include "launcher/runtime_uv.h"
#include "launcher/store.h"

#define ENTRIES 4096
#define NAME 128

/* What was asked for, read from argv. */
struct asked {
	const char *directory, *project; /* uv run */
	const char *from;		 /* --from, --spec */
	struct strv with;		 /* --with */
	bool is_module;			 /* uv run -m */
	size_t command;			 /* index in argv of the first word that is no option */
};

struct option_of {
	const char *name;
	enum { FLAG, VALUE, DIRECTORY, PROJECT, FROM, WITH, MODULE } kind;
};

static const struct option_of options[] = {
	{ "-q", FLAG }, { "--quiet", FLAG }, { "-v", FLAG }, { "--verbose", FLAG },
	{ "--offline", FLAG }, { "--native-tls", FLAG }, { "--system-certs", FLAG },
	{ "--no-progress", FLAG }, { "--no-config", FLAG }, { "--no-cache", FLAG },
	{ "-n", FLAG }, { "--frozen", FLAG }, { "--locked", FLAG }, { "--no-sync", FLAG },
	{ "--no-dev", FLAG }, { "--dev", FLAG }, { "--all-extras", FLAG },
	{ "--all-groups", FLAG }, { "--all-packages", FLAG }, { "--exact", FLAG },
	{ "--refresh", FLAG }, { "-U", FLAG }, { "--upgrade", FLAG },
	{ "--no-build", FLAG }, { "--managed-python", FLAG }, { "--no-managed-python", FLAG },
	{ "--no-python-downloads", FLAG }, { "--no-env-file", FLAG },
	{ "--no-default-groups", FLAG }, { "--isolated", FLAG }, { "--active", FLAG },
	{ "--python", VALUE }, { "-p", VALUE }, { "--cache-dir", VALUE },
	{ "--color", VALUE }, { "--index", VALUE }, { "--index-url", VALUE },
	{ "--default-index", VALUE }, { "--extra-index-url", VALUE }, { "-i", VALUE },
	{ "--index-strategy", VALUE }, { "--prerelease", VALUE }, { "--resolution", VALUE },
	{ "--link-mode", VALUE }, { "--extra", VALUE }, { "--group", VALUE },
	{ "--no-group", VALUE }, { "--package", VALUE }, { "--exclude-newer", VALUE },
	{ "--allow-insecure-host", VALUE }, { "--pip-args", VALUE },
	{ "--directory", DIRECTORY }, { "--project", PROJECT }, { "--from", FROM },
	{ "--spec", FROM }, { "--with", WITH }, { "-w", WITH }, { "-m", MODULE },
	{ "--module", MODULE },
};

bool runtime_uv_is(const char *command)
{
	const char *name = path_last(command);

	return !strcmp(name, "uv") || !strcmp(name, "uvx") || !strcmp(name, "pipx");
}

static int no_memory(struct err *err)
{
	return err_errno(err, ENOMEM, "runtime");
}

/* --- argv ------------------------------------------------------------------------------------ */

static int keep(struct asked *a, const struct option_of *o, const char *value)
{
	switch (o->kind) {
	case DIRECTORY:
		a->directory = value;
		return 0;
	case PROJECT:
		a->project = value;
		return 0;
	case FROM:
		a->from = value;
		return 0;
	case WITH:
		return strv_add(&a->with, value);
	case FLAG:
	case VALUE:
	case MODULE:
		break;
	}
	return 0;
}

/* One option at argv[*i]; *i moves to its last word. */
static int take_option(struct asked *a, char *const *argv, size_t *i, struct err *err)
{
	const char *word = argv[*i];
	size_t len = strcspn(word, "=");

	for (size_t o = 0; o < sizeof(options) / sizeof(*options); o++) {
		const char *value = word[len] ? word + len + 1 : NULL;

		if (strlen(options[o].name) != len || strncmp(options[o].name, word, len) != 0)
			continue;
		if (options[o].kind == MODULE)
			a->is_module = true;
		if (options[o].kind == MODULE || options[o].kind == FLAG)
			return 0;
		if (!value)
			value = argv[++*i];
		if (!value)
			return err_set(err, EINVAL, "%s %s needs a value", argv[0], word);
		return keep(a, &options[o], value) < 0 ? no_memory(err) : 0;
	}
	return err_set(err, EINVAL,
		       "%s %s: not understood; name the installed program itself instead of %s",
		       path_last(argv[0]), word, path_last(argv[0]));
}

static int take_options(struct asked *a, char *const *argv, size_t *i, struct err *err)
{
	int r = 0;

	for (; argv[*i] && argv[*i][0] == '-' && argv[*i][1] && r == 0; ++*i) {
		if (!strcmp(argv[*i], "--")) {
			++*i;
			break;
		}
		r = take_option(a, argv, i, err);
		if (r < 0)
			return r;
	}
	a->command = *i;
	return r;
}

/* --- what is installed ------------------------------------------------------------------------ */

/* "Mcp.Server_git[cli]" to "mcp-server-git" (PEP 503). */
static void normalize(const char *from, size_t len, char name[static NAME])
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + 1 < NAME; i++) {
		bool is_dash = strchr("-_.", from[i]) != NULL;

		if (is_dash && n && name[n - 1] == '-')
			continue;
		name[n++] = is_dash ? '-' : (char)tolower((unsigned char)from[i]);
	}
	name[n] = '\0';
}

/* A requirement: name, and the version when exactly one is asked for. */
static bool split_spec(const char *spec, char name[static NAME], char version[static NAME])
{
	size_t len = strspn(spec, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				  "0123456789._-");
	const char *rest = spec + len;

	normalize(spec, len, name);
	version[0] = '\0';
	if (*rest == '[')
		rest += strcspn(rest, "]") + (strchr(rest, ']') ? 1 : 0);
	if (rest[0] == '=' && rest[1] == '=')
		rest += 2;
	else if (rest[0] == '@' && isdigit((unsigned char)rest[1]))
		rest += 1;
	else
		return len > 0 && (!*rest || strchr("<>~! ;", *rest) || !strcmp(rest, "@latest"));
	snprintf(version, NAME, "%s", rest);
	return len > 0 && *version;
}

/* lib/pythonX.Y/site-packages of an environment has NAME-VERSION.dist-info. */
static bool has_package(const char *env, const char *spec)
{
	char name[NAME], version[NAME];
	cleanup_free char *lib = path_make("%s/lib", env);
	DIR *d = lib ? opendir(lib) : NULL;
	struct dirent *e, *f;
	bool found = false;

	if (!split_spec(spec, name, version)) {
		if (d)
			closedir(d);
		return false;
	}
	while (d && !found && (e = readdir(d))) {
		cleanup_free char *site = path_make("%s/%s/site-packages", lib, e->d_name);
		DIR *packages = site && !strncmp(e->d_name, "python", 6) ? opendir(site) : NULL;

		for (int i = 0; packages && !found && i < ENTRIES && (f = readdir(packages)); i++) {
			const char *end = strstr(f->d_name, ".dist-info");
			const char *dash = strchr(f->d_name, '-');
			char have[NAME];

			if (!end || !dash || dash > end)
				continue;
			normalize(f->d_name, (size_t)(dash - f->d_name), have);
			found = !strcmp(have, name) &&
				(!*version || (strlen(version) == (size_t)(end - dash - 1) &&
					       !strncmp(dash + 1, version, strlen(version))));
		}
		if (packages)
			closedir(packages);
	}
	if (d)
		closedir(d);
	return found;
}

/* env/bin/command, when env is an environment that has all of the packages. */
static char *find_in(const char *env, const struct asked *a, const char *spec,
		     const char *command)
{
	cleanup_free char *config = path_make("%s/pyvenv.cfg", env);
	cleanup_free char *program = path_make("%s/bin/%s", env, command);

	if (!path_is_file(config) || !path_is_file(program) || !has_package(env, spec))
		return NULL;
	for (size_t i = 0; i < a->with.n; i++)
		if (!has_package(env, a->with.v[i]))
			return NULL;
	return take_ptr(&program);
}

/* The newest of the environments in dir. */
static char *find_newest(const char *home, const char *below, const struct asked *a,
			 const char *spec, const char *command)
{
	cleanup_free char *dir = path_make("%s/%s", home, below);
	DIR *d = dir ? opendir(dir) : NULL;
	char *best = NULL;
	time_t newest = 0;
	struct dirent *e;

	for (int i = 0; d && i < ENTRIES && (e = readdir(d)); i++) {
		cleanup_free char *env = path_make("%s/%s", dir, e->d_name), *found = NULL;
		struct stat st;

		if (e->d_name[0] == '.' || !env || stat(env, &st) < 0 ||
		    (best && st.st_mtime < newest))
			continue;
		found = find_in(env, a, spec, command);
		if (!found)
			continue;
		free(best);
		best = take_ptr(&found);
		newest = st.st_mtime;
	}
	if (d)
		closedir(d);
	return best;
}

static int finish(struct asked *a, char *const *argv, const char *program, struct strv *ret,
		  struct err *err)
{
	int r = strv_add(ret, program);

	for (size_t i = a->command + 1; argv[i] && r == 0; i++)
		r = strv_add(ret, argv[i]);
	return r < 0 ? no_memory(err) : 0;
}

char *runtime_uv_script(const char *tree, const char *command)
{
	cleanup_free char *lib = path_make("%s/lib", tree);
	DIR *d = lib ? opendir(lib) : NULL;
	char *found = NULL;
	struct dirent *e;

	while (d && !found && (e = readdir(d))) {
		char *script = path_make("%s/%s/site-packages/bin/%s", lib, e->d_name, command);

		if (!strncmp(e->d_name, "python", 6) && path_is_file(script))
			found = take_ptr(&script);
		free(script);
	}
	if (d)
		closedir(d);
	return found;
}

/* What mcp-confine installed, before every other copy (runtime_npm.c says why): the
 * interpreter of its tree, with the script, whose own first line names another place. */
static int find_stored(const struct runtime_query *q, struct asked *a, char *const *argv,
		       const char *spec, const char *name, const char *command, struct strv *ret,
		       struct err *err)
{
	cleanup_free char *dir = store_find(q->account_home ? q->account_home : q->home, SPEC_PYPI,
					    name, "current");
	cleanup_free char *tree = dir ? path_make("%s/tree", dir) : NULL;
	cleanup_free char *python = tree ? path_make("%s/bin/python", tree) : NULL;
	cleanup_free char *script = tree ? runtime_uv_script(tree, command) : NULL;
	int r;

	if (!script || !python || a->with.n || !has_package(tree, spec))
		return 0;
	if (strv_add(ret, python) < 0)
		return no_memory(err);
	r = finish(a, argv, script, ret, err);
	return r < 0 ? r : 1;
}

/* --- uvx, pipx run -------------------------------------------------------------------------------- */

static int find_tool(const struct runtime_query *q, struct asked *a, char *const *argv,
		     bool is_pipx, struct strv *ret, struct err *err)
{
	static const char *const uv[] = { ".local/share/uv/tools", ".cache/uv/archive-v0" };
	static const char *const pipx[] = { ".local/share/pipx/venvs", ".local/pipx/venvs",
					    ".cache/pipx", ".local/share/pipx/.cache",
					    ".local/pipx/.cache" };
	const char *const *places = is_pipx ? pipx : uv;
	const size_t n = is_pipx ? sizeof(pipx) / sizeof(*pipx) : sizeof(uv) / sizeof(*uv);
	const char *word = argv[a->command], *spec = a->from ? a->from : word;
	cleanup_free char *program = NULL;
	char name[NAME], version[NAME], command[NAME];
	int r;

	if (!word)
		return err_set(err, EINVAL, "%s: names no program", argv[0]);
	/* Without --from the command is called as the package is written. */
	snprintf(command, sizeof(command), "%.*s",
		 a->from ? (int)strlen(word) : (int)strcspn(word, "@=<>~![ ;"), word);
	if (!path_is_name(command) || !split_spec(spec, name, version))
		return err_set(err, EINVAL,
			       "%s %s: only packages by name are found; install it (%s %s) and name "
			       "its program", path_last(argv[0]), spec,
			       is_pipx ? "pipx install" : "uv tool install", spec);
	r = find_stored(q, a, argv, spec, name, command, ret, err);
	if (r)
		return r < 0 ? r : 0;
	for (size_t i = 0; i < n && !program; i++)
		program = find_newest(q->home, places[i], a, spec, command);
	if (program)
		return finish(a, argv, program, ret, err);
	if (!a->with.n)
		return err_set(err, ENOENT,
			       "%s would have to download %s, which nothing does inside; install it "
			       "first: mcp-confine install pypi:%s%s%s", path_last(argv[0]), spec, name,
			       *version ? "==" : "", version);
	return err_set(err, ENOENT,
		       "%s would have to download %s with %s, which nothing does inside; install it "
		       "first: %s '%s' --with %s", path_last(argv[0]), spec, a->with.v[0],
		       is_pipx ? "pipx install" : "uv tool install", spec, a->with.v[0]);
}

/* --- uv run ----------------------------------------------------------------------------------------- */

/* The project: what --project or --directory names, or the nearest with a manifest. */
static char *find_project(const char *from)
{
	cleanup_free char *dir = strdup(from);
	char *slash;

	while (dir && (slash = strrchr(dir, '/'))) {
		cleanup_free char *manifest = path_make("%s/pyproject.toml", dir);
		cleanup_free char *env = path_make("%s/.venv/pyvenv.cfg", dir);

		if (path_is_file(manifest) || path_is_file(env))
			return take_ptr(&dir);
		*slash = '\0';
	}
	return NULL;
}

static int start_project(const struct asked *a, char *const *argv, const char *dir,
			 const char *cwd, struct strv *ret, struct err *err)
{
	const char *word = argv[a->command];
	cleanup_free char *python = path_make("%s/.venv/bin/python", dir);
	cleanup_free char *program = path_make("%s/.venv/bin/%s", dir, word);
	cleanup_free char *file = path_below(cwd, word);
	const char *dot = strrchr(word, '.');
	int r;

	if (!path_is_file(python))
		return err_set(err, ENOENT,
			       "uv run would have to make %s/.venv, which nothing does inside; make it "
			       "first: uv sync --directory %s", dir, dir);
	if (a->is_module)
		r = strv_add(ret, python) | strv_add(ret, "-m") | strv_add(ret, word);
	else if (!strchr(word, '/') && path_is_file(program))
		r = strv_add(ret, program);
	else if (file && ((dot && !strcmp(dot, ".py")) || path_is_dir(file)))
		r = strv_add(ret, python) | strv_add(ret, file);
	else if (strchr(word, '/') && path_is_file(file))
		r = strv_add(ret, file);
	else
		return err_set(err, ENOENT,
			       "uv run: %s is not in %s/.venv/bin; install it first: uv sync "
			       "--directory %s", word, dir, dir);
	for (size_t i = a->command + 1; argv[i] && r == 0; i++)
		r = strv_add(ret, argv[i]);
	return r < 0 ? no_memory(err) : 0;
}

static int find_run(const struct runtime_query *q, const struct asked *a, char *const *argv,
		    struct strv *ret, char **ret_cwd, struct err *err)
{
	cleanup_free char *cwd = a->directory ? path_below(q->cwd, a->directory) : strdup(q->cwd);
	cleanup_free char *named = cwd && a->project ? path_below(cwd, a->project) : NULL;
	cleanup_free char *dir = NULL, *real = cwd ? path_real(cwd) : NULL;
	int r;

	if (!argv[a->command])
		return err_set(err, EINVAL, "uv run: names no program");
	if (!real)
		return err_errno(err, errno, "uv --directory %s", a->directory ? a->directory : ".");
	if (a->with.n)
		return err_set(err, EINVAL,
			       "uv run --with %s makes an environment each time, which nothing does "
			       "inside; add it to the project: uv add %s", a->with.v[0], a->with.v[0]);
	dir = find_project(named ? named : real);
	if (!dir)
		return err_set(err, ENOENT,
			       "uv run: no project (pyproject.toml) in %s or above; name one with uv "
			       "--directory DIR run, or the interpreter itself", named ? named : real);
	r = start_project(a, argv, dir, real, ret, err);
	if (r == 0 && a->directory)
		*ret_cwd = take_ptr(&real);
	return r;
}

int runtime_uv_find(const struct runtime_query *q, char *const *argv, struct strv *ret_argv,
		    char **ret_cwd, struct err *err)
{
	const char *name = path_last(argv[0]);
	const bool is_pipx = !strcmp(name, "pipx");
	struct asked a = {0};
	size_t i = 1;
	int r = take_options(&a, argv, &i, err);

	if (r == 0 && strcmp(name, "uvx") != 0) {
		const char *verb = argv[i] ? argv[i] : "";
		bool is_tool = !strcmp(verb, "tool") && argv[i + 1] && !strcmp(argv[i + 1], "run");

		if (strcmp(verb, "run") != 0 && !(is_tool && !is_pipx))
			r = err_set(err, EINVAL, "%s %s: starts no server; only %s run is understood",
				    name, verb, name);
		i += is_tool ? 2 : 1;
		if (r == 0)
			r = take_options(&a, argv, &i, err);
		if (r == 0 && !is_tool && !is_pipx) {
			r = find_run(q, &a, argv, ret_argv, ret_cwd, err);
			strv_done(&a.with);
			return r;
		}
	}
	if (r == 0)
		r = find_tool(q, &a, argv, is_pipx, ret_argv, err);
	strv_done(&a.with);
	return r;
}
