/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "configs/edits.h"
#include "launcher/identity.h"
#include "launcher/record.h"
#include "launcher/show.h"
#include "launcher/user.h"
#include "launcher/values.h"
#include "launcher/wrap_file.h"
#include "launcher/wrap_undo.h"
#include "policies/bundle.h"
#include "policies/policy.h"

void wrap_file_close(struct wrap_file *f)
{
	for (size_t i = 0; i < f->n; i++)
		wrap_entry_done(&f->v[i]);
	free(f->v);
	free(f->text);
	rewrite_close(&f->document);
	replace_close(&f->file);
	*f = (struct wrap_file){ .file.dir = -1 };
}

int wrap_file_client(struct place_file *place, const char *text, size_t len, struct err *err)
{
	const enum document_format format = clients_format(place->path);

	if (!place->client)
		place->client = clients_for_path(place->path);
	for (size_t i = 0; i < n_clients && !place->client; i++) {
		struct rewrite_document d;
		struct err local = {0};
		int r = rewrite_open(&clients[i], format, text, len, &d, &local);

		if (r < 0 && i == 0)
			return err_set(err, EINVAL, "%s:%.500s", place->path, local.text);
		if (r == 0) {
			if (d.servers.n)
				place->client = &clients[i];
			rewrite_close(&d);
		}
	}
	if (!place->client)
		return err_set(err, EINVAL, "%s: no servers of a known client in it; say which with --client",
			       place->path);
	return 0;
}

/* --- plan --------------------------------------------------------------------------------- */

/* What relative names of a project's file mean; elsewhere they mean nothing certain. */
static char *directory_of(const struct place_file *place, const struct user *user)
{
	char real[PATH_MAX];
	char *slash;

	if (place->scope != PLACE_PROJECT || !realpath(place->path, real))
		return strdup(user->home);
	slash = strrchr(real, '/');
	*slash = '\0';
	/* .vscode/mcp.json lies one below the project. */
	slash = strrchr(real, '/');
	if (slash && slash[1] == '.')
		*slash = '\0';
	return strdup(*real ? real : "/");
}

/* The new text says what was meant, and about the other servers what the old one said. */
static int check_result(const struct wrap_file *f, const char *program, struct err *err)
{
	struct rewrite_document d;
	int r = rewrite_open(f->document.client, f->document.format, f->text, f->len, &d, err);

	if (r < 0)
		return err_wrap(err, "the edited text does not parse");
	if (d.servers.n != f->n)
		r = err_set(err, EINVAL, "the edited text has other servers");
	for (size_t i = 0; i < f->n && r == 0; i++) {
		const struct wrap_entry *e = &f->v[i];
		const struct server *now = &d.servers.v[i];
		cleanup_strv struct strv argv = {0};

		if (!e->is_wrapped) {
			if (!tree_same(e->server->outer, now->outer))
				r = err_set(err, EINVAL, "the edit touched another server");
			continue;
		}
		r = servers_argv(d.client, now, &argv, err);
		if (r == 0 && (argv.n != 3 || strcmp(argv.v[0], program) != 0 ||
			       strcmp(argv.v[1], "run") != 0 || strcmp(argv.v[2], e->policy.id) != 0))
			r = err_set(err, EINVAL, "the edited command is another one");
		for (size_t j = 0; j < e->emptied.n && r == 0; j++) {
			const struct node *n = tree_member(now->env, e->emptied.v[j], NULL);

			if (!n || n->kind != NODE_STRING || *n->text)
				r = err_set(err, EINVAL, "an edited variable is not empty");
		}
	}
	rewrite_close(&d);
	return r;
}

static int plan_entries(struct wrap_file *f, const struct wrap_context *c, struct strv *taken,
			struct edits *edits, struct err *err)
{
	f->v = calloc(f->document.servers.n + 1, sizeof(*f->v));
	if (!f->v)
		return err_errno(err, ENOMEM, "plan");
	for (size_t i = 0; i < f->document.servers.n; i++) {
		struct wrap_entry *e = &f->v[f->n++];
		cleanup_free char *key = NULL;
		struct err local = {0};
		int r = wrap_entry_plan(c, f->document.client, &f->document.servers.v[i], e, err);

		if (r == 0 && e->is_wrapped) {
			const size_t before = edits->n;

			r = rewrite_wrap(&f->document, e->server, c->identity->path, e->policy.id,
					 &e->emptied, edits, &local);
			if (r < 0) {
				while (edits->n > before)
					free(edits->v[--edits->n].text);
				e->is_wrapped = false;
				snprintf(e->why, sizeof(e->why), "%.250s", local.text);
				r = 0;
			}
		}
		if (r == 0 && e->is_wrapped) {
			key = wrap_policy_key(&e->policy);
			if (!key || strv_add(taken, e->policy.id) < 0 || strv_add(taken, key) < 0)
				r = err_errno(err, ENOMEM, "plan");
			f->n_wrapped++;
		}
		if (r < 0)
			return r;
		f->n_left += !e->is_wrapped && e->state == CONFINED_NO;
	}
	return 0;
}

int wrap_file_plan(const struct place_file *place, const struct user *user,
		   const struct identity *identity, struct strv *taken, struct wrap_file *ret,
		   struct err *err)
{
	struct wrap_file f = { .place = *place, .file.dir = -1 };
	cleanup_free char *cwd = directory_of(place, user);
	const struct wrap_context c = { user, identity, cwd, taken };
	struct edits edits = {0};
	int r = cwd ? replace_open(place->path, &f.file, err) : err_errno(err, ENOMEM, "plan");

	if (r == 0)
		r = wrap_file_client(&f.place, f.file.text, f.file.len, err);
	if (r == 0) {
		r = rewrite_open(f.place.client, clients_format(place->path), f.file.text, f.file.len,
				 &f.document, err);
		if (r < 0)
			err_wrap(err, "%s", place->path);
	}
	if (r == 0)
		r = plan_entries(&f, &c, taken, &edits, err);
	if (r == 0 && f.n_wrapped)
		r = edits_apply(&edits, f.file.text, f.file.len, &f.text, &f.len, err);
	if (r == 0 && f.text) {
		r = check_result(&f, identity->path, err);
		if (r < 0)
			err_wrap(err, "%s: not touched", place->path);
	}
	edits_done(&edits);
	if (r < 0) {
		wrap_file_close(&f);
		return r;
	}
	*ret = f;
	return 0;
}

/* --- show --------------------------------------------------------------------------------- */

static bool is_secret_path(const struct wrap_policy *p, const char *text)
{
	for (size_t i = 0; i + 1 < p->secrets.n; i += 2)
		if (!strcmp(p->secrets.v[i + 1], text))
			return true;
	return false;
}

static void show_words(FILE *out, const struct strv *words, const struct wrap_policy *p)
{
	for (size_t i = 0; i < words->n; i++) {
		fputc(' ', out);
		if (p && is_secret_path(p, words->v[i]))
			fprintf(out, "(secret, %zu bytes)", strlen(words->v[i]));
		else
			show_text(out, words->v[i]);
	}
	fputc('\n', out);
}

static void show_wrapped(FILE *out, const struct wrap_file *f, const struct wrap_entry *e,
			 const char *program)
{
	cleanup_strv struct strv argv = {0};

	if (servers_argv(f->document.client, e->server, &argv, NULL) == 0) {
		fputs("    -", out);
		show_words(out, &argv, &e->policy);
	}
	fputs("    + ", out);
	show_text(out, program);
	fprintf(out, " run %s\n", e->policy.id);
	for (size_t i = 0; i < e->emptied.n; i++) {
		const struct node *n = tree_member(e->server->env, e->emptied.v[i], NULL);

		fprintf(out, "    - %s=", e->emptied.v[i]);
		if (is_secret_path(&e->policy, n->text))
			fprintf(out, "(secret, %zu bytes)", strlen(n->text));
		else
			show_text(out, n->text);
		fprintf(out, "\n    + %s=\n", e->emptied.v[i]);
	}
	fputs("    policy ", out);
	show_text(out, e->policy.path);
	fprintf(out, " (%s, profile %s%s)\n", e->policy.exists ? "there already" : "new",
		e->policy.profile,
		strcmp(e->policy.profile, "default") ? "" : ": no files but its own, no network");
	for (size_t i = 0; i + 1 < e->policy.secrets.n; i += 2) {
		fputs("    secret ", out);
		show_text(out, e->policy.secrets.v[i]);
		fputc('\n', out);
	}
}

void wrap_file_show(FILE *out, const struct wrap_file *f, const struct identity *identity)
{
	show_text(out, f->place.path);
	fprintf(out, " (%s)\n", f->place.client->title);
	if (f->place.scope == PLACE_PROJECT && f->n_wrapped)
		fputs("  note: a project's file; everyone who uses it needs mcp-confine there, and these policies\n", out);
	for (size_t i = 0; i < f->n; i++) {
		const struct wrap_entry *e = &f->v[i];

		fputs("  ", out);
		show_text(out, e->server->name);
		if (*e->server->where) {
			fputs(" in ", out);
			show_text(out, e->server->where);
		}
		if (e->is_wrapped)
			fprintf(out, ": will be confined as %s\n", e->policy.id);
		else
			fprintf(out, ": %s%s%s", e->state == CONFINED_NO ? "left alone: " : "",
				e->state == CONFINED_NO ? "" : confined_word(e->state),
				e->state == CONFINED_NO ? "" : "\n");
		if (!e->is_wrapped && e->state == CONFINED_NO) {
			show_text(out, e->why);
			fputc('\n', out);
		}
		if (e->is_wrapped)
			show_wrapped(out, f, e, identity->path);
		for (size_t j = 0; j < e->notes.n; j++) {
			fputs("    note: ", out);
			show_text(out, e->notes.v[j]);
			fputc('\n', out);
		}
	}
}

/* --- apply -------------------------------------------------------------------------------- */

static int write_new(const char *path, const char *text, struct err *err)
{
	cleanup_free char *parent = strdup(path);
	int r;

	if (!parent)
		return err_errno(err, ENOMEM, "%s", path);
	*strrchr(parent, '/') = '\0';
	r = replace_make_directory(parent, err);
	if (r == 0 && replace_holds(path, text))
		return 0; /* from an earlier run that did not come to its end */
	return r < 0 ? r : replace_create(path, text, strlen(text), 0, err);
}

/* The policy as the launcher will find it must start what the entry started. */
static int check_found(const struct wrap_file *f, const struct wrap_entry *e,
		       const struct user *user, struct err *err)
{
	const struct bundle_places places = { SYSCONFDIR "/mcp-confine", user->config };
	cleanup_strv struct strv argv = {0}, known = {0};
	struct bundle b = {0};
	struct policy p = {0};
	bool is_same;
	int r = servers_argv(f->document.client, e->server, &argv, err);

	if (r == 0)
		r = bundle_find_server(&places, e->policy.id, &b, err);
	if (r == 0)
		r = bundle_merge(&b, user->home, &p, err);
	if (r == 0)
		r = values_fill_command(&p, &known, err);
	is_same = r == 0 && p.command.n == argv.n;
	for (size_t i = 0; is_same && i < argv.n; i++)
		is_same = !strcmp(p.command.v[i], argv.v[i]);
	if (r == 0 && !is_same)
		r = err_set(err, EINVAL, "%s: the merged policy starts another command", e->policy.path);
	policy_done(&p);
	bundle_done(&b);
	return r;
}

static int write_policies(const struct wrap_file *f, const struct user *user, struct err *err)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct wrap_entry *e = &f->v[i];
		const struct wrap_policy *p = &e->policy;
		int r = 0;

		if (!e->is_wrapped)
			continue;
		for (size_t j = 0; j + 1 < p->secrets.n && r == 0 && !p->exists; j += 2) {
			cleanup_free char *line = NULL;

			if (asprintf(&line, "%s\n", p->secrets.v[j + 1]) < 0)
				return err_errno(err, ENOMEM, "secret");
			r = write_new(p->secrets.v[j], line, err);
		}
		if (r == 0 && !p->exists)
			r = write_new(p->path, p->text, err);
		if (r == 0)
			r = check_found(f, e, user, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The record for what is written now: its original is what unwrap would make of the file
 * as it stands, so that an earlier wrap of other servers is undone with this one. */
static int make_record(const struct wrap_file *f, const struct user *user, struct record *ret,
		       struct err *err)
{
	cleanup_strv struct strv notes = {0};
	struct record old = {0};
	char *text = NULL;
	size_t len, restored, left;
	int r = record_load(user, f->file.path, &old, err);

	if (r > 0) {
		r = wrap_undo(&old, f->file.text, f->file.len, &text, &len, &restored, &left, &notes,
			      err);
		if (r == 0)
			r = record_set(&ret->original, text, len, err);
		if (r == 0 && (strv_add_all(&ret->ids, &old.ids) < 0 ||
			       strv_add_all(&ret->policies, &old.policies) < 0))
			r = err_errno(err, ENOMEM, "record");
		free(text);
	} else if (r == 0) {
		r = record_set(&ret->original, f->file.text, f->file.len, err);
	}
	record_done(&old);
	if (r == 0)
		r = record_set(&ret->path, f->file.path, strlen(f->file.path), err);
	if (r == 0)
		r = record_set(&ret->client, f->place.client->name, strlen(f->place.client->name), err);
	if (r == 0)
		r = record_set(&ret->wrapped, f->text, f->len, err);
	for (size_t i = 0; i < f->n && r == 0; i++)
		if (f->v[i].is_wrapped && !strv_has(&ret->ids, f->v[i].policy.id) &&
		    (strv_add(&ret->ids, f->v[i].policy.id) < 0 ||
		     strv_add(&ret->policies, f->v[i].policy.text) < 0))
			r = err_errno(err, ENOMEM, "record");
	return r;
}

int wrap_file_apply(struct wrap_file *f, const struct user *user, struct err *err)
{
	struct record record = {0};
	int r = write_policies(f, user, err);

	if (r == 0)
		r = make_record(f, user, &record, err);
	if (r == 0)
		r = record_save(user, &record, err);
	if (r == 0)
		r = replace_write(&f->file, f->text, f->len, err);
	record_done(&record);
	return r;
}
