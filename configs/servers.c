/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "configs/servers.h"

static bool is_one_of(const char *text, const char *const *words)
{
	for (; text && *words; words++)
		if (!strcmp(text, *words))
			return true;
	return false;
}

static const char *string_member(const struct node *object, const char *key)
{
	const struct node *n = tree_member(object, key, NULL);

	return n && n->kind == NODE_STRING ? n->text : NULL;
}

static bool has_member(const struct node *object, const char *const *keys)
{
	for (; *keys; keys++)
		if (tree_member(object, *keys, NULL))
			return true;
	return false;
}

static bool is_disabled(const struct node *entry)
{
	const struct node *off = tree_member(entry, "disabled", NULL);
	const struct node *on = tree_member(entry, "enabled", NULL);

	return (off && off->kind == NODE_TRUE) || (on && on->kind == NODE_FALSE);
}

static void classify(struct server *s)
{
	static const char *const urls[] = { "url", "serverUrl", "httpUrl", "uri", NULL };
	static const char *const remote[] = { "http", "sse", "streamableHttp", "streamable-http",
					      "streamable_http", "remote", "ws", NULL };
	static const char *const internal[] = { "builtin", "platform", "frontend", NULL };
	static const char *const local[] = { "stdio", "local", "custom", NULL };
	const char *type = string_member(s->outer, "type");
	bool has_url = has_member(s->outer, urls);

	s->kind = SERVER_UNKNOWN;
	if (s->command && has_url)
		s->why = "it has both a command and a URL";
	else if (s->command && type && !is_one_of(type, local))
		s->why = "it has a command, and a type that is not stdio";
	else if (s->command)
		s->kind = SERVER_STDIO;
	else if (has_url || is_one_of(type, remote))
		s->kind = SERVER_REMOTE;
	else if (is_one_of(type, internal))
		s->kind = SERVER_INTERNAL;
	else
		s->why = "it has neither a command nor a URL: an extension or the client supplies one";
}

static int check_members(const struct node *object, const char *name, struct err *err)
{
	for (const struct node *n = object ? object->first : NULL; n; n = n->next)
		for (const struct node *m = n->next; n->key && m; m = m->next)
			if (!strcmp(n->key, m->key))
				return err_set(err, EINVAL,
					       "server %.64s: a member stands there twice; remove one",
					       name);
	return 0;
}

static int add(const struct client *c, const struct node *entry, const char *name,
	       const char *where, struct servers *list, struct err *err)
{
	struct server s = { .name = name, .entry = entry, .outer = entry };
	const char *command = c->command, *args = c->args, *env = c->env;
	struct server *grown;
	int r;

	snprintf(s.where, sizeof(s.where), "%s", where);
	if (entry->kind == NODE_OBJECT) {
		const struct node *inner = tree_member(entry, command, NULL);

		/* Older Zed: "command": {"path": ..., "args": ..., "env": ...}. */
		if (inner && inner->kind == NODE_OBJECT) {
			s.entry = inner;
			command = "path";
		}
		s.command = tree_member(s.entry, command, NULL);
		s.args = args ? tree_member(s.entry, args, NULL) : NULL;
		s.env = tree_member(s.entry, env, NULL);
		s.is_disabled = is_disabled(entry);
		classify(&s);
	} else if (entry->kind == NODE_FALSE) {
		s.kind = SERVER_REMOTE;
		s.is_disabled = true;
	} else {
		s.why = "it is no object";
	}
	r = entry->n > 1024 ? err_set(err, EINVAL, "server %.64s: too many members", name) :
			      check_members(entry, name, err);
	if (r == 0 && s.entry != entry)
		r = check_members(s.entry, name, err);
	if (r == 0 && s.env && s.env->kind == NODE_OBJECT)
		r = s.env->n > 1024 ? err_set(err, EINVAL, "server %.64s: too many variables", name) :
				      check_members(s.env, name, err);
	if (r < 0)
		return r;
	grown = reallocarray(list->v, list->n + 1, sizeof(*grown));
	if (!grown)
		return err_errno(err, ENOMEM, "servers");
	list->v = grown;
	list->v[list->n++] = s;
	return 0;
}

/* A map from names to entries, or a list of entries with a name each. */
static int add_all(const struct client *c, const struct node *map, const char *where,
		   struct servers *list, struct err *err)
{
	const size_t first = list->n;

	if (map->kind != NODE_OBJECT && map->kind != NODE_ARRAY)
		return map->kind == NODE_OTHER ? 0 : /* null: none */
			       err_set(err, EINVAL, "its servers are neither an object nor a list");
	if (map->n > 4096)
		return err_set(err, EINVAL, "more than 4096 servers");
	for (const struct node *n = map->first; n; n = n->next) {
		const char *name = n->key;
		int r;

		if (!name) {
			const struct node *own = tree_member(n, "name", NULL);

			name = own && own->kind == NODE_STRING ? own->text : "(no name)";
		}
		for (size_t i = first; i < list->n; i++)
			if (!strcmp(list->v[i].name, name))
				return err_set(err, EINVAL,
					       "server %.64s stands there twice; rename or remove one",
					       name);
		r = add(c, n, name, where, list, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Down the way, step by step; where collects the steps that are not the same for all. */
static int walk(const struct client *c, const struct node *at, const char *way,
		const char *where, struct servers *list, struct err *err)
{
	const size_t len = strcspn(way, "/");
	const char *rest = way + len + (way[len] == '/');
	char key[64], below[sizeof(((struct server *)NULL)->where)];
	bool is_twice = false;
	const struct node *n;
	int r = 0;

	if (!len)
		return add_all(c, at, where, list, err);
	snprintf(key, sizeof(key), "%.*s", (int)len, way);
	if (strcmp(key, "*") != 0) {
		n = tree_member(at, key, &is_twice);
		if (is_twice)
			return err_set(err, EINVAL, "the member %s stands there twice; remove one", key);
		return n ? walk(c, n, rest, where, list, err) : 0;
	}
	for (n = at->kind == NODE_OBJECT ? at->first : NULL; n && r == 0; n = n->next) {
		/* Long paths are told apart by their ends. */
		size_t from = strlen(n->key) > 120 ? strlen(n->key) - 120 : 0;

		snprintf(below, sizeof(below), "%.30s%s", where, n->key + from);
		r = walk(c, n, rest, below, list, err);
	}
	return r;
}

int servers_find(const struct client *client, const struct tree *tree, struct servers *ret,
		 struct err *err)
{
	const size_t max = sizeof(client->servers) / sizeof(*client->servers);
	struct servers list = {0};

	for (size_t i = 0; i < max && client->servers[i]; i++) {
		int r = walk(client, tree->root, client->servers[i], "", &list, err);

		if (r < 0) {
			servers_done(&list);
			return r;
		}
	}
	*ret = list;
	return 0;
}

const struct server *servers_get(const struct servers *s, const char *where, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->v[i].name, name) && !strcmp(s->v[i].where, where))
			return &s->v[i];
	return NULL;
}

/* Append the strings of the list; words name the place of what is none. */
static int add_strings(const struct node *list, const char *what, struct strv *ret, struct err *err)
{
	if (list->kind != NODE_ARRAY)
		return err_set(err, EINVAL, "its %s is no list", what);
	for (const struct node *n = list->first; n; n = n->next) {
		if (n->kind != NODE_STRING)
			return err_set(err, EINVAL, "an element of its %s is no string; put it into quotes",
				       what);
		if (strv_add(ret, n->text) < 0)
			return err_errno(err, ENOMEM, "arguments");
	}
	return 0;
}

int servers_argv(const struct client *client, const struct server *server, struct strv *ret,
		 struct err *err)
{
	struct strv argv = {0};
	int r = 0;

	if (!client->args) {
		r = add_strings(server->command, client->command, &argv, err);
	} else if (server->command->kind != NODE_STRING) {
		r = err_set(err, EINVAL, "its command is no string");
	} else {
		r = strv_add(&argv, server->command->text) < 0 ? err_errno(err, ENOMEM, "arguments") : 0;
		if (r == 0 && server->args)
			r = add_strings(server->args, client->args, &argv, err);
	}
	if (r == 0 && (!argv.n || !*argv.v[0]))
		r = err_set(err, EINVAL, "its command is empty");
	if (r < 0) {
		strv_done(&argv);
		return r;
	}
	*ret = argv;
	return 0;
}

bool servers_has_variable(const struct client *client, const char *text)
{
	if (strstr(text, "${"))
		return true;
	if (client->variables & VARIABLES_DOLLAR)
		for (const char *p = text; (p = strchr(p, '$')); p++)
			if (isalpha((unsigned char)p[1]) || p[1] == '_')
				return true;
	return (client->variables & VARIABLES_CURLY) &&
	       (strstr(text, "{env:") || strstr(text, "{file:"));
}

void servers_done(struct servers *s)
{
	free(s->v);
	*s = (struct servers){0};
}
