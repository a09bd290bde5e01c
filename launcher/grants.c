/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/grants.h"
#include "launcher/offlimits.h"
#include "launcher/user.h"
#include "launcher/walk.h"
#include "policies/policy.h"

/* Never granted, nor anything below. */
static const char *const kernel[] = { "/proc", "/sys", "/dev", "/run", "/boot" };
/* Read as they are in every sandbox, or made anew for it. */
static const char *const system_paths[] = { "/usr", "/bin",  "/sbin",  "/lib", "/etc",
					    "/lib32", "/lib64", "/libx32" };
/* Directories that are shared by everybody: name one below. */
static const char *const shared[] = { "/tmp", "/var", "/var/tmp", "/home", "/mnt",
				      "/media", "/srv", "/opt" };
static int refuse(struct err *err, const char *name, const char *why, const char *next)
{
	return err_set(err, EPERM, "cannot grant %s: %s; %s", name, why, next);
}

static bool is_within(const char *path, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (walk_is_below(path, list[i]))
			return true;
	return false;
}

/* One name of what is granted; it may have another (offlimits_alias). */
static int check_name(const char *name, const char *real, const struct user *user,
		      bool is_writable, struct err *err)
{
	const char *below = "name a directory below it";

	if (walk_is_below(user->home, real) || walk_is_below(user->account_home, real))
		return refuse(err, name, "it holds your whole home, with keys and start-up files",
			      below);
	if (is_within(real, kernel, sizeof(kernel) / sizeof(*kernel)))
		return refuse(err, name, "it belongs to the kernel and to services of the host",
			      "the sandbox has its own");
	for (size_t i = 0; i < sizeof(shared) / sizeof(*shared); i++)
		if (!strcmp(real, shared[i]))
			return refuse(err, name, "it is shared by every program", below);
	if (is_writable && is_within(real, system_paths, sizeof(system_paths) / sizeof(*system_paths)))
		return refuse(err, name, "it belongs to the system", "grant it with --read");
	if (!strcmp(real, "/etc"))
		return refuse(err, name, "the sandbox has an /etc of its own", below);
	if (offlimits_is_key(user->home, real, true) ||
	    offlimits_is_key(user->account_home, real, true))
		return refuse(err, name, "it holds keys or what runs at login",
			      "a server must not have it; name a directory beside it");
	if (offlimits_touches(real, user->state) || offlimits_touches(real, user->config))
		return refuse(err, name, "it holds policies and logs of mcp-confine",
			      "grant a directory beside them");
	if (is_writable && user->data && offlimits_touches(real, user->data))
		return refuse(err, name, "it holds installed packages, which run at the next start",
			      "grant a directory beside them");
	return 0;
}

int grants_check(const char *name, const struct walk *w, const struct user *user,
		 bool is_writable, struct err *err)
{
	const char *const homes[] = { user->home, user->account_home };
	int r;

	if (!S_ISDIR(w->st.st_mode) && !S_ISREG(w->st.st_mode))
		return refuse(err, name, "neither a directory nor a regular file",
			      "sockets, pipes and devices do not cross into the sandbox");
	r = check_name(name, w->real, user, is_writable, err);
	for (size_t i = 0; i < 2 && r == 0; i++) {
		cleanup_free char *alias = offlimits_alias(homes[i], w->real);

		r = alias ? check_name(name, alias, user, is_writable, err) : 0;
	}
	return r;
}

static bool is_listed(const struct walk *w, const struct strv *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct walk listed = {0};
		bool is_below = walk_path(list->v[i], &listed, NULL) == 0 &&
				walk_is_below(w->real, listed.real);

		walk_done(&listed);
		if (is_below)
			return true;
	}
	return false;
}

int grants_ceiling(const char *name, const struct walk *w, const struct policy *policy,
		   enum grants_kind kind, struct err *err)
{
	for (size_t i = 0; i < policy->sandbox.n_ceilings; i++) {
		const struct policy_ceiling *c = &policy->sandbox.ceilings[i];
		const bool is_write = c->has_write && is_listed(w, &c->write);
		const bool is_overlay = c->has_overlay && is_listed(w, &c->overlay);
		bool is_allowed = is_write;

		if (kind == GRANTS_READ)
			is_allowed = !c->has_read || is_write || is_overlay || is_listed(w, &c->read);
		else if (kind == GRANTS_OVERLAY && c->has_overlay)
			is_allowed = is_write || is_overlay;
		else if (kind == GRANTS_OVERLAY)
			is_allowed = !c->has_read || is_write || is_listed(w, &c->read);
		else if (is_overlay && !is_write)
			return refuse(err, name, "a stronger policy lists it under overlay only",
				      "grant it with --overlay");
		else /* what is writable is readable, too: a list of either bounds it */
			is_allowed = is_write || (!c->has_write && (!c->has_read || is_listed(w, &c->read)));
		if (!is_allowed)
			return refuse(err, name, "a stronger policy does not list it",
				      "mcp-confine explain shows the layers");
	}
	return 0;
}

static bool has_prefix(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

char *grants_argument(const char *arg, const char *cwd, const char *home)
{
	const char *equals = strchr(arg, '=');
	char *path = NULL;
	struct stat st;
	int n;

	if (arg[0] == '-') {
		if (!equals || equals[1] != '/')
			return NULL;
		arg = equals + 1;
	}
	if (!*arg)
		return NULL;
	if (arg[0] == '/')
		n = asprintf(&path, "%s", arg);
	else if (!strcmp(arg, "~") || has_prefix(arg, "~/"))
		n = asprintf(&path, "%s%s", home, arg + 1);
	else
		n = asprintf(&path, "%s/%s", cwd, arg);
	if (n < 0)
		return NULL;
	if (stat(path, &st) == 0 &&
	    (S_ISDIR(st.st_mode) || arg[0] == '/' || has_prefix(arg, "~/") ||
	     has_prefix(arg, "./") || has_prefix(arg, "../")))
		return path;
	free(path);
	return NULL;
}
