/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * argv is rewritten until its first word is an ELF file: a shim becomes the program
 * behind it (runtime_shim), npx, uvx and the like become what is installed (runtime_npm,
 * runtime_uv), a script becomes its interpreter with the script behind it
 * (runtime_script).  Then what program and script need is granted (runtime_grant and the
 * others).  Each step reads files that the attacker may have written; none of them can
 * do more than choose among what the user could have named, and what becomes readable by
 * such words passes runtime_grant alone.
 */
#include <errno.h>
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
#include "launcher/runtime_command.h"
#include "launcher/runtime_elf.h"
#include "launcher/runtime_grant.h"
#include "launcher/runtime_modules.h"
#include "launcher/runtime_npm.h"
#include "launcher/runtime_python.h"
#include "launcher/runtime_script.h"
#include "launcher/runtime_shim.h"
#include "launcher/runtime_uv.h"
#include "launcher/walk.h"

/* npx behind a shim, its script, node behind a shim, ...: more is a loop. */
#define STEPS 10

/* A query, and what was passed on the way. */
struct search {
	const struct runtime_query *q;
	struct runtime *r;
	struct strv dirs; /* of the commands so far: an interpreter may lie beside */
	bool was_script;
};

const char *runtime_read_path(const char *entry)
{
	return entry + strcspn(entry, "\t") + 1;
}

void runtime_done(struct runtime *r)
{
	strv_done(&r->argv);
	strv_done(&r->read);
	strv_done(&r->led);
	strv_done(&r->led_by);
	strv_done(&r->names);
	strv_done(&r->path);
	strv_done(&r->notes);
	strv_done(&r->want);
	strv_done(&r->want_notes);
	free(r->program);
	free(r->package);
	free(r->cwd);
	*r = (struct runtime){0};
}

static int no_memory(struct err *err)
{
	return err_errno(err, ENOMEM, "runtime");
}

/* --- scripts -------------------------------------------------------------------------------- */

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

static bool is_interpreter(const char *real)
{
	static const char *const names[] = { "node", "nodejs", "ruby", "perl", "bash", "dash",
					     "sh", "bun", "deno", "java" };
	const char *name = path_last(real);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t len = strlen(names[i]);

		if (!strncmp(name, names[i], len) && !name[len + strspn(name + len, "0123456789.-")])
			return true;
	}
	return runtime_python_is(real);
}

/* node finds "server" as server.js. */
static char *find_script(const char *cwd, const char *word)
{
	static const char *const ends[] = { "", ".js", ".mjs", ".cjs", ".json" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		cleanup_free char *path = path_below(cwd, word);
		cleanup_free char *whole = path ? path_make("%s%s", path, ends[i]) : NULL;

		if (path_is_file(whole) || (!*ends[i] && path_is_dir(whole)))
			return take_ptr(&whole);
	}
	return NULL;
}

static int grant_node_beside(const struct search *s, struct err *err);

/* The script at argv[i] and what it needs. */
static int grant_script(struct search *s, size_t i, struct err *err)
{
	const char *cwd = s->r->cwd ? s->r->cwd : s->q->cwd;
	cleanup_free char *path = find_script(cwd, s->r->argv.v[i]), *real = NULL;
	cleanup_free char *wrapped = NULL;
	int r;

	if (!path)
		return err_set(err, ENOENT, "script %s: not found in %s; give its whole path",
			       s->r->argv.v[i], cwd);
	real = path_real(path);
	if (!real)
		return err_errno(err, errno, "script %s", path);
	free(s->r->argv.v[i]);
	s->r->argv.v[i] = strdup(path);
	if (!s->r->argv.v[i] || strv_add(&s->r->names, path) < 0)
		return no_memory(err);
	r = runtime_grant_script(s->q, s->r, real, err);
	wrapped = r == 0 ? runtime_script_wrapped(real) : NULL;
	if (wrapped) {
		cleanup_free char *inner = path_real(wrapped);

		if (!inner)
			return err_errno(err, errno, "script %s", wrapped);
		free(s->r->package);
		/* Any script can have that line; only pnpm's own may tell what it runs. */
		s->r->package =
			runtime_npm_is_shim(s->q->home, real) ? runtime_npm_name(inner) : NULL;
		if (strv_add(&s->r->names, wrapped) < 0)
			return no_memory(err);
		r = runtime_grant_script(s->q, s->r, inner, err);
		return r < 0 ? r : grant_node_beside(s, err);
	}
	if (r == 0 && !s->r->package)
		s->r->package = runtime_npm_name(real);
	return r;
}

/* python -m NAME with NAME in the client's directory: that is no grant. */
static int note_module(struct search *s, const char *module, struct err *err)
{
	const char *cwd = s->r->cwd ? s->r->cwd : s->q->cwd;
	cleanup_free char *name = strndup(module, strcspn(module, "."));
	cleanup_free char *dir = name ? path_make("%s/%s", cwd, name) : NULL;
	cleanup_free char *file = name ? path_make("%s/%s.py", cwd, name) : NULL;

	if ((path_is_dir(dir) || path_is_file(file)) &&
	    runtime_want(s->r, cwd, "module %s lies in the client's directory, which is not "
				    "readable; to run it from there", module) < 0)
		return no_memory(err);
	return 0;
}

static int take_scripts(struct search *s, struct err *err)
{
	const char *module;
	size_t at = runtime_script_argument(&s->r->argv, 1, &s->r->first_arg, &module);
	int r;

	if (module)
		return note_module(s, module, err);
	if (!at)
		return 0;
	r = grant_script(s, at, err);
	if (r == 0 && s->r->package && !strcmp(s->r->package, "tsx"))
		return err_set(err, EACCES,
			       "%s: listens on a socket for its script, and nothing can inside; start "
			       "the script as: node --import tsx %s", s->r->argv.v[at],
			       at + 1 < s->r->argv.n ? s->r->argv.v[at + 1] : "SCRIPT");
	/* A program that runs the script that it is given. */
	if (r == 0 && s->r->package && !strcmp(s->r->package, "ts-node")) {
		size_t next = runtime_script_argument(&s->r->argv, at + 1, &s->r->first_arg, &module);

		free(s->r->package);
		s->r->package = NULL;
		r = next ? grant_script(s, next, err) : 0;
	}
	return r;
}

/* --- programs --------------------------------------------------------------------------------- */

static int add_path_dir(struct runtime *r, const char *command, struct err *err)
{
	cleanup_free char *dir = path_dir(command);

	if (!dir)
		return no_memory(err);
	if (strv_has(&r->path, dir) || !strcmp(dir, "/usr/bin") || !strcmp(dir, "/bin"))
		return 0;
	return strv_add(&r->path, dir) < 0 ? no_memory(err) : 0;
}

/* Is the directory above its bin one that Node, Ruby or Java was installed into? */
static bool is_prefix(const char *prefix, const char *program)
{
	static const char *const marks[] = { "include/node/node_version.h", "lib/node_modules/npm",
					     "lib/ruby", "lib/jvm.cfg", "lib/modules" };

	if (!is_interpreter(program))
		return false;
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		cleanup_free char *mark = path_make("%s/%s", prefix, marks[i]);

		if (path_is_dir(mark) || path_is_file(mark))
			return true;
	}
	return false;
}

/* The ELF file that command resolves to, and what it needs to start. */
static int grant_program(const struct search *s, const char *command, const struct walk *w,
			 struct err *err)
{
	cleanup_free char *bin = path_dir(w->real), *prefix = bin ? path_dir(bin) : NULL;
	int r;

	if (!prefix || strv_add(&s->r->names, command) < 0)
		return no_memory(err);
	r = runtime_grant(s->q, s->r, w->real, "program", err);
	if (r == 0 && runtime_python_is(w->real))
		r = runtime_python_grant(s->q, s->r, command, w, err);
	else if (r == 0 && !runtime_never(s->q, prefix) && is_prefix(prefix, w->real))
		r = runtime_grant(s->q, s->r, prefix, "interpreter", err);
	if (r == 0)
		r = runtime_elf_grant(s->q, s->r, w->real, err);
	return r < 0 ? r : add_path_dir(s->r, command, err);
}

/* A wrapper calls node by PATH: it must be there, and found. */
static int grant_node_beside(const struct search *s, struct err *err)
{
	cleanup_free char *command = NULL, *target = NULL;
	struct walk w = {0};
	int r = runtime_command_find(s->q, &s->dirs, "node", &command, err);

	if (r == 0)
		r = walk_path(command, &w, err);
	if (r == 0)
		r = runtime_shim_find(s->q, command, w.real, &target, err);
	if (r > 0) {
		walk_done(&w);
		r = walk_path(target, &w, err);
	}
	if (r == 0)
		r = grant_program(s, target ? target : command, &w, err);
	walk_done(&w);
	return r;
}

/* argv becomes what `found` holds, when that was found. */
static int replace(struct search *s, struct strv *found, int r)
{
	if (r < 0) {
		strv_done(found);
		return r;
	}
	strv_done(&s->r->argv);
	s->r->argv = *found;
	return 1;
}

/* npx, npm exec, uv, uvx, pipx.  Return: 1 replaced, 0 none of these, -errno. */
static int find_installed(struct search *s, const char *command, const char *real,
			  struct err *err)
{
	char **argv = s->r->argv.v;
	struct strv found = {0};

	if (!strcmp(path_last(real), "npx-cli.js") || !strcmp(path_last(command), "npx"))
		return replace(s, &found,
			       runtime_npm_npx(s->q, command, real, argv, &found, err));
	/* bun is node's equal for a package; --bun, which insists on it, is not understood. */
	if (!strcmp(path_last(command), "bunx"))
		return replace(s, &found,
			       runtime_npm_npx(s->q, command, real, argv, &found, err));
	if (!strcmp(path_last(command), "bun") && s->r->argv.n > 1 && !strcmp(argv[1], "x"))
		return replace(s, &found,
			       runtime_npm_npx(s->q, command, real, argv + 1, &found, err));
	if (!strcmp(path_last(command), "npm") && s->r->argv.n > 1 &&
	    (!strcmp(argv[1], "exec") || !strcmp(argv[1], "x")))
		return replace(s, &found,
			       runtime_npm_npx(s->q, command, real, argv + 1, &found, err));
	if (runtime_uv_is(command))
		return replace(s, &found,
			       runtime_uv_find(s->q, argv, &found, &s->r->cwd, err));
	return 0;
}

static int take_shim(struct search *s, const char *command, const char *real, struct err *err)
{
	char *program = NULL;
	int r = runtime_shim_find(s->q, command, real, &program, err);

	if (r <= 0)
		return r;
	free(s->r->argv.v[0]);
	s->r->argv.v[0] = program;
	return 1;
}

static int take_program(struct search *s, char **command, const struct walk *w, struct err *err)
{
	struct strv words = {0};
	const char *never = runtime_never(s->q, w->real);
	int r;

	if (never && !walk_is_below(w->real, "/usr"))
		return err_set(err, EACCES, "%s: not run: %s", w->real, never);
	r = runtime_script_head(w->real, &words, err);
	if (r == 0 && words.n) {
		r = prepend(&s->r->argv, &words, *command);
		s->was_script = true;
		strv_done(&words);
		return r < 0 ? no_memory(err) : 1;
	}
	strv_done(&words);
	if (r < 0)
		return r;
	s->r->program = strdup(w->real);
	if (!s->r->program)
		return no_memory(err);
	r = grant_program(s, *command, w, err);
	free(s->r->argv.v[0]);
	s->r->argv.v[0] = take_ptr(command);
	return r;
}

/* What is installed needs no npx and no uvx on this machine: their names only say which
 * package is meant.  Return: 1 replaced, 0 not. */
static int find_without(struct search *s)
{
	static const char *const names[] = { "npx", "bunx", "bun", "uvx", "uv", "pipx" };
	struct err ignored = {0};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		cleanup_free char *as_if = path_make("/usr/bin/%s", names[i]);

		if (as_if && !strcmp(s->r->argv.v[0], names[i]))
			return find_installed(s, as_if, as_if, &ignored) > 0;
	}
	return 0;
}

/* One step.  Return: 1 when argv became that of another program, 0 at the ELF file. */
static int resolve(struct search *s, struct err *err)
{
	cleanup_free char *command = NULL, *dir = NULL;
	struct walk w = {0};
	int r = runtime_command_find(s->q, &s->dirs, s->r->argv.v[0], &command, err);

	if (r == -ENOENT && find_without(s)) {
		err_clear(err);
		return 1;
	}
	if (r < 0)
		return r;
	r = walk_path(command, &w, err);
	if (r == 0)
		r = runtime_command_check(command, w.real, &s->r->argv, err);
	if (r == 0)
		r = take_shim(s, command, w.real, err);
	if (r == 0)
		r = find_installed(s, command, w.real, err);
	dir = path_dir(command);
	if (r >= 0 && (!dir || strv_add(&s->dirs, dir) < 0))
		r = no_memory(err);
	if (r == 0)
		r = take_program(s, &command, &w, err);
	walk_done(&w);
	return r;
}

int runtime_find(const struct runtime_query *query, struct runtime *ret, struct err *err)
{
	struct runtime r = { .first_arg = 1 };
	struct search s = { .q = query, .r = &r };
	int e = 0;

	for (char *const *a = query->argv; *a && e == 0; a++)
		e = strv_add(&r.argv, *a);
	if (e < 0)
		e = no_memory(err);
	for (int i = 0; e == 0 && !r.program; i++) {
		e = i < STEPS ? resolve(&s, err) :
				err_set(err, ELOOP, "%s: too many interpreters", query->argv[0]);
		if (e > 0)
			e = 0;
	}
	if (e == 0 && (s.was_script || is_interpreter(r.program)))
		e = take_scripts(&s, err);
	strv_done(&s.dirs);
	if (e < 0) {
		runtime_done(&r);
		return e;
	}
	*ret = r;
	return 0;
}
