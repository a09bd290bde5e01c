/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/fleet.h"
#include "launcher/path.h"
#include "policies/bundle.h"
#include "policies/policy.h"

void fleet_done(struct fleet *f)
{
	free(f->program);
	strv_done(&f->servers);
	strv_done(&f->labels);
	*f = (struct fleet){0};
}

static int no_memory(struct err *err)
{
	return err_errno(err, ENOMEM, "fleet");
}

/* --- the program ------------------------------------------------------------------------- */

/* Clients join it with blanks, and put it into files of three languages. */
int fleet_check_program(const char *path, struct err *err)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._+-";

	if (*path != '/' || !path[1] || path[strlen(path) - 1] == '/' ||
	    strspn(path, letters) != strlen(path) || strstr(path, "//") || strstr(path, "/./") ||
	    strstr(path, "/../"))
		return err_set(err, EINVAL,
			       "%s: the program of a managed file is an absolute path of letters, digits "
			       "and ._+-, without . or .. in it", path);
	return 0;
}

int fleet_check_owner(const char *path, struct err *err)
{
	cleanup_free char *so_far = strdup(path);
	struct stat st;

	if (!so_far)
		return no_memory(err);
	for (bool is_top = false; !is_top;) {
		const char *at = *so_far ? so_far : "/";
		char *slash = strrchr(so_far, '/');

		is_top = !*so_far;
		if (lstat(at, &st) < 0)
			return err_errno(err, errno, "%s", at);
		if (S_ISLNK(st.st_mode) || st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)))
			return err_set(err, EPERM,
				       "%s: not root's alone to change, so what clients would be told to start "
				       "could be anybody's; name what is installed: --program /usr/bin/mcp-confine",
				       at);
		if (slash)
			*slash = '\0';
	}
	return 0;
}

/* --- the servers ------------------------------------------------------------------------- */

static int is_policy(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return e->d_name[0] != '.' && len > 5 && !strcmp(e->d_name + len - 5, ".json");
}

/* By bytes: alphasort() goes by the locale, and the files must come out the same. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int list(const char *dir, struct strv *ret, struct err *err)
{
	cleanup_free char *servers = path_make("%s/servers", dir);
	struct dirent **found;
	int n, r = 0;

	if (!servers)
		return no_memory(err);
	n = scandir(servers, &found, is_policy, by_bytes);
	if (n < 0)
		return errno == ENOENT ?
			       err_set(err, ENOENT, "%s: no such directory, so the policy names no server; "
						    "name the administrator's directory with --policy", servers) :
			       err_errno(err, errno, "%s", servers);
	for (int i = 0; i < n; i++) {
		if (r == 0 && strv_addf(ret, "%.*s", (int)strlen(found[i]->d_name) - 5,
					found[i]->d_name) < 0)
			r = no_memory(err);
		free(found[i]);
	}
	free(found);
	return r;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int take_named(char *const *only, struct strv *ret, struct err *err)
{
	for (; *only; only++)
		if (!strv_has(ret, *only) && strv_add(ret, *only) < 0)
			return no_memory(err);
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), compare);
	return 0;
}

static int check_server(const char *dir, enum load_trust trust, const char *name,
			bool *ret_enforce, struct err *err)
{
	struct bundle bundle = {0};
	struct policy policy = {0};
	int r = bundle_find_administrators(dir, trust, name, &bundle, err);

	if (r == 0)
		r = bundle_merge(&bundle, "/root", &policy, err);
	if (r == 0 && !policy.command.n)
		r = err_set(err, EINVAL, "%s/servers/%s.json names no command, so nothing would start; add "
					 "\"command\"", dir, name);
	if (r == 0)
		*ret_enforce |= policy.enforce;
	policy_done(&policy);
	bundle_done(&bundle);
	return r;
}

/*
 * What the clients call it: Codex takes letters, digits, '_' and '-' for the name of a
 * server and no other.  The policy's own name stays the argument.
 */
static int add_label(struct fleet *f, const char *name, struct err *err)
{
	cleanup_free char *label = strdup(name);

	if (!label)
		return no_memory(err);
	if (*name == '-')
		return err_set(err, EINVAL, "%s: run would take that name for an option; rename its file", name);
	for (char *p = label; *p; p++)
		if (*p == '.')
			*p = '-';
	if (strv_has(&f->labels, label))
		return err_set(err, EINVAL, "two servers would both be called %s by clients that know no "
					    "'.' in a name; rename one of their files", label);
	return strv_add(&f->labels, label) < 0 ? no_memory(err) : 0;
}

/* With no server at all policy.json is still the administrator's word. */
static int check_ceiling(const char *dir, enum load_trust trust, struct fleet *f, struct err *err)
{
	cleanup_free char *path = path_make("%s/policy.json", dir), *text = NULL;
	struct policy policy = {0};
	size_t len;
	int r;

	if (!path)
		return no_memory(err);
	r = load_file(path, trust, &text, &len, err);
	if (r > 0)
		r = load_text(text, len, path, "/root", &policy, err);
	f->enforce |= policy.enforce;
	policy_done(&policy);
	return r < 0 ? r : 0;
}

int fleet_load(const char *dir, enum load_trust trust, char *const *only, struct fleet *ret,
	       struct err *err)
{
	struct fleet f = {0};
	int r = check_ceiling(dir, trust, &f, err);

	if (r == 0)
		r = *only ? take_named(only, &f.servers, err) : list(dir, &f.servers, err);
	for (size_t i = 0; i < f.servers.n && r == 0; i++) {
		r = check_server(dir, trust, f.servers.v[i], &f.enforce, err);
		if (r == 0)
			r = add_label(&f, f.servers.v[i], err);
	}
	if (r < 0) {
		fleet_done(&f);
		return r;
	}
	*ret = f;
	return 0;
}
