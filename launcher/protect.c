/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/plan.h"
#include "launcher/protect.h"
#include "launcher/survey.h"
#include "launcher/walk.h"
#include "policies/policy.h"

const struct protect_name protect_names[] = {
	/* git: all of it while ".git" is protected; the rest when a policy relaxes that. */
	{ ".git", "git runs its hooks and configuration" },
	{ ".git/hooks", "git runs them" },
	{ ".git/config", "git runs commands that it names" },
	{ ".git/config.worktree", "git runs commands that it names" },
	{ ".git/commondir", "git takes hooks and configuration from where it points" },
	{ ".git/info/attributes", "git runs filters that it names" },
	{ ".git/modules", "git runs hooks of submodules" },
	{ ".git/worktrees", "git takes hooks and configuration from where they point" },
	{ ".gitmodules", "git fetches and runs what it names" },
	{ ".githooks", "git hooks of the project" },
	{ ".husky", "git hooks of the project" },
	{ ".pre-commit-config.yaml", "git hooks of the project" },
	{ "lefthook.y*ml", "git hooks of the project" },
	{ ".hg", "Mercurial runs its hooks" },
	/* Editors. */
	{ ".vscode", "editor tasks and settings" },
	{ "*.code-workspace", "editor tasks and settings" },
	{ ".idea", "editor run configurations" },
	{ ".fleet", "editor run configurations" },
	{ ".zed", "editor tasks and settings" },
	{ ".devcontainer", "container that the editor starts" },
	{ ".devcontainer.json", "container that the editor starts" },
	{ ".nvim.lua", "editor start-up code" },
	{ ".nvimrc", "editor start-up code" },
	{ ".vimrc", "editor start-up code" },
	{ ".exrc", "editor start-up code" },
	{ ".dir-locals.el", "editor start-up code" },
	{ ".helix", "editor settings" },
	/* Agents: their servers, hooks, permissions and instructions. */
	{ ".mcp.json", "MCP servers that an agent starts" },
	{ "mcp.json", "MCP servers that an agent starts" },
	{ ".claude", "agent settings and hooks" },
	{ "CLAUDE.md", "agent instructions" },
	{ "CLAUDE*.md", "agent instructions" },
	{ "AGENTS.md", "agent instructions" },
	{ "AGENTS*.md", "agent instructions" },
	{ "GEMINI.md", "agent instructions" },
	{ ".cursor", "agent settings and servers" },
	{ ".cursorrules", "agent instructions" },
	{ ".windsurfrules", "agent instructions" },
	{ ".windsurf*", "agent settings and instructions" },
	{ ".clinerules", "agent instructions" },
	{ ".roo*", "agent settings and instructions" },
	{ ".kiro", "agent settings and servers" },
	{ ".codex", "agent settings and servers" },
	{ ".gemini", "agent settings and servers" },
	{ ".continue*", "agent settings and servers" },
	{ ".goose*", "agent settings and instructions" },
	{ ".amazonq", "agent settings and servers" },
	{ ".aider*", "agent settings" },
	{ ".agents", "agent settings and skills" },
	{ ".github", "workflows and agent instructions" },
	{ ".gitlab-ci.yml", "commands of the build service" },
	{ ".circleci", "commands of the build service" },
	/* Shells and tool managers, run on entering the directory. */
	{ ".envrc", "direnv runs it" },
	{ ".mise.toml", "mise runs its hooks" },
	{ "mise.toml", "mise runs its hooks" },
	{ ".tool-versions", "chooses the programs of the project" },
	{ ".bashrc", "shell start-up file" },
	{ ".bash*", "shell start-up file" },
	{ ".profile", "shell start-up file" },
	{ ".zshrc", "shell start-up file" },
	{ ".zshenv", "shell start-up file" },
	{ ".zsh*", "shell start-up file" },
	{ ".zprofile", "shell start-up file" },
	{ ".inputrc", "shell start-up file" },
	{ ".tmux.conf", "terminal start-up file" },
	{ ".screenrc", "terminal start-up file" },
	/* Package managers: which shell, which program, from where. */
	{ ".npmrc", "npm runs the shell that it names" },
	{ ".yarnrc.yml", "yarn runs the program that it names" },
	{ ".yarnrc*", "yarn runs the program that it names" },
	{ ".yarn", "yarn itself" },
	{ ".pnpmfile.cjs", "pnpm runs it" },
	{ ".cargo", "cargo runs the tools that it names" },
	{ NULL, NULL },
};

/* One directory whose names are held against the table. */
struct place {
	const char *root;    /* the writable mount that it lies in */
	const char *path;    /* root, or a repository below it */
};

/* Mounts more than this make a start slow; a project with more is told what is left. */
#define MOUNTS_MAX 256

struct protecting {
	struct plan *p;
	const struct policy *policy;
	size_t mounts;
	size_t beyond;
	struct err *err;
};

/* Does the policy leave this path writable?  A '*' at the end stands for any rest. */
static bool is_relaxed(const struct protecting *g, const struct place *place, const char *path)
{
	const struct strv *list = &g->policy->sandbox.unprotect;

	for (size_t i = 0; i < list->n; i++) {
		size_t len = strlen(list->v[i]);

		if (!strcmp(list->v[i], path) || !strcmp(list->v[i], place->path) ||
		    (len && list->v[i][len - 1] == '*' && !strncmp(list->v[i], path, len - 1)))
			return true;
	}
	return false;
}

static struct plan_entry *planned(struct plan *p, const char *path)
{
	for (size_t i = 0; i < p->n; i++)
		if ((p->v[i].kind == PLAN_BIND || p->v[i].kind == PLAN_NAME) &&
		    !strcmp(p->v[i].target, path))
			return &p->v[i];
	return NULL;
}

/* The nearest bind that path lies in decides; after ours, those are read-only too. */
static bool is_read_only(const struct plan *p, const char *path)
{
	const struct plan_entry *up = NULL;

	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].kind == PLAN_BIND && walk_is_below(path, p->v[i].target) &&
		    (!up || strlen(p->v[i].target) > strlen(up->target)))
			up = &p->v[i];
	return up && !up->is_writable;
}

static int add(struct protecting *g, const char *path, const struct stat *st, bool is_writable,
	       const char *why)
{
	struct plan_entry *e = planned(g->p, path);

	if (e) /* A pin becomes read-only when it is protected itself; never the reverse. */
		return e->is_writable && !is_writable ? (e->is_writable = false, e->why = why, 0) : 0;
	e = plan_add(g->p, S_ISLNK(st->st_mode) ? PLAN_NAME : PLAN_BIND, path, path, why);
	if (!e)
		return err_errno(g->err, ENOMEM, "plan");
	e->is_dir = S_ISDIR(st->st_mode);
	e->is_writable = is_writable;
	e->is_protection = true;
	e->dev = st->st_dev;
	e->ino = st->st_ino;
	g->mounts++;
	return 0;
}

/* Every directory from below root to above path is mounted over itself. */
static int pin_way(struct protecting *g, const char *root, const char *path)
{
	cleanup_free char *way = strdup(path);

	if (!way)
		return err_errno(g->err, ENOMEM, "plan");
	for (char *p = way + strlen(root) + 1; (p = strchr(p, '/')); p++) {
		struct stat st;
		int r;

		*p = '\0';
		if (lstat(way, &st) < 0)
			return err_errno(g->err, errno, "%s", way);
		r = add(g, way, &st, true, "kept in its place");
		*p = '/';
		if (r < 0)
			return r;
	}
	return 0;
}

/* What appear.c looks at again at the end; ino is 0 for what does not exist. */
static int watch(struct protecting *g, const struct place *place, const char *name,
		 const char *why, ino_t ino)
{
	if (strpbrk(name, "\t\n"))
		return 0;
	return strv_addf(&g->p->watched, "%s\t%s\t%s\t%ju", place->path, name, why,
			 (uintmax_t)ino) < 0 ?
		       err_errno(g->err, ENOMEM, "plan") :
		       0;
}

static int protect_one(struct protecting *g, const struct place *place, const char *path,
		       const char *why)
{
	struct stat st;
	int r;

	if (is_read_only(g->p, path))
		return 0;
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : err_errno(g->err, errno, "%s", path);
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		return 0;
	if (g->mounts >= MOUNTS_MAX) {
		g->beyond++;
		return 0;
	}
	r = pin_way(g, place->root, path);
	if (r == 0)
		r = add(g, path, &st, false, why);
	return r < 0 ? r : watch(g, place, path + strlen(place->path) + 1, why, st.st_ino);
}

/* A protected symlink is kept; what it names directly beside it is protected with it. */
static int protect_named(struct protecting *g, const struct place *place, const char *path,
			 const char *why)
{
	cleanup_free char *real = realpath(path, NULL);
	const struct plan_entry *e = planned(g->p, path);

	if (!e || e->kind != PLAN_NAME || !real || !walk_is_below(real, place->root) ||
	    !strcmp(real, place->root) || is_relaxed(g, place, real))
		return 0;
	return protect_one(g, place, real, why);
}

/* One row of the table whose last component may be a glob. */
static int protect_row(struct protecting *g, const struct place *place,
		       const struct protect_name *row)
{
	const char *slash = strrchr(row->name, '/'), *last = slash ? slash + 1 : row->name;
	cleanup_free char *dir = NULL;
	bool found = false;
	int r = 0;
	DIR *d;

	if (asprintf(&dir, "%s%s%.*s", place->path, slash ? "/" : "",
		     slash ? (int)(slash - row->name) : 0, row->name) < 0)
		return err_errno(g->err, ENOMEM, "plan");
	if (is_read_only(g->p, dir))
		return 0;
	d = opendir(dir);
	for (struct dirent *e; d && r == 0 && (e = readdir(d));) {
		cleanup_free char *path = NULL;

		/* As on a file system that takes ".GIT" for ".git". */
		if (fnmatch(last, e->d_name, FNM_CASEFOLD) != 0)
			continue;
		if (asprintf(&path, "%s/%s", dir, e->d_name) < 0) {
			r = err_errno(g->err, ENOMEM, "plan");
			break;
		}
		found = true;
		if (!is_relaxed(g, place, path))
			r = protect_one(g, place, path, row->why);
		if (r == 0)
			r = protect_named(g, place, path, row->why);
	}
	if (d)
		closedir(d);
	/* What a repository may lack is not watched: who makes a repository is the server. */
	if (r == 0 && !found && !strpbrk(row->name, "*?[") && (d || !slash)) {
		cleanup_free char *path = NULL;

		if (asprintf(&path, "%s/%s", place->path, row->name) < 0)
			return err_errno(g->err, ENOMEM, "plan");
		if (!is_relaxed(g, place, path))
			r = watch(g, place, row->name, row->why, 0);
	}
	return r;
}

/* The first line of a small file, or "" */
static void first_line(const char *path, char *line, size_t size)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t n = fd < 0 ? 0 : read(fd, line, size - 1);

	line[n > 0 ? n : 0] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
}

/* A path that git reads, relative to dir: protected where it lies in the same mount. */
static int protect_target(struct protecting *g, const struct place *place, const char *dir,
			  const char *text, const char *why)
{
	cleanup_free char *path = NULL, *real = NULL;

	if (!*text)
		return 0;
	if (asprintf(&path, "%s%s%s", text[0] == '/' ? "" : dir, text[0] == '/' ? "" : "/", text) < 0)
		return err_errno(g->err, ENOMEM, "plan");
	real = realpath(path, NULL);
	if (!real || !walk_is_below(real, place->root) || !strcmp(real, place->root) ||
	    walk_is_below(place->path, real) || is_relaxed(g, place, real))
		return 0;
	return protect_one(g, place, real, why);
}

/* `key = value` of a git configuration; a parser only of what can name a path in here. */
static int protect_config(struct protecting *g, const struct place *place, const char *config,
			  const char *git)
{
	FILE *f = fopen(config, "re");
	char line[4096];
	int r = 0;

	while (f && r == 0 && fgets(line, sizeof(line), f)) {
		char *key = line + strspn(line, " \t"), *value = strchr(key, '=');
		size_t len = strcspn(key, " \t=");

		if (!value)
			continue;
		value += 1 + strspn(value + 1, " \t\"");
		value[strcspn(value, "\"\r\n")] = '\0';
		if (len == 9 && !strncasecmp(key, "hooksPath", len))
			r = protect_target(g, place, place->path, value, "git runs its hooks");
		else if (len == 9 && !strncasecmp(key, "fsmonitor", len))
			r = protect_target(g, place, place->path, value, "git runs it");
		else if (len == 4 && !strncasecmp(key, "path", len))
			r = protect_target(g, place, git, value, "git includes it");
	}
	if (f)
		fclose(f);
	return r;
}

/* Where git goes from here: .git as a file, commondir, hooksPath, include.path. */
static int protect_git(struct protecting *g, const struct place *place)
{
	static const char pointer[] = "gitdir: ";
	cleanup_free char *git = NULL, *real = NULL, *common = NULL, *config = NULL;
	char line[4096];
	int r = 0;

	if (asprintf(&git, "%s/.git", place->path) < 0)
		return err_errno(g->err, ENOMEM, "plan");
	first_line(git, line, sizeof(line));
	if (!strncmp(line, pointer, sizeof(pointer) - 1)) {
		const char *to = line + sizeof(pointer) - 1;

		r = protect_target(g, place, place->path, to, "git reads its repository there");
		free(git);
		git = NULL;
		if (asprintf(&git, "%s%s%s", to[0] == '/' ? "" : place->path,
			     to[0] == '/' ? "" : "/", to) < 0)
			return err_errno(g->err, ENOMEM, "plan");
	}
	real = realpath(git, NULL);
	if (r < 0 || !real)
		return r;
	if (asprintf(&common, "%s/commondir", real) < 0 || asprintf(&config, "%s/config", real) < 0)
		return err_errno(g->err, ENOMEM, "plan");
	first_line(common, line, sizeof(line));
	r = protect_target(g, place, real, line, "git reads its repository there");
	return r < 0 ? r : protect_config(g, place, config, real);
}

static int protect_place(struct protecting *g, const struct place *place)
{
	int r = 0;

	if (is_relaxed(g, place, place->path))
		return 0;
	for (const struct protect_name *row = protect_names; row->name && r == 0; row++)
		r = protect_row(g, place, row);
	return r < 0 ? r : protect_git(g, place);
}

/* The runtime's code and symlinks inside of what is writable: found again next time. */
static int protect_runtime(struct protecting *g, const char *root)
{
	int r = 0;

	for (size_t i = 0; i < g->p->n && r == 0; i++) {
		cleanup_free char *target = NULL;
		struct stat st;

		if (!walk_is_below(g->p->v[i].target, root) || !strcmp(g->p->v[i].target, root))
			continue;
		target = strdup(g->p->v[i].target); /* adding moves the list */
		if (!target)
			return err_errno(g->err, ENOMEM, "plan");
		if (g->p->v[i].kind == PLAN_BIND && !g->p->v[i].is_writable)
			r = pin_way(g, root, target);
		else if (g->p->v[i].kind == PLAN_LINK && lstat(target, &st) == 0 &&
			 S_ISLNK(st.st_mode) && !is_read_only(g->p, target)) {
			r = pin_way(g, root, target);
			if (r == 0)
				r = add(g, target, &st, false, "the way to the program");
		}
	}
	return r;
}

static int protect_root(struct protecting *g, const char *root)
{
	struct survey s = {0};
	struct place place = { .root = root, .path = root };
	int r = survey_directory(root, &s, g->err);

	if (r == 0)
		r = protect_place(g, &place);
	for (size_t i = 0; i < s.repositories.n && r == 0; i++) {
		place = (struct place){ .root = root, .path = s.repositories.v[i] };
		r = protect_place(g, &place);
	}
	if (r == 0)
		r = protect_runtime(g, root);
	if (r == 0 && s.has_more_repositories)
		r = strv_addf(&g->p->notes, "%s: not every repository below it was found; the hooks of "
					    "deeper ones are writable", root);
	if (r == 0 && s.n_linked)
		r = strv_addf(&g->p->notes, "%s: %zu files have further names that were not seen below "
					    "it (hard links); to write them changes those too: %s",
			      root, s.n_linked, s.linked);
	survey_done(&s);
	return r < 0 && !g->err->code ? err_errno(g->err, -r, "plan") : r;
}

int protect_plan(struct plan *p, const struct policy *policy, struct err *err)
{
	struct protecting g = { .p = p, .policy = policy, .err = err };
	struct strv roots = {0};
	int r = 0;

	for (size_t i = 0; i < p->n && r == 0; i++)
		if (p->v[i].kind == PLAN_BIND && p->v[i].is_writable && p->v[i].is_dir &&
		    !strcmp(p->v[i].source, p->v[i].target))
			r = strv_add(&roots, p->v[i].target);
	for (size_t i = 0; i < roots.n && r == 0; i++)
		r = protect_root(&g, roots.v[i]);
	if (r == 0 && g.beyond)
		r = strv_addf(&p->notes, "%zu protected names are beyond the bound of %d and stay "
					 "writable; grant smaller directories", g.beyond, MOUNTS_MAX);
	strv_done(&roots);
	plan_sort(p);
	return r < 0 ? (err->code ? -err->code : err_errno(err, -r, "plan")) : 0;
}
