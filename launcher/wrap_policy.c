/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/replace.h"
#include "launcher/user.h"
#include "launcher/wrap_policy.h"
#include "policies/bundle.h"
#include "policies/draft.h"
#include "policies/policy.h"

void wrap_policy_done(struct wrap_policy *p)
{
	free(p->path);
	free(p->text);
	strv_done(&p->secrets);
	*p = (struct wrap_policy){0};
}

static void clean_name(char id[static 65], const char *name, const char *client, unsigned int n)
{
	char tail[32] = "";
	size_t len = 0, max;

	if (n == 1)
		snprintf(tail, sizeof(tail), "-%s", client);
	else if (n > 1)
		snprintf(tail, sizeof(tail), "-%.20s-%u", client, n);
	max = 64 - strlen(tail);
	for (const char *p = name; *p && len < max; p++) {
		unsigned char c = (unsigned char)*p;

		/* Not a dash or a dot at the beginning: `run -x` is an option. */
		if (isalnum(c) || c == '_' || ((c == '.' || c == '-') && len))
			id[len++] = (char)c;
		else if (!len || id[len - 1] != '_')
			id[len++] = '_';
	}
	if (!len)
		len = (size_t)snprintf(id, 65, "server");
	snprintf(id + len, 65 - len, "%s", tail);
}

/* The administrator names a server so: then this entry must be that one. */
static bool is_other_servers(const char *id, const struct strv *argv, const struct user *user)
{
	const struct bundle_places places = { SYSCONFDIR "/mcp-confine", "/nonexistent" };
	struct bundle b = {0};
	struct policy p = {0};
	struct err err = {0};
	bool is_other = false;

	if (bundle_find_server(&places, id, &b, &err) < 0)
		return err.code != ENOENT;
	if (bundle_merge(&b, user->home, &p, &err) < 0)
		is_other = true;
	else if (p.command.n && p.command.n != argv->n)
		is_other = true;
	for (size_t i = 0; i < p.command.n && !is_other; i++)
		is_other = strcmp(p.command.v[i], argv->v[i]) != 0;
	policy_done(&p);
	bundle_done(&b);
	return is_other;
}

/* Write the draft under that name.  secrets: name, value, name, value ... */
static int write_policy(const struct wrap_context *c, struct draft *d, const char *id,
			const struct strv *secrets, struct wrap_policy *p, struct err *err)
{
	int r = 0;

	wrap_policy_done(p);
	strv_done(&d->env_files);
	strv_done(&d->command_files);
	memcpy(p->id, id, strlen(id) + 1);
	for (size_t i = 0; i + 1 < secrets->n && r == 0; i += 2) {
		const char *name = secrets->v[i];
		bool is_argument = !strncmp(name, "argument-", 9);

		r = strv_addf(&p->secrets, "%s/secrets/%s/%s", c->user->config, id, name);
		if (r == 0)
			r = strv_add(&p->secrets, secrets->v[i + 1]);
		if (r == 0)
			r = strv_addf(is_argument ? &d->command_files : &d->env_files, "%s=%s",
				      name + (is_argument ? 9 : 0), p->secrets.v[i]);
	}
	if (r < 0 || asprintf(&p->path, "%s/servers/%s.json", c->user->config, id) < 0)
		return err_errno(err, ENOMEM, "policy");
	d->server = p->id;
	return draft_write(d, &p->text, &p->profile, err);
}

char *wrap_policy_key(const struct wrap_policy *p)
{
	char *key = strdup(p->text);

	for (size_t i = 0; key && i < p->secrets.n; i++) {
		cleanup_free char *before = key;

		if (asprintf(&key, "%s\n%s", before, p->secrets.v[i]) < 0)
			return NULL;
	}
	return key;
}

enum fit { FIT_NOT, FIT_NEW, FIT_SAME };

/* Is the name free for this policy, or does it mean this very policy already? */
static enum fit fits(const struct wrap_context *c, const struct wrap_policy *p, const struct strv *argv)
{
	cleanup_free char *key = wrap_policy_key(p);
	struct stat st;
	enum fit fit;

	for (size_t i = 0; i + 1 < c->taken->n; i += 2)
		if (!strcmp(c->taken->v[i], p->id))
			return key && !strcmp(c->taken->v[i + 1], key) ? FIT_SAME : FIT_NOT;
	if (is_other_servers(p->id, argv, c->user))
		return FIT_NOT;
	fit = lstat(p->path, &st) < 0 && (errno == ENOENT || errno == ENOTDIR) ? FIT_NEW : FIT_SAME;
	if (fit == FIT_SAME && !replace_holds(p->path, p->text))
		return FIT_NOT;
	/* A secret may be there without its policy, after a crash between the two. */
	for (size_t i = 0; i + 1 < p->secrets.n; i += 2) {
		cleanup_free char *line = NULL;

		if (fit == FIT_NEW && lstat(p->secrets.v[i], &st) < 0)
			continue;
		if (asprintf(&line, "%s\n", p->secrets.v[i + 1]) < 0 ||
		    !replace_holds(p->secrets.v[i], line))
			return FIT_NOT;
	}
	return fit;
}

int wrap_policy_choose(const struct wrap_context *c, const char *client, const char *name,
		       struct draft *d, const struct strv *secrets, struct wrap_policy *ret,
		       struct err *err)
{
	for (unsigned int n = 0; n < 100; n++) {
		enum fit fit;
		char id[65];
		int r;

		clean_name(id, name, client, n);
		r = write_policy(c, d, id, secrets, ret, err);
		if (r < 0)
			return r;
		fit = fits(c, ret, &d->command);
		ret->exists = fit == FIT_SAME;
		if (fit != FIT_NOT)
			return 0;
	}
	return err_set(err, EEXIST, "a hundred policies of that name exist");
}
