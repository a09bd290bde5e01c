/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/path.h"
#include "launcher/runtime.h"
#include "launcher/runtime_command.h"

/* --- from a name to a file ---------------------------------------------------------------- */

static int check_file(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_errno(err, errno, "%s", path);
	if (S_ISDIR(st.st_mode))
		return err_set(err, EACCES, "%s: is a directory, not a program", path);
	if (!S_ISREG(st.st_mode) || access(path, X_OK) < 0)
		return err_set(err, EACCES, "%s: not executable; chmod +x it", path);
	return 0;
}

static char *find_in_dir(const char *dir, const char *name)
{
	cleanup_free char *file = path_make("%s/%s", dir, name);

	return path_is_file(file) && access(file, X_OK) == 0 ? take_ptr(&file) : NULL;
}

/* Where a desktop keeps what a client with a minimal PATH does not find: for the error. */
static char *find_elsewhere(const struct runtime_query *q, const char *name)
{
	static const char *const patterns[] = {
		".local/bin", ".volta/bin", ".asdf/shims", ".local/share/mise/shims",
		".pyenv/shims", ".local/share/fnm/aliases/default/bin", ".npm-global/bin",
		".cargo/bin", ".bun/bin", ".deno/bin", "bin",
	};
	cleanup_free char *nvm = path_make("%s/.nvm/alias/default", q->home);
	cleanup_free char *version = nvm ? path_read(nvm, 64) : NULL;
	char *found = NULL;

	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns) && !found; i++) {
		cleanup_free char *dir = path_make("%s/%s", q->home, patterns[i]);

		found = dir ? find_in_dir(dir, name) : NULL;
	}
	if (!found && version) {
		cleanup_free char *dir = NULL;

		version[strcspn(version, "\n")] = '\0';
		dir = path_make("%s/.nvm/versions/node/%s%s/bin", q->home,
				version[0] == 'v' ? "" : "v", version);
		found = dir && path_is_name(version) ? find_in_dir(dir, name) : NULL;
	}
	return found ? found : find_in_dir("/snap/bin", name);
}

int runtime_command_find(const struct runtime_query *q, const struct strv *beside,
			 const char *name, char **ret, struct err *err)
{
	const char *path = q->path && *q->path ? q->path : "/usr/local/bin:/usr/bin:/bin";
	cleanup_free char *elsewhere = NULL;

	if (!*name)
		return err_set(err, ENOENT, "the command is empty");
	if (strchr(name, '/')) {
		cleanup_free char *full = path_below(q->cwd, name);
		int r = full ? check_file(full, err) : err_errno(err, ENAMETOOLONG, "%.80s...", name);

		*ret = r < 0 ? NULL : take_ptr(&full);
		return r;
	}
	for (const char *p = path; *p; p += *p == ':') {
		size_t len = strcspn(p, ":");
		cleanup_free char *dir = strndup(p, len);

		*ret = dir && *dir == '/' ? find_in_dir(dir, name) : NULL;
		if (*ret)
			return 0;
		p += len;
	}
	for (size_t i = 0; i < beside->n; i++) {
		*ret = find_in_dir(beside->v[i], name);
		if (*ret)
			return 0;
	}
	elsewhere = find_elsewhere(q, name);
	if (elsewhere)
		return err_set(err, ENOENT, "%s: not found in PATH (%s); there is %s: give its whole "
					    "path", name, path, elsewhere);
	return err_set(err, ENOENT, "%s: not found in PATH (%s); give its whole path", name, path);
}

/* Of a server in a container the messages could be judged, and nothing else. */
#define CONTAINER                                                                         \
	"refused: the container would be started outside of this sandbox, by an engine that " \
	"obeys its own options, so of the policy only the rules about messages would hold, " \
	"and nothing about files, network, environment or limits"
#define PROGRAM                                                                           \
	"install the server itself (mcp-confine install npm:NAME or pypi:NAME), or name its " \
	"own program"

/* Programs that cannot run inside, and what to name instead. */
static int refuse_engine(const char *command, const char *real, struct err *err)
{
	static const struct {
		const char *name, *why, *mend;
	} engines[] = {
		{ "docker", CONTAINER, PROGRAM },
		{ "podman", CONTAINER, PROGRAM },
		{ "nerdctl", CONTAINER, PROGRAM },
		{ "flatpak", "a sandbox of its own cannot run inside",
		  "name the server's own program" },
		{ "sudo", "nothing gains privilege inside", "name the program behind it" },
		{ "pnpx", "installs what it runs, which nothing does inside",
		  "install the server (mcp-confine install npm:NAME) and start it as npx -y NAME" },
	};

	for (size_t i = 0; i < sizeof(engines) / sizeof(*engines); i++)
		if (!strcmp(path_last(command), engines[i].name) ||
		    !strcmp(path_last(real), engines[i].name))
			return err_set(err, EACCES, "%s: %s; %s", command, engines[i].why,
				       engines[i].mend);
	return 0;
}

/* "bun x", "pnpm dlx", "yarn dlx", "deno run npm:x": they would download. */
static int refuse_download(const char *command, const struct strv *argv, struct err *err)
{
	static const struct {
		const char *name, *verb, *mend;
	} verbs[] = {
		{ "pnpm", "dlx", "mcp-confine install npm:NAME, then npx -y NAME" },
		{ "yarn", "dlx", "mcp-confine install npm:NAME, then npx -y NAME" },
	};

	for (size_t i = 0; argv->n > 1 && i < sizeof(verbs) / sizeof(*verbs); i++)
		if (!strcmp(path_last(command), verbs[i].name) && !strcmp(argv->v[1], verbs[i].verb))
			return err_set(err, EACCES,
				       "%s %s: installs what it runs, which nothing does inside; install "
				       "it first: %s", verbs[i].name, verbs[i].verb, verbs[i].mend);
	for (size_t i = 1; !strcmp(path_last(command), "deno") && i < argv->n; i++)
		if (!strncmp(argv->v[i], "npm:", 4) || !strncmp(argv->v[i], "jsr:", 4) ||
		    !strncmp(argv->v[i], "https://", 8))
			return err_set(err, EACCES,
				       "deno %s: would have to be downloaded, which nothing does inside; "
				       "compile it first: deno compile", argv->v[i]);
	return 0;
}

int runtime_command_check(const char *command, const char *real, const struct strv *argv,
			  struct err *err)
{
	int r = refuse_engine(command, real, err);

	return r < 0 ? r : refuse_download(command, argv, err);
}
