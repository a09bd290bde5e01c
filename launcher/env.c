/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/env.h"
#include "launcher/runtime.h"
#include "launcher/trust.h"
#include "launcher/user.h"
#include "launcher/values.h"
#include "policies/policy.h"

/* Passed in every policy: how text, time and the terminal look, nothing else. */
static const char *const always[] = { "LANG", "LANGUAGE", "LC_*", "TZ", "TERM" };

void env_done(struct env *e)
{
	strv_done(&e->server);
	strv_done(&e->known);
	strv_done(&e->injected);
}

/* Does NAME=... of entry match a name, or a prefix that ends in '*'? */
static bool matches(const char *entry, const char *pattern)
{
	size_t len = strlen(pattern);

	if (len && pattern[len - 1] == '*')
		return !strncmp(entry, pattern, len - 1) && strncmp(entry, "LD_", 3) != 0;
	return !strncmp(entry, pattern, len) && entry[len] == '=';
}

static bool is_passed(const char *entry, const struct policy *policy,
		      const struct strv *given)
{
	for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++)
		if (matches(entry, always[i]))
			return true;
	for (size_t i = 0; i < policy->sandbox.env_pass.n; i++)
		if (matches(entry, policy->sandbox.env_pass.v[i]))
			return true;
	for (size_t i = 0; i < given->n; i++)
		if (!strchr(given->v[i], '=') && matches(entry, given->v[i]))
			return true;
	return false;
}

int env_put(struct strv *list, const char *entry)
{
	size_t name = strcspn(entry, "=") + 1;

	for (size_t i = 0; i < list->n; i++) {
		if (!strncmp(list->v[i], entry, name)) {
			strv_remove(list, i);
			break;
		}
	}
	return strv_add(list, entry);
}

static int put_path(struct env *e, const struct runtime *runtime)
{
	struct strv one = {0};
	size_t size = 64;
	char *text;
	int r;

	for (size_t i = 0; i < runtime->path.n; i++)
		size += strlen(runtime->path.v[i]) + 1;
	text = calloc(1, size);
	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < runtime->path.n; i++) {
		strcat(text, runtime->path.v[i]);
		strcat(text, ":");
	}
	r = strv_addf(&one, "PATH=%s/usr/local/bin:/usr/bin:/bin", text);
	if (r == 0)
		r = env_put(&e->server, one.v[0]);
	strv_done(&one);
	free(text);
	return r;
}

static int put_basics(struct env *e, const struct runtime *runtime, const struct user *user)
{
	int r = put_path(e, runtime);

	if (r == 0)
		r = strv_addf(&e->server, "HOME=%s", user->home);
	if (r == 0)
		r = strv_addf(&e->server, "USER=%s", user->name);
	if (r == 0)
		r = strv_addf(&e->server, "LOGNAME=%s", user->name);
	if (r == 0)
		r = strv_add(&e->server, "SHELL=/bin/sh");
	return r;
}

/* Values that the policy takes from files; they are known to the pep in any case. */
static int put_files(struct env *e, const struct strv *files, struct err *err)
{
	for (size_t i = 0; i < files->n; i++) {
		cleanup_free char *value = NULL;
		size_t name = strcspn(files->v[i], "=");
		int r = values_read(files->v[i] + name + 1, &value, err);

		if (r < 0)
			return r;
		r = strv_addf(&e->injected, "%.*s=%s", (int)name, files->v[i], value);
		if (r == 0)
			r = env_put(&e->server, e->injected.v[e->injected.n - 1]);
		if (r < 0)
			return err_errno(err, -r, "environment");
	}
	return 0;
}

int env_build(char *const *environ_, const struct policy *policy, const struct strv *given,
	      const struct runtime *runtime, const struct user *user, struct env *ret,
	      struct err *err)
{
	const struct strv *set = &policy->sandbox.env_set;
	struct env e = {0};
	int r = put_basics(&e, runtime, user);

	for (char *const *p = environ_; *p && r == 0; p++) {
		if (!strchr(*p, '=') || **p == '=')
			continue;
		r = strv_add(&e.known, *p);
		if (r == 0 && is_passed(*p, policy, given))
			r = env_put(&e.server, *p);
	}
	for (size_t i = 0; i < set->n && r == 0; i++) {
		r = env_put(&e.server, set->v[i]);
		if (r == 0)
			r = strv_add(&e.known, set->v[i]);
	}
	if (r == 0) {
		r = put_files(&e, &policy->sandbox.env_files, err);
		if (r < 0) {
			env_done(&e);
			return r;
		}
	}
	for (size_t i = 0; i < given->n && r == 0; i++) {
		if (!strchr(given->v[i], '='))
			continue;
		r = env_put(&e.server, given->v[i]);
		if (r == 0)
			r = strv_add(&e.known, given->v[i]);
	}
	if (r < 0) {
		env_done(&e);
		return err_errno(err, -r, "environment");
	}
	if (policy->sandbox.network.ca_file && policy->sandbox.network.connect.n)
		r = trust_env(&e.server);
	if (r < 0) {
		env_done(&e);
		return err_errno(err, -r, "environment");
	}
	*ret = e;
	return 0;
}
