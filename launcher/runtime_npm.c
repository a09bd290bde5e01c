/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/path.h"
#include "launcher/runtime.h"
#include "launcher/runtime_npm.h"
#include "launcher/store.h"

#define MANIFEST_MAX ((size_t)1 << 20)

static json_t *load_manifest(const char *dir)
{
	cleanup_free char *path = path_make("%s/package.json", dir);
	cleanup_free char *text = path ? path_read(path, MANIFEST_MAX) : NULL;

	return text ? json_loads(text, 0, NULL) : NULL;
}

bool runtime_npm_has_manifest(const char *dir, bool *ret_has_name)
{
	json_auto_t *manifest = load_manifest(dir);

	*ret_has_name = json_string_value(json_object_get(manifest, "name")) != NULL;
	return manifest != NULL;
}

char *runtime_npm_own_name(const char *dir)
{
	json_auto_t *manifest = load_manifest(dir);
	const char *name = json_string_value(json_object_get(manifest, "name"));

	return name ? strdup(name) : NULL;
}

static const char below[] = "/node_modules/";

/* Is every node_modules on the way, before `end`, one whose next name begins with a dot:
 * .bin, or a package manager's store?  Else a package lies around what is below. */
static bool has_no_package(const char *file, const char *end)
{
	for (const char *p = file; (p = strstr(p, below)) && (!end || p < end); p++)
		if (p[sizeof(below) - 1] != '.')
			return false;
	return true;
}

bool runtime_npm_is_shim(const char *home, const char *file)
{
	cleanup_free char *dir = path_dir(file), *store = path_make("%s/.local/share/pnpm", home);
	cleanup_free char *bin = path_make("%s/.local/share/pnpm/bin", home);
	size_t len = dir ? strlen(dir) : 0;

	if (!dir || !store || !bin || !has_no_package(file, NULL))
		return false;
	return (len > 18 && !strcmp(dir + len - 18, "/node_modules/.bin")) || !strcmp(dir, store) ||
	       !strcmp(dir, bin);
}

char *runtime_npm_name(const char *file)
{
	const char *at = NULL;

	for (const char *p = file; (p = strstr(p, below)); p++)
		at = p;
	if (at && has_no_package(file, at)) {
		const char *name = at + sizeof(below) - 1;
		size_t len = strcspn(name, "/");
		cleanup_free char *dir = NULL, *own = NULL;

		if (*name == '@' && name[len])
			len += 1 + strcspn(name + len + 1, "/");
		dir = strndup(file, (size_t)(name - file) + len);
		own = dir ? runtime_npm_own_name(dir) : NULL;
		if (own && strlen(own) == len && !strncmp(own, name, len))
			return take_ptr(&own);
	}
	return NULL;
}

/* "@scope/name@1.2" to name and version (or none). */
static void split(const char *spec, char name[static 256], const char **ret_version)
{
	const char *at = strchr(spec + (*spec == '@'), '@');

	snprintf(name, 256, "%.*s", (int)(at ? at - spec : (long)strlen(spec)), spec);
	*ret_version = at ? at + 1 : NULL;
}

/* Is the asked version that of the installed copy?  "1.2" stands for each 1.2.x; tags and
 * ranges are not judged. */
static bool fits(json_t *manifest, const char *version)
{
	const char *have = json_string_value(json_object_get(manifest, "version"));
	size_t len = version ? strlen(version) : 0;

	if (!len || version[0] < '0' || version[0] > '9')
		return true;
	return have && !strncmp(have, version, len) && (!have[len] || have[len] == '.');
}

/* The program of a package: the one called `command`, or its only one. */
static const char *bin_of(json_t *manifest, const char *command)
{
	json_t *bin = json_object_get(manifest, "bin");
	json_t *named = json_object_get(bin, path_last(command));

	if (json_is_string(bin))
		return json_string_value(bin);
	if (named)
		return json_string_value(named);
	return json_object_size(bin) == 1 ?
		       json_string_value(json_object_iter_value(json_object_iter(bin))) :
		       NULL;
}

/* What npx was asked for. */
struct wanted {
	char name[256];	     /* of the package */
	const char *version; /* or NULL */
	const char *command; /* of the program in it */
	bool is_plain;	     /* no --package and no version: may be a program's name only */
};

/* A copy below modules (a node_modules): its program's path from malloc, or NULL. */
static char *find_in(const char *modules, const struct wanted *w)
{
	cleanup_free char *dir = path_make("%s/%s", modules, w->name), *path = NULL;
	json_auto_t *manifest = dir ? load_manifest(dir) : NULL;
	const char *bin = manifest && fits(manifest, w->version) ? bin_of(manifest, w->command) :
								   NULL;

	if (bin && !strstr(bin, ".."))
		path = path_make("%s/%s", dir, bin);
	else if (!manifest && w->is_plain && path_is_name(w->name))
		path = path_make("%s/.bin/%s", modules, w->name);
	return path_is_file(path) && access(path, R_OK) == 0 ? take_ptr(&path) : NULL;
}

char *runtime_npm_program(const char *modules, const char *name, const char *command)
{
	struct wanted w = { .command = command };

	snprintf(w.name, sizeof(w.name), "%s", name);
	return find_in(modules, &w);
}

/*
 * What mcp-confine installed: before every other copy.  It was asked for by name, its
 * content is checked at each start, and a project's node_modules, which the client's
 * directory chooses, must not stand in for it.
 */
static char *find_stored(const struct runtime_query *q, const struct wanted *w)
{
	cleanup_free char *dir = store_find(q->account_home ? q->account_home : q->home, SPEC_NPM,
					    w->name, "current");
	cleanup_free char *modules = dir ? path_make("%s/tree/node_modules", dir) : NULL;

	return modules ? find_in(modules, w) : NULL;
}

static char *find_upward(const char *cwd, const struct wanted *w)
{
	char dir[PATH_MAX];
	char *slash;

	snprintf(dir, sizeof(dir), "%s/", cwd);
	while ((slash = strrchr(dir, '/'))) {
		char modules[PATH_MAX + 16];
		char *found;

		*slash = '\0';
		snprintf(modules, sizeof(modules), "%s/node_modules", dir);
		found = find_in(modules, w);
		if (found)
			return found;
	}
	return NULL;
}

/* A line "key=value" of ~/.npmrc: a directory, from malloc, or NULL. */
static char *read_npmrc(const char *home, const char *key)
{
	cleanup_free char *file = path_make("%s/.npmrc", home);
	cleanup_free char *text = file ? path_read(file, MANIFEST_MAX) : NULL;
	size_t len = strlen(key);
	char *save = NULL;

	for (char *l = text ? strtok_r(text, "\r\n", &save) : NULL; l;
	     l = strtok_r(NULL, "\r\n", &save)) {
		const char *value = l + len;

		if (strncmp(l, key, len) != 0)
			continue;
		value += strspn(value, " \t");
		if (*value++ != '=')
			continue;
		value += strspn(value, " \t\"");
		l = strpbrk(value, "\"") ? strpbrk(value, "\"") : l + strlen(l);
		*l = '\0';
		if (!strncmp(value, "${HOME}/", 8))
			return path_make("%s/%s", home, value + 8);
		if (!strncmp(value, "~/", 2))
			return path_make("%s/%s", home, value + 2);
		return *value == '/' ? strdup(value) : NULL;
	}
	return NULL;
}

/* npx keeps what it downloaded in ~/.npm/_npx/HASH/node_modules: the newest copy. */
static char *find_cached(const char *home, const struct wanted *w)
{
	cleanup_free char *set = read_npmrc(home, "cache");
	cleanup_free char *cache = set ? path_make("%s/_npx", set) : path_make("%s/.npm/_npx", home);
	DIR *d = cache ? opendir(cache) : NULL;
	char *best = NULL;
	time_t newest = 0;
	struct dirent *e;

	while (d && (e = readdir(d))) {
		cleanup_free char *modules = path_make("%s/%s/node_modules", cache, e->d_name);
		struct stat st;
		char *found;

		if (e->d_name[0] == '.' || !modules)
			continue;
		found = find_in(modules, w);
		if (found && stat(modules, &st) == 0 && (!best || st.st_mtime > newest)) {
			free(best);
			best = found;
			newest = st.st_mtime;
			continue;
		}
		free(found);
	}
	if (d)
		closedir(d);
	return best;
}

/* PREFIX/lib/node_modules: beside npx itself, where ~/.npmrc says, and the usual ones. */
static char *find_global(const struct runtime_query *q, const char *command, const char *npx,
			 const struct wanted *w)
{
	const char *npm = strstr(npx, "/npm/bin/");
	cleanup_free char *bin = path_dir(command), *set = read_npmrc(q->home, "prefix");
	char *const places[] = {
		bin ? path_make("%s/../lib/node_modules", bin) : NULL,
		npm ? strndup(npx, (size_t)(npm - npx)) : NULL,
		set ? path_make("%s/lib/node_modules", set) : NULL,
		path_make("%s/.npm-global/lib/node_modules", q->home),
		path_make("%s/.local/lib/node_modules", q->home),
		path_make("%s/.bun/install/global/node_modules", q->home),
		strdup("/usr/local/lib/node_modules"),
		strdup("/usr/lib/node_modules"),
		strdup("/usr/share/nodejs"),
	};
	char *found = NULL;

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		cleanup_free char *real = places[i] ? path_real(places[i]) : NULL;

		if (!found && real)
			found = find_in(real, w);
		free(places[i]);
	}
	return found;
}

/* npx's own options: what it takes, up to the package.  Return: index of what follows. */
static int read_options(char *const *argv, size_t *ret_i, const char **ret_package,
			struct err *err)
{
	size_t i = 1;

	*ret_package = NULL;
	for (; argv[i] && argv[i][0] == '-'; i++) {
		const char *a = argv[i];

		if (!strcmp(a, "-y") || !strcmp(a, "--yes") || !strcmp(a, "-q") ||
		    !strcmp(a, "--quiet") || !strcmp(a, "--prefer-offline") ||
		    !strcmp(a, "--offline") || !strcmp(a, "--no") || !strcmp(a, "--no-install") ||
		    !strcmp(a, "--prefer-online") || !strcmp(a, "--silent") ||
		    !strncmp(a, "--registry=", 11) || !strncmp(a, "--loglevel=", 11))
			continue;
		if (!strcmp(a, "--")) {
			i++;
			break;
		}
		if (!strncmp(a, "--package=", 10))
			*ret_package = a + 10;
		else if ((!strcmp(a, "-p") || !strcmp(a, "--package")) && argv[i + 1])
			*ret_package = argv[++i];
		else
			return err_set(err, EINVAL,
				       "npx %s: not understood; name the installed program instead",
				       a);
	}
	*ret_i = i;
	return argv[i] ? 0 : err_set(err, EINVAL, "npx without a package");
}

int runtime_npm_npx(const struct runtime_query *q, const char *command, const char *npx,
		    char *const *argv, struct strv *ret_argv, struct err *err)
{
	const char *package, *spec;
	cleanup_free char *file = NULL;
	struct wanted w = {0};
	size_t i = 1;
	int r = read_options(argv, &i, &package, err);

	if (r < 0)
		return r;
	spec = package ? package : argv[i];
	split(spec, w.name, &w.version);
	if (strstr(w.name, "..") || w.name[0] == '/' || w.name[0] == '.' || strchr(w.name, ':'))
		return err_set(err, EINVAL,
			       "npx %s: only packages by name are found; install it and name its "
			       "program", spec);
	w.command = package ? argv[i] : w.name;
	w.is_plain = !package && !w.version;
	file = find_stored(q, &w);
	if (!file)
		file = find_upward(q->cwd, &w);
	if (!file)
		file = find_cached(q->home, &w);
	if (!file)
		file = find_global(q, command, npx, &w);
	if (!file)
		return err_set(err, ENOENT,
			       "%s would have to download %s, which nothing does inside; install it "
			       "first: mcp-confine install npm:%s", path_last(command), spec, spec);
	/* What lies in .bin may be a shell script of pnpm's; it says itself what runs it. */
	r = strstr(file, "/.bin/") ? 0 : strv_add(ret_argv, "node");
	r = r < 0 ? r : strv_add(ret_argv, file);
	for (i++; argv[i] && r == 0; i++)
		r = strv_add(ret_argv, argv[i]);
	return r < 0 ? err_errno(err, ENOMEM, "npx") : 0;
}
