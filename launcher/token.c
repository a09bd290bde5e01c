/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/audit.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/remote.h"
#include "common/secrets.h"
#include "common/sys.h"
#include "launcher/remote.h"
#include "launcher/session.h"
#include "launcher/spawn.h"
#include "launcher/token.h"

/* Where the server sees it. */
#define INSIDE "/run/mcp-confine"
/* Milliseconds: metadata, an SVID, the exchange, the key set, each with a bound of its own. */
#define PATIENCE 60000

/* --- the directory ------------------------------------------------------------------------ */

static bool is_own_dir(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == getuid() &&
	       !(st.st_mode & (S_IRWXG | S_IRWXO));
}

/* In memory, and this user's alone.  *ret_path is the caller's to free. */
static int open_parent(char **ret_path, struct err *err)
{
	for (int i = 0; i < 2; i++) {
		cleanup_free char *path = NULL;
		cleanup_close int fd = -1;
		char text[64];

		snprintf(text, sizeof(text), i ? "/dev/shm/mcp-confine-%u" : "/run/user/%u/mcp-confine-tokens",
			 (unsigned int)getuid());
		path = strdup(text);
		if (!path)
			return err_errno(err, ENOMEM, "token");
		mkdir(path, 0700);
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && is_own_dir(fd)) {
			*ret_path = take_ptr(&path);
			return take_fd(&fd);
		}
	}
	return err_set(err, EPERM, "neither /run/user/%u nor /dev/shm takes a directory that is this "
				   "user's alone", (unsigned int)getuid());
}

static void remove_one(int parent, const char *name)
{
	cleanup_close int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return;
	unlinkat(fd, "token", 0);
	unlinkat(fd, "new", 0);
	unlinkat(parent, name, AT_REMOVEDIR);
}

/* What no living launcher holds. */
static void remove_stale(int parent)
{
	int fd = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		cleanup_close int one = -1;

		if (e->d_name[0] == '.')
			continue;
		one = openat(parent, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (one >= 0 && flock(one, LOCK_EX | LOCK_NB) == 0)
			remove_one(parent, e->d_name);
	}
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
}

static int make_dir(struct session *s, struct err *err)
{
	struct token *t = &s->token;
	cleanup_free char *parent = NULL;

	t->parent = open_parent(&parent, err);
	if (t->parent < 0)
		return t->parent;
	/* Held while we look and make: a directory without its lock yet is not stale. */
	if (flock(t->parent, LOCK_EX) < 0)
		return err_errno(err, errno, "lock %s", parent);
	remove_stale(t->parent);
	snprintf(t->name, sizeof(t->name), "%s", s->id);
	if (mkdirat(t->parent, t->name, 0700) < 0 || asprintf(&t->path, "%s/%s", parent, t->name) < 0)
		return err_errno(err, errno, "make a directory in %s", parent);
	t->lock = openat(t->parent, t->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (t->lock < 0 || flock(t->lock, LOCK_EX | LOCK_NB) < 0)
		return err_errno(err, errno, "lock %s", t->path);
	flock(t->parent, LOCK_UN);
	return 0;
}

void token_done(struct token *t)
{
	int *all[] = { &t->lifeline, &t->log, &t->live, &t->lock, &t->parent };

	if (t->parent > 0 && t->name[0])
		remove_one(t->parent, t->name);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (*all[i] > 0)
			close(*all[i]);
	free(t->path);
	*t = (struct token){0};
}

void token_log_given(struct token *t)
{
	if (t->log > 0)
		close(t->log);
	t->log = 0;
}

void token_end(struct token *t)
{
	if (t->lifeline > 0)
		close(t->lifeline);
	t->lifeline = 0;
}

/* --- the holder --------------------------------------------------------------------------- */

struct holder {
	int program, config, ready, lifeline, audit, dir, live;
};

static void take(char *to, size_t size, const char *text)
{
	snprintf(to, size, "%s", text ? text : "");
}

static int open_config(const struct policy_delegation *d, struct err *err)
{
	struct remote_token *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return err_errno(err, ENOMEM, "delegation");
	take(c->subject_token_file, sizeof(c->subject_token_file), d->subject_token_file);
	take(c->actor_token_file, sizeof(c->actor_token_file), d->actor_token_file);
	take(c->audience, sizeof(c->audience), d->audience);
	take(c->resource, sizeof(c->resource), d->resource);
	take(c->scope, sizeof(c->scope), d->scope);
	take(c->actor, sizeof(c->actor), d->actor);
	c->lifetime = (uint32_t)d->lifetime;
	c->is_renewed = d->file != NULL;
	r = remote_take_client(&d->client, &c->client, err);
	if (r == 0)
		r = remote_check_secret(d->subject_token_file, err);
	if (r == 0 && d->actor_token_file)
		r = remote_check_secret(d->actor_token_file, err);
	if (r == 0)
		r = fd_sealed("token", c, sizeof(*c), err);
	explicit_bzero(c, sizeof(*c));
	free(c);
	return r;
}

static _Noreturn void holder_exec(const struct session *s, const struct holder *k)
{
	const struct {
		const char *name;
		int fd;
	} given[] = { { "--config-fd", k->config }, { "--ready-fd", k->ready }, { "--dir-fd", k->dir },
		      { "--lifeline-fd", k->lifeline }, { "--audit-fd", k->audit }, { "--live-fd", k->live } };
	struct strv argv = {0};
	struct err err = {0};
	char *env[] = { NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
	    (strv_add(&argv, "mcp-confine-broker-net") | strv_add(&argv, "--server") |
	     strv_add(&argv, s->name) | strv_add(&argv, "--session") | strv_add(&argv, s->id)) < 0)
		_exit(125);
	for (size_t i = 0; i < sizeof(given) / sizeof(*given); i++)
		if (fd_place(given[i].fd, given[i].fd, &err) < 0 ||
		    (strv_add(&argv, given[i].name) | strv_addf(&argv, "%d", given[i].fd)) < 0)
			_exit(125);
	umask(077);
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	syscall(SYS_execveat, k->program, "", argv.v, env, AT_EMPTY_PATH);
	_exit(125);
}

static int open_live(struct err *err)
{
	cleanup_close int fd = memfd_create("live", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, (off_t)sizeof(struct secrets_live)) < 0)
		return err_errno(err, errno, "memfd");
	return take_fd(&fd);
}

/* The one message of the holder, or why none came. */
static int hear(int ready, struct remote_ready *ret, struct err *err)
{
	char *at = (char *)ret;
	size_t got = 0;

	while (got < sizeof(*ret)) {
		struct pollfd p = { ready, POLLIN, 0 };
		int n = poll(&p, 1, PATIENCE);
		ssize_t r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(err, ETIMEDOUT, "the authorization server does not answer");
		r = read(ready, at + got, sizeof(*ret) - got);
		if (r <= 0)
			return err_set(err, EPIPE, "mcp-confine-broker-net ended; its own words are above");
		got += (size_t)r;
	}
	ret->words[sizeof(ret->words) - 1] = ret->token[sizeof(ret->token) - 1] = '\0';
	return ret->is_there ? 0 : err_set(err, EACCES, "%s", ret->words);
}

static int start_holder(struct session *s, struct remote_ready *ret, struct err *err)
{
	cleanup_close int program = -1, config = -1, audit = -1;
	int ready[2] = { -1, -1 }, lifeline[2] = { -1, -1 }, log[2], r = 0;
	pid_t pid;

	program = spawn_open_program("mcp-confine-broker-net", err);
	if (program < 0)
		return program;
	if ((config = open_config(&s->policy.delegation, err)) < 0 || (s->token.live = open_live(err)) < 0)
		return -err->code;
	/* The keeper of the log starts later: until then records wait in the socket. */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, log) < 0)
		return err_errno(err, errno, "socketpair");
	s->token.log = log[0];
	audit = log[1];
	if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(lifeline, O_CLOEXEC) < 0)
		return err_errno(err, errno, "pipe");
	pid = fork();
	if (pid == 0) {
		const struct holder k = { program, config, ready[1], lifeline[0], audit, s->token.lock,
					  s->token.live };

		close(lifeline[1]);
		holder_exec(s, &k);
	}
	s->token.lifeline = lifeline[1];
	close(lifeline[0]);
	close(ready[1]);
	r = pid < 0 ? err_errno(err, errno, "fork") : hear(ready[0], ret, err);
	close(ready[0]);
	return r;
}

/* --- handing over ------------------------------------------------------------------------- */

static int put_env(struct strv *env, const char *name, const char *value)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < env->n; i++)
		if (!strncmp(env->v[i], name, len) && env->v[i][len] == '=') {
			strv_remove(env, i);
			break;
		}
	return strv_addf(env, "%s=%s", name, value);
}

static int bind_dir(struct session *s, struct err *err)
{
	struct plan_entry *e = plan_add(&s->plan, PLAN_BIND, INSIDE, s->token.path, "delegated token");
	struct stat st;

	if (!e)
		return err_errno(err, ENOMEM, "plan");
	if (fstat(s->token.lock, &st) < 0)
		return err_errno(err, errno, "stat %s", s->token.path);
	e->is_dir = true;
	e->dev = st.st_dev;
	e->ino = st.st_ino;
	plan_sort(&s->plan);
	return 0;
}

int token_start(struct session *s, struct err *err)
{
	const struct policy_delegation *d = &s->policy.delegation;
	struct remote_ready *ready;
	int r;

	if (!d->is_set)
		return 0;
	ready = calloc(1, sizeof(*ready));
	if (!ready)
		return err_errno(err, ENOMEM, "delegation");
	r = make_dir(s, err);
	if (r == 0)
		r = start_holder(s, ready, err);
	/* Known to the pep, however it is handed over. */
	if (r == 0 && strv_addf(&s->env.injected, "delegated token=%s", ready->token) < 0)
		r = err_errno(err, ENOMEM, "delegation");
	if (r == 0 && d->file)
		r = bind_dir(s, err);
	else if (r == 0 && put_env(&s->plan.env, d->environment, ready->token) < 0)
		r = err_errno(err, ENOMEM, "delegation");
	explicit_bzero(ready, sizeof(*ready));
	free(ready);
	return r < 0 ? err_wrap(err, "delegation") : 0;
}

int token_name_file(struct session *s, struct err *err)
{
	const struct policy_delegation *d = &s->policy.delegation;
	cleanup_free char *path = NULL;

	if (!d->is_set || !d->file)
		return 0;
	if (asprintf(&path, "%s/token", s->plan.is_bare && s->token.path ? s->token.path : INSIDE) < 0 ||
	    put_env(&s->plan.env, d->file, path) < 0)
		return err_errno(err, ENOMEM, "delegation");
	return 0;
}

void token_give_keys(const struct session *s, const void *secrets, size_t len)
{
	struct secrets_live *live;
	struct secrets_header head;

	if (s->token.live <= 0 || len < sizeof(head))
		return;
	live = mmap(NULL, sizeof(*live), PROT_READ | PROT_WRITE, MAP_SHARED, s->token.live, 0);
	if (live == MAP_FAILED)
		return;
	memcpy(&head, secrets, sizeof(head));
	head.n = head.n_probes = 0;
	memcpy(live->data, &head, sizeof(head));
	live->len = sizeof(head);
	munmap(live, sizeof(*live));
}
