/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unwrap - give the configurations back
 *
 * A file that nobody has changed since gets its original bytes.  In one that was changed,
 * the command, the arguments and the variables that wrap took out of each entry go back in
 * and the rest stays.  Then the policies that wrap wrote are removed, unless they were
 * changed or another configuration uses them.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/commands.h"
#include "launcher/configs_cli.h"
#include "launcher/places.h"
#include "launcher/record.h"
#include "launcher/replace.h"
#include "launcher/show.h"
#include "launcher/user.h"
#include "launcher/wrap_undo.h"

enum { EXIT_DONE = 0, EXIT_LEFT = 1, EXIT_FAILED = 125 };

struct undo {
	struct record record;
	struct replace file;
	char *text;
	size_t len, restored, left;
	struct strv notes;
};

struct unwrapping {
	struct user user;
	struct undo *v;
	size_t n, n_left;
};

static void undo_done(struct undo *u)
{
	record_done(&u->record);
	if (u->file.path)
		replace_close(&u->file);
	free(u->text);
	strv_done(&u->notes);
	*u = (struct undo){0};
}

/* --- which ------------------------------------------------------------------------------ */

static int wanted(const struct configs_cli *cli, const struct user *user, struct strv *ret,
		  struct err *err)
{
	struct place_files given = {0};
	int r;

	if (!*cli->files)
		return record_list(user, ret, err);
	r = configs_cli_files(cli, user, &given, err);
	for (size_t i = 0; i < given.n && r == 0; i++)
		if (strv_add(ret, given.v[i].path) < 0)
			r = err_errno(err, ENOMEM, "files");
	places_done(&given);
	return r;
}

static int plan_one(const struct unwrapping *w, const char *path, const struct configs_cli *cli,
		    struct undo *u, struct err *err)
{
	int r = record_load(&w->user, path, &u->record, err);

	if (r == 0)
		return err_set(err, ENOENT, "%s: was not wrapped, or its record is gone", path);
	if (r > 0 && cli->client && strcmp(cli->client->name, u->record.client.v) != 0)
		return 0;
	if (r > 0)
		r = replace_open(path, &u->file, err);
	if (r == 0)
		r = wrap_undo(&u->record, u->file.text, u->file.len, &u->text, &u->len, &u->restored,
			      &u->left, &u->notes, err);
	return r < 0 ? r : 1;
}

static int plan_all(struct unwrapping *w, const struct configs_cli *cli, struct err *err)
{
	cleanup_strv struct strv paths = {0};
	int r = wanted(cli, &w->user, &paths, err);

	if (r < 0)
		return r;
	w->v = calloc(paths.n + 1, sizeof(*w->v));
	if (!w->v)
		return err_errno(err, ENOMEM, "plan");
	for (size_t i = 0; i < paths.n; i++) {
		struct undo *u = &w->v[w->n];
		struct err local = {0};

		r = plan_one(w, paths.v[i], cli, u, &local);
		if (r < 0) {
			say_error(&local);
			w->n_left++;
		}
		if (r > 0) {
			w->n++;
			w->n_left += u->left;
		} else {
			undo_done(u);
		}
	}
	return 0;
}

static void show(const struct undo *u)
{
	const bool is_exact = u->len == u->record.original.len &&
			      !memcmp(u->text, u->record.original.v, u->len);

	show_text(stdout, u->record.path.v);
	printf(": %zu servers, %s\n", u->restored,
	       is_exact ? "the original bytes" : "changed since: only what wrap changed goes back");
	for (size_t i = 0; i < u->notes.n; i++) {
		fputs("  note: ", stdout);
		show_text(stdout, u->notes.v[i]);
		fputc('\n', stdout);
	}
}

/* --- policies --------------------------------------------------------------------------- */

/* Does another record name the policy? */
static bool is_used(const struct user *user, const struct record *own, const char *id)
{
	cleanup_strv struct strv paths = {0};
	bool is_used = false;

	if (record_list(user, &paths, NULL) < 0)
		return true;
	for (size_t i = 0; i < paths.n && !is_used; i++) {
		struct record other = {0};

		if (strcmp(paths.v[i], own->path.v) != 0 && record_load(user, paths.v[i], &other, NULL) != 0)
			is_used = strv_has(&other.ids, id);
		record_done(&other);
	}
	return is_used;
}

static bool is_plain_name(const char *id)
{
	return *id && *id != '.' && !strchr(id, '/');
}

/* The files below "from_file" of a policy that wrap wrote, all in secrets/ID. */
static int remove_secrets(const struct user *user, const char *id, const char *policy)
{
	cleanup_free char *dir = NULL;
	const char *p = policy;
	size_t len;

	if (asprintf(&dir, "%s/secrets/%s", user->config, id) < 0)
		return -ENOMEM;
	len = strlen(dir);
	while ((p = strstr(p, dir))) {
		size_t end = len + strcspn(p + len, "\"\\");
		cleanup_free char *path = strndup(p, end);

		if (path && path[len] == '/' && !strchr(path + len + 1, '/'))
			unlink(path);
		p += end;
	}
	rmdir(dir);
	return 0;
}

static void remove_policy(const struct user *user, const struct record *rec, size_t i)
{
	const char *id = rec->ids.v[i];
	cleanup_free char *path = NULL;

	if (!is_plain_name(id) || asprintf(&path, "%s/servers/%s.json", user->config, id) < 0)
		return;
	if (is_used(user, rec, id))
		return;
	if (!replace_holds(path, rec->policies.v[i])) {
		if (access(path, F_OK) == 0) {
			fputs("kept, since it was changed: ", stdout);
			show_text(stdout, path);
			fputc('\n', stdout);
		}
		return;
	}
	if (unlink(path) == 0)
		remove_secrets(user, id, rec->policies.v[i]);
}

/* --- do it ------------------------------------------------------------------------------ */

static int apply(const struct unwrapping *w, struct undo *u, struct err *err)
{
	int r = 0;

	if (u->len != u->file.len || memcmp(u->text, u->file.text, u->len) != 0)
		r = replace_write(&u->file, u->text, u->len, err);
	/* While something stays confined, its policy and the backup stay. */
	if (r < 0 || u->left)
		return r;
	for (size_t i = 0; i < u->record.ids.n; i++)
		remove_policy(&w->user, &u->record, i);
	return record_remove(&u->record, err);
}

static int unwrap(const struct configs_cli *cli, struct unwrapping *w, struct err *err)
{
	sigset_t set;
	int r = user_find(&w->user, err);

	if (r == 0)
		r = plan_all(w, cli, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < w->n; i++)
		show(&w->v[i]);
	if (!w->n)
		puts("Nothing is wrapped.");
	if (!w->n || cli->dry_run)
		return w->n_left ? EXIT_LEFT : EXIT_DONE;
	if (!cli->yes) {
		r = configs_cli_ask("Give them back, unconfined?", err);
		if (r <= 0)
			return r < 0 ? r : EXIT_LEFT;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (size_t i = 0; i < w->n && r >= 0; i++)
		r = apply(w, &w->v[i], err);
	return r < 0 ? r : w->n_left ? EXIT_LEFT : EXIT_DONE;
}

int unwrap_main(int argc, char **argv)
{
	struct unwrapping w = {0};
	struct configs_cli cli;
	struct err err = {0};
	int r = configs_cli_parse(argc, argv, &cli, &err);

	if (r == 0)
		r = unwrap(&cli, &w, &err);
	if (r < 0)
		say_error(&err);
	for (size_t i = 0; i < w.n; i++)
		undo_done(&w.v[i]);
	free(w.v);
	user_done(&w.user);
	return r < 0 ? EXIT_FAILED : r;
}
