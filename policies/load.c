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
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/limits.h"
#include "policies/load.h"
#include "policies/load_approval.h"
#include "policies/load_assessment.h"
#include "policies/load_audit.h"
#include "policies/load_messages.h"
#include "policies/load_sandbox.h"
#include "policies/loading.h"
#include "policies/policy.h"

static int blame(struct loading *l, const struct approval_fault *f)
{
	for (size_t i = 0; i < f->depth; i++)
		l->path[l->depth++] = (struct locate_step){ f->keys[i], 0 };
	return f->words[0] ? loading_refuse(l, "%s", f->words) : loading_no_memory(l);
}

static int load_approval_member(struct loading *l, json_t *value)
{
	struct approval_fault fault = {0};

	return load_approval(value, l->home, &l->policy->approval, &fault) < 0 ? blame(l, &fault) :
										  0;
}

static int load_delegation_member(struct loading *l, json_t *value)
{
	struct approval_fault fault = {0};

	return load_delegation(value, l->home, &l->policy->delegation, &fault) < 0 ? blame(l, &fault) :
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
		return loading_refuse(l, "must be 1");
	return 0;
}

static int load_server(struct loading *l, json_t *value)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	const char *text = json_string_value(value);

	if (!text || !*text || *text == '.' || strlen(text) > 64 ||
	    strspn(text, letters) != strlen(text))
		return loading_refuse(l, "must be a name of 1 to 64 letters, digits, '.', '_' and '-'");
	l->policy->server = strdup(text);
	return l->policy->server ? 0 : loading_no_memory(l);
}

/* {"from_file": path} among the arguments: the place is kept, the launcher fills it. */
static int load_argument_file(struct loading *l, json_t *value, size_t index)
{
	const char *text = json_string_value(json_object_get(value, "from_file"));
	struct strv path = {0};
	int r;

	if (!index)
		return loading_refuse(l, "the program itself cannot come from a file");
	if (json_object_size(value) != 1 || !text)
		return loading_refuse(l, "an argument is a string or {\"from_file\": path}");
	r = loading_path(l, text, &path);
	if (r == 0 && (strv_addf(&l->policy->command_files, "%zu=%s", index, path.v[0]) < 0 ||
		       strv_add(&l->policy->command, "[from_file]") < 0))
		r = loading_no_memory(l);
	strv_done(&path);
	return r;
}

/* A program must have a name; an argument may be empty. */
static int item_argument(struct loading *l, size_t index, const char *text)
{
	if (!index && !*text)
		return loading_refuse(l, "must not be empty");
	return strv_add(&l->policy->command, text) < 0 ? loading_no_memory(l) : 0;
}

static int load_command(struct loading *l, json_t *value)
{
	json_t *element;
	size_t i;

	if (!json_is_array(value))
		return loading_refuse(l, "must be a list of strings");
	if (!json_array_size(value))
		return loading_refuse(l, "must not be empty");
	if (json_array_size(value) > LIMIT_RULES)
		return loading_refuse(l, "more than %d entries", LIMIT_RULES);
	json_array_foreach(value, i, element) {
		int r;

		l->path[l->depth++] = (struct locate_step){ NULL, i };
		r = json_is_object(element) ? load_argument_file(l, element, i) :
		    json_is_string(element) ? item_argument(l, i, json_string_value(element)) :
					      loading_refuse(l, "must be a string");
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
		return loading_refuse(l, "must be a text of at most 1024 bytes");
	l->policy->about = strdup(text);
	return l->policy->about ? 0 : loading_no_memory(l);
}

static int load_packages(struct loading *l, json_t *value)
{
	return loading_strings(l, value, loading_plain, &l->policy->packages);
}

static int load_enforce(struct loading *l, json_t *value)
{
	if (!json_is_boolean(value))
		return loading_refuse(l, "must be true or false");
	l->policy->enforce = json_is_true(value);
	return 0;
}

static int load_registry(struct loading *l, json_t *value, char **ret)
{
	const char *text = json_string_value(value);

	if (!text || strncmp(text, "https://", 8) != 0 || strpbrk(text, "@$ \t\r\n"))
		return loading_refuse(l, "must be an https URL, without a credential");
	*ret = strdup(text);
	return *ret ? 0 : loading_no_memory(l);
}

static int load_registry_npm(struct loading *l, json_t *value)
{
	return load_registry(l, value, &l->policy->registry_npm);
}

static int load_registry_pypi(struct loading *l, json_t *value)
{
	return load_registry(l, value, &l->policy->registry_pypi);
}

static int load_registries(struct loading *l, json_t *value)
{
	static const struct loading_member members[] = { { "npm", load_registry_npm },
							 { "pypi", load_registry_pypi }, {0} };

	return loading_object(l, value, members);
}

/* For editors; says nothing to us. */
static int load_schema(struct loading *l, json_t *value)
{
	return json_is_string(value) ? 0 : loading_refuse(l, "must be a string");
}

int load_text(const char *text, size_t len, const char *origin, const char *home,
	      struct policy *ret, struct err *err)
{
	static const struct loading_member members[] = {
		{ "$schema", load_schema }, { "version", load_version },
		{ "server", load_server },  { "packages", load_packages },
		{ "about", load_about },
		{ "command", load_command }, { "enforce", load_enforce },
		{ "registries", load_registries },
		{ "sandbox", load_sandbox }, { "messages", load_messages },
		{ "delegation", load_delegation_member },
		{ "approval", load_approval_member }, { "pdp", load_pdp_member },
		{ "assessment", load_assessment },
		{ "audit", load_audit }, { "agent", load_agent }, { "revocation", load_revocation },
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
	r = loading_object(&l, root, members);
	if (r == 0 && !json_object_get(root, "version"))
		r = loading_refuse(&l, "\"version\": 1 is missing");
	if (r < 0) {
		policy_done(&policy);
		return r;
	}
	*ret = policy;
	return 0;
}
