/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/limits.h"
#include "launcher/path.h"
#include "launcher/starter.h"
#include "launcher/user.h"

#define WISHES 64

void starter_done(struct starter *s)
{
	json_decref(s->policy);
	strv_done(&s->wishes);
	*s = (struct starter){0};
}

static int no_memory(struct err *err)
{
	return err_errno(err, ENOMEM, "starter policy");
}

static const char *text_of(json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

__attribute__((format(printf, 2, 3))) static int wish(struct starter *s, const char *fmt, ...)
{
	char text[ERR_TEXT];
	va_list ap;

	if (s->wishes.n == WISHES)
		return 0;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return strv_add(&s->wishes, text);
}

static void set_name(char name[static 65], const char *from)
{
	const char *slash = strrchr(from, '/');
	size_t n = 0;

	for (const char *p = slash ? slash + 1 : from; *p && n < 64; p++, n++)
		name[n] = isalnum((unsigned char)*p) || *p == '-' || (*p == '.' && n) ? *p : '_';
	name[n] = '\0';
}

static bool is_inside(const char *path)
{
	return *path && *path != '/' && strcmp(path, "..") != 0 && strncmp(path, "../", 3) != 0 &&
	       !strstr(path, "/../") && !strstr(path, "${");
}

/* --- a bundle's manifest (MCPB) ------------------------------------------------------------- */

/* "${__dirname}/x" to the tree's x; NULL: names something else that is not known yet. */
static char *expand(const char *text, const char *tree)
{
	static const char here[] = "${__dirname}";

	if (strncmp(text, here, sizeof(here) - 1) != 0)
		return strstr(text, "${") ? NULL : strdup(text);
	text += sizeof(here) - 1;
	if (*text != '/' || !is_inside(text + 1))
		return NULL;
	return path_make("%s%s", tree, text);
}

static int add_arguments(struct starter *s, json_t *command, json_t *config, const char *entry,
			 const char *tree, struct err *err)
{
	json_t *arg;
	size_t i;
	int r = 0;

	json_array_foreach(json_object_get(config, "args"), i, arg) {
		const char *text = json_is_string(arg) ? json_string_value(arg) : "";
		cleanup_free char *known = expand(text, tree);

		if (known && !strcmp(known, entry))
			continue;
		if (known)
			r |= json_array_append_new(command, json_string(known));
		else
			r |= wish(s, "the argument %s; add its value to \"command\"", text);
	}
	return r ? no_memory(err) : 0;
}

static int add_wishes(struct starter *s, json_t *manifest, json_t *config, const char *tree,
		      struct err *err)
{
	json_t *env = json_object_get(config, "env"), *value, *ask;
	const char *key;
	int r = 0;

	json_object_foreach(env, key, value) {
		const char *text = json_is_string(value) ? json_string_value(value) : "";
		cleanup_free char *known = expand(text, tree);

		/* Where its own modules lie: nobody else's. */
		if (known && (!strcmp(key, "PYTHONPATH") || !strcmp(key, "NODE_PATH")) &&
		    !strncmp(known, tree, strlen(tree)))
			r |= json_object_set_new(s->policy, "sandbox",
						 json_pack("{s:{s:{s:s}}}", "env", "set", key, known));
		else if (strstr(text, "${user_config"))
			r |= wish(s, "the environment variable %s; add it to sandbox.env.pass", key);
		else
			r |= wish(s, "the environment variable %s=%s; add it to sandbox.env.set", key,
				  text);
	}
	json_object_foreach(json_object_get(manifest, "user_config"), key, ask) {
		const char *type = text_of(ask, "type");
		bool is_path = !strcmp(type, "directory") || !strcmp(type, "file");

		r |= wish(s, "a setting %s (%s%s): %s%s", key, type,
			  json_is_true(json_object_get(ask, "required")) ? ", required" : "",
			  text_of(ask, "description"),
			  is_path ? "; add its path to sandbox.read or sandbox.write" : "");
	}
	return r ? no_memory(err) : 0;
}

static int make_bundle(const struct user *u, const struct spec *spec, const char *at,
		       struct starter *s, struct err *err)
{
	char name[SPEC_NAME];
	cleanup_free char *tree = NULL, *path = NULL, *text = NULL, *entry = NULL;
	json_auto_t *manifest = NULL;
	json_t *server, *command;
	const char *type, *point;

	spec_directory(spec, name);
	tree = at ? path_make("%s/tree", at) :
		    path_make("%s/packages/mcpb/%s/current/tree", u->data, name);
	path = tree ? path_make("%s/manifest.json", tree) : NULL;
	text = path ? path_read(path, 4 * MIB) : NULL;
	manifest = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
	server = json_object_get(manifest, "server");
	type = text_of(server, "type");
	point = text_of(server, "entry_point");
	entry = is_inside(point) ? path_make("%s/%s", tree, point) : NULL;
	if (!path_is_file(entry))
		return err_set(err, EBADMSG, "%s: its manifest names no entry point that is in it",
			       spec->name);
	command = json_array();
	if (json_object_set_new(s->policy, "command", command) < 0)
		return no_memory(err);
	if (!strcmp(type, "node"))
		json_array_append_new(command, json_string("node"));
	else if (!strcmp(type, "python"))
		json_array_append_new(command, json_string("python3"));
	else if (strcmp(type, "binary") != 0)
		return err_set(err, ENOTSUP, "%s: a server of type %s, which would download when it starts; "
					     "only node, python and binary are run", spec->name, type);
	if (json_array_append_new(command, json_string(entry)) < 0)
		return no_memory(err);
	if (add_arguments(s, command, json_object_get(server, "mcp_config"), entry, tree, err) < 0)
		return -ENOMEM;
	return add_wishes(s, manifest, json_object_get(server, "mcp_config"), tree, err);
}

/* --- server.json ----------------------------------------------------------------------------- */

static const char *either(json_t *o, const char *a, const char *b)
{
	return *text_of(o, a) ? text_of(o, a) : text_of(o, b);
}

int starter_choose(json_t *server, struct spec *ret, json_t **ret_entry, struct err *err)
{
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(server, "packages"), i, one) {
		const char *kind = either(one, "registryType", "registry_type");
		const char *name = either(one, "identifier", "name");
		const char *version = text_of(one, "version");
		cleanup_free char *text = NULL;

		if (!*kind)
			kind = text_of(one, "registry_name");
		if (!strcmp(kind, "npm"))
			text = path_make("npm:%s%s%s", name, *version ? "@" : "", version);
		else if (!strcmp(kind, "pypi"))
			text = path_make("pypi:%s%s%s", name, *version ? "==" : "", version);
		if (!text)
			continue;
		*ret_entry = one;
		return spec_parse(text, ret, err);
	}
	return err_set(err, ENOTSUP, "server.json: names no package of npm or PyPI; remote servers and "
				     "containers are not started here");
}

static int add_entry(struct starter *s, json_t *entry, struct err *err)
{
	json_t *command = json_object_get(s->policy, "command"), *one;
	size_t i;
	int r = 0;

	json_array_foreach(json_object_get(entry, "packageArguments"), i, one) {
		const char *value = text_of(one, "value"), *name = text_of(one, "name");

		if (*value && !strchr(value, '{')) {
			if (*name)
				r |= json_array_append_new(command, json_string(name));
			r |= json_array_append_new(command, json_string(value));
		} else {
			r |= wish(s, "the argument %s (%s); add its value to \"command\"",
				  *name ? name : text_of(one, "valueHint"), text_of(one, "description"));
		}
	}
	json_array_foreach(json_object_get(entry, "environmentVariables"), i, one)
		r |= wish(s, "the environment variable %s%s (%s); add it to sandbox.env.pass",
			  text_of(one, "name"),
			  json_is_true(json_object_get(one, "isSecret")) ? ", a secret" : "",
			  text_of(one, "description"));
	return r ? no_memory(err) : 0;
}

/* --- the whole ---------------------------------------------------------------------------------- */

int starter_make(const struct user *u, const struct spec *spec, const char *dir,
		 json_t *manifest, struct starter *ret, struct err *err)
{
	struct starter s = {0};
	int r = 0;

	set_name(s.name, spec->name);
	s.policy = json_pack("{s:i, s:s}", "version", 1, "server", s.name);
	if (!s.policy)
		return no_memory(err);
	if (spec->kind == SPEC_MCPB)
		r = make_bundle(u, spec, dir, &s, err);
	else if (json_object_set_new(s.policy, "command",
				     spec->kind == SPEC_NPM ?
					     json_pack("[s,s,s]", "npx", "-y", spec->name) :
					     json_pack("[s,s]", "uvx", spec->name)) < 0)
		r = no_memory(err);
	if (r == 0 && manifest)
		r = add_entry(&s, manifest, err);
	if (r < 0) {
		starter_done(&s);
		return r;
	}
	*ret = s;
	return 0;
}

int starter_write(const struct user *u, const struct starter *s, char **ret_path, struct err *err)
{
	cleanup_free char *dir = path_make("%s/servers", u->config);
	cleanup_free char *path = dir ? path_make("%s/%s.json", dir, s->name) : NULL;
	cleanup_free char *text = json_dumps(s->policy, JSON_INDENT(2));
	cleanup_close int fd = -1;

	if (!path || !text)
		return no_memory(err);
	/* Its parent is ~/.config, which a login may not have made yet. */
	for (char *p = strchr(dir + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(dir, 0700);
		*p = '/';
	}
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return err_errno(err, errno, "make %s", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		return err_set(err, EEXIST, "%s: exists and stays as it is; the policy is printed instead",
			       path);
	if (fd < 0 || fd_write_all(fd, text, strlen(text)) < 0 || fd_write_all(fd, "\n", 1) < 0)
		return err_errno(err, errno, "write %s", path);
	*ret_path = take_ptr(&path);
	return 0;
}
