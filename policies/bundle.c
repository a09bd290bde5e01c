/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "policies/bundle.h"
#include "policies/load.h"
#include "policies/merge.h"
#include "policies/policy.h"
#include "policies/profiles.h"

void bundle_done(struct bundle *b)
{
	for (size_t i = 0; i < b->n; i++) {
		free(b->v[i].origin);
		free(b->v[i].text);
	}
	free(b->v);
	*b = (struct bundle){0};
}

static int add(struct bundle *b, const char *origin, const char *text, size_t len,
	       bool is_ceiling, struct err *err)
{
	struct bundle_document *grown = reallocarray(b->v, b->n + 1, sizeof(*grown));
	struct bundle_document d = { strdup(origin), strndup(text, len), len, is_ceiling };

	if (grown)
		b->v = grown;
	if (!grown || !d.origin || !d.text) {
		free(d.origin);
		free(d.text);
		return err_errno(err, ENOMEM, "policy %s", origin);
	}
	b->v[b->n++] = d;
	return 0;
}

int bundle_add(struct bundle *b, const char *origin, const char *text, size_t len,
	       struct err *err)
{
	return add(b, origin, text, len, false, err);
}

/* Add dir/name when it exists.  Return: 1 added, 0 no such file, -errno. */
static int add_file(struct bundle *b, const char *dir, const char *name,
		    enum load_trust trust, bool is_ceiling, struct err *err)
{
	cleanup_free char *path = NULL, *text = NULL;
	size_t len;
	int r;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return err_errno(err, ENOMEM, "policy");
	r = load_file(path, trust, &text, &len, err);
	if (r <= 0)
		return r;
	r = add(b, path, text, len, is_ceiling, err);
	return r < 0 ? r : 1;
}

static int check_name(const char *name, struct err *err)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t len = strlen(name);

	if (!len || len > 64 || *name == '.' || strspn(name, letters) != len)
		return err_set(err, EINVAL,
			       "%s: not the name of a server (1 to 64 letters, digits, '.', '_', "
			       "'-'); a command goes behind --", name);
	return 0;
}

/* What only the user named, or nobody: not where the administrator enforces. */
static int refuse_when_enforced(const struct bundle *b, struct err *err)
{
	struct policy p = {0};
	int r = 0;

	for (size_t i = 0; i < b->n && r == 0; i++) {
		if (!b->v[i].is_ceiling)
			continue;
		r = load_text(b->v[i].text, b->v[i].len, b->v[i].origin, "/", &p, err);
		if (r == 0 && p.enforce)
			r = err_set(err, EPERM,
				    "%s says enforce: only servers that the administrator's "
				    "servers directory names may run; ask the administrator", b->v[i].origin);
		policy_done(&p);
	}
	return r;
}

int bundle_find_server(const struct bundle_places *places, const char *name,
		       struct bundle *ret, struct err *err)
{
	cleanup_free char *file = NULL;
	struct bundle b = {0};
	int admin = 0, user = 0, r = check_name(name, err);

	if (r < 0)
		return r;
	if (asprintf(&file, "servers/%s.json", name) < 0)
		return err_errno(err, ENOMEM, "policy");
	r = add_file(&b, places->admin, "policy.json", LOAD_ADMIN, true, err);
	if (r >= 0)
		r = admin = add_file(&b, places->admin, file, LOAD_ADMIN, false, err);
	if (r >= 0)
		r = user = add_file(&b, places->user, file, LOAD_USER, false, err);
	if (r >= 0 && !admin && user)
		r = refuse_when_enforced(&b, err);
	if (r >= 0 && !admin && !user)
		r = err_set(err, ENOENT,
			    "no policy for server %s: neither %s/%s nor %s/%s exists; write one, or "
			    "give the command behind --",
			    name, places->admin, file, places->user, file);
	if (r < 0) {
		bundle_done(&b);
		return r;
	}
	*ret = b;
	return 0;
}

int bundle_find_administrators(const char *dir, enum load_trust trust, const char *name,
			       struct bundle *ret, struct err *err)
{
	cleanup_free char *file = NULL;
	struct bundle b = {0};
	int r = check_name(name, err);

	if (r < 0)
		return r;
	if (asprintf(&file, "servers/%s.json", name) < 0)
		return err_errno(err, ENOMEM, "policy");
	r = add_file(&b, dir, "policy.json", trust, true, err);
	if (r >= 0)
		r = add_file(&b, dir, file, trust, false, err);
	if (r == 0)
		r = err_set(err, ENOENT, "no policy for server %s: %s/%s does not exist", name, dir, file);
	if (r < 0) {
		bundle_done(&b);
		return r;
	}
	*ret = b;
	return 0;
}

static const struct profile *find_named(const char *name)
{
	for (size_t i = 0; i < n_profiles; i++)
		if (!strcmp(profiles[i].name, name))
			return &profiles[i];
	return NULL;
}

/* The profile that lists the package by its whole name, scope included. */
static const struct profile *find_for(const char *package)
{
	for (size_t i = 0; i < n_profiles && package; i++) {
		struct policy p = {0};
		bool is_listed;

		/* Most do not even hold the name: they need not be parsed. */
		if (!strstr(profiles[i].text, package))
			continue;
		if (load_text(profiles[i].text, strlen(profiles[i].text), profiles[i].name, "/",
			      &p, NULL) < 0)
			continue;
		is_listed = strv_has(&p.packages, package);
		policy_done(&p);
		if (is_listed)
			return &profiles[i];
	}
	return find_named("default");
}

const struct profile *bundle_profile_for(const char *package)
{
	return find_for(package);
}

int bundle_find_profile(const struct bundle_places *places, const char *package,
			const char *profile, struct bundle *ret, const char **ret_profile,
			struct err *err)
{
	const struct profile *found = profile ? find_named(profile) : find_for(package);
	struct bundle b = {0};
	char origin[128];
	int r;

	if (!found)
		return err_set(err, ENOENT, "no profile %s", profile ? profile : "default");
	r = add_file(&b, places->admin, "policy.json", LOAD_ADMIN, true, err);
	if (r >= 0)
		r = refuse_when_enforced(&b, err);
	snprintf(origin, sizeof(origin), "profile %s", found->name);
	if (r == 0)
		r = bundle_add(&b, origin, found->text, strlen(found->text), err);
	if (r < 0) {
		bundle_done(&b);
		return r;
	}
	*ret = b;
	*ret_profile = found->name;
	return 0;
}

static void make_network_ceiling(struct policy_network *n)
{
	n->has_connect_ceiling = n->has_connect;
	n->connect_ceiling = n->connect;
	n->has_addresses_ceiling = n->has_addresses;
	n->addresses_ceiling = n->addresses;
	n->has_connect = n->has_addresses = false;
	n->connect = n->addresses = (struct strv){0};
}

/* A ceiling's lists are held against every grant and are no grant themselves. */
static int make_ceiling(struct policy *p, struct err *err)
{
	struct policy_sandbox *s = &p->sandbox;

	make_network_ceiling(&s->network);
	if (!s->has_read && !s->has_write)
		return 0;
	s->ceilings = calloc(1, sizeof(*s->ceilings));
	if (!s->ceilings)
		return err_errno(err, ENOMEM, "policy");
	s->n_ceilings = 1;
	s->ceilings[0] = (struct policy_ceiling){ s->has_read, s->has_write, s->has_overlay,
						  s->read, s->write, s->overlay };
	s->has_read = s->has_write = s->has_overlay = false;
	s->read = s->write = s->overlay = (struct strv){0};
	return 0;
}

/*
 * What one document says for the whole machine.  A proxy sees every name and every byte
 * that is no TLS, resolves the names, and may be a private address; and who names the
 * certificates can stand in for every far end.  Neither narrows anything, so no server's
 * own file and no user says it.
 */
static int refuse_administrators(const struct policy *p, const char *origin, struct err *err)
{
	const struct policy_network *n = &p->sandbox.network;
	const char *what = p->enforce  ? "enforce" :
			   n->proxy    ? "sandbox.network.proxy" :
			   n->ca_file  ? "sandbox.network.ca_file" :
			   p->registry_npm || p->registry_pypi ? "registries" :
								 NULL;

	return what ? err_set(err, EINVAL, "%s: %s is the administrator's, in policy.json", origin, what) : 0;
}

int bundle_merge(const struct bundle *b, const char *home, struct policy *ret,
		 struct err *err)
{
	struct policy whole = {0};
	int r = 0;

	for (size_t i = 0; i < b->n && r == 0; i++) {
		const struct bundle_document *d = &b->v[i];
		struct policy one = {0};

		r = load_text(d->text, d->len, d->origin, home, &one, err);
		if (r == 0 && !d->is_ceiling)
			r = refuse_administrators(&one, d->origin, err);
		if (r == 0 && d->is_ceiling && one.assessment.is_set)
			r = err_set(err, EINVAL, "%s: an assessment is of one server; it belongs into that "
						 "server's file", d->origin);
		if (r == 0 && d->is_ceiling)
			r = make_ceiling(&one, err);
		if (r == 0)
			r = merge_into(&whole, &one, err);
		policy_done(&one);
	}
	if (r < 0) {
		policy_done(&whole);
		return r;
	}
	merge_defaults(&whole);
	*ret = whole;
	return 0;
}

int bundle_write(const struct bundle *b, char **ret_text, size_t *ret_len, struct err *err)
{
	json_auto_t *array = json_array();

	for (size_t i = 0; i < b->n; i++) {
		const struct bundle_document *d = &b->v[i];
		json_t *one = json_pack("{s:s,s:b,s:s%}", "origin", d->origin, "ceiling",
					d->is_ceiling, "text", d->text, d->len);

		if (!one || json_array_append_new(array, one) < 0)
			return err_set(err, EINVAL, "policy %s: not UTF-8, or no memory", d->origin);
	}
	*ret_text = json_dumps(array, JSON_COMPACT);
	if (!*ret_text)
		return err_errno(err, ENOMEM, "policy");
	*ret_len = strlen(*ret_text);
	return 0;
}

int bundle_read(const char *text, size_t len, struct bundle *ret, struct err *err)
{
	json_auto_t *array = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	struct bundle b = {0};
	json_t *one;
	size_t i;
	int r = 0;

	if (!json_is_array(array))
		return err_set(err, EINVAL, "policy bundle: not a list");
	json_array_foreach(array, i, one) {
		const char *origin, *document;
		int is_ceiling;
		size_t size;

		if (json_unpack(one, "{s:s,s:b,s:s%}", "origin", &origin, "ceiling", &is_ceiling,
				"text", &document, &size) < 0)
			r = err_set(err, EINVAL, "policy bundle: a document is malformed");
		else
			r = add(&b, origin, document, size, is_ceiling, err);
		if (r < 0) {
			bundle_done(&b);
			return r;
		}
	}
	*ret = b;
	return 0;
}
