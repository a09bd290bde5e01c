/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wrap - put every local server of the known clients behind `mcp-confine run`
 *
 * Theory of operation
 *
 * Every file is read and planned before any is written (wrap_file.c, wrap_entry.c); the
 * plan is shown; the user agrees.  Then, file by file: the secrets and the policies, each
 * a new file; the record, which holds the original bytes; and last the configuration,
 * replaced whole.  A stop between two of these leaves policies that nothing uses, never a
 * configuration that names a policy which is not there.
 *
 * A configuration belongs to its user, who can change it back, and so can every program
 * of that user: wrapping is no enforcement.  That is the administrator's part.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/err.h"
#include "launcher/commands.h"
#include "launcher/configs_cli.h"
#include "launcher/identity.h"
#include "launcher/places.h"
#include "launcher/user.h"
#include "launcher/wrap_file.h"

enum { EXIT_DONE = 0, EXIT_LEFT = 1, EXIT_FAILED = 125 };

struct wrapping {
	struct user user;
	struct identity identity;
	struct place_files places;
	struct wrap_file *v;
	size_t n, n_changes, n_servers, n_left;
};

/* A file that cannot be planned is said and left; the others go on. */
static int plan_all(struct wrapping *w, struct err *err)
{
	struct strv taken = {0};

	w->v = calloc(w->places.n + 1, sizeof(*w->v));
	if (!w->v)
		return err_errno(err, ENOMEM, "plan");
	for (size_t i = 0; i < w->places.n; i++) {
		struct err local = {0};

		if (wrap_file_plan(&w->places.v[i], &w->user, &w->identity, &taken, &w->v[w->n],
				   &local) < 0) {
			say_error(&local);
			w->n_left++;
			continue;
		}
		w->n_changes += w->v[w->n].text != NULL;
		w->n_servers += w->v[w->n].n_wrapped;
		w->n_left += w->v[w->n].n_left;
		w->n++;
	}
	strv_done(&taken);
	return 0;
}

static void show_all(const struct wrapping *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].n)
			wrap_file_show(stdout, &w->v[i], &w->identity);
	if (!w->places.n)
		puts("No configuration of a known MCP client was found.");
	fflush(stdout);
}

/* An interrupt between two steps would be harmless; one inside of a step is put off. */
static void block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static int apply_all(struct wrapping *w, struct err *err)
{
	size_t servers = 0;
	int r = 0;

	block_signals();
	for (size_t i = 0; i < w->n && r == 0; i++) {
		if (!w->v[i].text)
			continue;
		r = wrap_file_apply(&w->v[i], &w->user, err);
		servers += r == 0 ? w->v[i].n_wrapped : 0;
	}
	if (!servers)
		return r;
	printf("%zu servers are confined now; restart their clients.\n"
	       "What each may do is in %s/servers; look with: mcp-confine explain NAME\n"
	       "The original files are kept; mcp-confine unwrap gives them back.\n",
	       servers, w->user.config);
	return r;
}

static int wrap(const struct configs_cli *cli, struct wrapping *w, struct err *err)
{
	int r = user_find(&w->user, err);

	if (r == 0)
		r = identity_open(w->user.uid, &w->identity, err);
	if (r == 0)
		r = configs_cli_files(cli, &w->user, &w->places, err);
	if (r == 0)
		r = plan_all(w, err);
	if (r < 0)
		return r;
	show_all(w);
	if (!w->n_changes || cli->dry_run) {
		if (w->places.n && !w->n_changes)
			puts("Nothing to change.");
		return w->n_left ? EXIT_LEFT : EXIT_DONE;
	}
	if (!cli->yes) {
		r = configs_cli_ask("Do this?", err);
		if (r <= 0)
			return r < 0 ? r : EXIT_LEFT;
	}
	r = apply_all(w, err);
	return r < 0 ? r : w->n_left ? EXIT_LEFT : EXIT_DONE;
}

int wrap_main(int argc, char **argv)
{
	struct wrapping w = { .identity.fd = -1 };
	struct configs_cli cli;
	struct err err = {0};
	int r = configs_cli_parse(argc, argv, &cli, &err);

	if (r == 0)
		r = wrap(&cli, &w, &err);
	if (r < 0)
		say_error(&err);
	for (size_t i = 0; i < w.n; i++)
		wrap_file_close(&w.v[i]);
	free(w.v);
	places_done(&w.places);
	identity_close(&w.identity);
	user_done(&w.user);
	return r < 0 ? EXIT_FAILED : r;
}
