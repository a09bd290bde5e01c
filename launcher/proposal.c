/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "filters/filters.h"
#include "launcher/grants.h"
#include "launcher/offlimits.h"
#include "launcher/path.h"
#include "launcher/plan_settle.h"
#include "launcher/proposal.h"
#include "launcher/protect.h"
#include "launcher/session.h"
#include "launcher/walk.h"

void proposal_done(struct proposal *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].path);
		free(p->v[i].next);
	}
	free(p->v);
	strv_done(&p->programs);
	strv_done(&p->made);
	strv_done(&p->sockets);
	strv_done(&p->connect);
	strv_done(&p->messages);
	strv_done(&p->calls);
	*p = (struct proposal){0};
}

bool proposal_has_grants(const struct proposal *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (!p->v[i].why)
			return true;
	return p->connect.n > 0;
}

#define ITEMS 2048 /* judged ones; what a flood brings beyond is counted */

/* --- paths ---------------------------------------------------------------------------- */

/* "/a/./b//../c" as "/a/c"; where ".." crosses a symlink the result is judged as what it
 * is, whatever was meant. */
static char *tidy(const char *path)
{
	char *out = malloc(strlen(path) + 2);
	size_t len = 0;

	if (!out)
		return NULL;
	for (const char *p = path; *p;) {
		size_t n;

		p += strspn(p, "/");
		n = strcspn(p, "/");
		if (n == 2 && !strncmp(p, "..", 2)) {
			while (len && out[--len] != '/')
				continue;
		} else if (n && !(n == 1 && *p == '.')) {
			out[len++] = '/';
			memcpy(out + len, p, n);
			len += n;
		}
		p += n;
	}
	if (!len)
		out[len++] = '/';
	out[len] = '\0';
	return out;
}

/* What a policy can hold and a terminal can show. */
static bool is_text(const char *path)
{
	json_t *j = json_string(path);

	json_decref(j);
	for (const char *p = path; j && *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	return j;
}

/* By its name alone, wherever it lies. */
static bool is_called_secret(const char *path)
{
	static const char *const names[] = {
		".env", ".env.*", "*.pem", "*.key", "*.p12", "*.pfx", "*.kdbx", "*.jks",
		"*.keystore", "*.ppk", "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*",
		"credentials", "credentials.*", "*credentials.json", "secrets", "secrets.*",
		"*.secret", "*.token", "token", "token.json", ".netrc", ".htpasswd", ".pgpass",
		".git-credentials", ".npmrc", ".pypirc", "docker.sock", "service-account*.json",
	};
	const char *name = path_last(path);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!fnmatch(names[i], name, FNM_CASEFOLD))
			return true;
	return false;
}

static const char *never_of(const char *home, const char *path)
{
	cleanup_free char *alias = offlimits_alias(home, path);
	const char *never = offlimits_inferred(home, path);

	return never || !alias ? never : offlimits_inferred(home, alias);
}

/* Settings, sessions and start-up files: the lists of offlimits.h are of known programs. */
static bool is_in_dot(const char *home, const char *path)
{
	return home[1] && walk_is_below(path, home) && !strncmp(path + strlen(home), "/.", 2);
}

static bool has_component(const char *path, const char *pattern)
{
	for (const char *p = path; *p;) {
		size_t n = strcspn(p += strspn(p, "/"), "/");
		cleanup_free char *one = strndup(p, n);

		if (!one || (n && !fnmatch(pattern, one, 0)))
			return true;
		p += n;
	}
	return false;
}

/* Does PATH name it, or a directory in it? */
static bool is_on_path(const char *path)
{
	const char *list = getenv("PATH");

	for (const char *p = list; p && *p;) {
		size_t n = strcspn(p, ":");
		cleanup_free char *dir = strndup(p, n);

		if (!dir || (dir[0] == '/' && (walk_is_below(dir, path) || walk_is_below(path, dir))))
			return true;
		p += n + (p[n] == ':');
	}
	return false;
}

/* Whether somebody outside would run, or do, what is written there. */
static bool is_run_outside(const char *path)
{
	static const char *const code[] = { ".git", "bin", "sbin", "shims", "libexec", "node_modules",
					    "site-packages", ".venv", "venv", "Makefile", "makefile",
					    "package.json", "pyproject.toml", "setup.py" };

	for (size_t i = 0; i < sizeof(code) / sizeof(*code); i++)
		if (has_component(path, code[i]))
			return true;
	for (const struct protect_name *row = protect_names; row->name; row++)
		if (!strchr(row->name, '/') && has_component(path, row->name))
			return true;
	return is_on_path(path) || (path_is_file(path) && access(path, X_OK) == 0);
}

/* Why it is not proposed, or NULL.  w: what it resolves to. */
static const char *never(const struct session *s, const char *path, const struct walk *w,
			 bool is_writable)
{
	const char *const names[] = { path, w->real };
	const char *why = NULL;

	for (size_t i = 0; i < 2 && !why; i++) {
		why = never_of(s->user.home, names[i]);
		if (!why)
			why = never_of(s->user.account_home, names[i]);
		if (!why && (is_in_dot(s->user.home, names[i]) ||
			     is_in_dot(s->user.account_home, names[i])))
			why = "programs keep settings and tokens there; if it is this server's own, "
			      "grant it by hand";
		if (!why && is_called_secret(names[i]))
			why = "its name says that it holds a secret";
		if (!why && is_writable && is_run_outside(names[i]))
			why = "programs outside run or trust what is written there";
	}
	if (!why && grants_check(path, w, &s->user, is_writable, NULL) < 0)
		why = "no policy can grant it";
	if (!why && grants_ceiling(path, w, &s->policy, is_writable ? GRANTS_WRITE : GRANTS_READ,
				   NULL) < 0)
		why = "a stronger policy does not list it";
	return why;
}

/* What the plan has there already; NULL: hidden, or empty and its own. */
static const struct plan_entry *mounted(const struct session *s, const char *real)
{
	struct plan p = s->plan;
	const struct plan_entry *e = plan_nearest(&p, p.n, real);

	return e && (e->kind == PLAN_BIND || e->kind == PLAN_OVERLAY) ? e : NULL;
}

static int put(struct proposal *p, char **path, bool is_writable, bool is_dir, const char *why,
	       char *next)
{
	struct proposal_item *grown;

	for (size_t i = 0; i < p->n; i++) {
		struct proposal_item *same = &p->v[i];

		if (same->is_writable != is_writable || strcmp(same->path, *path) != 0)
			continue;
		/* Something plain is wanted there as well. */
		if (!why)
			same->why = NULL;
		if (!next) {
			free(same->next);
			same->next = NULL;
		}
		free(next);
		return 0;
	}
	if (p->n == ITEMS) {
		p->lost++;
		free(next);
		return 0;
	}
	grown = reallocarray(p->v, p->n + 1, sizeof(*grown));
	if (!grown) {
		free(next);
		return -ENOMEM;
	}
	p->v = grown;
	p->v[p->n++] = (struct proposal_item){ .path = take_ptr(path), .is_writable = is_writable,
					       .is_dir = is_dir, .why = why, .next = next };
	return 0;
}

/* The nearest directory of the host above a path that does not exist; *path becomes it. */
static bool climb(char **path, bool *ret_direct)
{
	*ret_direct = true;
	for (size_t i = 0; (*path)[1]; i++) {
		char *dir = path_dir(*path);

		if (!dir)
			return false;
		free(*path);
		*path = dir;
		*ret_direct = i == 0;
		if (path_is_dir(*path))
			return true;
	}
	return false;
}

/* Something that exists, as `path` names it. */
static int judge(struct proposal *p, const struct session *s, char **path, bool is_writable,
		 int error, const char *wanted, char *next)
{
	const struct plan_entry *in;
	struct walk w = {0};
	const char *why = NULL;
	bool is_dir;
	int r;

	if (walk_path(*path, &w, NULL) < 0) {
		free(next);
		p->absent++;
		return 0;
	}
	is_dir = S_ISDIR(w.st.st_mode);
	in = mounted(s, w.real);
	if (S_ISSOCK(w.st.st_mode)) {
		free(next);
		r = strv_has(&p->sockets, *path) ? 0 : strv_add(&p->sockets, *path);
		walk_done(&w);
		return r;
	}
	if (in && !is_writable) {
		/* It is there: what failed is another matter (its mode, a race). */
		walk_done(&w);
		free(next);
		return 0;
	}
	/* What failed lies on the way: a name before a "..", say. */
	if (in && in->is_writable && error == ENOENT) {
		walk_done(&w);
		free(next);
		p->absent++;
		return 0;
	}
	if (in && in->is_executable)
		why = "it belongs to the system, or is the server's own code";
	else if (in && in->is_writable)
		why = "it lies in what may be written, and is protected there";
	if (!why)
		why = never(s, *path, &w, is_writable);
	/* A directory would be proposed for a name in it: that must be proposable itself. */
	if (!why && is_called_secret(wanted))
		why = "the name it wanted there says that it holds a secret";
	if (!why && is_writable && is_run_outside(wanted))
		why = "programs outside run or trust the name it wanted there";
	if (!why && access(w.real, is_writable ? R_OK | W_OK : R_OK) < 0)
		why = "it is not yours to open";
	walk_done(&w);
	return put(p, path, is_writable, is_dir, why, next);
}

static int add_path(struct proposal *p, const struct session *s, const struct watch_record *r,
		    const char *text);

/* "a/../b" leads through a, which must be there for what is proposed of b. */
static int add_way(struct proposal *p, const struct session *s, const char *text,
		   const char *wanted)
{
	const struct watch_record look = { .what = WATCH_PATH, .access = WATCH_LOOK, .error = ENOENT };
	const char *up = strstr(text, "/../");
	cleanup_free char *way = up && up != text ? strndup(text, (size_t)(up - text)) : NULL;
	bool is_proposed = false;

	for (size_t i = 0; way && i < p->n; i++)
		is_proposed = is_proposed || (!p->v[i].why && walk_is_below(wanted, p->v[i].path));
	return is_proposed ? add_path(p, s, &look, way) : 0;
}

static int add_path(struct proposal *p, const struct session *s, const struct watch_record *r,
		    const char *text)
{
	cleanup_free char *path = tidy(text), *wanted = tidy(text);
	bool is_direct = true, is_writable = r->access >= WATCH_WRITE;
	char *next = NULL;
	struct stat st;
	int result;

	if (!path || !wanted)
		return -ENOMEM;
	if (!is_text(path))
		return put(p, &path, is_writable, false, "its name is no plain text", NULL);
	if (stat(path, &st) < 0) {
		if (r->access < WATCH_CREATE) {
			p->absent++;
			return 0;
		}
		if (asprintf(&next, "%s", path) < 0)
			return -ENOMEM;
		if (!climb(&path, &is_direct)) {
			free(next);
			return 0;
		}
	} else if (r->access == WATCH_NAME && path[1]) {
		/* To remove or rename it, its directory must be writable. */
		climb(&path, &is_direct);
	}
	/* What lies directories deep and is not there: a grant would be too wide. */
	if (is_direct) {
		free(next);
		next = NULL;
	}
	result = judge(p, s, &path, is_writable, r->error, wanted, next);
	return result < 0 ? result : add_way(p, s, text, wanted);
}

/* A program that was looked for along a path; found in another directory of it, it is no loss. */
static int add_program(struct proposal *p, const char *text)
{
	static const char *const dirs[] = { "/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin",
					    "/usr/sbin", "/sbin" };
	const char *name = path_last(text);

	if (!is_text(name) || !*name || p->programs.n == PROPOSAL_MAX)
		return 0;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		cleanup_free char *there = path_make("%s/%s", dirs[i], name);

		if (there && access(there, X_OK) == 0)
			return 0;
	}
	return strv_has(&p->programs, name) ? 0 : strv_add(&p->programs, name);
}

/* Only below a private home: what is made in /tmp is meant to go. */
static int add_made(struct proposal *p, const struct session *s, const char *text)
{
	cleanup_free char *path = tidy(text);

	if (!path)
		return -ENOMEM;
	if (!walk_is_below(path, s->user.home) || mounted(s, path) || !is_text(path) ||
	    p->made.n == PROPOSAL_MAX || strv_has(&p->made, path))
		return 0;
	return strv_add(&p->made, path);
}

static int add_call(struct proposal *p, int nr)
{
	for (size_t i = 0; i < filter_names_n; i++)
		if (filter_names[i].nr == nr && !strv_has(&p->calls, filter_names[i].name))
			return strv_add(&p->calls, filter_names[i].name);
	return 0;
}

int proposal_add(struct proposal *p, const struct session *s, const struct watch_record *r,
		 const char *text)
{
	switch ((enum watch_what)r->what) {
	case WATCH_PATH:
		return add_path(p, s, r, text);
	case WATCH_EXEC:
		return add_program(p, text);
	case WATCH_CODE: {
		cleanup_free char *path = tidy(text);

		return !path ? -ENOMEM :
		       is_text(path) ? put(p, &path, false, false,
					   "code is loaded from the server's package and the system only",
					   NULL) : 0;
	}
	case WATCH_UNIX: {
		struct watch_record look = { .what = WATCH_PATH, .access = WATCH_READ };

		return add_path(p, s, &look, text);
	}
	case WATCH_INET:
		p->has_inet = true;
		return 0;
	case WATCH_CALL:
		return add_call(p, (int)r->call);
	case WATCH_LIMIT:
		p->limits |= r->call < 32 ? 1U << r->call : 0;
		return 0;
	case WATCH_MADE:
		return add_made(p, s, text);
	case WATCH_LOST:
		p->lost += r->call;
		return 0;
	}
	return 0;
}

/* --- folding ------------------------------------------------------------------------------ */

static int by_path(const void *a, const void *b)
{
	const struct proposal_item *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static bool is_file_in(const struct proposal_item *i, const char *dir, bool is_writable)
{
	size_t len = strlen(dir);

	return !i->why && !i->is_dir && i->is_writable == is_writable &&
	       !strncmp(i->path, dir, len) && i->path[len] == '/' && !strchr(i->path + len + 1, '/');
}

/* Does it hold something by a name that is never proposed itself? */
static bool holds_secret(const struct proposal *p, const char *dir)
{
	static const char *const some[] = { ".env", ".env.local", "id_rsa", "id_ed25519", ".npmrc",
					    "credentials.json", ".netrc", ".pypirc", "secrets" };

	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].why && walk_is_below(p->v[i].path, dir))
			return true;
	for (size_t i = 0; i < sizeof(some) / sizeof(*some); i++) {
		cleanup_free char *path = path_make("%s/%s", dir, some[i]);

		if (!path || access(path, F_OK) == 0)
			return true;
	}
	return false;
}

/* The directory of item `at` instead of its files, when there are enough, and it may be. */
static int fold_one(struct proposal *p, const struct session *s, size_t at)
{
	cleanup_free char *dir = path_dir(p->v[at].path);
	const bool is_writable = p->v[at].is_writable;
	struct walk w = {0};
	size_t found = 0;
	bool may;

	if (!dir)
		return -ENOMEM;
	for (size_t i = 0; i < p->n; i++)
		found += is_file_in(&p->v[i], dir, is_writable);
	if (found < PROPOSAL_FOLD || holds_secret(p, dir) || walk_path(dir, &w, NULL) < 0)
		return 0;
	may = !never(s, dir, &w, is_writable) &&
	      access(w.real, is_writable ? R_OK | W_OK : R_OK) == 0;
	walk_done(&w);
	if (!may)
		return 0;
	p->v[at].is_dir = true;
	p->v[at].folded = found;
	free(p->v[at].path);
	p->v[at].path = take_ptr(&dir);
	return 0;
}

/* Is what item i wants in what item j gives? */
static bool is_held(const struct proposal *p, size_t i, size_t j)
{
	const struct proposal_item *a = &p->v[i], *b = &p->v[j];

	if (i == j || a->why || b->why || (a->is_writable && !b->is_writable))
		return false;
	if (!strcmp(a->path, b->path))
		return a->is_writable == b->is_writable ? i > j : true;
	return b->is_dir && walk_is_below(a->path, b->path);
}

static void drop(struct proposal *p, size_t i)
{
	free(p->v[i].path);
	free(p->v[i].next);
	memmove(&p->v[i], &p->v[i + 1], (p->n - i - 1) * sizeof(*p->v));
	p->n--;
}

static void drop_held(struct proposal *p)
{
	for (size_t i = 0; i < p->n;) {
		size_t j = 0;

		while (j < p->n && !is_held(p, i, j))
			j++;
		if (j < p->n)
			drop(p, i);
		else
			i++;
	}
}

/* A proposal that nobody reads to its end is none. */
static void cut(struct proposal *p)
{
	size_t proposed = 0, refused = 0;

	for (size_t i = 0; i < p->n;) {
		size_t *n = p->v[i].why ? &refused : &proposed;

		if ((*n)++ < PROPOSAL_MAX) {
			i++;
			continue;
		}
		p->lost++;
		drop(p, i);
	}
}

int proposal_settle(struct proposal *p, const struct session *s)
{
	int r = 0;

	/* Equal paths were united; by_path is total. */
	if (p->n)
		qsort(p->v, p->n, sizeof(*p->v), by_path);
	for (size_t i = 0; i < p->n; i++) {
		/* "make DIR first": what is above was not named by the server. */
		if (!p->v[i].why && p->v[i].next)
			p->v[i].why = "the directory for it does not exist";
	}
	drop_held(p);
	for (size_t i = 0; i < p->n && r == 0; i++)
		if (!p->v[i].why && !p->v[i].is_dir)
			r = fold_one(p, s, i);
	drop_held(p);
	if (p->n)
		qsort(p->v, p->n, sizeof(*p->v), by_path);
	cut(p);
	return r;
}
