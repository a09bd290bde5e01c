/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "filters/filters.h"
#include "launcher/path.h"
#include "launcher/plan.h"
#include "launcher/proposal.h"
#include "launcher/proposal_judge.h"
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
		 const char *wanted, char *next)
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
	in = proposal_mounted(s, w.real);
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
	if (in && in->is_executable)
		why = "it belongs to the system, or is the server's own code";
	if (!why)
		why = proposal_never(s, *path, &w, is_writable);
	/* A directory would be proposed for a name in it: that must be proposable itself. */
	if (!why && proposal_is_called_secret(wanted))
		why = "the name it wanted there says that it holds a secret";
	if (!why && is_writable && proposal_is_run_outside(wanted))
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
	if (!proposal_is_text(path))
		return put(p, &path, is_writable, false, "its name is no plain text", NULL);
	switch (proposal_look(s, path)) {
	case PROPOSAL_LOOK_NOT:
		return put(p, &path, is_writable, false,
			   "it was not looked at: something would be mounted for it", NULL);
	case PROPOSAL_LOOK_WRITABLE:
		if (is_writable && r->error != ENOENT)
			return put(p, &path, is_writable, false,
				   "it lies in what may be written, and is protected there", NULL);
		/* It is not there, or what failed lies on the way: a name before a "..". */
		p->absent++;
		return 0;
	case PROPOSAL_LOOK:
		break;
	}
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
	result = judge(p, s, &path, is_writable, wanted, next);
	return result < 0 ? result : add_way(p, s, text, wanted);
}

/* A program that was looked for along a path; found in another directory of it, it is no loss. */
static int add_program(struct proposal *p, const char *text)
{
	static const char *const dirs[] = { "/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin",
					    "/usr/sbin", "/sbin" };
	const char *name = path_last(text);

	if (!proposal_is_text(name) || !*name || p->programs.n == PROPOSAL_MAX)
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
	if (!walk_is_below(path, s->user.home) || proposal_mounted(s, path) || !proposal_is_text(path) ||
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
		       proposal_is_text(path) ? put(p, &path, false, false,
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
