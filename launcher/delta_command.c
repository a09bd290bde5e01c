/* SPDX-License-Identifier: Apache-2.0 */
/*
 * changes show|apply|discard - what a server did in its overlays
 *
 * Names and texts are the server's own words: only printable ASCII reaches the terminal.
 * What programs outside of the sandbox run or trust stands first.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/nolinks.h"
#include "launcher/delta.h"
#include "launcher/delta_apply.h"
#include "launcher/delta_diff.h"
#include "launcher/commands.h"
#include "launcher/configs_cli.h"
#include "launcher/user.h"

enum verb { SHOW = 0, APPLY, DISCARD };

struct command {
	enum verb verb;
	const char *server;
	char *const *paths; /* as given; NULL-terminated */
	bool with_diff, yes, with_trusted, with_conflicts;
	size_t matched; /* layers that some path names */
	size_t layers, held;
};

/* --- words --------------------------------------------------------------------------- */

static void print_path(const char *path)
{
	delta_print(stdout, path, strlen(path));
}

static const char *kind_of(const struct change *one)
{
	static const char *const words[] = { "added", "removed", "changed", "mode", "type" };

	return words[one->kind];
}

static void show_one(const struct change *one)
{
	const mode_t is = one->is.st_mode, was = one->was.st_mode;

	printf("  %-8s ", kind_of(one));
	print_path(one->path);
	if (S_ISDIR(is ? is : was))
		putchar('/');
	if (one->link) {
		fputs(" -> ", stdout);
		delta_print(stdout, one->link, strlen(one->link));
	} else if (S_ISREG(is) && one->kind != CHANGE_MODE) {
		printf(" (%jd bytes)", (intmax_t)one->is.st_size);
	}
	if (is && was && (is & 07777) != (was & 07777) && !S_ISLNK(is))
		printf(" (mode %04o, was %04o)", (unsigned int)is & 07777, (unsigned int)was & 07777);
	else if (S_ISREG(is) && !was && (is & 0111))
		printf(" (executable, mode %04o)", (unsigned int)is & 07777);
	if (one->trusted)
		printf(" [TRUSTED OUTSIDE: %s]", one->trusted);
	if (one->is_conflict)
		fputs(" [the original changed since]", stdout);
	if (one->refused)
		printf(" [never applied: %s]", one->refused);
	putchar('\n');
}

static int read_small(int top, const char *path, char **ret, size_t *ret_len)
{
	const char *name;
	cleanup_close int dir = delta_open_parent(top, path, &name);
	cleanup_close int fd = dir < 0 ? -1 : openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
									O_CLOEXEC);

	return fd < 0 ? -errno : fd_read_all(fd, DELTA_DIFF_BYTES, ret, ret_len, NULL);
}

static void show_diff(const struct delta *c, const struct change *one)
{
	const bool is = S_ISREG(one->is.st_mode), was = S_ISREG(one->was.st_mode);
	cleanup_free char *a = NULL, *b = NULL;
	size_t a_len = 0, b_len = 0;
	int r = 0;

	if (one->kind == CHANGE_MODE || (!is && !was))
		return;
	if (was)
		r = read_small(c->root, one->path, &a, &a_len);
	if (r == 0 && is)
		r = read_small(c->upper, one->path, &b, &b_len);
	if (r == 0)
		r = delta_diff(stdout, a ? a : "", a_len, b ? b : "", b_len);
	if (r < 0)
		printf("(no difference shown: %s)\n", r == -EFBIG   ? "too large" :
						       r == -EILSEQ ? "not a text" :
								      strerror(-r));
}

/* --- one layer ----------------------------------------------------------------------- */

/* The given paths, relative to this directory; absolute ones elsewhere are another's. */
static int take_paths(const struct command *cmd, const char *top, struct strv *ret,
		      struct err *err)
{
	const size_t len = strlen(top);

	for (char *const *p = cmd->paths; *p; p++) {
		const char *path = *p;
		size_t n;
		int r;

		if (path[0] == '/' && (!delta_is_below(path, top)))
			continue;
		if (path[0] == '/')
			path += len;
		while (*path == '/' || (path[0] == '.' && (path[1] == '/' || !path[1])))
			path++;
		n = strlen(path);
		while (n && path[n - 1] == '/')
			n--;
		r = strv_addf(ret, "%.*s", (int)n, path);
		if (r < 0)
			return err_errno(err, -r, "changes");
	}
	return 0;
}

static bool is_named(const struct change *one, const struct delta_choice *choice)
{
	bool is = !choice->paths.n;

	for (size_t i = 0; i < choice->paths.n; i++)
		is = is || delta_is_below(one->path, choice->paths.v[i]);
	return is;
}

static size_t list(const struct command *cmd, const struct delta *c,
		   const struct delta_choice *choice)
{
	size_t n = 0;

	fputs("overlay of ", stdout);
	print_path(c->origin.path);
	putchar('\n');
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < c->n; i++) {
			if (!is_named(&c->v[i], choice) || (c->v[i].trusted == NULL) != (round == 1))
				continue;
			show_one(&c->v[i]);
			if (cmd->with_diff)
				show_diff(c, &c->v[i]);
			n++;
		}
	if (!n)
		puts("  nothing changed");
	return n;
}

/* What stays back, each with its reason.  Return: how many would be applied. */
static size_t plan_apply(struct command *cmd, const struct delta *c,
			 const struct delta_choice *choice)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		const char *why = delta_held_back(&c->v[i], choice);

		n += !why;
		if (!why || !*why)
			continue;
		cmd->held++;
		fputs("  not applied: ", stdout);
		print_path(c->v[i].path);
		printf(": %s%s\n", why,
		       why == c->v[i].refused ? "" :
		       why == c->v[i].trusted ? "; name it, or add --trusted" :
						"; name it and add --overwrite, or discard it");
	}
	return n;
}

/* When the layer says nothing more, it goes: the next start begins a new one. */
static int drop_when_done(const struct delta *c, struct err *err)
{
	struct delta after = {0};
	int store = fcntl(c->store, F_DUPFD_CLOEXEC, 0), r;

	if (store < 0)
		return err_errno(err, errno, "changes");
	r = delta_read(store, &after, err);
	if (r == 0 && !after.n)
		r = delta_discard(&after, "", err);
	delta_done(&after);
	return r;
}

static int apply(struct command *cmd, struct delta *c, const struct delta_choice *choice,
		 struct err *err)
{
	size_t n;
	int r = 1;

	list(cmd, c, choice);
	n = plan_apply(cmd, c, choice);
	if (!n)
		return c->n ? 0 : drop_when_done(c, err);
	if (!cmd->yes) {
		printf("%zu changes would be made in ", n);
		print_path(c->origin.path);
		putchar('\n');
		r = configs_cli_ask("Apply them?", err);
	}
	if (r <= 0)
		return r;
	r = delta_apply(c, choice, err);
	if (r >= 0)
		printf("applied %d\n", r);
	return r < 0 ? r : drop_when_done(c, err);
}

static int discard(struct command *cmd, struct delta *c, const struct delta_choice *choice,
		   struct err *err)
{
	int r = 1;

	list(cmd, c, choice);
	if (!cmd->yes)
		r = configs_cli_ask("Drop them for good?", err);
	if (r <= 0)
		return r;
	if (!choice->paths.n)
		return delta_discard(c, "", err);
	r = 0;
	for (size_t i = 0; i < choice->paths.n && r == 0; i++)
		r = delta_discard(c, choice->paths.v[i], err);
	return r;
}

/* store becomes ours. */
static int do_layer(struct command *cmd, int store, struct err *err)
{
	struct delta_choice choice = { .with_trusted = cmd->with_trusted,
					 .with_conflicts = cmd->with_conflicts };
	struct delta c = {0};
	int r = delta_read(store, &c, err);

	/* What cannot be compared can be dropped, whole. */
	if (r < 0 && cmd->verb == DISCARD && !*cmd->paths && c.origin.path && cmd->yes) {
		err_clear(err);
		cmd->matched++;
		r = delta_discard(&c, "", err);
		delta_done(&c);
		return r;
	}
	if (r == 0)
		r = take_paths(cmd, c.origin.path, &choice.paths, err);
	if (r == 0 && (!*cmd->paths || choice.paths.n)) {
		cmd->matched++;
		if (cmd->verb == SHOW)
			list(cmd, &c, &choice);
		else
			r = cmd->verb == APPLY ? apply(cmd, &c, &choice, err) :
						 discard(cmd, &c, &choice, err);
	}
	strv_done(&choice.paths);
	delta_done(&c);
	return r;
}

/* --- all layers of a server ---------------------------------------------------------- */

static int open_layers(const struct user *user, const char *server, struct err *err)
{
	cleanup_free char *path = NULL;
	int fd;

	if (asprintf(&path, "%s/overlays/%s", user->state, server) < 0)
		return err_errno(err, ENOMEM, "changes");
	fd = nolinks_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
	if (fd < 0 && errno == ENOENT)
		return err_set(err, ENOENT, "%s: no overlay of such a server; its name is what --name said, "
					    "or its policy's file, or its package", server);
	return fd < 0 ? err_errno(err, errno, "open %s", path) : fd;
}

static int lock(const struct command *cmd, int fd, struct err *err)
{
	if (flock(fd, (cmd->verb == SHOW ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0)
		return 0;
	if (cmd->verb != SHOW)
		return err_set(err, EBUSY, "%s: a session runs, or its changes are being applied; end that "
					   "first", cmd->server);
	say_note("a session of it runs: what is shown can change");
	return 0;
}

static int do_layers(struct command *cmd, const struct user *user, struct err *err)
{
	cleanup_close int fd = open_layers(user, cmd->server, err);
	int copy = -1, r = fd < 0 ? fd : lock(cmd, fd, err);
	DIR *d = NULL;

	if (r == 0) {
		copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		d = copy < 0 ? NULL : fdopendir(copy);
		r = d ? 0 : err_errno(err, errno, "read the overlays of %s", cmd->server);
	}
	for (struct dirent *e; r == 0 && (e = readdir(d));) {
		int store;

		if (e->d_name[0] == '.')
			continue;
		store = openat(fd, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (store < 0) {
			r = err_errno(err, errno, "open an overlay of %s", cmd->server);
		} else if (faccessat(store, "origin", F_OK, AT_SYMLINK_NOFOLLOW) < 0) {
			close(store); /* discarded: the next start makes it anew */
		} else {
			cmd->layers++;
			r = do_layer(cmd, store, err);
		}
	}
	if (d)
		closedir(d);
	if (r == 0 && cmd->layers && !cmd->matched)
		return err_set(err, ENOENT, "%s: no PATH lies in one of its overlays", cmd->server);
	if (r == 0 && !cmd->layers)
		puts("nothing changed");
	return r;
}

/* --- the command line ---------------------------------------------------------------- */

static int take_options(struct command *cmd, int argc, char **argv, struct err *err)
{
	static const struct option options[] = {
		{ "diff", no_argument, NULL, 'd' },	 { "yes", no_argument, NULL, 'y' },
		{ "trusted", no_argument, NULL, 't' },	 { "overwrite", no_argument, NULL, 'o' },
		{ 0 },
	};
	int opt;

	optind = 0;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		cmd->with_diff |= opt == 'd';
		cmd->yes |= opt == 'y';
		cmd->with_trusted |= opt == 't';
		cmd->with_conflicts |= opt == 'o';
		if (opt == '?' || opt == ':')
			return err_set(err, EINVAL, "unknown option %s; see mcp-confine --help",
				       argv[optind - 1]);
	}
	return 0;
}

static int take(struct command *cmd, int argc, char **argv, struct err *err)
{
	static const char *const verbs[] = { "show", "apply", "discard" };
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-+@";
	int r = take_options(cmd, argc, argv, err);

	if (r < 0)
		return r;
	if (argc - optind < 2)
		return err_set(err, EINVAL, "usage: mcp-confine changes show|apply|discard SERVER [PATH ...]");
	while (cmd->verb <= DISCARD && strcmp(argv[optind], verbs[cmd->verb]) != 0)
		cmd->verb++;
	if (cmd->verb > DISCARD)
		return err_set(err, EINVAL, "changes %s: it is show, apply or discard", argv[optind]);
	cmd->server = argv[optind + 1];
	if (!*cmd->server || *cmd->server == '.' || strlen(cmd->server) > 214 ||
	    strspn(cmd->server, letters) != strlen(cmd->server))
		return err_set(err, EINVAL, "%s: not the name of a server", cmd->server);
	cmd->paths = argv + optind + 2;
	if (cmd->with_conflicts && !*cmd->paths)
		return err_set(err, EINVAL, "--overwrite needs a PATH: what others changed is lost there");
	for (char *const *p = cmd->paths; *p; p++)
		if (strstr(*p, "..") && (!strcmp(*p, "..") || !strncmp(*p, "../", 3) || strstr(*p, "/../") ||
					 !strcmp(*p + strlen(*p) - 2, "..")))
			return err_set(err, EINVAL, "%s: name it without \"..\"", *p);
	return 0;
}

int changes_main(int argc, char **argv)
{
	struct command cmd = {0};
	struct user user = {0};
	struct err err = {0};
	int r = take(&cmd, argc, argv, &err);

	if (r == 0)
		r = user_find(&user, &err);
	if (r == 0)
		r = do_layers(&cmd, &user, &err);
	fflush(stdout);
	if (r < 0)
		say_error(&err);
	user_done(&user);
	return r < 0 || cmd.held ? 1 : 0;
}
