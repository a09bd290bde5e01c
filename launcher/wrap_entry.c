/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/limits.h"
#include "common/secrets.h"
#include "launcher/runtime.h"
#include "launcher/secrets.h"
#include "launcher/user.h"
#include "launcher/wrap_entry.h"
#include "policies/draft.h"
#include "policies/load.h"
#include "policies/policy.h"

void wrap_entry_done(struct wrap_entry *e)
{
	wrap_policy_done(&e->policy);
	strv_done(&e->emptied);
	strv_done(&e->notes);
	*e = (struct wrap_entry){0};
}

/* Not an error of ours: the entry stays as it is, for that reason. */
__attribute__((format(printf, 2, 3))) static int leave(struct wrap_entry *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->why, sizeof(e->why), fmt, ap);
	va_end(ap);
	return 1;
}

static int no_memory(struct err *err)
{
	return err_errno(err, ENOMEM, "plan");
}

/* --- which values are secret -------------------------------------------------------------- */

static bool is_secret(const char *name, const char *value)
{
	static const char *const words[] = { "token", "secret", "passw", "credential", "private",
					     "apikey", "api_key", "api-key", "bearer", NULL };
	size_t len = strlen(value);

	if (len > 1)
		for (const char *const *w = words; *w; w++)
			if (strcasestr(name, *w) && *value != '/' && *value != '~')
				return true;
	return secrets_is_secret(name, value) || strcasestr(value, "bearer ");
}

/* scheme://user:password@host */
static bool has_password(const char *value)
{
	const char *p = strstr(value, "://"), *at = p ? strchr(p, '@') : NULL;

	return at && memchr(p + 3, ':', (size_t)(at - p - 3)) &&
	       !memchr(p + 3, '/', (size_t)(at - p - 3));
}

bool wrap_entry_is_secret(const struct strv *argv, size_t i)
{
	const char *value = argv->v[i], *before = i > 1 ? argv->v[i - 1] : "";
	const char *equals = strchr(value, '=');

	if (has_password(value))
		return true;
	if (equals && equals > value && equals[1]) {
		cleanup_free char *name = strndup(value, (size_t)(equals - value));

		if (name && is_secret(name, equals + 1))
			return true;
	}
	if (*before == '-' && !strchr(before, '=') && *value != '-')
		return is_secret(before, value);
	return is_secret("", value);
}

/* --- what is left alone ------------------------------------------------------------------- */

static const char *base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int check_members(struct wrap_entry *e, const struct client *client)
{
	const struct node *sandbox = tree_member(e->server->outer, "sandboxEnabled", NULL);
	const struct node *cwd = tree_member(e->server->outer, "cwd", NULL);

	if (tree_member(e->server->outer, "envFile", NULL))
		return leave(e, "its envFile is read by the client: put the variables into env, then wrap again");
	if (sandbox && sandbox->kind == NODE_TRUE)
		return leave(e, "the client's own sandbox is on: take sandboxEnabled out first");
	if (tree_member(e->server->outer, "dev", NULL))
		return leave(e, "it is in development mode: take dev out first");
	if (cwd && cwd->kind == NODE_STRING && !servers_has_variable(client, cwd->text) &&
	    *cwd->text != '/' && *cwd->text)
		return leave(e, "its cwd is no absolute path");
	return 0;
}

static int check_argv(struct wrap_entry *e, const struct client *client, const struct strv *argv)
{
	static const char *const engines[] = { "docker", "podman", "nerdctl", NULL };

	for (size_t i = 0; i < argv->n; i++) {
		if (servers_has_variable(client, argv->v[i]))
			return leave(e, "%s (word %zu) holds a variable that the client replaces; a "
				     "policy's command is fixed: write the value, then wrap again",
				     i ? "an argument" : "its command", i);
		if (!strncmp(base(argv->v[i]), "mcp-remote", 10))
			return leave(e, "mcp-remote is a bridge to a remote server, which it reaches and logs in to "
				     "outside of any sandbox");
	}
	for (const char *const *word = engines; *word; word++)
		if (!strcmp(base(argv->v[0]), *word))
			return leave(e, "%s starts a container by a service outside of any sandbox of ours; "
				     "wrap the server's own command instead", *word);
	if (argv->n > LIMIT_RULES)
		return leave(e, "it has more than %d arguments", LIMIT_RULES);
	return 0;
}

/* --- the environment ---------------------------------------------------------------------- */

static bool is_name(const char *name)
{
	size_t len = strlen(name);

	return len && !isdigit((unsigned char)*name) &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

/* Names of variables that the client brings itself: Codex's env_vars, Goose's env_keys. */
static int pass_names(const struct server *s, struct draft *d, struct err *err)
{
	static const char *const members[] = { "env_vars", "env_keys", NULL };

	for (const char *const *m = members; *m; m++) {
		const struct node *list = tree_member(s->outer, *m, NULL);

		for (const struct node *n = list && list->kind == NODE_ARRAY ? list->first : NULL; n; n = n->next)
			if (n->kind == NODE_STRING && is_name(n->text) && strv_add(&d->env_pass, n->text) < 0)
				return no_memory(err);
	}
	return 0;
}

static int plan_variable(struct wrap_entry *e, const struct client *client, const struct node *n,
			 struct draft *d, struct strv *secrets, struct err *err)
{
	int r;

	if (n->kind != NODE_STRING)
		return leave(e, "its variable %.64s is no string; put it into quotes", n->key);
	if (!is_name(n->key))
		return leave(e, "%.64s is no name of a variable that a policy can hold", n->key);
	/* The client finds programs by them; inside, both are made anew. */
	if (!strcmp(n->key, "PATH") || !strcmp(n->key, "HOME"))
		return 0;
	if (servers_has_variable(client, n->text)) {
		if (!strncmp(n->key, "LD_", 3))
			return leave(e, "its variable %.64s would put other code into mcp-confine", n->key);
		return strv_add(&d->env_pass, n->key) < 0 ? no_memory(err) : 0;
	}
	if (*n->text && (is_secret(n->key, n->text) || has_password(n->text))) {
		if (strlen(n->text) >= LIMIT_SECRET)
			return leave(e, "its variable %.64s is longer than %zu bytes", n->key, LIMIT_SECRET);
		if (strlen(n->text) < SECRETS_GRAM &&
		    strv_addf(&e->notes, "%s is shorter than %d bytes: it cannot be redacted in messages",
			      n->key, SECRETS_GRAM) < 0)
			return no_memory(err);
		r = strv_addf(secrets, "%s", n->key) | strv_add(secrets, n->text);
	} else {
		r = strv_addf(&d->env_set, "%s=%s", n->key, n->text);
	}
	if (r == 0 && *n->text)
		r = strv_add(&e->emptied, n->key);
	return r < 0 ? no_memory(err) : 0;
}

static int plan_environment(struct wrap_entry *e, const struct client *client,
			    struct draft *d, struct strv *secrets, struct err *err)
{
	const struct node *env = e->server->env;
	int r = pass_names(e->server, d, err);

	if (env && env->kind == NODE_OTHER)
		return r; /* null */
	if (r == 0 && env && env->kind != NODE_OBJECT)
		return leave(e, "its environment is no object");
	for (const struct node *n = env ? env->first : NULL; n && r == 0; n = n->next)
		r = plan_variable(e, client, n, d, secrets, err);
	return r;
}

/* --- can it be started at all? ------------------------------------------------------------ */

static int find_runtime(const struct wrap_context *c, struct wrap_entry *e, const struct strv *argv,
			struct runtime *rt)
{
	const struct node *cwd = tree_member(e->server->outer, "cwd", NULL);
	const struct node *path = e->server->env ? tree_member(e->server->env, "PATH", NULL) : NULL;
	const struct runtime_query query = {
		.argv = argv->v, .home = c->user->home, .account_home = c->user->account_home,
		.cwd = cwd && cwd->kind == NODE_STRING && *cwd->text == '/' ? cwd->text : c->cwd,
		.path = path && path->kind == NODE_STRING && !strstr(path->text, "$") ? path->text :
										       getenv("PATH"),
	};
	struct err err = {0};

	if (runtime_find(&query, rt, &err) < 0)
		return leave(e, "%.250s", err.text);
	return 0;
}

/* Paths of the host that the server is told of, and does not get. */
static int note_paths(struct wrap_entry *e, const struct strv *argv, const struct runtime *rt,
		      const struct draft *d, bool has_arguments, struct err *err)
{
	struct stat st;
	int r = 0;

	for (size_t i = 1; i < argv->n && r == 0 && !has_arguments; i++)
		if (argv->v[i][0] == '/' && stat(argv->v[i], &st) == 0 && !strv_has(&rt->names, argv->v[i]) &&
		    !(rt->program && !strcmp(rt->program, argv->v[i])))
			r = strv_addf(&e->notes, "argument %s is not granted: name it in sandbox.read or "
				      "sandbox.write of the policy if the server shall have it", argv->v[i]);
	for (size_t i = 0; i < d->env_set.n && r == 0; i++) {
		const char *value = strchr(d->env_set.v[i], '=') + 1;

		if (*value == '/' && stat(value, &st) == 0)
			r = strv_addf(&e->notes, "%.*s names %s, which is not granted: name it in "
				      "sandbox.read or sandbox.write of the policy if the server shall have it",
				      (int)(value - d->env_set.v[i] - 1), d->env_set.v[i], value);
	}
	return r < 0 ? no_memory(err) : 0;
}

static int choose_name(const struct wrap_context *c, const struct client *client,
		       struct wrap_entry *e, struct draft *d, const struct strv *secrets,
		       struct err *err)
{
	struct err local = {0};
	int r = wrap_policy_choose(c, client->name, e->server->name, d, secrets, &e->policy, &local);

	if (r == -ENOMEM)
		return err_set(err, ENOMEM, "%s", local.text);
	return r < 0 ? leave(e, "%.200s", local.text) : 0;
}

/* The loader must accept what was written, before anything points to it. */
static int check_policy(struct wrap_entry *e, const struct user *user, bool *ret_arguments,
			struct err *err)
{
	struct policy p = {0};
	struct err local = {0};

	if (load_text(e->policy.text, strlen(e->policy.text), "policy", user->home, &p, &local) < 0)
		return leave(e, "its policy would not load: %.200s", local.text);
	*ret_arguments = p.sandbox.arguments > POLICY_ARGUMENTS_NONE;
	if (p.about && strv_addf(&e->notes, "profile %s: %s", e->policy.profile, p.about) < 0) {
		policy_done(&p);
		return no_memory(err);
	}
	policy_done(&p);
	return 0;
}

static int plan_arguments(struct wrap_entry *e, const struct strv *argv, struct strv *secrets,
			  struct err *err)
{
	for (size_t i = 1; i < argv->n; i++) {
		if (!*argv->v[i] || !wrap_entry_is_secret(argv, i))
			continue;
		if (strlen(argv->v[i]) >= LIMIT_SECRET)
			return leave(e, "argument %zu is longer than %zu bytes", i, LIMIT_SECRET);
		if (strv_addf(secrets, "argument-%zu", i) < 0 || strv_add(secrets, argv->v[i]) < 0)
			return no_memory(err);
	}
	return 0;
}

/* 0: wrapped; 1: left alone, with why; -errno. */
static int plan(const struct wrap_context *c, const struct client *client, struct wrap_entry *e,
		struct err *err)
{
	struct draft d = {0};
	struct runtime rt = {0};
	cleanup_strv struct strv argv = {0}, secrets = {0};
	struct err local = {0};
	bool has_arguments = false;
	int r;

	if (servers_argv(client, e->server, &argv, &local) < 0)
		return leave(e, "%.250s", local.text);
	r = check_members(e, client);
	if (r == 0)
		r = check_argv(e, client, &argv);
	if (r == 0)
		r = find_runtime(c, e, &argv, &rt);
	if (r == 0)
		r = plan_arguments(e, &argv, &secrets, err);
	if (r == 0)
		r = plan_environment(e, client, &d, &secrets, err);
	if (r == 0 && strv_add_all(&d.command, &argv) < 0)
		r = no_memory(err);
	d.package = rt.package;
	if (r == 0)
		r = choose_name(c, client, e, &d, &secrets, err);
	if (r == 0)
		r = check_policy(e, c->user, &has_arguments, err);
	if (r == 0)
		r = note_paths(e, &argv, &rt, &d, has_arguments, err);
	draft_done(&d);
	runtime_done(&rt);
	return r;
}

int wrap_entry_plan(const struct wrap_context *c, const struct client *client,
		    const struct server *server, struct wrap_entry *ret, struct err *err)
{
	char id_name[65];
	int r;

	*ret = (struct wrap_entry){ .server = server };
	ret->state = confined_check(c->identity, client, server, getenv("PATH"), ret->why, id_name);
	if (ret->state != CONFINED_NO || *ret->why)
		return 0;
	r = plan(c, client, ret, err);
	ret->is_wrapped = r == 0;
	return r < 0 ? r : 0;
}
