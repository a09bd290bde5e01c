/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * npm runs once with the network, the user's token where --token asks for it, and without any
 * script (--ignore-scripts).  When scripts
 * are wanted they run afterwards, from what has arrived, in a sandbox without a network:
 * what a script would download is named by no lock and stays away.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/limits.h"
#include "launcher/commands.h"
#include "launcher/fetch.h"
#include "launcher/path.h"
#include "launcher/people.h"
#include "launcher/registry.h"
#include "launcher/tool.h"

static int no_memory(struct err *err)
{
	return err_errno(err, ENOMEM, "npm");
}

static int make_dirs(const char *staging, struct err *err)
{
	static const char *const names[] = { "package", "package/tree", "cache" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		cleanup_free char *path = path_make("%s/%s", staging, names[i]);

		if (!path || mkdir(path, 0700) < 0)
			return err_errno(err, path ? errno : ENOMEM, "make %s/%s", staging, names[i]);
	}
	return 0;
}

static int add_common(const struct fetch *f, struct tool *t, struct err *err)
{
	static const char *const words[] = {
		"--no-audit", "--no-fund", "--no-update-notifier", "--no-progress", "--omit=dev",
		"--package-lock=true", "--omit-lockfile-registry-resolved=false",
		"--bin-links=true", "--install-links=true", "--loglevel=warn", "--logs-max=0",
		"--fetch-retries=2", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=5000",
	};
	int e = 0;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		e |= strv_add(&t->argv, words[i]);
	e |= strv_addf(&t->argv, "--prefix=%s/package/tree", f->staging) |
	     strv_addf(&t->argv, "--cache=%s/cache", f->staging) |
	     strv_addf(&t->argv, "--userconfig=%s/npmrc", f->staging) |
	     strv_addf(&t->argv, "--globalconfig=%s/npmrc.global", f->staging) |
	     strv_add(&t->write, f->staging);
	return e ? no_memory(err) : 0;
}

/* Why it may have been refused, and what the user can do about it. */
static const char *login_hint(const struct registry *g)
{
	return g->login.is_known && !g->login.is_wanted ?
		       "; your configuration has a token for this registry, which is used with --token alone" :
		       "";
}

static int install(const struct fetch *f, const struct spec *s, const struct registry *g,
		   struct err *err)
{
	struct tool t = { .name = "npm" };
	int code, e = strv_add(&t.argv, "npm") | strv_add(&t.argv, "install") |
		      strv_addf(&t.argv, "%s@%s", s->name, s->version[0] ? s->version : "latest") |
		      strv_add(&t.argv, "--ignore-scripts") |
		      strv_addf(&t.argv, "--registry=%s", g->url);

	for (size_t i = 0; i < g->scopes.n; i++)
		e |= strv_addf(&t.argv, "--%s", g->scopes.v[i]);
	e = e ? no_memory(err) : add_common(f, &t, err);
	if (e == 0)
		e = registry_grant(g, &t, err);
	if (e == 0)
		e = tool_run(&t, NULL, &code, err);
	tool_done(&t);
	if (e == 0 && code)
		e = err_set(err, EIO,
			    "npm could not install %s (its words are above); a host that it was refused "
			    "is added by --host, one at an address that is not public by --address%s",
			    s->name, login_hint(g));
	return e;
}

/* Who maintains it, and who published this version.  A registry that does not tell is none
 * that is refused.  *ret may be NULL. */
static int ask_people(const struct fetch *f, const struct spec *s, const struct registry *g,
		      json_t **ret, struct err *err)
{
	cleanup_free char *path = path_make("%s/package/tree/node_modules/%s/package.json", f->staging, s->name);
	cleanup_free char *text = path ? path_read(path, 4 * MIB) : NULL, *out = NULL;
	json_auto_t *manifest = text ? json_loads(text, 0, NULL) : NULL;
	const char *version = json_string_value(json_object_get(manifest, "version"));
	struct tool t = { .name = "npm view", .is_silent = true };
	int code, e = strv_add(&t.argv, "npm") | strv_add(&t.argv, "view") |
		      strv_addf(&t.argv, "%s@%s", s->name, version ? version : "latest") |
		      strv_add(&t.argv, "name") | strv_add(&t.argv, "maintainers") |
		      strv_add(&t.argv, "_npmUser") | strv_add(&t.argv, "--json") |
		      strv_addf(&t.argv, "--registry=%s", g->url);

	for (size_t i = 0; i < g->scopes.n; i++)
		e |= strv_addf(&t.argv, "--%s", g->scopes.v[i]);
	e = e ? no_memory(err) : add_common(f, &t, err);
	if (e == 0)
		e = registry_grant(g, &t, err);
	if (e == 0)
		e = tool_run(&t, &out, &code, err);
	tool_done(&t);
	*ret = e == 0 && !code && out ? people_npm(out) : NULL;
	return e;
}

/* The token lies there while npm fetches, and no code of a package runs (--ignore-scripts). */
static int install_with_login(const struct fetch *f, const struct spec *s, const struct registry *g,
			      json_t **ret_people, struct err *err)
{
	cleanup_free char *path = path_make("%s/npmrc", f->staging);
	int e = path ? 0 : no_memory(err);

	if (e == 0 && g->login.text)
		e = login_write(&g->login, path, err);
	if (e == 0)
		e = install(f, s, g, err);
	if (e == 0)
		e = ask_people(f, s, g, ret_people, err);
	if (path && unlink(path) < 0 && errno != ENOENT && e == 0)
		e = err_errno(err, errno, "remove %s", path);
	return e;
}

static int run_scripts(const struct fetch *f, const struct spec *s, struct err *err)
{
	struct tool t = { .name = "npm scripts" };
	int code, e = strv_add(&t.argv, "npm") | strv_add(&t.argv, "rebuild") |
		      strv_add(&t.argv, "--foreground-scripts");

	e = e ? no_memory(err) : add_common(f, &t, err);
	if (e == 0)
		e = tool_run(&t, NULL, &code, err);
	tool_done(&t);
	if (e == 0 && code)
		e = err_set(err, EIO, "%s: a script failed; scripts have no network, and cannot execute "
				      "what they write; try without --scripts", s->name);
	return e;
}

/* --- the lock --------------------------------------------------------------------------------- */

/* "node_modules/a/node_modules/@s/b" is of @s/b. */
static const char *name_of(const char *path)
{
	static const char modules[] = "node_modules/";
	const char *at = NULL;

	for (const char *p = path; (p = strstr(p, modules)); p++)
		at = p;
	return at ? at + sizeof(modules) - 1 : NULL;
}

static int take_package(json_t *packages, const char *path, json_t *about, struct err *err)
{
	const char *name = name_of(path);
	json_t *one = name ? json_pack("{s:s, s:O?, s:O?, s:O?}", "name", name, "version",
				       json_object_get(about, "version"), "resolved",
				       json_object_get(about, "resolved"), "integrity",
				       json_object_get(about, "integrity")) :
			     NULL;

	if (!name || json_is_true(json_object_get(about, "link")))
		return one ? (json_decref(one), 0) : 0;
	return json_array_append_new(packages, one) < 0 ? no_memory(err) : 0;
}

static int make_lock(const struct fetch *f, const struct spec *s, const struct registry *g,
		     json_t **ret, struct err *err)
{
	cleanup_free char *path = path_make("%s/package/tree/package-lock.json", f->staging);
	cleanup_free char *own = path_make("node_modules/%s", s->name);
	cleanup_free char *text = path ? path_read(path, 64 * MIB) : NULL;
	json_auto_t *theirs = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
	json_t *all = json_object_get(theirs, "packages"), *about;
	json_t *version = json_object_get(json_object_get(all, own ? own : ""), "version");
	json_auto_t *packages = json_array();
	json_auto_t *hosts = json_array();
	const char *key;
	int e = 0;

	if (!json_is_string(version))
		return err_set(err, EIO, "npm: said that it installed %s, and its lock file does not name "
					 "it", s->name);
	json_object_foreach(all, key, about)
		if (e == 0 && *key)
			e = take_package(packages, key, about, err);
	for (size_t i = 0; i < g->hosts.n && e == 0; i++)
		e = json_array_append_new(hosts, json_string(g->hosts.v[i]));
	if (e < 0)
		return no_memory(err);
	*ret = json_pack("{s:i, s:s, s:s, s:s, s:O, s:b, s:s, s:O, s:O}", "version", 1, "kind", "npm",
			 "name", s->name, "requested", s->version[0] ? s->version : "latest",
			 "package_version", version, "scripts", f->has_scripts, "registry", g->url,
			 "hosts", hosts, "packages", packages);
	return *ret ? 0 : no_memory(err);
}

int fetch_npm(const struct fetch *f, const struct spec *s, json_t **ret_lock, struct err *err)
{
	struct registry g = {0};
	json_t *people = NULL;
	char words[ERR_TEXT];
	int e = registry_npm(f->user, f->registry, f->has_login, &g, err);

	if (e == 0 && (strv_add_all(&g.hosts, &f->hosts) < 0 ||
		       strv_add_all(&g.addresses, &f->addresses) < 0))
		e = no_memory(err);
	for (size_t i = 0; i < g.hosts.n && e == 0; i++) {
		snprintf(words, sizeof(words), "npm may reach %s, and nothing else", g.hosts.v[i]);
		say_note(words);
	}
	if (e == 0)
		e = make_dirs(f->staging, err);
	if (e == 0)
		e = install_with_login(f, s, &g, &people, err);
	/* Before any script could write it. */
	if (e == 0)
		e = make_lock(f, s, &g, ret_lock, err);
	if (e == 0)
		e = people_keep(*ret_lock, json_incref(people)) < 0 ? no_memory(err) : 0;
	json_decref(people);
	if (e == 0 && f->has_scripts) {
		e = run_scripts(f, s, err);
		if (e < 0)
			json_decref(*ret_lock);
	}
	registry_done(&g);
	return e;
}
