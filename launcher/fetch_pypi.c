/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The tree is a virtual environment of our making: pyvenv.cfg, bin/python (a symlink to the
 * machine's interpreter) and lib/pythonX.Y/site-packages, which pip fills (--target).  No
 * path in it is the tree's own, so it can be moved.  Only wheels are taken: a source
 * package runs its own code while it is built, and that is what --scripts allows.  All is
 * compiled to bytecode at once, since the tree is read-only afterwards and every start would
 * compile it anew (seconds); by hash and not by time, so that the same sources give the same
 * files.
 *
 * Where files lie an index only tells in its answers.  The package's page is read first,
 * by a few lines of Python that reach the index alone; one further host that it names is
 * allowed then, and said.  Several are refused until --host names them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/limits.h"
#include "launcher/commands.h"
#include "launcher/fetch.h"
#include "launcher/path.h"
#include "launcher/people.h"
#include "launcher/registry.h"
#include "launcher/tool.h"

static const char about_python[] =
	"import os, sys\n"
	"exe = os.path.realpath(getattr(sys, '_base_executable', None) or sys.executable)\n"
	"print('%d.%d' % sys.version_info[:2])\n"
	"print(exe)\n";

static const char read_page[] =
	"import json, re, ssl, sys, urllib.error, urllib.request\n"
	"from urllib.parse import urljoin, urlsplit\n"
	"import base64, netrc\n"
	"ask = urllib.request.Request(sys.argv[1], headers={'Accept':\n"
	"    'application/vnd.pypi.simple.v1+json, text/html;q=0.5'})\n"
	"try:\n"
	"    # Not to where a redirection leads.\n"
	"    if len(sys.argv) > 3:\n"
	"        known = netrc.netrc(sys.argv[3]).authenticators(urlsplit(sys.argv[1]).hostname)\n"
	"        ask.add_unredirected_header('Authorization', 'Basic ' + base64.b64encode(\n"
	"            ('%s:%s' % (known[0], known[2])).encode()).decode())\n"
	"    with urllib.request.urlopen(ask, timeout=60, context=ssl.create_default_context(\n"
	"            cafile=sys.argv[2] or None)) as r:\n"
	"        text, base = r.read(128 << 20), r.geturl()\n"
	"        kind = r.headers.get_content_type()\n"
	"except urllib.error.HTTPError as e:\n"
	"    sys.exit(44 if e.code == 404 else str(e))\n"
	"except (OSError, ValueError) as e:\n"
	"    sys.exit(str(e))\n"
	"if kind.endswith('json'):\n"
	"    urls = [f['url'] for f in json.loads(text)['files']]\n"
	"else:\n"
	"    urls = re.findall(r'href\\s*=\\s*[\"\\']([^\"\\']+)', text.decode('utf-8', 'replace'))\n"
	"print('\\n'.join(sorted({'%s://%s' % urlsplit(urljoin(base, u))[:2] for u in urls})))\n";

#define EXIT_NO_PAGE 44

struct python {
	char version[16];
	char *exe;
};

static int no_memory(struct err *err)
{
	return err_errno(err, ENOMEM, "pip");
}

static int find_python(const struct fetch *f, struct python *ret, struct err *err)
{
	struct tool t = { .name = "python" };
	cleanup_free char *out = NULL;
	char *end;
	int code, e = strv_add(&t.argv, f->python) | strv_add(&t.argv, "-I") |
		      strv_add(&t.argv, "-c") | strv_add(&t.argv, about_python);

	e = e ? no_memory(err) : tool_run(&t, &out, &code, err);
	tool_done(&t);
	if (e < 0)
		return e;
	end = !code && out ? strchr(out, '\n') : NULL;
	if (!end || end - out >= (ptrdiff_t)sizeof(ret->version) || end[1] != '/')
		return err_set(err, EIO, "%s: did not tell its version; name another: --python PATH",
			       f->python);
	*end = '\0';
	snprintf(ret->version, sizeof(ret->version), "%s", out);
	ret->exe = strndup(end + 1, strcspn(end + 1, "\n"));
	return ret->exe ? 0 : no_memory(err);
}

/* --- the host of the files ---------------------------------------------------------------------- */

static int take_hosts(char *text, struct registry *g, struct err *err)
{
	struct strv found = {0};
	char *save = NULL;
	int e = 0;

	for (char *l = strtok_r(text, "\n", &save); l && e == 0; l = strtok_r(NULL, "\n", &save))
		e = registry_host(l, &found, err);
	for (size_t i = 0; i < g->hosts.n; i++)
		for (size_t j = 0; j < found.n; j++)
			if (!strcmp(found.v[j], g->hosts.v[i]))
				strv_remove(&found, j--);
	if (e == 0 && found.n > 1)
		e = err_set(err, EPERM,
			    "the index names files on %zu hosts (%s, %s, ...); name those that you "
			    "trust: --host %s", found.n, found.v[0], found.v[1], found.v[0]);
	if (e == 0 && found.n && strv_add(&g->hosts, found.v[0]) < 0)
		e = no_memory(err);
	strv_done(&found);
	return e;
}

static int find_hosts(const struct fetch *f, const struct spec *s, struct registry *g,
		      const char *netrc, struct err *err)
{
	struct tool t = { .name = "index" };
	cleanup_free char *out = NULL;
	size_t len = strlen(g->url);
	int code, e = strv_add(&t.argv, f->python) | strv_add(&t.argv, "-I") |
		      strv_add(&t.argv, "-c") | strv_add(&t.argv, read_page) |
		      strv_addf(&t.argv, "%s%s%s/", g->url, len && g->url[len - 1] == '/' ? "" : "/",
				s->name) |
		      strv_add(&t.argv, g->ca ? g->ca : "");

	if (g->login.text)
		e |= strv_add(&t.argv, netrc) | strv_add(&t.read, netrc);
	e = e ? no_memory(err) : registry_grant(g, &t, err);
	if (e == 0)
		e = tool_run(&t, &out, &code, err);
	tool_done(&t);
	if (e < 0)
		return e;
	if (code == EXIT_NO_PAGE)
		return err_set(err, ENOENT, "pypi:%s: the index has no package of this name", s->name);
	if (code)
		return err_set(err, EIO,
			       "pypi:%s: the index could not be read (the words are above); a host at an "
			       "address that is not public is allowed by --address RANGE%s", s->name,
			       g->login.is_known && !g->login.is_wanted ?
				       "; your configuration has a credential for it, which is used with --token "
				       "alone" :
				       "");
	return take_hosts(out, g, err);
}

/* --- the install ---------------------------------------------------------------------------------- */

static int make_dirs(const struct fetch *f, const struct python *p, struct err *err)
{
	cleanup_free char *lib = path_make("package/tree/lib/python%s", p->version);
	cleanup_free char *site = path_make("package/tree/lib/python%s/site-packages", p->version);
	const char *const names[] = { "package", "package/tree", "package/tree/bin",
				      "package/tree/lib", lib, site, "tmp" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		cleanup_free char *path = names[i] ? path_make("%s/%s", f->staging, names[i]) : NULL;

		if (!path || mkdir(path, 0700) < 0)
			return err_errno(err, path ? errno : ENOMEM, "make directories in %s", f->staging);
	}
	return 0;
}

static int install(const struct fetch *f, const struct spec *s, const struct registry *g,
		   const struct python *p, const char *netrc, struct err *err)
{
	static const char *const words[] = {
		"-m", "pip", "install", "--isolated", "--no-input", "--disable-pip-version-check",
		"--no-cache-dir", "--no-compile", "--no-warn-script-location", "--progress-bar=off",
		"--root-user-action=ignore", "--ignore-installed", "--quiet",
	};
	struct tool t = { .name = "pip" };
	int code = 0, e = strv_add(&t.argv, p->exe);

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		e |= strv_add(&t.argv, words[i]);
	if (!f->has_scripts)
		e |= strv_add(&t.argv, "--only-binary=:all:");
	if (g->login.text)
		e |= strv_addf(&t.env, "NETRC=%s", netrc);
	if (g->ca)
		e |= strv_addf(&t.argv, "--cert=%s", g->ca);
	e |= strv_addf(&t.argv, "--index-url=%s", g->url) |
	     strv_addf(&t.argv, "--report=%s/report.json", f->staging) |
	     strv_addf(&t.argv, "--target=%s/package/tree/lib/python%s/site-packages", f->staging,
		       p->version) |
	     strv_addf(&t.argv, "%s%s%s%s", s->name, s->extras, s->version[0] ? "==" : "", s->version) |
	     strv_addf(&t.env, "TMPDIR=%s/tmp", f->staging) | strv_add(&t.write, f->staging);
	e = e ? no_memory(err) : registry_grant(g, &t, err);
	if (e == 0)
		e = tool_run(&t, NULL, &code, err);
	tool_done(&t);
	if (e == 0 && code)
		e = err_set(err, EIO,
			    "pip could not install %s (its words are above); a host that it was refused "
			    "is added by --host, a package without wheels needs --scripts", s->name);
	return e;
}

static int write_new(const char *path, const char *text, struct err *err)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	int r = fd < 0 ? -errno : fd_write_all(fd, text, strlen(text));

	return r < 0 ? err_errno(err, -r, "write %s", path) : 0;
}

/* Nothing of it is executed.  What does not compile is left to the start that needs it. */
static int compile(const struct fetch *f, const struct python *p, struct err *err)
{
	static const char *const words[] = { "-I", "-m", "compileall", "-f", "-qq",
					     "--invalidation-mode=unchecked-hash", "-s" };
	struct tool t = { .name = "compile", .is_silent = true };
	int code, e = strv_add(&t.argv, p->exe);

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		e |= strv_add(&t.argv, words[i]);
	e |= strv_addf(&t.argv, "%s/package/tree", f->staging) |
	     strv_addf(&t.argv, "%s/package/tree/lib", f->staging) |
	     strv_addf(&t.write, "%s/package/tree/lib", f->staging);
	e = e ? no_memory(err) : tool_run(&t, NULL, &code, err);
	tool_done(&t);
	return e;
}

/* What makes it an environment.  A package that brought files of these names is refused. */
static int finish(const struct fetch *f, const struct python *p, struct err *err)
{
	cleanup_free char *config = path_make("%s/package/tree/pyvenv.cfg", f->staging);
	cleanup_free char *link = path_make("%s/package/tree/" FETCH_PYTHON, f->staging);
	cleanup_free char *bin = path_dir(p->exe);
	cleanup_free char *text = bin ? path_make("home = %s\ninclude-system-site-packages = false\n"
						  "version = %s\n", bin, p->version) :
					NULL;

	if (!config || !link || !text)
		return no_memory(err);
	if (symlink(p->exe, link) < 0)
		return err_errno(err, errno, "make %s", link);
	return write_new(config, text, err);
}

/* --- the lock -------------------------------------------------------------------------------------- */

static int take_one(json_t *packages, json_t *one, const struct spec *s, char *version,
		    size_t size, struct err *err)
{
	json_t *meta = json_object_get(one, "metadata"), *from = json_object_get(one, "download_info");
	json_t *archive = json_object_get(from, "archive_info");
	json_t *hash = json_object_get(json_object_get(archive, "hashes"), "sha256");
	const char *name = json_string_value(json_object_get(meta, "name"));
	const char *have = json_string_value(json_object_get(meta, "version"));
	const char *sha = json_string_value(hash), *old = json_string_value(json_object_get(archive, "hash"));
	cleanup_free char *integrity = sha ? path_make("sha256-%s", sha) :
				       old && !strncmp(old, "sha256=", 7) ?
					     path_make("sha256-%s", old + 7) :
					     NULL;
	cleanup_free char *text = name ? path_make("pypi:%s", name) : NULL;
	struct err ignored = {0};
	struct spec own = {0};

	if (!have || !text || spec_parse(text, &own, &ignored) < 0)
		return err_set(err, EIO, "pip: its report names no package");
	if (!integrity)
		return err_set(err, EIO, "pip: its report has no hash of %s; the index must give one", name);
	if (!strcmp(own.name, s->name))
		snprintf(version, size, "%s", have);
	return json_array_append_new(packages, json_pack("{s:s, s:s, s:O?, s:s}", "name", own.name,
							 "version", have, "resolved",
							 json_object_get(from, "url"), "integrity",
							 integrity)) < 0 ?
		       no_memory(err) :
		       0;
}

static int make_lock(const struct fetch *f, const struct spec *s, const struct registry *g,
		     const struct python *p, json_t **ret, struct err *err)
{
	cleanup_free char *path = path_make("%s/report.json", f->staging);
	cleanup_free char *text = path ? path_read(path, 64 * MIB) : NULL;
	json_auto_t *report = text ? json_loads(text, 0, NULL) : NULL;
	json_auto_t *packages = json_array();
	json_auto_t *hosts = json_array();
	json_t *people = NULL;
	char version[128] = "";
	json_t *one;
	size_t i;
	int e = 0;

	json_array_foreach(json_object_get(report, "install"), i, one) {
		const bool had = version[0];

		if (e == 0)
			e = take_one(packages, one, s, version, sizeof(version), err);
		if (!had && version[0])
			people = people_pypi(json_object_get(one, "metadata"));
	}
	if (e < 0) {
		json_decref(people);
		return e;
	}
	if (!version[0])
		return err_set(err, EIO, "pip: said that it installed %s, and its report does not name it "
					 "(pip 22.2 or later is needed)", s->name);
	for (i = 0; i < g->hosts.n && e == 0; i++)
		e = json_array_append_new(hosts, json_string(g->hosts.v[i]));
	*ret = json_pack("{s:i, s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:O, s:O}", "version", 1, "kind",
			 "pypi", "name", s->name, "requested", s->version, "package_version", version,
			 "scripts", f->has_scripts, "registry", g->url, "python", p->exe, "hosts", hosts,
			 "packages", packages);
	return *ret && people_keep(*ret, people) == 0 ? 0 : no_memory(err);
}

int fetch_pypi(const struct fetch *f, const struct spec *s, json_t **ret_lock, struct err *err)
{
	struct registry g = {0};
	struct python p = {0};
	char words[ERR_TEXT];
	cleanup_free char *netrc = path_make("%s/netrc", f->staging);
	int e = netrc ? 0 : no_memory(err);

	/* What builds a source package runs beside the credential, with the network. */
	if (e == 0 && f->has_login && f->has_scripts)
		e = err_set(err, EINVAL, "pypi:%s: --token and --scripts do not go together: what builds a source "
					 "package could read the credential; take a wheel, without --scripts",
			    s->name);
	if (e == 0)
		e = find_python(f, &p, err);
	if (e == 0)
		e = registry_pypi(f->user, f->registry, f->has_login, p.exe, &g, err);
	if (e == 0 && (strv_add_all(&g.hosts, &f->hosts) < 0 ||
		       strv_add_all(&g.addresses, &f->addresses) < 0))
		e = no_memory(err);
	if (e == 0 && g.login.text)
		e = login_write(&g.login, netrc, err);
	if (e == 0)
		e = find_hosts(f, s, &g, netrc, err);
	for (size_t i = 0; i < g.hosts.n && e == 0; i++) {
		snprintf(words, sizeof(words), "pip may reach %s, and nothing else", g.hosts.v[i]);
		say_note(words);
	}
	if (e == 0)
		e = make_dirs(f, &p, err);
	if (e == 0)
		e = install(f, s, &g, &p, netrc, err);
	if (netrc && unlink(netrc) < 0 && errno != ENOENT && e == 0)
		e = err_errno(err, errno, "remove %s", netrc);
	if (e == 0)
		e = compile(f, &p, err);
	if (e == 0)
		e = finish(f, &p, err);
	if (e == 0)
		e = make_lock(f, s, &g, &p, ret_lock, err);
	registry_done(&g);
	free(p.exe);
	return e;
}
