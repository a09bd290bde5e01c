/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * jansson parses (and refuses duplicate members); then each object is walked with the
 * table of the members it may have.  What is in no table is an error: a policy that
 * says more than this version does would be a promise that nobody keeps.
 */
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/destination.h"
#include "common/err.h"
#include "common/limits.h"
#include "common/range.h"
#include "policies/load.h"
#include "policies/load_approval.h"
#include "policies/load_findings.h"
#include "policies/load_rates.h"
#include "policies/load_rules.h"
#include "policies/locate.h"
#include "policies/policy.h"
#include "scan/scan.h"

#define DEPTH 12 /* messages, tools, 0, arguments, /path, under, 0 */

struct loading {
	const char *text, *origin, *home;
	size_t len;
	struct locate_step path[DEPTH];
	size_t depth;
	struct policy *policy;
	struct err *err;
};

typedef int (*load_member)(struct loading *l, json_t *value);

struct member {
	const char *name;
	load_member load;
};

__attribute__((format(printf, 2, 3))) static int refuse(struct loading *l, const char *fmt, ...)
{
	size_t line, column;
	char words[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	locate(l->text, l->len, l->path, l->depth, &line, &column);
	return err_set(l->err, EINVAL, "%s:%zu:%zu: %s", l->origin, line, column, words);
}

static int no_memory(struct loading *l)
{
	return err_errno(l->err, ENOMEM, "%s", l->origin);
}

/* --- values --------------------------------------------------------------------------- */

/* A word of a list "private|persistent": its place, from 1. */
static int word(struct loading *l, json_t *value, const char *words, int *ret)
{
	const char *text = json_string_value(value);
	int n = 1;

	for (const char *p = words; text; n++) {
		size_t len = strcspn(p, "|");

		if (strlen(text) == len && !strncmp(p, text, len)) {
			*ret = n;
			return 0;
		}
		if (!p[len])
			break;
		p += len + 1;
	}
	return refuse(l, "must be one of %s", words);
}

/* 512, "64M": bytes, with binary K, M, G; plain numbers for counts too. */
static int size(struct loading *l, json_t *value, uint64_t min, uint64_t max, uint64_t *ret)
{
	static const char units[] = "KMG";
	const char *text = json_string_value(value);
	uint64_t n = 0;

	if (json_is_integer(value) && json_integer_value(value) > 0) {
		n = (uint64_t)json_integer_value(value);
	} else if (text) {
		size_t digits = strspn(text, "0123456789");
		const char *unit = strchr(units, text[digits]);

		if (digits < 1 || digits > 12 || !text[digits] || !unit || text[digits + 1])
			return refuse(l, "must be a number or one like \"64M\" (K, M or G)");
		n = strtoull(text, NULL, 10);
		/* Above every bound, and it would come round to a small one. */
		if (n > UINT64_MAX >> (10 * (unit - units + 1)))
			return refuse(l, "must be at most %llu", (unsigned long long)max);
		n <<= 10 * (unit - units + 1);
	} else {
		return refuse(l, "must be a positive number or one like \"64M\"");
	}
	if (n < min || n > max)
		return refuse(l, "must be from %llu to %llu", (unsigned long long)min,
			      (unsigned long long)max);
	*ret = n;
	return 0;
}

typedef int (*load_item)(struct loading *l, const char *text, struct strv *list);

static int strings(struct loading *l, json_t *value, load_item item, struct strv *list)
{
	json_t *element;
	size_t i;

	if (!json_is_array(value))
		return refuse(l, "must be a list of strings");
	if (json_array_size(value) > LIMIT_RULES)
		return refuse(l, "more than %d entries", LIMIT_RULES);
	json_array_foreach(value, i, element) {
		int r;

		l->path[l->depth++] = (struct locate_step){ NULL, i };
		r = json_is_string(element) ? item(l, json_string_value(element), list) :
					      refuse(l, "must be a string");
		if (r < 0)
			return r;
		l->depth--;
	}
	return 0;
}

static int item_plain(struct loading *l, const char *text, struct strv *list)
{
	if (!*text)
		return refuse(l, "must not be empty");
	return strv_add(list, text) < 0 ? no_memory(l) : 0;
}

/* Absolute or below ~, without "..": what it names is resolved later, and only once. */
static int item_path(struct loading *l, const char *text, struct strv *list)
{
	bool is_home = !strcmp(text, "~") || !strncmp(text, "~/", 2);

	if (text[0] != '/' && !is_home)
		return refuse(l, "must be an absolute path or begin with ~/");
	if (strlen(text) >= PATH_MAX - 256)
		return refuse(l, "longer than a path can be");
	for (const char *p = text; (p = strstr(p, "..")); p += 2)
		if ((p[2] == '/' || !p[2]) && p > text && p[-1] == '/')
			return refuse(l, "must not hold \"..\"");
	return strv_addf(list, "%s%s", is_home ? l->home : "", is_home ? text + 1 : text) < 0 ?
		       no_memory(l) :
		       0;
}

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
		return refuse(l, "must be the name of a variable; a '*' may end it");
	return strv_add(list, text) < 0 ? no_memory(l) : 0;
}

/* --- objects --------------------------------------------------------------------------- */

static int object(struct loading *l, json_t *value, const struct member *members)
{
	json_t *child;
	const char *key;

	if (!json_is_object(value))
		return refuse(l, "must be an object");
	json_object_foreach(value, key, child) {
		const struct member *m = members;
		int r;

		l->path[l->depth++] = (struct locate_step){ key, 0 };
		while (m->name && strcmp(m->name, key) != 0)
			m++;
		r = m->name ? m->load(l, child) :
			      refuse(l, "unknown member \"%.64s\"; this version has no such thing",
				     key);
		if (r < 0)
			return r;
		l->depth--;
	}
	return 0;
}

#define ENUM_MEMBER(function, words, field, type)                                        \
	static int function(struct loading *l, json_t *v)                                \
	{                                                                                \
		int n, r = word(l, v, words, &n);                                        \
										         \
		if (r == 0)                                                              \
			l->policy->field = (type)n;                                      \
		return r;                                                                \
	}

/* The words stand in the order of the enums in policy.h. */
ENUM_MEMBER(load_home, "private|persistent", sandbox.home, enum policy_home)
ENUM_MEMBER(load_arguments, "none|read|write", sandbox.arguments, enum policy_arguments)
ENUM_MEMBER(load_sockets, "none|unix", sandbox.sockets, enum policy_sockets)
ENUM_MEMBER(load_new_names, "deny|allow", sandbox.new_names, enum policy_new_names)
ENUM_MEMBER(load_tier, "full|nouserns", sandbox.minimum_tier, enum policy_tier)
ENUM_MEMBER(load_tokens, "redact|off", messages.tokens, enum policy_tokens)
ENUM_MEMBER(load_all_requests, "deny|answer|pass", messages.server_requests, enum policy_requests)
ENUM_MEMBER(load_sampling, "deny|answer|pass", messages.sampling, enum policy_requests)
ENUM_MEMBER(load_elicitation, "deny|answer|pass", messages.elicitation, enum policy_requests)
ENUM_MEMBER(load_list_roots, "deny|answer|pass", messages.list_roots, enum policy_requests)
ENUM_MEMBER(load_pin, "strict|tofu|off", messages.pin, enum policy_pin)
ENUM_MEMBER(load_descriptions, "hide|flag", messages.descriptions, enum policy_descriptions)
ENUM_MEMBER(load_not_read_only, "deny|approve|allow", messages.not_read_only, enum policy_annotated)
ENUM_MEMBER(load_destructive, "deny|approve|allow", messages.destructive, enum policy_annotated)
ENUM_MEMBER(load_open_world, "deny|approve|allow", messages.open_world, enum policy_annotated)
ENUM_MEMBER(load_names, "strict|any", messages.names, enum policy_names)

/* A class of personal data (scan/scan.h); the list is kept as bits. */
static int item_personal(struct loading *l, const char *text, struct strv *list)
{
	uint64_t bits = scan_personal(text);

	(void)list;
	if (!bits)
		return refuse(l, "no such class of personal data; mcp-confine(1) has them under "
				 "--pii, and \"all\" is all of them");
	l->policy->messages.personal |= bits;
	return 0;
}

static int load_pii(struct loading *l, json_t *value)
{
	return strings(l, value, item_personal, NULL);
}

#define LIMIT_MEMBER(field, min, max)                                                    \
	static int load_##field(struct loading *l, json_t *v)                            \
	{                                                                                \
		return size(l, v, min, max, &l->policy->sandbox.limits.field);           \
	}

LIMIT_MEMBER(memory, 16 << 20, 1ULL << 44)
LIMIT_MEMBER(memory_total, 16 << 20, 1ULL << 44)
LIMIT_MEMBER(processes, 1, 1 << 20)
LIMIT_MEMBER(open_files, 16, 1 << 20)
LIMIT_MEMBER(file_size, 4096, 1ULL << 44)
LIMIT_MEMBER(tmp_size, 4096, 1ULL << 40)
LIMIT_MEMBER(cpu, 1, 1 << 30)

static int load_require_cgroup(struct loading *l, json_t *value)
{
	if (!json_is_boolean(value))
		return refuse(l, "must be true or false");
	l->policy->sandbox.limits.require_cgroup = json_is_true(value);
	return 0;
}

static int load_limits(struct loading *l, json_t *value)
{
	static const struct member members[] = {
		{ "memory", load_memory },	 { "processes", load_processes },
		{ "open_files", load_open_files }, { "file_size", load_file_size },
		{ "tmp_size", load_tmp_size },	 { "cpu", load_cpu },
		{ "memory_total", load_memory_total }, { "require_cgroup", load_require_cgroup }, {0},
	};

	return object(l, value, members);
}

static int load_read(struct loading *l, json_t *value)
{
	l->policy->sandbox.has_read = true;
	return strings(l, value, item_path, &l->policy->sandbox.read);
}

static int load_write(struct loading *l, json_t *value)
{
	l->policy->sandbox.has_write = true;
	return strings(l, value, item_path, &l->policy->sandbox.write);
}

static int load_overlay(struct loading *l, json_t *value)
{
	l->policy->sandbox.has_overlay = true;
	return strings(l, value, item_path, &l->policy->sandbox.overlay);
}

static int load_unprotect(struct loading *l, json_t *value)
{
	l->policy->sandbox.has_unprotect = true;
	return strings(l, value, item_path, &l->policy->sandbox.unprotect);
}

static int load_pass(struct loading *l, json_t *value)
{
	l->policy->sandbox.has_env_pass = true;
	return strings(l, value, item_env_name, &l->policy->sandbox.env_pass);
}

static int load_set(struct loading *l, json_t *value)
{
	json_t *child;
	const char *key;

	if (!json_is_object(value))
		return refuse(l, "must be an object of strings");
	json_object_foreach(value, key, child) {
		const char *text = json_string_value(child);
		bool is_home = text && !strncmp(text, "~/", 2);

		l->path[l->depth++] = (struct locate_step){ key, 0 };
		if (!is_name(key, strlen(key)))
			return refuse(l, "must be the name of a variable");
		if (!text)
			return refuse(l, "must be a string");
		if (strv_addf(&l->policy->sandbox.env_set, "%s=%s%s", key,
			      is_home ? l->home : "", is_home ? text + 1 : text) < 0)
			return no_memory(l);
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
		return refuse(l, "must be an object of paths");
	json_object_foreach(value, key, child) {
		struct strv path = {0};
		int r;

		l->path[l->depth++] = (struct locate_step){ key, 0 };
		if (!is_name(key, strlen(key)))
			return refuse(l, "must be the name of a variable");
		if (!json_is_string(child))
			return refuse(l, "must be a path");
		r = item_path(l, json_string_value(child), &path);
		if (r == 0 && strv_addf(&l->policy->sandbox.env_files, "%s=%s", key, path.v[0]) < 0)
			r = no_memory(l);
		strv_done(&path);
		if (r < 0)
			return r;
		l->depth--;
	}
	return 0;
}

static int load_env(struct loading *l, json_t *value)
{
	static const struct member members[] = {
		{ "pass", load_pass }, { "set", load_set }, { "from_file", load_env_files }, {0},
	};
	json_t *set, *child;
	const char *key;
	int r = object(l, value, members);

	if (r < 0)
		return r;
	set = json_object_get(value, "set");
	json_object_foreach(json_object_get(value, "from_file"), key, child)
		if (json_object_get(set, key))
			return refuse(l, "%.64s is both in set and in from_file", key);
	return 0;
}

/* Directly in a private directory of the sandbox: plan.c checks which. */
static int load_socket(struct loading *l, json_t *value)
{
	struct strv one = {0};
	int r = json_is_string(value) ? item_path(l, json_string_value(value), &one) :
					refuse(l, "must be the path of a Unix socket inside");

	if (r == 0 && strlen(one.v[0]) > 107)
		r = refuse(l, "longer than 107 bytes, the most a Unix socket's path can have");
	if (r == 0) {
		l->policy->sandbox.socket = strdup(one.v[0]);
		r = l->policy->sandbox.socket ? 0 : no_memory(l);
	}
	strv_done(&one);
	return r;
}

static int item_destination(struct loading *l, const char *text, struct strv *list)
{
	struct destination d;
	struct err why = {0};

	if (list->n == DESTINATION_MAX)
		return refuse(l, "more than %d destinations", DESTINATION_MAX);
	if (destination_parse(text, &d, &why) < 0)
		return refuse(l, "%s", why.text);
	return strv_addf(list, "%s%s:%u", d.is_wild ? "*." : "", d.name, (unsigned int)d.port) < 0 ?
		       no_memory(l) :
		       0;
}

static int item_range(struct loading *l, const char *text, struct strv *list)
{
	struct range range;
	struct err why = {0};

	if (list->n == RANGE_MAX)
		return refuse(l, "more than %d ranges", RANGE_MAX);
	if (range_parse(text, &range, &why) < 0)
		return refuse(l, "%s", why.text);
	return strv_add(list, text) < 0 ? no_memory(l) : 0;
}

static int load_connect(struct loading *l, json_t *value)
{
	l->policy->sandbox.network.has_connect = true;
	return strings(l, value, item_destination, &l->policy->sandbox.network.connect);
}

static int load_addresses(struct loading *l, json_t *value)
{
	l->policy->sandbox.network.has_addresses = true;
	return strings(l, value, item_range, &l->policy->sandbox.network.addresses);
}

static int load_budget(struct loading *l, json_t *value)
{
	return size(l, value, 1, 1ULL << 50, &l->policy->sandbox.network.budget);
}

static int load_network(struct loading *l, json_t *value)
{
	static const struct member members[] = {
		{ "connect", load_connect }, { "addresses", load_addresses },
		{ "budget", load_budget }, {0},
	};

	return object(l, value, members);
}

static int load_sandbox(struct loading *l, json_t *value)
{
	static const struct member members[] = {
		{ "read", load_read },	   { "write", load_write },
		{ "overlay", load_overlay },
		{ "home", load_home },	   { "arguments", load_arguments },
		{ "env", load_env },	   { "limits", load_limits },
		{ "sockets", load_sockets }, { "new_names", load_new_names },
		{ "unprotect", load_unprotect },
		{ "network", load_network },   { "minimum_tier", load_tier },
		{ "socket", load_socket },     {0},
	};

	return object(l, value, members);
}

/* What is wrong in a part that another module loads, with its place in the document. */
static int faulty(struct loading *l, int r, const struct load_fault *fault)
{
	if (r == 0)
		return 0;
	if (!fault->words[0])
		return no_memory(l);
	for (size_t i = 0; i < fault->depth && l->depth < DEPTH; i++)
		l->path[l->depth++] = fault->path[i];
	return refuse(l, "%s", fault->words);
}

/* The rules of this layer become the one entry of `layers`. */
static int rules(struct loading *l, json_t *value, enum load_subject subject,
		 struct policy_rules **layers, size_t *n)
{
	struct load_fault fault;

	*layers = calloc(1, sizeof(**layers));
	if (!*layers)
		return no_memory(l);
	*n = 1;
	return faulty(l, load_rules(value, subject, l->home, *layers, &fault), &fault);
}

static int load_tools(struct loading *l, json_t *value)
{
	return rules(l, value, LOAD_NAMES, &l->policy->messages.tools,
		     &l->policy->messages.n_tools);
}

static int load_prompts(struct loading *l, json_t *value)
{
	return rules(l, value, LOAD_NAMES, &l->policy->messages.prompts,
		     &l->policy->messages.n_prompts);
}

static int load_resources(struct loading *l, json_t *value)
{
	return rules(l, value, LOAD_URIS, &l->policy->messages.resources,
		     &l->policy->messages.n_resources);
}

static int load_roots(struct loading *l, json_t *value)
{
	l->policy->messages.has_roots = true;
	return strings(l, value, item_path, &l->policy->messages.roots);
}

static int load_result_size(struct loading *l, json_t *v)
{
	return size(l, v, 1024, LIMIT_LINE, &l->policy->messages.max_result);
}

static int load_arguments_size(struct loading *l, json_t *v)
{
	return size(l, v, 64, LIMIT_LINE, &l->policy->messages.max_arguments);
}

static int load_bounds(struct loading *l, json_t *value)
{
	static const struct member members[] = { { "result", load_result_size },
						 { "arguments", load_arguments_size }, {0} };

	return object(l, value, members);
}

static int load_rates(struct loading *l, json_t *value)
{
	struct load_fault fault;

	return faulty(l, load_rate_list(value, &l->policy->messages, &fault), &fault);
}

static int load_annotations(struct loading *l, json_t *value)
{
	static const struct member members[] = { { "not_read_only", load_not_read_only },
						 { "destructive", load_destructive },
						 { "open_world", load_open_world }, {0} };

	return object(l, value, members);
}

/* One word for all kinds, or an object with a word for each. */
static int load_requests(struct loading *l, json_t *value)
{
	static const struct member members[] = { { "sampling", load_sampling },
						 { "elicitation", load_elicitation },
						 { "roots", load_list_roots }, {0} };

	return json_is_object(value) ? object(l, value, members) : load_all_requests(l, value);
}

static int load_methods(struct loading *l, json_t *value)
{
	l->policy->messages.has_methods = true;
	return strings(l, value, item_plain, &l->policy->messages.methods);
}

/* What this layer says about findings: the one entry of the list. */
static struct policy_findings *findings(struct loading *l)
{
	struct policy_messages *m = &l->policy->messages;

	if (!m->findings)
		m->findings = calloc(1, sizeof(*m->findings));
	m->n_findings = m->findings != NULL;
	return m->findings;
}

static int load_findings(struct loading *l, json_t *value)
{
	struct policy_findings *f = findings(l);
	struct load_fault fault;

	return f ? faulty(l, load_finding_rules(value, f, &fault), &fault) : no_memory(l);
}

static int load_exempt(struct loading *l, json_t *value)
{
	struct policy_findings *f = findings(l);
	struct load_fault fault;

	return f ? faulty(l, load_exemptions(value, f, &fault), &fault) : no_memory(l);
}

static int load_messages(struct loading *l, json_t *value)
{
	static const struct member members[] = {
		{ "tools", load_tools },
		{ "prompts", load_prompts },
		{ "resources", load_resources },
		{ "methods", load_methods },
		{ "names", load_names },
		{ "pin", load_pin },
		{ "rate", load_rates },
		{ "descriptions", load_descriptions },
		{ "annotations", load_annotations },
		{ "limits", load_bounds },
		{ "roots", load_roots },
		{ "tokens", load_tokens },
		{ "pii", load_pii },
		{ "findings", load_findings },
		{ "exempt", load_exempt },
		{ "server_requests", load_requests },
		{0},
	};
	struct policy_messages *m = &l->policy->messages;
	int r = object(l, value, members);

	if (r < 0 || (!m->tokens && !m->personal && !m->findings))
		return r;
	if (!findings(l))
		return no_memory(l);
	m->findings->tokens = m->tokens;
	m->findings->personal = m->personal;
	return 0;
}

static int blame(struct loading *l, const struct approval_fault *f)
{
	for (size_t i = 0; i < f->depth; i++)
		l->path[l->depth++] = (struct locate_step){ f->keys[i], 0 };
	return f->words[0] ? refuse(l, "%s", f->words) : no_memory(l);
}

static int load_approval_member(struct loading *l, json_t *value)
{
	struct approval_fault fault = {0};

	return load_approval(value, l->home, &l->policy->approval, &fault) < 0 ? blame(l, &fault) :
										  0;
}

static int load_pdp_member(struct loading *l, json_t *value)
{
	struct approval_fault fault = {0};

	return load_pdp(value, l->home, &l->policy->pdp, &fault) < 0 ? blame(l, &fault) : 0;
}

static int load_version(struct loading *l, json_t *value)
{
	if (!json_is_integer(value) || json_integer_value(value) != 1)
		return refuse(l, "must be 1");
	return 0;
}

static int load_server(struct loading *l, json_t *value)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	const char *text = json_string_value(value);

	if (!text || !*text || *text == '.' || strlen(text) > 64 ||
	    strspn(text, letters) != strlen(text))
		return refuse(l, "must be a name of 1 to 64 letters, digits, '.', '_' and '-'");
	l->policy->server = strdup(text);
	return l->policy->server ? 0 : no_memory(l);
}

/* {"from_file": path} among the arguments: the place is kept, the launcher fills it. */
static int load_argument_file(struct loading *l, json_t *value, size_t index)
{
	const char *text = json_string_value(json_object_get(value, "from_file"));
	struct strv path = {0};
	int r;

	if (!index)
		return refuse(l, "the program itself cannot come from a file");
	if (json_object_size(value) != 1 || !text)
		return refuse(l, "an argument is a string or {\"from_file\": path}");
	r = item_path(l, text, &path);
	if (r == 0 && (strv_addf(&l->policy->command_files, "%zu=%s", index, path.v[0]) < 0 ||
		       strv_add(&l->policy->command, "[from_file]") < 0))
		r = no_memory(l);
	strv_done(&path);
	return r;
}

/* A program must have a name; an argument may be empty. */
static int item_argument(struct loading *l, size_t index, const char *text)
{
	if (!index && !*text)
		return refuse(l, "must not be empty");
	return strv_add(&l->policy->command, text) < 0 ? no_memory(l) : 0;
}

static int load_command(struct loading *l, json_t *value)
{
	json_t *element;
	size_t i;

	if (!json_is_array(value))
		return refuse(l, "must be a list of strings");
	if (!json_array_size(value))
		return refuse(l, "must not be empty");
	if (json_array_size(value) > LIMIT_RULES)
		return refuse(l, "more than %d entries", LIMIT_RULES);
	json_array_foreach(value, i, element) {
		int r;

		l->path[l->depth++] = (struct locate_step){ NULL, i };
		r = json_is_object(element) ? load_argument_file(l, element, i) :
		    json_is_string(element) ? item_argument(l, i, json_string_value(element)) :
					      refuse(l, "must be a string");
		if (r < 0)
			return r;
		l->depth--;
	}
	return 0;
}

static int load_about(struct loading *l, json_t *value)
{
	const char *text = json_string_value(value);

	if (!text || !*text || strlen(text) > 1024)
		return refuse(l, "must be a text of at most 1024 bytes");
	l->policy->about = strdup(text);
	return l->policy->about ? 0 : no_memory(l);
}

static int load_packages(struct loading *l, json_t *value)
{
	return strings(l, value, item_plain, &l->policy->packages);
}

static int load_enforce(struct loading *l, json_t *value)
{
	if (!json_is_boolean(value))
		return refuse(l, "must be true or false");
	l->policy->enforce = json_is_true(value);
	return 0;
}

/* For editors; says nothing to us. */
static int load_schema(struct loading *l, json_t *value)
{
	return json_is_string(value) ? 0 : refuse(l, "must be a string");
}

int load_text(const char *text, size_t len, const char *origin, const char *home,
	      struct policy *ret, struct err *err)
{
	static const struct member members[] = {
		{ "$schema", load_schema }, { "version", load_version },
		{ "server", load_server },  { "packages", load_packages },
		{ "about", load_about },
		{ "command", load_command }, { "enforce", load_enforce },
		{ "sandbox", load_sandbox }, { "messages", load_messages },
		{ "approval", load_approval_member }, { "pdp", load_pdp_member },
		{0},
	};
	struct policy policy = {0};
	struct loading l = { .text = text, .origin = origin, .home = home,
			     .len = len, .policy = &policy, .err = err };
	json_error_t error;
	json_auto_t *root = NULL;
	int r;

	if (len > LIMIT_POLICY)
		return err_set(err, EFBIG, "%s: more than %zu bytes", origin, LIMIT_POLICY);
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		return err_set(err, EINVAL, "%s:%d:%d: %s", origin, error.line, error.column,
			       error.text);
	r = object(&l, root, members);
	if (r == 0 && !json_object_get(root, "version"))
		r = refuse(&l, "\"version\": 1 is missing");
	if (r < 0) {
		policy_done(&policy);
		return r;
	}
	*ret = policy;
	return 0;
}
