/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/limits.h"
#include "launcher/commands.h"
#include "launcher/path.h"
#include "launcher/registry.h"
#include "launcher/spec.h"
#include "launcher/tool.h"
#include "launcher/user.h"
#include "policies/bundle.h"
#include "policies/policy.h"

#define CONFIG_MAX MIB

void registry_done(struct registry *r)
{
	free(r->url);
	free(r->ca);
	login_done(&r->login);
	strv_done(&r->scopes);
	strv_done(&r->hosts);
	strv_done(&r->addresses);
	*r = (struct registry){0};
}

static int no_memory(struct err *err)
{
	return err_errno(err, ENOMEM, "registry");
}

/* --- addresses ---------------------------------------------------------------------------- */

/* The words never hold the URL itself: a credential may stand in it. */
int registry_host(const char *url, struct strv *hosts, struct err *err)
{
	static const char https[] = "https://";
	const char *host = url + sizeof(https) - 1, *colon;
	cleanup_free char *entry = NULL;
	size_t len;

	if (strncmp(url, https, sizeof(https) - 1) != 0)
		return err_set(err, EPERM,
			       "the registry's address is no https address, so what it answers could "
			       "be anybody's; name another with --registry https://...");
	if (strchr(url, '$'))
		return err_set(err, EINVAL, "the registry's address holds a variable; name it with "
					    "--registry https://...");
	len = strcspn(host, "/?#");
	if (memchr(host, '@', len))
		return err_set(err, EPERM,
			       "the registry's address holds a credential, where everybody may see it; name an "
			       "address without one (https://HOST/...), and let --token take the credential from npm's or pip's "
			       "own configuration");
	colon = memchr(host, ':', len);
	if (!len || strspn(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.:") <
			    len)
		return err_set(err, EINVAL, "the registry's address has no host name; name it with "
					    "--registry https://...");
	entry = colon ? strndup(host, len) : path_make("%.*s:443", (int)len, host);
	if (!entry || (!strv_has(hosts, entry) && strv_add(hosts, entry) < 0))
		return no_memory(err);
	return 0;
}

int registry_grant(const struct registry *r, struct tool *t, struct err *err)
{
	/* Each of them is what some program reads: Node, OpenSSL, pip, requests. */
	static const char *const names[] = { "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "PIP_CERT",
					     "REQUESTS_CA_BUNDLE" };
	int e = strv_add_all(&t->connect, &r->hosts) | strv_add_all(&t->addresses, &r->addresses);

	for (size_t i = 0; r->ca && i < sizeof(names) / sizeof(*names); i++)
		e |= strv_addf(&t->env, "%s=%s", names[i], r->ca);
	if (r->ca)
		e |= strv_add(&t->read, r->ca);
	return e ? no_memory(err) : 0;
}

/* --- certificates --------------------------------------------------------------------------- */

/* One file of certificates: what holds a key beside them is nobody's to hand out. */
static int take_ca(const char *path, struct registry *r, struct err *err)
{
	cleanup_free char *real = path_real(path), *text = NULL;

	if (r->ca || !real)
		return 0;
	text = path_read(real, 16 * MIB);
	if (!text)
		return err_set(err, EACCES, "%s: the certificates that the environment or a "
					    "configuration names cannot be read", path);
	if (strstr(text, "PRIVATE KEY"))
		return err_set(err, EPERM, "%s: holds a private key beside the certificates; name a file "
					   "with certificates only", path);
	r->ca = take_ptr(&real);
	return 0;
}

static int take_ca_of_environment(const char *const *names, struct registry *r, struct err *err)
{
	int e = 0;

	for (; *names && e == 0; names++) {
		const char *path = getenv(*names);

		if (path && *path == '/')
			e = take_ca(path, r, err);
	}
	return e;
}

/* --- files of lines -------------------------------------------------------------------------- */

typedef int line_fn(void *arg, char *key, char *value, struct err *err);

/* "key = value" lines; sections are told as a key "[name]". */
static int read_lines(const char *path, line_fn *take, void *arg, struct err *err)
{
	cleanup_free char *text = path ? path_read(path, CONFIG_MAX) : NULL;
	char *save = NULL;
	int r = 0;

	for (char *l = text ? strtok_r(text, "\r\n", &save) : NULL; l && r == 0;
	     l = strtok_r(NULL, "\r\n", &save)) {
		char *value, *end;

		l += strspn(l, " \t");
		if (*l == '[')
			r = take(arg, l, NULL, err);
		value = strchr(l, '=');
		if (*l == '#' || *l == ';' || *l == '[' || !value)
			continue;
		*value++ = '\0';
		value += strspn(value, " \t\"");
		end = value + strlen(value);
		while (end > value && strchr(" \t\"", end[-1]))
			*--end = '\0';
		end = l + strlen(l);
		while (end > l && strchr(" \t", end[-1]))
			*--end = '\0';
		r = take(arg, l, value, err);
	}
	return r;
}

static int set_url(struct registry *r, const char *url, struct err *err)
{
	if (r->url || !*url)
		return 0;
	r->url = strdup(url);
	return r->url ? 0 : no_memory(err);
}

/*
 * The registry of the administrator's policy, which is the only one then: a name that is
 * private there and public elsewhere would else be anybody's to publish.
 */
static int take_administrators(const struct user *u, enum spec_kind kind, const char *given,
			       struct registry *r, bool *ret_is_set, struct err *err)
{
	const struct bundle_places places = { SYSCONFDIR "/mcp-confine", u->config };
	struct bundle bundle = {0};
	struct policy policy = {0};
	const char *profile, *url;
	int e = bundle_find_profile(&places, NULL, "default", &bundle, &profile, err);

	if (e == 0)
		e = bundle_merge(&bundle, u->home, &policy, err);
	url = kind == SPEC_NPM ? policy.registry_npm : policy.registry_pypi;
	if (e == 0 && url) {
		*ret_is_set = true;
		if (given && strcmp(given, url) != 0)
			e = err_set(err, EPERM, "the administrator's policy names the registry %s, and --registry "
						"another", url);
		else
			e = set_url(r, url, err);
	}
	policy_done(&policy);
	bundle_done(&bundle);
	return e;
}

/* --- npm ---------------------------------------------------------------------------------------- */

static int take_npmrc(void *arg, char *key, char *value, struct err *err)
{
	struct registry *r = arg;
	size_t len = strlen(key);

	if (!value)
		return 0;
	if (!strcmp(key, "registry"))
		return set_url(r, value, err);
	if (!strcmp(key, "cafile") && *value == '/')
		return take_ca(value, r, err);
	if (!strncmp(key, "//", 2))
		return login_take_npmrc(&r->login, key, value) < 0 ? no_memory(err) : 0;
	if (*key != '@' || len < 10 || strcmp(key + len - 9, ":registry") != 0)
		return 0;
	/* The first that says so counts: the user's file before the machine's. */
	for (size_t i = 0; i < r->scopes.n; i++)
		if (!strncmp(r->scopes.v[i], key, len) && r->scopes.v[i][len] == '=')
			return 0;
	return strv_addf(&r->scopes, "%s=%s", key, value) < 0 ? no_memory(err) : 0;
}

/* What npm says of itself, with nothing of the user's in sight. */
static int ask_npm(struct registry *r, struct err *err)
{
	struct tool t = { .name = "npm config" };
	cleanup_free char *out = NULL;
	int code, e = strv_add(&t.argv, "npm") | strv_add(&t.argv, "config") |
		      strv_add(&t.argv, "get") | strv_add(&t.argv, "registry");

	e = e ? no_memory(err) : tool_run(&t, &out, &code, err);
	tool_done(&t);
	if (e < 0)
		return e;
	if (code || !out)
		return err_set(err, EIO, "npm did not tell its registry; name it with --registry "
					 "https://...");
	out[strcspn(out, "\r\n")] = '\0';
	return set_url(r, out, err);
}

/* A scope that leads elsewhere than to the registry that everybody here has to use. */
static void drop_scopes(struct registry *r)
{
	char words[ERR_TEXT];

	for (size_t i = 0; i < r->scopes.n; i++) {
		snprintf(words, sizeof(words), "%.*s of npm's configuration does not count: the administrator's "
			 "policy names the registry", (int)strcspn(r->scopes.v[i], ":"), r->scopes.v[i]);
		say_note(words);
	}
	strv_done(&r->scopes);
}

int registry_npm(const struct user *u, const char *given, bool wants_login, struct registry *ret,
		 struct err *err)
{
	static const char *const ca[] = { "npm_config_cafile", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE",
					  NULL };
	static const char *const machine[] = { "/etc/npmrc", "/usr/etc/npmrc", "/usr/local/etc/npmrc" };
	cleanup_free char *own = path_make("%s/.npmrc", u->account_home);
	const char *env = getenv("npm_config_registry");
	struct registry r = { .login.is_wanted = wants_login };
	bool is_set = false;
	int e = take_administrators(u, SPEC_NPM, given, &r, &is_set, err);

	if (e == 0 && given)
		e = set_url(&r, given, err);
	if (e == 0 && env)
		e = set_url(&r, env, err);
	if (e == 0)
		e = take_ca_of_environment(ca, &r, err);
	if (e == 0)
		e = read_lines(own, take_npmrc, &r, err);
	for (size_t i = 0; i < sizeof(machine) / sizeof(*machine) && e == 0; i++)
		e = read_lines(machine[i], take_npmrc, &r, err);
	if (e == 0 && is_set)
		drop_scopes(&r);
	if (e == 0 && !r.url)
		e = ask_npm(&r, err);
	if (e == 0)
		e = registry_host(r.url ? r.url : "", &r.hosts, err);
	for (size_t i = 0; i < r.scopes.n && e == 0; i++) {
		e = registry_host(strchr(r.scopes.v[i], '=') + 1, &r.hosts, err);
		if (e < 0)
			err_wrap(err, "%.*s", (int)strcspn(r.scopes.v[i], "="), r.scopes.v[i]);
	}
	if (e == 0)
		e = login_settle_npm(&r.login, &r.hosts, err);
	if (e < 0) {
		registry_done(&r);
		return err_wrap(err, "npm");
	}
	*ret = r;
	return 0;
}

/* --- pip ----------------------------------------------------------------------------------------- */

/* An index, without the credential that stands in its URL; that is taken when the index is
 * the one that counts. */
static int set_index(struct registry *r, const char *url, struct err *err)
{
	cleanup_free char *bare = strdup(url);
	struct login login = {0};
	int e = bare ? login_take_url(&login, bare, err) : no_memory(err);

	if (e >= 0)
		e = set_url(r, bare, err);
	if (e == 0 && login.user && !r->login.user && !strcmp(r->url, bare)) {
		r->login.user = take_ptr(&login.user);
		r->login.password = take_ptr(&login.password);
	}
	login_done(&login);
	return e;
}

struct pip_file {
	struct registry *r;
	bool is_read; /* in a section that an install reads */
};

static int take_pip(void *arg, char *key, char *value, struct err *err)
{
	struct pip_file *f = arg;

	if (!value) {
		f->is_read = !strncmp(key, "[global]", 8) || !strncmp(key, "[install]", 9);
		return 0;
	}
	for (char *p = key; *p; p++)
		*p = *p == '_' ? '-' : (char)tolower((unsigned char)*p);
	if (f->is_read && !strcmp(key, "index-url"))
		return set_index(f->r, value, err);
	if (f->is_read && !strcmp(key, "cert") && *value == '/')
		return take_ca(value, f->r, err);
	return 0;
}

/* pip's help tells the default: "-i, --index-url <url> ... (default https://...)". */
static int ask_pip(const char *python, struct registry *r, struct err *err)
{
	static const char mark[] = "(default ";
	struct tool t = { .name = "pip help" };
	cleanup_free char *out = NULL;
	const char *at;
	int code, e = strv_add(&t.argv, python) | strv_add(&t.argv, "-m") |
		      strv_add(&t.argv, "pip") | strv_add(&t.argv, "install") |
		      strv_add(&t.argv, "--help") | strv_add(&t.env, "COLUMNS=400");

	e = e ? no_memory(err) : tool_run(&t, &out, &code, err);
	tool_done(&t);
	if (e < 0)
		return e;
	if (code)
		return err_set(err, ENOENT,
			       "%s has no pip; install it (Debian: apt install python3-pip), or name an "
			       "interpreter that has it: --python PATH", python);
	at = out ? strstr(out, "--index-url") : NULL;
	at = at ? strstr(at, mark) : NULL;
	if (at) {
		cleanup_free char *url = NULL;

		at += sizeof(mark) - 1;
		at += strspn(at, " \t\r\n");
		url = strndup(at, strcspn(at, ") \t\r\n"));
		return url ? set_url(r, url, err) : no_memory(err);
	}
	return err_set(err, EIO, "pip did not tell its index; name it with --registry https://...");
}

/* What ~/.netrc has for the index's host; and then the credential is complete, or none. */
static int find_login(const struct user *u, struct registry *r, struct err *err)
{
	cleanup_free char *path = path_make("%s/.netrc", u->account_home);
	cleanup_free char *host = r->hosts.n ? strndup(r->hosts.v[0], strcspn(r->hosts.v[0], ":")) : NULL;

	if (!path || !host || login_take_netrc(&r->login, path, host) < 0)
		return no_memory(err);
	return login_settle_pip(&r->login, r->hosts.v[0], err);
}

int registry_pypi(const struct user *u, const char *given, bool wants_login, const char *python,
		  struct registry *ret, struct err *err)
{
	static const char *const ca[] = { "PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", NULL };
	static const char *const below[] = { ".config/pip/pip.conf", ".pip/pip.conf" };
	const char *env = getenv("PIP_INDEX_URL");
	struct registry r = { .login.is_wanted = wants_login };
	struct pip_file f = { .r = &r };
	bool is_set = false;
	int e = take_administrators(u, SPEC_PYPI, given, &r, &is_set, err);

	if (e == 0 && given)
		e = set_url(&r, given, err);
	if (e == 0 && env)
		e = set_index(&r, env, err);
	if (e == 0)
		e = take_ca_of_environment(ca, &r, err);
	for (size_t i = 0; i < sizeof(below) / sizeof(*below) && e == 0; i++) {
		cleanup_free char *path = path_make("%s/%s", u->account_home, below[i]);

		f.is_read = false;
		e = read_lines(path, take_pip, &f, err);
	}
	f.is_read = false;
	if (e == 0)
		e = read_lines("/etc/pip.conf", take_pip, &f, err);
	if (e == 0 && !r.url)
		e = ask_pip(python, &r, err);
	if (e == 0)
		e = registry_host(r.url ? r.url : "", &r.hosts, err);
	if (e == 0)
		e = find_login(u, &r, err);
	if (e < 0) {
		registry_done(&r);
		return err_wrap(err, "pip");
	}
	*ret = r;
	return 0;
}
