/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "policies/load_audit.h"
#include "policies/loading.h"
#include "policies/policy.h"

/* The longest time between a revocation and its effect that any policy can ask for. */
#define SECONDS_MAX 60
/* As long as a name in the log and in a list of what is revoked can be. */
#define NAME_MAX_LEN 200
#define URL_MAX 500

static int take_boolean(struct loading *l, json_t *value, bool *ret)
{
	if (!json_is_boolean(value))
		return loading_refuse(l, "must be true or false");
	*ret = json_is_true(value);
	return 0;
}

/* Printable ASCII without a blank: a word in a list, and in a line of the log. */
static int take_name(struct loading *l, json_t *value, const char *letters, char **ret)
{
	const char *text = json_string_value(value);
	size_t len = text ? strlen(text) : 0;

	if (!len || len > NAME_MAX_LEN)
		return loading_refuse(l, "must be a name of 1 to %d characters", NAME_MAX_LEN);
	for (size_t i = 0; i < len; i++)
		if (text[i] <= 0x20 || text[i] > 0x7e)
			return loading_refuse(l, "must be printable ASCII without blanks");
	if (letters && strspn(text, letters) != len)
		return loading_refuse(l, "may hold letters, digits and . _ ~ - only");
	*ret = strdup(text);
	return *ret ? 0 : loading_no_memory(l);
}

static int take_file(struct loading *l, json_t *value, char **ret)
{
	const char *text = json_string_value(value);
	struct strv path = {0};
	int r = text ? loading_path(l, text, &path) : loading_refuse(l, "must be a path");

	if (r == 0) {
		*ret = strdup(path.v[0]);
		r = *ret ? 0 : loading_no_memory(l);
	}
	strv_done(&path);
	return r;
}

/* --- audit ------------------------------------------------------------------------------ */

static int load_required(struct loading *l, json_t *v)
{
	return take_boolean(l, v, &l->policy->audit.required);
}

static int load_sync(struct loading *l, json_t *v)
{
	return take_boolean(l, v, &l->policy->audit.sync);
}

LOADING_ENUM(load_calls, "decided|all", audit.calls, enum policy_audit_calls)
LOADING_ENUM(load_journald, "off|heads|lines", audit.journald, enum policy_audit_copy)
LOADING_ENUM(load_syslog, "off|heads|lines", audit.syslog, enum policy_audit_copy)

/* Room for many lines in one file; and small enough to be read and checked at once. */
static int load_max_size(struct loading *l, json_t *v)
{
	return loading_size(l, v, 64 * KIB, 1024 * MIB, &l->policy->audit.max_size);
}

static int load_files(struct loading *l, json_t *v)
{
	return loading_size(l, v, 1, 100, &l->policy->audit.files);
}

int load_audit(struct loading *l, json_t *value)
{
	static const struct loading_member members[] = {
		{ "required", load_required }, { "sync", load_sync },
		{ "calls", load_calls },       { "journald", load_journald },
		{ "syslog", load_syslog },     { "max_size", load_max_size },
		{ "files", load_files },       {0},
	};

	return loading_object(l, value, members);
}

/* --- agent ------------------------------------------------------------------------------ */

static int load_agent_id(struct loading *l, json_t *v)
{
	return take_name(l, v, NULL, &l->policy->agent.id);
}

/* SPIFFE-ID, section 2: the scheme, a trust domain, a path. */
static int load_spiffe_id(struct loading *l, json_t *v)
{
	const char *text = json_string_value(v);

	if (!text || strncmp(text, "spiffe://", 9) != 0 || !text[9] || text[9] == '/')
		return loading_refuse(l, "must be like \"spiffe://example.org/agent\"");
	return take_name(l, v, NULL, &l->policy->agent.spiffe_id);
}

int load_agent(struct loading *l, json_t *value)
{
	static const struct loading_member members[] = {
		{ "id", load_agent_id }, { "spiffe_id", load_spiffe_id }, {0},
	};

	return loading_object(l, value, members);
}

/* --- revocation --------------------------------------------------------------------------- */

static int load_interval(struct loading *l, json_t *v)
{
	return loading_size(l, v, 1, SECONDS_MAX, &l->policy->revocation.interval);
}

static int load_deny_after(struct loading *l, json_t *v)
{
	return loading_size(l, v, 1, SECONDS_MAX, &l->policy->revocation.deny_after);
}

static int load_kill_after(struct loading *l, json_t *v)
{
	return loading_size(l, v, 1, SECONDS_MAX, &l->policy->revocation.kill_after);
}

LOADING_ENUM(load_type, "agents|users", revocation.scim.type, enum policy_scim_type)
LOADING_ENUM(load_absent, "live|revoked", revocation.scim.absent, enum policy_absent)

static int load_url(struct loading *l, json_t *v)
{
	const char *text = json_string_value(v);

	if (!text || strlen(text) > URL_MAX || strncmp(text, "https://", 8) != 0 || !text[8] ||
	    strpbrk(text + 8, " #?\\@\"<>"))
		return loading_refuse(l, "must be an https:// URL without user, query or fragment");
	for (const char *p = text; *p; p++)
		if (*p < 0x21 || *p > 0x7e)
			return loading_refuse(l, "must be printable ASCII");
	l->policy->revocation.scim.url = strdup(text);
	return l->policy->revocation.scim.url ? 0 : loading_no_memory(l);
}

static int load_socket(struct loading *l, json_t *v)
{
	int r = take_file(l, v, &l->policy->revocation.scim.socket);

	if (r == 0 && strlen(l->policy->revocation.scim.socket) > 100)
		r = loading_refuse(l, "a socket has at most 100 characters");
	return r;
}

/* It becomes a part of a path: nothing that would have to be escaped there. */
static int load_id(struct loading *l, json_t *v)
{
	int r = take_name(l, v,
			  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-",
			  &l->policy->revocation.scim.id);

	if (r == 0 && l->policy->revocation.scim.id[0] == '.')
		r = loading_refuse(l, "must not begin with a dot");
	return r;
}

static int load_token_file(struct loading *l, json_t *v)
{
	return take_file(l, v, &l->policy->revocation.scim.token_file);
}

static int load_ca_file(struct loading *l, json_t *v)
{
	return take_file(l, v, &l->policy->revocation.scim.ca_file);
}

static int load_scim(struct loading *l, json_t *value)
{
	static const struct loading_member members[] = {
		{ "type", load_type },	     { "url", load_url },
		{ "socket", load_socket },   { "id", load_id },
		{ "token_file", load_token_file }, { "ca_file", load_ca_file },
		{ "absent_active", load_absent },  {0},
	};
	struct policy_scim *s = &l->policy->revocation.scim;
	int r = loading_object(l, value, members);

	if (r < 0)
		return r;
	if (!s->id || !!s->url == !!s->socket)
		return loading_refuse(l, "needs \"id\" and one of \"url\" and \"socket\"");
	if (s->socket && s->ca_file)
		return loading_refuse(l, "a \"socket\" has no \"ca_file\"");
	if (!s->type)
		s->type = POLICY_SCIM_AGENTS;
	if (!s->absent)
		s->absent = POLICY_ABSENT_LIVE;
	return 0;
}

int load_revocation(struct loading *l, json_t *value)
{
	static const struct loading_member members[] = {
		{ "interval", load_interval },	   { "deny_after", load_deny_after },
		{ "kill_after", load_kill_after }, { "scim", load_scim }, {0},
	};
	const struct policy_revocation *p = &l->policy->revocation;
	int r = loading_object(l, value, members);

	if (r == 0 && p->deny_after && p->kill_after && p->deny_after > p->kill_after)
		r = loading_refuse(l, "\"deny_after\" must not be later than \"kill_after\"");
	return r;
}
