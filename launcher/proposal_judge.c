/* SPDX-License-Identifier: Apache-2.0 */
#include <fnmatch.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "launcher/grants.h"
#include "launcher/mountinfo.h"
#include "launcher/offlimits.h"
#include "launcher/path.h"
#include "launcher/plan_settle.h"
#include "launcher/proposal_judge.h"
#include "launcher/protect.h"
#include "launcher/session.h"
#include "launcher/walk.h"

bool proposal_is_text(const char *path)
{
	json_t *j = json_string(path);

	json_decref(j);
	for (const char *p = path; j && *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	return j;
}

bool proposal_is_called_secret(const char *path)
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

bool proposal_is_run_outside(const char *path)
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

const char *proposal_never(const struct session *s, const char *path, const struct walk *w,
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
		if (!why && proposal_is_called_secret(names[i]))
			why = "its name says that it holds a secret";
		if (!why && is_writable && proposal_is_run_outside(names[i]))
			why = "programs outside run or trust what is written there";
	}
	if (!why && grants_check(path, w, &s->user, is_writable, NULL) < 0)
		why = "no policy can grant it";
	if (!why && grants_ceiling(path, w, &s->policy, is_writable ? GRANTS_WRITE : GRANTS_READ,
				   NULL) < 0)
		why = "a stronger policy does not list it";
	return why;
}

const struct plan_entry *proposal_mounted(const struct session *s, const char *real)
{
	struct plan p = s->plan;
	const struct plan_entry *e = plan_nearest(&p, p.n, real);

	return e && (e->kind == PLAN_BIND || e->kind == PLAN_OVERLAY) ? e : NULL;
}

/* --- where it leads --------------------------------------------------------------------- */

#define LINKS_MAX 40 /* as the kernel's */

/* The mount points of automounters: below one of them a name is looked for on a network. */
static const struct strv *automounts(void)
{
	static struct strv found;
	static bool is_read;
	cleanup_free char *table = NULL;

	if (is_read || mountinfo_read(&table, NULL) < 0)
		return &found;
	is_read = true;
	for (char *line = table, *end; line && *line; line = end) {
		struct mountinfo m;

		end = line + strcspn(line, "\n");
		if (*end)
			*end++ = '\0';
		if (mountinfo_parse(line, &m) && !strcmp(m.type, "autofs"))
			strv_add(&found, m.path);
	}
	return &found;
}

static enum proposal_look look_at(const struct session *s, const char *real)
{
	const struct strv *mounts = automounts();
	const struct plan_entry *in = proposal_mounted(s, real);

	for (size_t i = 0; i < mounts->n; i++)
		if (walk_is_below(real, mounts->v[i]))
			return PROPOSAL_LOOK_NOT;
	return in && in->is_writable ? PROPOSAL_LOOK_WRITABLE : PROPOSAL_LOOK;
}

/* The next name of *rest onto real, which is resolved.  Return: false when none is left. */
static bool step(char real[static PATH_MAX], char **rest)
{
	size_t len = strlen(real), n;

	*rest += strspn(*rest, "/");
	n = strcspn(*rest, "/");
	if (!n)
		return false;
	if (n == 2 && !strncmp(*rest, "..", 2))
		*(len ? strrchr(real, '/') : real) = '\0';
	else if (!(n == 1 && **rest == '.') && len + n + 2 < PATH_MAX)
		snprintf(real + len, PATH_MAX - len, "/%.*s", (int)n, *rest);
	*rest += n;
	return true;
}

enum proposal_look proposal_look(const struct session *s, const char *path)
{
	char real[PATH_MAX] = "", text[PATH_MAX], ahead[2 * PATH_MAX], *rest = ahead;
	int links = 0;

	if (strlen(path) >= PATH_MAX)
		return PROPOSAL_LOOK_NOT;
	memcpy(ahead, path, strlen(path) + 1);
	while (step(real, &rest)) {
		enum proposal_look look = look_at(s, real[0] ? real : "/");
		cleanup_free char *left = NULL;
		ssize_t n;

		if (look != PROPOSAL_LOOK)
			return look;
		/* readlink(2) mounts nothing at the last name. */
		n = real[0] ? readlink(real, text, sizeof(text) - 1) : -1;
		if (n < 0)
			continue;
		text[n] = '\0';
		left = strdup(rest);
		if (!left || links++ == LINKS_MAX || (size_t)n + strlen(left) >= PATH_MAX)
			return PROPOSAL_LOOK_NOT;
		snprintf(ahead, sizeof(ahead), "%s/%s", text, left);
		rest = ahead;
		*(text[0] == '/' ? real : strrchr(real, '/')) = '\0';
	}
	return PROPOSAL_LOOK;
}
