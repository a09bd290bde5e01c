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
#include "launcher/runtime.h"
#include "launcher/runtime_npm.h"

#define MANIFEST_MAX ((long)1 << 20)

static json_t *load_manifest(const char *dir)
{
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/package.json", dir) >= PATH_MAX ||
	    stat(path, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > MANIFEST_MAX)
		return NULL;
	return json_load_file(path, 0, NULL);
}

char *runtime_npm_name(const char *file)
{
	char dir[PATH_MAX];
	char *slash;

	if (snprintf(dir, sizeof(dir), "%s", file) >= PATH_MAX)
		return NULL;
	while ((slash = strrchr(dir, '/')) && slash > dir) {
		json_auto_t *manifest = NULL;
		const char *name;

		*slash = '\0';
		manifest = load_manifest(dir);
		name = json_string_value(json_object_get(manifest, "name"));
		if (name)
			return strdup(name);
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

/* Is the asked version that of the installed copy?  Tags and ranges are not judged. */
static bool fits(json_t *manifest, const char *version)
{
	const char *have = json_string_value(json_object_get(manifest, "version"));

	if (!version || !*version || version[0] < '0' || version[0] > '9')
		return true;
	return have && !strcmp(have, version);
}

/* The program of a package: its only bin, or the one named as it is. */
static const char *bin_of(json_t *manifest, const char *name)
{
	json_t *bin = json_object_get(manifest, "bin");
	const char *slash = strrchr(name, '/'), *last = slash ? slash + 1 : name;
	json_t *named = json_object_get(bin, last);

	if (json_is_string(bin))
		return json_string_value(bin);
	if (named)
		return json_string_value(named);
	return json_object_size(bin) == 1 ?
		       json_string_value(json_object_iter_value(json_object_iter(bin))) :
		       NULL;
}

/* A copy below modules (a node_modules): its program's path from malloc, or NULL. */
static char *find_in(const char *modules, const char *name, const char *version)
{
	cleanup_free char *dir = NULL;
	json_auto_t *manifest = NULL;
	const char *bin;
	char *path = NULL;

	if (asprintf(&dir, "%s/%s", modules, name) < 0)
		return NULL;
	manifest = load_manifest(dir);
	bin = manifest && fits(manifest, version) ? bin_of(manifest, name) : NULL;
	if (!bin || strstr(bin, "..") || asprintf(&path, "%s/%s", dir, bin) < 0)
		return NULL;
	if (access(path, R_OK) == 0)
		return path;
	free(path);
	return NULL;
}

static char *find_upward(const char *cwd, const char *name, const char *version)
{
	char dir[PATH_MAX];
	char *slash;

	snprintf(dir, sizeof(dir), "%s/", cwd);
	while ((slash = strrchr(dir, '/'))) {
		char modules[PATH_MAX + 16];
		char *found;

		*slash = '\0';
		snprintf(modules, sizeof(modules), "%s/node_modules", dir);
		found = find_in(modules, name, version);
		if (found)
			return found;
	}
	return NULL;
}

/* npx keeps what it downloaded in ~/.npm/_npx/HASH/node_modules: the newest copy. */
static char *find_cached(const char *home, const char *name, const char *version)
{
	char cache[PATH_MAX];
	char *best = NULL;
	time_t newest = 0;
	struct dirent *e;
	DIR *d;

	snprintf(cache, sizeof(cache), "%s/.npm/_npx", home);
	d = opendir(cache);
	while (d && (e = readdir(d))) {
		char modules[PATH_MAX + 300];
		struct stat st;
		char *found;

		if (e->d_name[0] == '.')
			continue;
		snprintf(modules, sizeof(modules), "%s/%s/node_modules", cache, e->d_name);
		found = find_in(modules, name, version);
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

/* Beside npx itself: PREFIX/lib/node_modules/npm/bin/npx-cli.js, or PREFIX/bin/npx. */
static char *find_global(const char *npx, const char *name, const char *version)
{
	static const char *const usual[] = { "/usr/local/lib/node_modules",
					     "/usr/lib/node_modules",
					     "/usr/share/nodejs" };
	const char *npm = strstr(npx, "/npm/bin/");
	cleanup_free char *beside = npm ? strndup(npx, (size_t)(npm - npx)) : NULL;
	char *found = beside ? find_in(beside, name, version) : NULL;

	for (size_t i = 0; !found && i < sizeof(usual) / sizeof(*usual); i++)
		found = find_in(usual[i], name, version);
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
		    !strcmp(a, "--offline"))
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

int runtime_npm_npx(const struct runtime_query *q, const char *npx, char *const *argv,
		    struct strv *ret_argv, struct err *err)
{
	const char *package, *version;
	cleanup_free char *file = NULL;
	char name[256];
	size_t i = 1;
	int r = read_options(argv, &i, &package, err);

	if (r < 0)
		return r;
	split(package ? package : argv[i], name, &version);
	file = find_upward(q->cwd, name, version);
	if (!file)
		file = find_cached(q->home, name, version);
	if (!file)
		file = find_global(npx, name, version);
	if (!file)
		return err_set(err, ENOENT,
			       "npx would have to download %s, which nothing does inside; install "
			       "it first: npm install -g %s", package ? package : argv[i],
			       package ? package : argv[i]);
	r = strv_add(ret_argv, "node") | strv_add(ret_argv, file);
	for (i++; argv[i] && r == 0; i++)
		r = strv_add(ret_argv, argv[i]);
	return r < 0 ? err_errno(err, ENOMEM, "npx") : 0;
}
