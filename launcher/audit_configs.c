/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit-configs - every configured server, and whether it is confined
 *
 * Theory of operation
 *
 * Files of a user are read with that user's rights: --all-users makes a child for each
 * account, which gives up root before it opens anything, so that no link or pipe in a home
 * turns the report into a reader of other people's files.  A child's report comes back as
 * lines, one a finding; the parent only adds them up.  A file that cannot be read or
 * understood is a finding of its own, never skipped.
 *
 * Exit status: 0 every local server is confined; 1 some are not; 2 some file could not be
 * judged (also when others are not confined); 125 the audit itself failed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/limits.h"
#include "launcher/account.h"
#include "launcher/commands.h"
#include "launcher/configs_cli.h"
#include "launcher/confined.h"
#include "launcher/identity.h"
#include "launcher/places.h"
#include "launcher/replace.h"
#include "launcher/show.h"
#include "launcher/user.h"
#include "launcher/wrap_file.h"

enum { EXIT_CONFINED = 0, EXIT_NOT = 1, EXIT_UNREADABLE = 2, EXIT_FAILED = 125 };

#define CHILD_SILENCE 30000 /* milliseconds; a look at a home takes some ten */

struct report {
	FILE *out;
	bool json;
	size_t n_yes, n_no, n_other, n_unreadable;
};

struct finding {
	const char *state, *user, *client, *server, *where, *file, *why;
};

static void print_finding(struct report *r, const struct finding *f)
{
	const struct {
		const char *name, *value;
	} members[] = {
		{ "state", f->state },	 { "user", f->user },	{ "client", f->client },
		{ "server", f->server }, { "where", f->where }, { "file", f->file },
		{ "reason", f->why },
	};

	if (!r->json) {
		fprintf(r->out, "%-12s  ", f->state);
		show_text(r->out, *f->user ? f->user : "(system)");
		fprintf(r->out, "  %s  ", *f->client ? f->client : "-");
		show_text(r->out, *f->server ? f->server : "-");
		fputs("  ", r->out);
		show_text(r->out, f->file);
		if (*f->where) {
			fputs(" in ", r->out);
			show_text(r->out, f->where);
		}
		if (*f->why) {
			fputs(": ", r->out);
			show_text(r->out, f->why);
		}
		fputc('\n', r->out);
		return;
	}
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		fputs(i ? ", " : "{ ", r->out);
		show_json(r->out, members[i].name);
		fputs(": ", r->out);
		show_json(r->out, members[i].value);
	}
	fputs(" }\n", r->out);
}

/* --- one file --------------------------------------------------------------------------- */

static void judge(struct report *r, const struct identity *id, const char *path,
		  const struct rewrite_document *d, struct finding f)
{
	for (size_t i = 0; i < d->servers.n; i++) {
		const struct server *s = &d->servers.v[i];
		char why[CONFINED_WHY], name[65];
		enum confined c = confined_check(id, d->client, s, path, why, name);

		r->n_yes += c == CONFINED_YES;
		r->n_no += c == CONFINED_NO;
		r->n_other += c != CONFINED_YES && c != CONFINED_NO;
		f.state = confined_word(c);
		f.server = s->name;
		f.where = s->where;
		f.why = why;
		print_finding(r, &f);
	}
}

static void audit_file(struct report *r, const struct identity *id, const char *path,
		       const char *user, struct place_file *place)
{
	cleanup_free char *text = NULL;
	struct finding f = { .user = user, .client = place->client ? place->client->name : "",
			     .server = "", .where = "", .file = place->path, .why = "" };
	struct rewrite_document d = {0};
	struct err err = {0};
	size_t len;
	int ret = replace_read(place->path, &text, &len, &err);

	if (ret == 0)
		ret = wrap_file_client(place, text, len, &err);
	if (ret == 0)
		ret = rewrite_open(place->client, clients_format(place->path), text, len, &d, &err);
	if (ret < 0) {
		r->n_unreadable++;
		f.state = "unreadable";
		f.why = err.text;
		print_finding(r, &f);
		return;
	}
	f.client = place->client->name;
	judge(r, id, path, &d, f);
	rewrite_close(&d);
}

static void audit_files(struct report *r, const struct identity *id, const char *path,
			const char *user, struct place_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		audit_file(r, id, path, user, &files->v[i]);
}

/* --- this user -------------------------------------------------------------------------- */

static int audit_system(struct report *r, const struct configs_cli *cli,
			const struct identity *id, struct err *err)
{
	const struct places_query q = { .home = "/nonexistent", .is_system = true, .only = cli->client };
	struct place_files files = {0};
	int ret = places_find(&q, &files, err);

	if (ret == 0)
		audit_files(r, id, NULL, "", &files);
	places_done(&files);
	return ret;
}

static int audit_own(struct report *r, const struct configs_cli *cli, struct identity *id,
		     struct err *err)
{
	cleanup_free char *cwd = getcwd(NULL, 0);
	struct place_files files = {0};
	struct user user = {0};
	int ret = user_find(&user, err);

	if (ret == 0 && *cli->files) {
		ret = configs_cli_files(cli, &user, &files, err);
	} else if (ret == 0) {
		const struct places_query q = {
			.home = user.home, .cwd = cwd && *cwd == '/' ? cwd : NULL,
			.use_environment = true, .is_packaged = true, .only = cli->client,
		};

		ret = places_find(&q, &files, err);
	}
	if (ret == 0)
		audit_files(r, id, getenv("PATH"), user.name, &files);
	places_done(&files);
	user_done(&user);
	if (ret == 0 && !*cli->files)
		ret = audit_system(r, cli, id, err);
	return ret;
}

/* --- all users -------------------------------------------------------------------------- */

struct accounts {
	struct account *v;
	size_t n;
};

static int add_account(struct accounts *a, uid_t uid, gid_t gid, const char *name,
		       const char *home)
{
	struct account *grown, one = { uid, gid, NULL, NULL };
	struct stat st;

	if (home[0] != '/' || !home[1] || stat(home, &st) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	for (size_t i = 0; i < a->n; i++)
		if (a->v[i].uid == uid && !strcmp(a->v[i].home, home))
			return 0;
	grown = reallocarray(a->v, a->n + 1, sizeof(*grown));
	if (grown)
		a->v = grown;
	one.name = strdup(name);
	one.home = strdup(home);
	if (!grown || !one.name || !one.home) {
		account_done(&one);
		return -ENOMEM;
	}
	a->v[a->n++] = one;
	return 0;
}

static int add_listed(const struct account *listed, void *accounts)
{
	struct stat st;

	/* Service accounts share directories that are not theirs. */
	if (stat(listed->home, &st) < 0 || st.st_uid != listed->uid)
		return 0;
	return add_account(accounts, listed->uid, listed->gid, listed->name, listed->home);
}

/* The accounts that the user database lists, and the owners of what lies in /home, whom a
 * directory service may know without listing them. */
static int find_accounts(struct accounts *a, struct err *err)
{
	int r = account_each(add_listed, a);
	DIR *homes = opendir("/home");
	struct dirent *e;

	while (r == 0 && homes && (e = readdir(homes))) {
		cleanup_free char *home = NULL;
		struct account owner;
		struct stat st;

		if (e->d_name[0] == '.' || asprintf(&home, "/home/%s", e->d_name) < 0 ||
		    lstat(home, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid == 0)
			continue;
		r = account_find(st.st_uid, &owner);
		if (r >= 0)
			r = add_account(a, st.st_uid, r ? owner.gid : st.st_gid,
					r ? owner.name : e->d_name, home);
		account_done(&owner);
	}
	if (homes)
		closedir(homes);
	return r < 0 ? err_errno(err, -r, "accounts") : 0;
}

static void free_accounts(struct accounts *a)
{
	for (size_t i = 0; i < a->n; i++)
		account_done(&a->v[i]);
	free(a->v);
}

/* In the child: become the user, then look.  The counts are the last line. */
static _Noreturn void child(const struct account *who, const struct configs_cli *cli,
			    struct identity *id, FILE *out)
{
	const struct places_query q = { .home = who->home, .is_packaged = true, .only = cli->client };
	struct report r = { .out = out, .json = cli->json };
	struct place_files files = {0};
	struct err err = {0};

	if (setgroups(0, NULL) < 0 || setresgid(who->gid, who->gid, who->gid) < 0 ||
	    setresuid(who->uid, who->uid, who->uid) < 0 || chdir("/") < 0)
		_exit(EXIT_FAILED);
	id->uid = who->uid;
	if (places_find(&q, &files, &err) < 0) {
		say_error(&err);
		_exit(EXIT_FAILED);
	}
	audit_files(&r, id, NULL, who->name, &files);
	fprintf(out, "=%zu %zu %zu %zu\n", r.n_yes, r.n_no, r.n_other, r.n_unreadable);
	_exit(fflush(out) == 0 ? 0 : EXIT_FAILED);
}

/* What the child says until its end.  A user can stop a process of his own, and a home on
 * a network may not answer: then nothing comes, and no more is waited for. */
static int read_child(int fd, char **ret_text, size_t *ret_len)
{
	cleanup_free char *text = malloc(LIMIT_CONFIG + 1);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t len = 0;

	while (text && poll(&p, 1, CHILD_SILENCE) == 1 && len < LIMIT_CONFIG) {
		ssize_t n = read(fd, text + len, LIMIT_CONFIG - len);

		if (n > 0) {
			len += (size_t)n;
			continue;
		}
		if (n < 0)
			break;
		text[len] = '\0';
		*ret_text = take_ptr(&text);
		*ret_len = len;
		return 0;
	}
	return -EIO;
}

/* Pass the child's findings on; its last line is the counts. */
static bool collect(struct report *r, int fd)
{
	cleanup_free char *text = NULL;
	size_t len, n[4];
	char *last;

	if (read_child(fd, &text, &len) < 0 || !len || strlen(text) != len || text[len - 1] != '\n')
		return false;
	text[len - 1] = '\0';
	last = strrchr(text, '\n');
	last = last ? last + 1 : text;
	if (sscanf(last, "=%zu %zu %zu %zu", &n[0], &n[1], &n[2], &n[3]) != 4)
		return false;
	*last = '\0';
	fputs(text, r->out);
	r->n_yes += n[0];
	r->n_no += n[1];
	r->n_other += n[2];
	r->n_unreadable += n[3];
	return true;
}

static int audit_account(struct report *r, const struct account *who,
			 const struct configs_cli *cli, struct identity *id, struct err *err)
{
	int fds[2], status = 0;
	bool is_whole;
	pid_t pid;

	fflush(NULL);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(err, errno, "pipe");
	pid = fork();
	if (pid == 0) {
		FILE *out = fdopen(fds[1], "w");

		if (!out)
			_exit(EXIT_FAILED);
		child(who, cli, id, out);
	}
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return err_errno(err, errno, "fork");
	}
	is_whole = collect(r, fds[0]);
	close(fds[0]);
	/* One that hangs in the kernel would not be gone; then it is not waited for. */
	if (!is_whole)
		kill(pid, SIGKILL);
	waitpid(pid, &status, is_whole ? 0 : WNOHANG);
	if (!is_whole) {
		const struct finding f = { "unreadable", who->name, "", "", "", who->home,
					   "the look at this user's files did not come to its end" };

		r->n_unreadable++;
		print_finding(r, &f);
	}
	return 0;
}

static int audit_all(struct report *r, const struct configs_cli *cli, struct identity *id,
		     struct err *err)
{
	struct accounts a = {0};
	int ret;

	if (geteuid() != 0)
		return err_set(err, EPERM, "--all-users reads every user's files: run it as root");
	ret = find_accounts(&a, err);
	for (size_t i = 0; i < a.n && ret == 0; i++)
		ret = audit_account(r, &a.v[i], cli, id, err);
	free_accounts(&a);
	return ret < 0 ? ret : audit_system(r, cli, id, err);
}

/* --- the whole -------------------------------------------------------------------------- */

/* In JSON the findings are collected first: commas stand between them. */
static void print_json(const struct report *r, char *lines, int code)
{
	printf("{ \"version\": 1, \"confined\": %zu, \"not_confined\": %zu, \"other\": %zu, "
	       "\"unreadable\": %zu, \"exit\": %d,\n  \"servers\": [", r->n_yes, r->n_no, r->n_other,
	       r->n_unreadable, code);
	for (char *line = lines, *end; (end = strchr(line, '\n')); line = end + 1)
		printf("%s\n    %.*s", line == lines ? "" : ",", (int)(end - line), line);
	puts("\n  ] }");
}

int audit_configs_main(int argc, char **argv)
{
	cleanup_free char *lines = NULL;
	struct identity id = { .fd = -1 };
	struct report r = { .out = stdout };
	struct configs_cli cli;
	struct err err = {0};
	size_t len;
	int code, ret = configs_cli_parse(argc, argv, &cli, &err);

	if (ret == 0)
		ret = identity_open(getuid(), &id, &err);
	if (ret == 0 && cli.json) {
		r.json = true;
		r.out = open_memstream(&lines, &len);
		if (!r.out)
			ret = err_errno(&err, ENOMEM, "report");
	}
	if (ret == 0)
		ret = cli.all_users ? audit_all(&r, &cli, &id, &err) : audit_own(&r, &cli, &id, &err);
	code = ret < 0 ? EXIT_FAILED : r.n_unreadable ? EXIT_UNREADABLE : r.n_no ? EXIT_NOT : EXIT_CONFINED;
	if (cli.json && r.out && r.out != stdout)
		fclose(r.out);
	if (ret == 0 && cli.json)
		print_json(&r, lines, code);
	else if (ret == 0)
		printf("%zu confined, %zu not confined, %zu remote, disabled or internal, %zu unreadable\n",
		       r.n_yes, r.n_no, r.n_other, r.n_unreadable);
	if (ret < 0)
		say_error(&err);
	identity_close(&id);
	return code;
}
