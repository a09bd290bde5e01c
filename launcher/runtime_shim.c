/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/path.h"
#include "launcher/runtime.h"
#include "launcher/runtime_shim.h"

#define FILE_LIMIT (64 * 1024)
#define VERSION_MAX 128
#define ENTRIES 1024

static bool is_program(const char *path)
{
	return path_is_file(path) && access(path, X_OK) == 0;
}

/* --- files that name versions -------------------------------------------------------------- */

/* What a line of a file asks for: false to go on. */
typedef bool take_line(const char *line, const void *what, char version[static VERSION_MAX]);

static bool take_lines(const char *path, take_line *take, const void *what,
		       char version[static VERSION_MAX])
{
	cleanup_free char *text = path ? path_read(path, FILE_LIMIT) : NULL;
	char *save = NULL;

	for (char *l = text ? strtok_r(text, "\r\n", &save) : NULL; l;
	     l = strtok_r(NULL, "\r\n", &save))
		if (take(l, what, version) && path_is_name(version))
			return true;
	return false;
}

/* The same file in cwd and each directory above it. */
static bool search_upward(const char *cwd, const char *file, take_line *take, const void *what,
			  char version[static VERSION_MAX])
{
	cleanup_free char *dir = strdup(cwd);
	char *slash;

	while (dir) {
		cleanup_free char *path = path_make("%s/%s", dir, file);

		if (take_lines(path, take, what, version))
			return true;
		slash = strrchr(dir, '/');
		if (!slash)
			return false;
		*slash = '\0';
	}
	return false;
}

/* .python-version: the first word of the first line that is no comment. */
static bool take_first_word(const char *line, const void *what, char version[static VERSION_MAX])
{
	(void)what;
	line += strspn(line, " \t");
	if (*line == '#' || !*line)
		return false;
	snprintf(version, VERSION_MAX, "%.*s", (int)strcspn(line, " \t:"), line);
	return true;
}

/* .tool-versions: "nodejs 20.11.0". */
static bool take_tool(const char *line, const void *what, char version[static VERSION_MAX])
{
	const char *tool = what;
	size_t len = strlen(tool);

	if (strncmp(line, tool, len) != 0 || !strchr(" \t", line[len]) || !line[len])
		return false;
	line += len + strspn(line + len, " \t");
	snprintf(version, VERSION_MAX, "%.*s", (int)strcspn(line, " \t#"), line);
	return true;
}

/* mise.toml: node = "20", python = ["3.12", "3.11"], "npm:x" = { version = "1" }. */
static bool take_toml(const char *line, const void *what, char version[static VERSION_MAX])
{
	const char *tool = what, *p = line + strspn(line, " \t\"");
	size_t len = strlen(tool);

	for (size_t i = 0; i < len; i++)
		if (p[i] != tool[i] && !(tool[i] == '-' && p[i] && strchr(":/", p[i])))
			return false;
	p += len;
	p += strspn(p, "\" \t");
	if (*p != '=')
		return false;
	if ((line = strstr(p, "version")))
		p = line;
	p = strpbrk(p, "\"'");
	if (!p)
		return false;
	snprintf(version, VERSION_MAX, "%.*s", (int)strcspn(p + 1, "\"'"), p + 1);
	return true;
}

/* --- installed versions ---------------------------------------------------------------------- */

/*
 * versions/VERSION/below with that program: VERSION as it is, or the newest that begins
 * with "VERSION.".  From malloc, or NULL.
 */
static char *find_version(const char *versions, const char *version, const char *below)
{
	char *best = path_make("%s/%s/%s", versions, version, below), *best_name = NULL;
	size_t len = strlen(version);
	struct dirent *e;
	DIR *d;

	if (is_program(best))
		return best;
	free(best);
	best = NULL;
	d = opendir(versions);
	for (int i = 0; d && i < ENTRIES && (e = readdir(d)); i++) {
		cleanup_free char *path = path_make("%s/%s/%s", versions, e->d_name, below);

		if (strncmp(e->d_name, version, len) != 0 || e->d_name[len] != '.' ||
		    !is_program(path) || (best_name && strverscmp(e->d_name, best_name) < 0))
			continue;
		free(best);
		free(best_name);
		best = take_ptr(&path);
		best_name = strdup(e->d_name);
	}
	if (d)
		closedir(d);
	free(best_name);
	return best;
}

static int refuse(struct err *err, const char *command, const char *tool, const char *missing)
{
	const char *name = path_last(command);

	return err_set(err, EACCES,
		       "%s: a shim of %s, and %s; choose one (%s help), or name the program itself: "
		       "%s which %s", command, tool, missing, tool, tool, name);
}

/* --- pyenv, rbenv, nodenv -------------------------------------------------------------------- */

/* The program that PATH has behind the shims ("system"). */
static char *find_system(const struct runtime_query *q, const char *shims, const char *name)
{
	const char *path = q->path && *q->path ? q->path : "/usr/local/bin:/usr/bin:/bin";

	for (const char *p = path; *p; p += *p == ':') {
		size_t len = strcspn(p, ":");
		cleanup_free char *dir = strndup(p, len);
		cleanup_free char *file = dir && *dir == '/' ? path_make("%s/%s", dir, name) : NULL;

		if (file && strcmp(dir, shims) != 0 && is_program(file))
			return take_ptr(&file);
		p += len;
	}
	return NULL;
}

static int find_env(const struct runtime_query *q, const char *command, const char *tool,
		    const char *root, char **ret, struct err *err)
{
	static const char *const languages[][2] = { { "pyenv", ".python-version" },
						    { "rbenv", ".ruby-version" },
						    { "nodenv", ".node-version" } };
	cleanup_free char *versions = path_make("%s/versions", root);
	cleanup_free char *global = path_make("%s/version", root);
	cleanup_free char *shims = path_dir(command);
	cleanup_free char *below = path_make("bin/%s", path_last(command));
	const char *file = NULL;
	char version[VERSION_MAX] = "system";

	for (size_t i = 0; i < sizeof(languages) / sizeof(*languages); i++)
		if (!strcmp(languages[i][0], tool))
			file = languages[i][1];
	if (!versions || !global || !shims || !below || !file)
		return err_errno(err, ENOMEM, "runtime");
	if (!search_upward(q->cwd, file, take_first_word, NULL, version) &&
	    !take_lines(global, take_first_word, NULL, version))
		snprintf(version, sizeof(version), "system");
	*ret = strcmp(version, "system") ? find_version(versions, version, below) :
					   find_system(q, shims, path_last(command));
	return *ret ? 1 : refuse(err, command, tool, "the version chosen there does not have it");
}

/* --- asdf -------------------------------------------------------------------------------------- */

static int find_asdf(const struct runtime_query *q, const char *command, const char *text,
		     const char *root, char **ret, struct err *err)
{
	static const char mark[] = "# asdf-plugin: ";
	cleanup_free char *below = path_make("bin/%s", path_last(command));
	cleanup_free char *mine = path_make("%s/.tool-versions", q->home);

	for (const char *p = strstr(text, mark); p && below; p = strstr(p, mark)) {
		char plugin[VERSION_MAX], version[VERSION_MAX];
		cleanup_free char *versions = NULL;

		p += sizeof(mark) - 1;
		snprintf(plugin, sizeof(plugin), "%.*s", (int)strcspn(p, " \n"), p);
		if (!path_is_name(plugin))
			continue;
		versions = path_make("%s/installs/%s", root, plugin);
		if (versions &&
		    (search_upward(q->cwd, ".tool-versions", take_tool, plugin, version) ||
		     take_lines(mine, take_tool, plugin, version)))
			*ret = find_version(versions, version, below);
		if (*ret)
			return 1;
	}
	return refuse(err, command, "asdf", "no .tool-versions on the way chooses a version of it");
}

/* --- mise -------------------------------------------------------------------------------------- */

static bool mise_version(const struct runtime_query *q, const char *tool,
			 char version[static VERSION_MAX])
{
	static const char *const files[] = { "mise.toml", ".mise.toml", ".config/mise.toml",
					     ".config/mise/config.toml" };
	cleanup_free char *mine = path_make("%s/.config/mise/config.toml", q->home);
	cleanup_free char *versions = path_make("%s/.tool-versions", q->home);

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (search_upward(q->cwd, files[i], take_toml, tool, version))
			return true;
	if (search_upward(q->cwd, ".tool-versions", take_tool, tool, version) ||
	    (!strcmp(tool, "node") &&
	     search_upward(q->cwd, ".tool-versions", take_tool, "nodejs", version)))
		return true;
	return take_lines(mine, take_toml, tool, version) ||
	       take_lines(versions, take_tool, tool, version);
}

static int find_mise(const struct runtime_query *q, const char *command, const char *root,
		     char **ret, struct err *err)
{
	cleanup_free char *installs = path_make("%s/installs", root);
	cleanup_free char *below = path_make("bin/%s", path_last(command));
	DIR *d = installs ? opendir(installs) : NULL;
	struct dirent *e;

	for (int i = 0; d && below && !*ret && i < ENTRIES && (e = readdir(d)); i++) {
		cleanup_free char *versions = path_make("%s/%s", installs, e->d_name);
		char version[VERSION_MAX];

		if (e->d_name[0] != '.' && versions && mise_version(q, e->d_name, version))
			*ret = find_version(versions, version, below);
	}
	if (d)
		closedir(d);
	return *ret ? 1 : refuse(err, command, "mise", "no mise.toml on the way chooses a version of it");
}

/* --- volta -------------------------------------------------------------------------------------- */

static json_t *load_json(const char *path)
{
	cleanup_free char *text = path ? path_read(path, FILE_LIMIT * 4) : NULL;

	return text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
}

/* The node that the nearest package.json pins ("volta"), or else the default. */
static bool volta_node(const struct runtime_query *q, const char *root,
		       char version[static VERSION_MAX])
{
	cleanup_free char *dir = strdup(q->cwd);
	cleanup_free char *platform = path_make("%s/tools/user/platform.json", root);
	json_auto_t *user = load_json(platform);
	const char *found =
		json_string_value(json_object_get(json_object_get(user, "node"), "runtime"));
	char *slash;

	snprintf(version, VERSION_MAX, "%s", found ? found : "");
	while (dir && (slash = strrchr(dir, '/'))) {
		cleanup_free char *path = path_make("%s/package.json", dir);
		json_auto_t *manifest = load_json(path);
		const char *pinned = json_string_value(
			json_object_get(json_object_get(manifest, "volta"), "node"));

		if (pinned) {
			snprintf(version, VERSION_MAX, "%s", pinned);
			break;
		}
		*slash = '\0';
	}
	return path_is_name(version);
}

static int find_volta(const struct runtime_query *q, const char *command, const char *root,
		      char **ret, struct err *err)
{
	const char *name = path_last(command);
	cleanup_free char *about = path_make("%s/tools/user/bins/%s.json", root, name);
	cleanup_free char *below = path_make("bin/%s", name);
	cleanup_free char *versions = path_make("%s/tools/image/node", root);
	json_auto_t *bin = load_json(about);
	const char *package = json_string_value(json_object_get(bin, "package"));
	char version[VERSION_MAX];

	if (package && !strstr(package, "..") && package[0] != '/')
		*ret = path_make("%s/tools/image/packages/%s/bin/%s", root, package, name);
	if (*ret && !is_program(*ret)) {
		free(*ret);
		*ret = NULL;
	}
	if (!*ret && below && versions && volta_node(q, root, version))
		*ret = find_version(versions, version, below);
	return *ret ? 1 : refuse(err, command, "volta", "no default version of it is installed");
}

/* --- snap --------------------------------------------------------------------------------------- */

/* meta/snap.yaml: "apps:", "  NAME:", "    command: bin/x". */
static char *snap_command(const char *yaml, const char *app)
{
	cleanup_free char *text = path_read(yaml, FILE_LIMIT);
	char *save = NULL, *command = NULL;
	bool in_apps = false, in_app = false;

	for (char *l = text ? strtok_r(text, "\r\n", &save) : NULL; l && !command;
	     l = strtok_r(NULL, "\r\n", &save)) {
		size_t indent = strspn(l, " "), len = strcspn(l + indent, ":");
		char *word = l + indent;

		if (indent == 0)
			in_apps = !strncmp(l, "apps:", 5);
		else if (in_apps && indent == 2)
			in_app = len == strlen(app) && !strncmp(word, app, len);
		else if (in_app && !strncmp(word, "command:", 8)) {
			word += 8 + strspn(word + 8, " \"'");
			word[strcspn(word, " \"'")] = '\0';
			if (*word && *word != '/' && !strstr(word, ".."))
				command = strdup(word);
		}
	}
	return command;
}

/* The last name on the way to /usr/bin/snap: "node.npx" for npx. */
static void snap_name(const char *command, char name[static VERSION_MAX])
{
	cleanup_free char *path = strdup(command);

	snprintf(name, VERSION_MAX, "%s", path_last(command));
	for (int i = 0; path && i < 8; i++) {
		char text[PATH_MAX];
		ssize_t n = readlink(path, text, sizeof(text) - 1);
		char *next, *dir;

		if (n <= 0)
			return;
		text[n] = '\0';
		if (!strcmp(path_last(text), "snap"))
			return;
		snprintf(name, VERSION_MAX, "%s", path_last(text));
		dir = path_dir(path);
		next = dir ? path_below(dir, text) : NULL;
		free(dir);
		free(path);
		path = next;
	}
}

static int find_snap(const struct runtime_query *q, const char *command, char **ret,
		     struct err *err)
{
	cleanup_free char *yaml = NULL, *below = NULL;
	char name[VERSION_MAX], *app;
	const char *top = q->snap ? q->snap : "/snap";

	snap_name(command, name);
	app = strchr(name, '.');
	if (app)
		*app++ = '\0';
	else
		app = name;
	if (path_is_name(name))
		yaml = path_make("%s/%s/current/meta/snap.yaml", top, name);
	below = yaml ? snap_command(yaml, app) : NULL;
	*ret = below ? path_make("%s/%s/current/%s", top, name, below) : NULL;
	if (is_program(*ret))
		return 1;
	free(*ret);
	*ret = NULL;
	return err_set(err, EACCES,
		       "%s: started by snapd, which cannot run inside, and its own program was not "
		       "found; name it: ls %s/%s/current/bin", command, top, name);
}

/* --- the whole ----------------------------------------------------------------------------------- */

int runtime_shim_find(const struct runtime_query *q, const char *command, const char *real,
		      char **ret_program, struct err *err)
{
	cleanup_free char *dir = path_dir(command), *root = dir ? path_dir(dir) : NULL;
	cleanup_free char *text = NULL, *image = NULL;
	static const char *const envs[] = { "pyenv", "rbenv", "nodenv" };

	if (!root)
		return err_errno(err, ENOMEM, "runtime");
	*ret_program = NULL;
	if (!strcmp(path_last(real), "snap"))
		return find_snap(q, command, ret_program, err);
	image = path_make("%s/tools/image", root);
	if (!strcmp(path_last(real), "volta-shim") ||
	    (!strcmp(path_last(dir), "bin") && path_is_dir(image) &&
	     strcmp(path_last(command), "volta") != 0))
		return find_volta(q, command, root, ret_program, err);
	if (strcmp(path_last(dir), "shims") != 0)
		return 0;
	if (!strcmp(path_last(real), "mise") || !strcmp(path_last(real), "rtx"))
		return find_mise(q, command, root, ret_program, err);
	text = path_read(real, FILE_LIMIT);
	if (text && strstr(text, "# asdf-plugin: "))
		return find_asdf(q, command, text, root, ret_program, err);
	for (size_t i = 0; text && i < sizeof(envs) / sizeof(*envs); i++)
		if (strstr(text, envs[i]))
			return find_env(q, command, envs[i], root, ret_program, err);
	return err_set(err, EACCES,
		       "%s: a shim of a version manager that is not known here; name the program "
		       "itself", command);
}
