/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/destination.h"
#include "common/err.h"
#include "common/limits.h"
#include "common/proxy.h"
#include "common/range.h"
#include "policies/load_sandbox.h"
#include "policies/loading.h"
#include "policies/policy.h"

LOADING_ENUM(load_home, "private|persistent", sandbox.home, enum policy_home)
LOADING_ENUM(load_arguments, "none|read|write", sandbox.arguments, enum policy_arguments)
LOADING_ENUM(load_sockets, "none|unix", sandbox.sockets, enum policy_sockets)
LOADING_ENUM(load_new_names, "deny|allow", sandbox.new_names, enum policy_new_names)
LOADING_ENUM(load_tier, "full|nouserns", sandbox.minimum_tier, enum policy_tier)

static bool is_name(const char *text, size_t len)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";

	for (size_t i = 0; i < len; i++)
		if (!strchr(letters, text[i]) && (!i || text[i] < '0' || text[i] > '9'))
			return false;
	return len > 0;
}

static int item_env_name(struct loading *l, const char *text, struct strv *list)
{
	size_t len = strlen(text);

	if (len > 1 && text[len - 1] == '*')
		len--;
	if (!is_name(text, len))
		return loading_refuse(l, "must be the name of a variable; a '*' may end it");
	return strv_add(list, text) < 0 ? loading_no_memory(l) : 0;
}

#define LIMIT_MEMBER(field, min, max)                                                    \
	static int load_##field(struct loading *l, json_t *v)                            \
	{                                                                                \
		return loading_size(l, v, min, max, &l->policy->sandbox.limits.field);           \
	}

LIMIT_MEMBER(memory, 16 << 20, 1ULL << 44)
LIMIT_MEMBER(memory_total, 16 << 20, 1ULL << 44)
LIMIT_MEMBER(cpu_percent, 1, 100000)
LIMIT_MEMBER(processes, 1, 1 << 20)
LIMIT_MEMBER(open_files, 16, 1 << 20)
LIMIT_MEMBER(file_size, 4096, 1ULL << 44)
LIMIT_MEMBER(tmp_size, 4096, 1ULL << 40)
LIMIT_MEMBER(cpu, 1, 1 << 30)

static int load_require_cgroup(struct loading *l, json_t *value)
{
	if (!json_is_boolean(value))
		return loading_refuse(l, "must be true or false");
	l->policy->sandbox.limits.require_cgroup = json_is_true(value);
	return 0;
}

static int load_limits(struct loading *l, json_t *value)
{
	static const struct loading_member members[] = {
		{ "memory", load_memory },	 { "processes", load_processes },
		{ "open_files", load_open_files }, { "file_size", load_file_size },
		{ "tmp_size", load_tmp_size },	 { "cpu", load_cpu },
		{ "memory_total", load_memory_total }, { "require_cgroup", load_require_cgroup },
		{ "cpu_percent", load_cpu_percent }, {0},
	};

	return loading_object(l, value, members);
}

static int load_read(struct loading *l, json_t *value)
{
	l->policy->sandbox.has_read = true;
	return loading_strings(l, value, loading_path, &l->policy->sandbox.read);
}

static int load_write(struct loading *l, json_t *value)
{
	l->policy->sandbox.has_write = true;
	return loading_strings(l, value, loading_path, &l->policy->sandbox.write);
}

static int load_overlay(struct loading *l, json_t *value)
{
	l->policy->sandbox.has_overlay = true;
	return loading_strings(l, value, loading_path, &l->policy->sandbox.overlay);
}

static int load_unprotect(struct loading *l, json_t *value)
{
	l->policy->sandbox.has_unprotect = true;
	return loading_strings(l, value, loading_path, &l->policy->sandbox.unprotect);
}

static int load_pass(struct loading *l, json_t *value)
{
	l->policy->sandbox.has_env_pass = true;
	return loading_strings(l, value, item_env_name, &l->policy->sandbox.env_pass);
}

static int load_set(struct loading *l, json_t *value)
{
	json_t *child;
	const char *key;

	if (!json_is_object(value))
		return loading_refuse(l, "must be an object of strings");
	json_object_foreach(value, key, child) {
		const char *text = json_string_value(child);
		bool is_home = text && !strncmp(text, "~/", 2);

		l->path[l->depth++] = (struct locate_step){ key, 0 };
		if (!is_name(key, strlen(key)))
			return loading_refuse(l, "must be the name of a variable");
		if (!text)
			return loading_refuse(l, "must be a string");
		if (strv_addf(&l->policy->sandbox.env_set, "%s=%s%s", key,
			      is_home ? l->home : "", is_home ? text + 1 : text) < 0)
			return loading_no_memory(l);
		l->depth--;
	}
	return 0;
}

/* {"NAME": path}: the loader checks the words, the launcher the file. */
static int load_env_files(struct loading *l, json_t *value)
{
	json_t *child;
	const char *key;

	if (!json_is_object(value))
		return loading_refuse(l, "must be an object of paths");
	json_object_foreach(value, key, child) {
		struct strv path = {0};
		int r;

		l->path[l->depth++] = (struct locate_step){ key, 0 };
		if (!is_name(key, strlen(key)))
			return loading_refuse(l, "must be the name of a variable");
		if (!json_is_string(child))
			return loading_refuse(l, "must be a path");
		r = loading_path(l, json_string_value(child), &path);
		if (r == 0 && strv_addf(&l->policy->sandbox.env_files, "%s=%s", key, path.v[0]) < 0)
			r = loading_no_memory(l);
		strv_done(&path);
		if (r < 0)
			return r;
		l->depth--;
	}
	return 0;
}

static int load_env(struct loading *l, json_t *value)
{
	static const struct loading_member members[] = {
		{ "pass", load_pass }, { "set", load_set }, { "from_file", load_env_files }, {0},
	};
	json_t *set, *child;
	const char *key;
	int r = loading_object(l, value, members);

	if (r < 0)
		return r;
	set = json_object_get(value, "set");
	json_object_foreach(json_object_get(value, "from_file"), key, child)
		if (json_object_get(set, key))
			return loading_refuse(l, "%.64s is both in set and in from_file", key);
	return 0;
}

/* Directly in a private directory of the sandbox: plan.c checks which. */
static int load_socket(struct loading *l, json_t *value)
{
	struct strv one = {0};
	int r = json_is_string(value) ? loading_path(l, json_string_value(value), &one) :
					loading_refuse(l, "must be the path of a Unix socket inside");

	if (r == 0 && strlen(one.v[0]) > 107)
		r = loading_refuse(l, "longer than 107 bytes, the most a Unix socket's path can have");
	if (r == 0) {
		l->policy->sandbox.socket = strdup(one.v[0]);
		r = l->policy->sandbox.socket ? 0 : loading_no_memory(l);
	}
	strv_done(&one);
	return r;
}

static int item_destination(struct loading *l, const char *text, struct strv *list)
{
	struct destination d;
	struct err why = {0};

	if (list->n == DESTINATION_MAX)
		return loading_refuse(l, "more than %d destinations", DESTINATION_MAX);
	if (destination_parse(text, &d, &why) < 0)
		return loading_refuse(l, "%s", why.text);
	return strv_addf(list, "%s%s:%u", d.is_wild ? "*." : "", d.name, (unsigned int)d.port) < 0 ?
		       loading_no_memory(l) :
		       0;
}

static int item_range(struct loading *l, const char *text, struct strv *list)
{
	struct range range;
	struct err why = {0};

	if (list->n == RANGE_MAX)
		return loading_refuse(l, "more than %d ranges", RANGE_MAX);
	if (range_parse(text, &range, &why) < 0)
		return loading_refuse(l, "%s", why.text);
	return strv_add(list, text) < 0 ? loading_no_memory(l) : 0;
}

static int load_connect(struct loading *l, json_t *value)
{
	l->policy->sandbox.network.has_connect = true;
	return loading_strings(l, value, item_destination, &l->policy->sandbox.network.connect);
}

static int load_addresses(struct loading *l, json_t *value)
{
	l->policy->sandbox.network.has_addresses = true;
	return loading_strings(l, value, item_range, &l->policy->sandbox.network.addresses);
}

static int load_budget(struct loading *l, json_t *value)
{
	return loading_size(l, value, 1, 1ULL << 50, &l->policy->sandbox.network.budget);
}

static int load_proxy_address(struct loading *l, json_t *value)
{
	const char *text = json_string_value(value);
	struct proxy proxy;
	struct err why = {0};

	if (!text)
		return loading_refuse(l, "must be a string, host:port");
	if (proxy_parse(text, &proxy, &why) < 0)
		return loading_refuse(l, "%s", why.text);
	l->policy->sandbox.network.proxy = strdup(proxy.text);
	return l->policy->sandbox.network.proxy ? 0 : loading_no_memory(l);
}

/* A path into *ret. */
static int load_file_name(struct loading *l, json_t *value, char **ret)
{
	struct strv one = {0};
	int r = json_is_string(value) ? loading_path(l, json_string_value(value), &one) :
					loading_refuse(l, "must be the path of a file");

	if (r == 0) {
		*ret = strdup(one.v[0]);
		r = *ret ? 0 : loading_no_memory(l);
	}
	strv_done(&one);
	return r;
}

static int load_proxy_credentials(struct loading *l, json_t *value)
{
	return load_file_name(l, value, &l->policy->sandbox.network.proxy_credentials);
}

static int load_proxy_except(struct loading *l, json_t *value)
{
	return loading_strings(l, value, item_destination, &l->policy->sandbox.network.proxy_except);
}

static int load_proxy(struct loading *l, json_t *value)
{
	static const struct loading_member members[] = {
		{ "address", load_proxy_address }, { "credentials_file", load_proxy_credentials },
		{ "except", load_proxy_except }, {0},
	};
	int r = loading_object(l, value, members);

	return r == 0 && !l->policy->sandbox.network.proxy ?
		       loading_refuse(l, "names no address (host:port)") :
		       r;
}

static int load_ca_file(struct loading *l, json_t *value)
{
	return load_file_name(l, value, &l->policy->sandbox.network.ca_file);
}

static int load_network(struct loading *l, json_t *value)
{
	static const struct loading_member members[] = {
		{ "connect", load_connect }, { "addresses", load_addresses },
		{ "budget", load_budget }, { "proxy", load_proxy },
		{ "ca_file", load_ca_file }, {0},
	};

	return loading_object(l, value, members);
}

int load_sandbox(struct loading *l, json_t *value)
{
	static const struct loading_member members[] = {
		{ "read", load_read },	   { "write", load_write },
		{ "overlay", load_overlay },
		{ "home", load_home },	   { "arguments", load_arguments },
		{ "env", load_env },	   { "limits", load_limits },
		{ "sockets", load_sockets }, { "new_names", load_new_names },
		{ "unprotect", load_unprotect },
		{ "network", load_network },   { "minimum_tier", load_tier },
		{ "socket", load_socket },     {0},
	};

	return loading_object(l, value, members);
}
