/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "policies/bundle.h"
#include "policies/draft.h"
#include "policies/profiles.h"

void draft_done(struct draft *d)
{
	strv_done(&d->command);
	strv_done(&d->command_files);
	strv_done(&d->env_set);
	strv_done(&d->env_files);
	strv_done(&d->env_pass);
}

/* The path for the argument of that index, or NULL. */
static const char *file_of(const struct draft *d, size_t index)
{
	for (size_t i = 0; i < d->command_files.n; i++)
		if (strtoul(d->command_files.v[i], NULL, 10) == index)
			return strchr(d->command_files.v[i], '=') + 1;
	return NULL;
}

/* Each of these returns NULL when memory is out or a string is not UTF-8. */
static json_t *command(const struct draft *d)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < d->command.n; i++) {
		const char *path = file_of(d, i);

		if (json_array_append_new(list, path ? json_pack("{s:s}", "from_file", path) :
						       json_string(d->command.v[i])) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *map(const struct strv *entries)
{
	json_t *object = json_object();

	for (size_t i = 0; object && i < entries->n; i++) {
		cleanup_free char *name = strdup(entries->v[i]);
		char *value = name ? strchr(name, '=') : NULL;

		if (value)
			*value++ = '\0';
		if (!value || json_object_set_new(object, name, json_string(value)) < 0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

static json_t *list(const struct strv *words)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < words->n; i++)
		if (json_array_append_new(array, json_string(words->v[i])) < 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

/* The member, made when it is not there. */
static json_t *child(json_t *object, const char *key)
{
	json_t *found = json_object_get(object, key);

	if (found)
		return found;
	json_object_set_new(object, key, json_object());
	return json_object_get(object, key);
}

/* What the entry says comes over what the profile says; other variables of it stay. */
static int put_env(json_t *root, const struct draft *d)
{
	json_t *env, *set = map(&d->env_set), *files = map(&d->env_files), *pass = list(&d->env_pass);
	int bad = !set || !files || !pass;

	if (!bad && (json_object_size(set) || json_object_size(files) || json_array_size(pass))) {
		env = child(child(root, "sandbox"), "env");
		if (json_object_size(set))
			bad |= json_object_update(child(env, "set"), set);
		for (size_t i = 0; i < d->env_files.n + d->env_pass.n; i++) {
			cleanup_free char *name = strdup(i < d->env_files.n ?
							 d->env_files.v[i] :
							 d->env_pass.v[i - d->env_files.n]);

			if (name) {
				name[strcspn(name, "=")] = '\0';
				json_object_del(json_object_get(env, "set"), name);
			}
		}
		if (json_object_size(files))
			bad |= json_object_set(env, "from_file", files);
		if (json_array_size(pass) && json_object_get(env, "pass"))
			bad |= json_array_extend(json_object_get(env, "pass"), pass);
		else if (json_array_size(pass))
			bad |= json_object_set(env, "pass", pass);
	}
	json_decref(set);
	json_decref(files);
	json_decref(pass);
	return bad;
}

int draft_write(const struct draft *d, char **ret_text, const char **ret_profile,
		   struct err *err)
{
	const struct profile *profile = bundle_profile_for(d->package);
	json_auto_t *root = json_object(), *base = json_loads(profile->text, 0, NULL);
	cleanup_free char *text = NULL;
	int bad = !root || !base || json_object_set_new(root, "version", json_integer(1));

	if (!bad && d->server)
		bad |= json_object_set_new(root, "server", json_string(d->server));
	if (!bad)
		bad |= json_object_set_new(root, "command", command(d));
	if (!bad)
		json_object_del(base, "packages");
	if (!bad)
		bad |= json_object_update(root, base) || put_env(root, d);
	if (!bad)
		text = json_dumps(root, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	if (!text || asprintf(ret_text, "%s\n", text) < 0)
		return err_set(err, EINVAL, "policy: a string that is not UTF-8, or no memory");
	*ret_profile = profile->name;
	return 0;
}
