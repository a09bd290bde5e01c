/* SPDX-License-Identifier: Apache-2.0 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
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
#include "launcher/runtime_npm.h"
#include "launcher/walk.h"

/* A script's interpreter may be a script; the kernel stops at five as well. */
#define SCRIPTS 5

void runtime_done(struct runtime *r)
{
	strv_done(&r->argv);
	strv_done(&r->read);
	strv_done(&r->names);
	strv_done(&r->path);
	strv_done(&r->notes);
	free(r->program);
	free(r->package);
	*r = (struct runtime){0};
}

static int no_memory(struct err *err)
{
	return err_errno(err, ENOMEM, "runtime");
}

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

/* Absolute path of a command, symlinks unresolved; from malloc. */
static int find_command(const struct runtime_query *q, const char *name, char **ret,
			struct err *err)
{
	const char *path = q->path && *q->path ? q->path : "/usr/local/bin:/usr/bin:/bin";
	cleanup_free char *full = NULL;

	if (!*name)
		return err_set(err, ENOENT, "the command is empty");
	if (strchr(name, '/')) {
		if (asprintf(&full, "%s%s%s", name[0] == '/' ? "" : q->cwd,
			     name[0] == '/' ? "" : "/", name) < 0)
			return no_memory(err);
		*ret = full;
		full = NULL;
		return check_file(*ret, err);
	}
	for (const char *p = path; *p; p += *p == ':') {
		size_t len = strcspn(p, ":");
		char file[PATH_MAX];
		struct stat st;

		if (len && *p == '/' &&
		    snprintf(file, sizeof(file), "%.*s/%s", (int)len, p, name) < PATH_MAX &&
		    access(file, X_OK) == 0 && stat(file, &st) == 0 && S_ISREG(st.st_mode)) {
			*ret = strdup(file);
			return *ret ? 0 : no_memory(err);
		}
		p += len;
	}
	return err_set(err, ENOENT, "%s: not found in PATH (%s); give its whole path", name, path);
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Programs that only look for another one: what to name instead. */
static int refuse_shim(const char *command, const char *real, struct err *err)
{
	const char *name = last_part(command);
	const struct {
		const char *mark, *tool, *mend;
	} shims[] = {
		{ "/.pyenv/shims/", "pyenv", "pyenv which" },
		{ "/.asdf/shims/", "asdf", "asdf which" },
		{ "/mise/shims/", "mise", "mise which" },
		{ "/.volta/bin/", "volta", "volta which" },
		{ "/snap/bin/", "snap", "readlink -f /snap/NAME/current/bin; see ls for" },
	};

	for (size_t i = 0; i < sizeof(shims) / sizeof(*shims); i++)
		if (strstr(command, shims[i].mark))
			return err_set(err, EACCES,
				       "%s: a shim of %s, which cannot run inside; name the program "
				       "itself: %s %s", command, shims[i].tool, shims[i].mend, name);
	name = last_part(real);
	if (!strcmp(name, "docker") || !strcmp(name, "podman"))
		return err_set(err, EACCES, "%s: a container engine cannot run inside; name the "
					    "server's own program", command);
	if (!strcmp(name, "uvx") || !strcmp(name, "uv") || !strcmp(name, "pipx") ||
	    !strcmp(name, "bunx"))
		return err_set(err, EACCES, "%s: installs what it runs, which nothing does inside; "
					    "install the server (uv tool install, pipx install) and "
					    "name its program", command);
	return 0;
}

/* --- scripts -------------------------------------------------------------------------------- */

/* The first line behind "#!", or -ENOEXEC for neither a script nor an ELF file. */
static int read_head(const char *path, char line[static 512], struct err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return err_errno(err, errno, "%s", path);
	n = read(fd, line, 511);
	if (n < 0)
		return err_errno(err, errno, "%s", path);
	line[n] = '\0';
	if (n >= SELFMAG && !memcmp(line, ELFMAG, SELFMAG)) {
		line[0] = '\0';
		return 0;
	}
	if (n < 3 || line[0] != '#' || line[1] != '!')
		return err_set(err, ENOEXEC, "%s: neither a program nor a script with #!", path);
	line[strcspn(line, "\n")] = '\0';
	memmove(line, line + 2, strlen(line + 2) + 1);
	return 0;
}

/* "/usr/bin/env -S node --x" and "/path/python -E" to words, env taken away. */
static int split_head(char *line, struct strv *ret)
{
	char *save = NULL;

	for (char *w = strtok_r(line, " \t\r", &save); w; w = strtok_r(NULL, " \t\r", &save))
		if (strv_add(ret, w) < 0)
			return -ENOMEM;
	if (ret->n > 1 && !strcmp(last_part(ret->v[0]), "env")) {
		strv_remove(ret, 0);
		if (ret->n > 1 && !strcmp(ret->v[0], "-S"))
			strv_remove(ret, 0);
	}
	return 0;
}

/* Put words before argv, whose first becomes the script's path. */
static int prepend(struct strv *argv, const struct strv *words, const char *script)
{
	struct strv all = {0};
	int r = strv_add_all(&all, words);

	if (r == 0)
		r = strv_add(&all, script);
	for (size_t i = 1; i < argv->n && r == 0; i++)
		r = strv_add(&all, argv->v[i]);
	strv_done(argv);
	*argv = all;
	return r;
}

static int set_package(struct runtime *r, const char *real)
{
	if (!r->package)
		r->package = runtime_npm_name(real);
	return 0;
}

/* A venv's directory and the prefix that its pyvenv.cfg calls home. */
static int grant_venv(const struct runtime_query *q, struct runtime *r, const char *command,
		      struct err *err)
{
	cleanup_free char *bin = runtime_dir(command), *dir = bin ? runtime_dir(bin) : NULL;
	cleanup_free char *config = NULL;

	if (!dir || asprintf(&config, "%s/pyvenv.cfg", dir) < 0)
		return no_memory(err);
	if (access(config, R_OK) < 0)
		return 0;
	return runtime_grant(q, r, dir, command, "virtual environment", err);
}

/* --- the whole --------------------------------------------------------------------------------- */

static bool is_interpreter(const char *real)
{
	static const char *const names[] = { "node", "nodejs", "python", "ruby", "perl", "bash",
					     "dash", "sh", "bun", "deno", "java" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strncmp(last_part(real), names[i], strlen(names[i])))
			return true;
	return false;
}

/* The script that an interpreter is given: its first argument that is an existing file.
 * What follows -m, -e or -c is no file. */
static int take_script(const struct runtime_query *q, struct runtime *r, size_t from,
		       struct err *err)
{
	for (size_t i = from; i < r->argv.n; i++) {
		cleanup_free char *path = NULL, *real = NULL;
		const char *a = r->argv.v[i];
		bool is_jar = i > from && !strcmp(r->argv.v[i - 1], "-jar");
		struct stat st;

		if (!strcmp(a, "-m") || !strcmp(a, "-e") || !strcmp(a, "-c")) {
			r->first_arg = i + 2 < r->argv.n ? i + 2 : r->argv.n;
			return 0;
		}
		if (a[0] == '-' && !is_jar)
			continue;
		if (asprintf(&path, "%s%s%s", a[0] == '/' ? "" : q->cwd, a[0] == '/' ? "" : "/", a) <
		    0)
			return no_memory(err);
		if (stat(path, &st) < 0)
			return err_errno(err, errno, "script %s", path);
		real = realpath(path, NULL);
		if (!real)
			return err_errno(err, errno, "script %s", path);
		free(r->argv.v[i]);
		r->argv.v[i] = strdup(path);
		r->first_arg = i + 1;
		if (!r->argv.v[i] || strv_add(&r->names, path) < 0)
			return no_memory(err);
		set_package(r, real);
		return runtime_grant_script(q, r, real, err);
	}
	r->first_arg = r->argv.n;
	return 0;
}

static int add_path_dir(struct runtime *r, const char *command, struct err *err)
{
	cleanup_free char *dir = runtime_dir(command);

	if (!dir)
		return no_memory(err);
	if (strv_has(&r->path, dir) || !strcmp(dir, "/usr/bin") || !strcmp(dir, "/bin"))
		return 0;
	return strv_add(&r->path, dir) < 0 ? no_memory(err) : 0;
}

/* A loader outside of the system's directories (Nix, Guix, a tool chain in the home). */
static int grant_loader(const struct runtime_query *q, struct runtime *r, const char *real,
			struct err *err)
{
	cleanup_close int fd = open(real, O_RDONLY | O_CLOEXEC);
	cleanup_free char *dir = NULL;
	char loader[PATH_MAX] = "";
	Elf64_Ehdr head;
	Elf64_Phdr segment;

	if (fd < 0 || pread(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
	    head.e_ident[EI_CLASS] != ELFCLASS64)
		return err_set(err, ENOEXEC, "%s: not a 64-bit program of this machine", real);
	for (int i = 0; i < head.e_phnum; i++) {
		if (pread(fd, &segment, sizeof(segment),
			  (off_t)(head.e_phoff + (size_t)i * sizeof(segment))) !=
		    (ssize_t)sizeof(segment))
			break;
		if (segment.p_type == PT_INTERP && segment.p_filesz < sizeof(loader) &&
		    pread(fd, loader, segment.p_filesz, (off_t)segment.p_offset) > 0)
			break;
	}
	if (!loader[0] || walk_is_below(loader, "/usr") || !strncmp(loader, "/lib", 4))
		return 0;
	dir = runtime_dir(loader);
	return dir ? runtime_grant(q, r, dir, loader, "loader", err) : no_memory(err);
}

/* One level: command is argv[0] resolved in PATH.  Return: 1 when argv became that of
 * another program, 0 at the ELF file, -errno. */
static int resolve(const struct runtime_query *q, struct runtime *r, bool *was_script,
		   struct err *err)
{
	cleanup_free char *command = NULL, *real = NULL;
	struct strv words = {0};
	char line[512];
	int ret = find_command(q, r->argv.v[0], &command, err);

	if (ret < 0)
		return ret;
	real = realpath(command, NULL);
	if (!real)
		return err_errno(err, errno, "%s", command);
	ret = refuse_shim(command, real, err);
	if (ret < 0)
		return ret;
	if (!strcmp(last_part(real), "npx-cli.js") || !strcmp(last_part(command), "npx")) {
		struct strv argv = {0};

		ret = runtime_npm_npx(q, real, r->argv.v, &argv, err);
		strv_done(&r->argv);
		r->argv = argv;
		return ret < 0 ? ret : 1;
	}
	ret = read_head(real, line, err);
	if (ret < 0)
		return ret;
	if (line[0]) {
		ret = split_head(line, &words);
		if (ret == 0 && !words.n)
			ret = err_set(err, ENOEXEC, "%s: #! without an interpreter", real);
		if (ret == 0)
			ret = prepend(&r->argv, &words, command);
		strv_done(&words);
		*was_script = true;
		return ret < 0 ? (err->code ? -err->code : no_memory(err)) : 1;
	}
	r->program = strdup(real);
	free(r->argv.v[0]);
	r->argv.v[0] = strdup(command);
	if (!r->program || !r->argv.v[0] || strv_add(&r->names, command) < 0)
		return no_memory(err);
	ret = runtime_grant_prefix(q, r, real, err);
	if (ret == 0)
		ret = grant_venv(q, r, command, err);
	if (ret == 0)
		ret = grant_loader(q, r, real, err);
	return ret < 0 ? ret : add_path_dir(r, command, err);
}

int runtime_find(const struct runtime_query *query, struct runtime *ret, struct err *err)
{
	struct runtime r = { .first_arg = 1 };
	bool was_script = false;
	int e = 0;

	for (char *const *a = query->argv; *a && e == 0; a++)
		e = strv_add(&r.argv, *a);
	if (e < 0)
		e = no_memory(err);
	for (int i = 0; e == 0 && !r.program; i++) {
		e = i < SCRIPTS ? resolve(query, &r, &was_script, err) :
				  err_set(err, ELOOP, "%s: too many interpreters",
					  query->argv[0]);
		if (e > 0)
			e = 0;
	}
	if (e == 0 && (was_script || is_interpreter(r.program)))
		e = take_script(query, &r, 1, err);
	if (e < 0) {
		runtime_done(&r);
		return e;
	}
	*ret = r;
	return 0;
}
