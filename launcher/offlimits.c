/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/strv.h"
#include "launcher/offlimits.h"
#include "launcher/path.h"
#include "launcher/walk.h"

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

/* Below a home: keys, and what a login or a desktop executes.  Nobody grants them. */
static const char *const keys[] = {
	".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".netrc", ".git-credentials",
	".password-store", ".config/autostart", ".config/systemd", ".config/gcloud",
	".config/gh", ".local/share/keyrings",
};

/* Below a home: what inference never reaches, nor anything in it. */
static const char *const stores[] = {
	".mozilla", ".thunderbird", ".pki", ".var", ".config/google-chrome", ".config/chromium",
	".config/BraveSoftware", ".config/microsoft-edge", ".config/1Password",
	".config/Bitwarden", ".config/op", ".config/rclone", ".config/git", ".config/pulse",
	".config/Signal", ".local/share/kwalletd", ".local/share/Trash", ".local/state",
	".vault-token", ".pypirc", ".npmrc", ".gitconfig", ".bash_history", ".zsh_history",
	".python_history", ".node_repl_history", ".claude.json", ".claude/projects",
	".claude/.credentials.json", ".claude/settings.json", ".codex/auth.json",
	".codex/sessions", ".codex/config.toml", ".gemini/oauth_creds.json",
	".gemini/settings.json", ".cursor/mcp.json", ".copilot", ".config/mcp-confine",
	".cargo/credentials", ".cargo/credentials.toml", ".terraform.d", ".oci", ".electrum",
	".bitcoin",
};

/* Below a home: directories in which many programs keep what is theirs.  One of those may
 * be granted, all of them together not. */
static const char *const containers[] = {
	".local", ".local/bin", ".local/lib", ".local/share", ".config", ".cache", ".npm",
	".npm/_npx", ".nvm", ".nvm/versions", ".volta", ".asdf", ".asdf/installs", ".pyenv",
	".pyenv/versions", ".local/share/mise", ".local/share/uv", ".local/share/uv/tools",
	".local/share/uv/python", ".local/share/pipx", ".local/share/pipx/venvs",
	".local/share/fnm", ".local/share/pnpm", ".cache/uv", ".cache/uv/archive-v0",
	".cache/pipx", ".vscode", ".vscode/extensions", ".cursor", ".cursor/extensions",
	".claude", ".claude/plugins", ".claude/plugins/cache", ".codex", ".gemini",
	".local/share/mcp-confine", ".local/share/mcp-confine/packages",
	".local/share/mcp-confine/packages/npm", ".local/share/mcp-confine/packages/pypi",
	".local/share/mcp-confine/packages/mcpb", ".gemini/extensions", "bin", "snap", "Desktop", "Documents",
	"Downloads", "Music", "Pictures", "Public", "Templates", "Videos", "go", "src",
	"code", "Code", "dev", "git", "work", "workspace", "projects", "Projects", "repos",
};

/* Of the machine: the directory itself, and what holds it. */
static const char *const shared[] = {
	"/tmp", "/var", "/var/tmp", "/var/lib", "/var/cache", "/home", "/root", "/mnt",
	"/media", "/srv", "/opt", "/snap", "/usr/local", "/data", "/export", "/nix", "/gnu",
};

/* Of the machine: these and all that lies in them. */
static const char *const machine[] = {
	"/proc", "/sys", "/dev", "/run", "/boot", "/etc", "/lost+found", "/var/log",
	"/var/spool", "/var/mail", "/var/run", "/var/backups", "/var/lib/docker",
};

/* Where dir really is: what exists of it resolved, the rest as it was written. */
static char *real_of(const char *dir)
{
	cleanup_free char *head = strdup(dir);
	char *slash, *real;

	while (head && *head && (slash = strrchr(head, '/'))) {
		real = path_real(*head ? head : "/");
		if (real) {
			char *whole = path_make("%s%s", real[1] ? real : "", dir + strlen(head));

			free(real);
			return whole;
		}
		*slash = '\0';
	}
	return NULL;
}

bool offlimits_touches(const char *path, const char *dir)
{
	cleanup_free char *real = real_of(dir);

	return walk_is_below(path, dir) || walk_is_below(dir, path) ||
	       (real && (walk_is_below(path, real) || walk_is_below(real, path)));
}

/*
 * Where the listed names of one home lead that are symlinks, or lie behind one.  Looked
 * at once for a home, when the first question about it is asked: a start asks many.
 */
struct resolved {
	char *home;
	struct strv keys, stores, containers;
};

/* Which of the names may be a symlink, or lie behind one, as the home's listing tells.
 * A file system may take no notice of case. */
static void mark(const struct dirent *e, const char *const *names, size_t n, bool *look)
{
	const size_t len = strlen(e->d_name);
	const bool is_other = e->d_type != DT_LNK && e->d_type != DT_UNKNOWN;

	for (size_t i = 0; i < n; i++)
		if ((names[i][0] | 32) == (e->d_name[0] | 32) &&
		    !strncasecmp(names[i], e->d_name, len) &&
		    (names[i][len] == '/' || (!names[i][len] && !is_other)))
			look[i] = true;
}

static int resolve(const char *home, const char *const *names, size_t n, const bool *look,
		   struct strv *ret)
{
	for (size_t i = 0; i < n; i++) {
		cleanup_free char *path = NULL, *real = NULL;

		if (!look[i])
			continue;
		path = path_make("%s/%s", home, names[i]);
		if (!path)
			return -ENOMEM;
		if (access(path, F_OK) < 0)
			continue;
		real = path_real(path);
		if (real && strcmp(real, path) != 0 && strv_add(ret, real) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Most of the names are not there; one listing of the home tells. */
static int resolve_all(const char *home, struct resolved *r)
{
	struct {
		bool keys[COUNT(keys)], stores[COUNT(stores)], containers[COUNT(containers)];
	} look;
	DIR *d = opendir(home);

	memset(&look, !d, sizeof(look)); /* one that cannot be listed: every name is tried */
	for (struct dirent *e; d && (e = readdir(d));) {
		mark(e, keys, COUNT(keys), look.keys);
		mark(e, stores, COUNT(stores), look.stores);
		mark(e, containers, COUNT(containers), look.containers);
	}
	if (d)
		closedir(d);
	if (resolve(home, keys, COUNT(keys), look.keys, &r->keys) < 0 ||
	    resolve(home, stores, COUNT(stores), look.stores, &r->stores) < 0 ||
	    resolve(home, containers, COUNT(containers), look.containers, &r->containers) < 0)
		return -ENOMEM;
	return 0;
}

/* NULL: no memory to compare with; the caller refuses. */
static const struct resolved *resolved_of(const char *home)
{
	static struct resolved known[2]; /* HOME's, and the user database's */
	static size_t next;
	struct resolved *r;

	for (size_t i = 0; i < COUNT(known); i++)
		if (known[i].home && !strcmp(known[i].home, home))
			return &known[i];
	r = &known[next++ % COUNT(known)];
	free(r->home);
	strv_done(&r->keys);
	strv_done(&r->stores);
	strv_done(&r->containers);
	*r = (struct resolved){0};
	if (resolve_all(home, r) < 0)
		return NULL;
	r->home = strdup(home);
	return r->home ? r : NULL;
}

/* walk_is_below(path, home/name) and the other way round, without writing it down. */
static bool is_at(const char *home, const char *name, const char *path)
{
	const size_t len = home[1] ? strlen(home) : 0;

	return !strncmp(path, home, len) && path[len] == '/' && walk_is_below(path + len + 1, name);
}

static bool is_above(const char *home, const char *name, const char *path)
{
	const size_t len = home[1] ? strlen(home) : 0;

	return walk_is_below(home, path) ||
	       (!strncmp(path, home, len) && path[len] == '/' && walk_is_below(name, path + len + 1));
}

/* Does path meet one of the names below home, or of the resolved ones: equal or below,
 * or, when `above` is set, above? */
static bool meets(const char *home, const char *const *names, size_t n,
		  const struct strv *real, const char *path, bool above)
{
	for (size_t i = 0; i < real->n; i++)
		if (walk_is_below(path, real->v[i]) || (above && walk_is_below(real->v[i], path)))
			return true;
	for (size_t i = 0; i < n; i++)
		if (is_at(home, names[i], path) || (above && is_above(home, names[i], path)))
			return true;
	return false;
}

bool offlimits_is_key(const char *home, const char *path, bool above)
{
	const struct resolved *r = resolved_of(home);

	return !r || meets(home, keys, COUNT(keys), &r->keys, path, above);
}

/* --- other names of the same directories ------------------------------------------------- */

/* What is known by device and inode: the home, what holds it, and the keys in it. */
struct anchors {
	char *home;
	size_t n;
	struct {
		dev_t dev;
		ino_t ino;
		char *path;
	} v[COUNT(keys) + 24];
};

static void add_anchor(struct anchors *a, const char *path)
{
	struct stat st;

	if (a->n == COUNT(a->v) || stat(path, &st) < 0)
		return;
	a->v[a->n].path = strdup(path);
	a->v[a->n].dev = st.st_dev;
	a->v[a->n].ino = st.st_ino;
	a->n += a->v[a->n].path != NULL;
}

static const struct anchors *anchors_of(const char *home)
{
	static struct anchors known[2]; /* HOME's, and the user database's */
	static size_t next;
	cleanup_free char *way = strdup(home);
	struct anchors *a;

	for (size_t i = 0; i < COUNT(known); i++)
		if (known[i].home && !strcmp(known[i].home, home))
			return &known[i];
	a = &known[next++ % COUNT(known)];
	free(a->home);
	while (a->n)
		free(a->v[--a->n].path);
	a->home = strdup(home);
	while (way && *way) {
		add_anchor(a, way);
		*strrchr(way, '/') = '\0';
	}
	add_anchor(a, "/");
	for (size_t i = 0; i < COUNT(keys); i++) {
		cleanup_free char *key = path_make("%s/%s", home, keys[i]);

		if (key)
			add_anchor(a, key);
	}
	return a;
}

/* Does home lie below path under the end of its own name: /data/home/u for /home/u? */
static bool holds(const struct anchors *a, const char *path)
{
	for (const char *end = a->home; end && a->n; end = strchr(end + 1, '/')) {
		cleanup_free char *inside = path_make("%s%s", path, end);
		struct stat st;

		if (inside && stat(inside, &st) == 0 && st.st_dev == a->v[0].dev &&
		    st.st_ino == a->v[0].ino)
			return true;
	}
	return false;
}

char *offlimits_alias(const char *home, const char *path)
{
	const struct anchors *a = anchors_of(home);
	cleanup_free char *way = strdup(path);

	if (!home[1] || !path[1])
		return NULL;
	if (!walk_is_below(home, path) && !walk_is_below(path, home) && holds(a, path))
		return strdup(home);
	while (way && *way) {
		const char *rest = path + strlen(way);
		struct stat st;

		for (size_t i = 0; stat(way, &st) == 0 && i < a->n; i++) {
			char *alias;

			if (a->v[i].dev != st.st_dev || a->v[i].ino != st.st_ino)
				continue;
			alias = path_make("%s%s", a->v[i].path[1] ? a->v[i].path : "", rest);
			if (alias && strcmp(alias, path) != 0)
				return alias;
			free(alias);
			return NULL;
		}
		*strrchr(way, '/') = '\0';
	}
	return NULL;
}

static bool is_store(const char *home, const char *path)
{
	const struct resolved *r = resolved_of(home);

	return !r || meets(home, stores, COUNT(stores), &r->stores, path, true);
}

static bool is_container(const char *home, const char *path)
{
	const struct resolved *r = resolved_of(home);

	if (!r || strv_has(&r->containers, path))
		return true;
	for (size_t i = 0; i < COUNT(containers); i++)
		if (is_at(home, containers[i], path) && is_above(home, containers[i], path))
			return true;
	return false;
}

const char *offlimits_inferred(const char *home, const char *path)
{
	if (walk_is_below(home, path))
		return "it is a home directory or holds one";
	for (size_t i = 0; i < COUNT(machine); i++)
		if (walk_is_below(path, machine[i]))
			return "it belongs to the system";
	for (size_t i = 0; i < COUNT(shared); i++)
		if (walk_is_below(shared[i], path))
			return "it is shared by many programs";
	/* Another user's home, or one of this user's that HOME does not name. */
	if (!strncmp(path, "/home/", 6) && !strchr(path + 6, '/') &&
	    strcmp(path, "/home/linuxbrew") != 0)
		return "it is a home directory or holds one";
	if (offlimits_is_key(home, path, true))
		return "it holds keys or what runs at login";
	if (is_store(home, path))
		return "it holds what programs keep private";
	if (is_container(home, path))
		return "it is shared by many programs";
	return NULL;
}
