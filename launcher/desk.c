/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/call.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/rendezvous.h"
#include "launcher/desk.h"

/* Questions of all servers together; a user's brokers keep LIMIT_HELD each. */
#define QUESTIONS 1024
/* A broker answers at once or is stuck. */
#define PATIENCE 3

void desk_done(struct desk *d)
{
	for (size_t i = 0; i < d->n_fds; i++)
		close(d->fds[i]);
	free(d->fds);
	free(d->v);
	*d = (struct desk){0};
}

static bool is_socket_name(const char *name)
{
	return strlen(name) == 37 && strspn(name, "0123456789abcdef") == 32 &&
	       !strcmp(name + 32, ".sock");
}

static void key_name(const char *name, char ret[static 64])
{
	snprintf(ret, 64, "%.32s.key", name);
}

static int read_key(int dir, const char *name, uint8_t key[static WIRE_KEY])
{
	char file[64];
	cleanup_close int fd = -1;

	key_name(name, file);
	fd = openat(dir, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return fd >= 0 && read(fd, key, WIRE_KEY) == WIRE_KEY ? 0 : -EPERM;
}

/* Return: a connected socket; -ENOENT, nobody is behind that name; -errno. */
static int connect_to(int dir, const char *name, struct err *err)
{
	struct timeval patience = { .tv_sec = PATIENCE };
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	cleanup_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct ucred who = {0};
	socklen_t size = sizeof(who);
	char key[64];

	snprintf(at.sun_path, sizeof(at.sun_path), "/proc/self/fd/%d/%s", dir, name);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		return err_errno(err, errno, "socket");
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0) {
		if (errno != ECONNREFUSED)
			return -errno;
		/* Its broker was killed before it could take the name away. */
		unlinkat(dir, name, 0);
		key_name(name, key);
		unlinkat(dir, key, 0);
		return -ENOENT;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0 || who.uid != getuid())
		return err_set(err, EPERM, "%s: somebody else's socket", name);
	return take_fd(&fd);
}

static void sanitize(struct wire_shown *s)
{
	struct wire_call *c = &s->call;

	s->server[sizeof(s->server) - 1] = s->session[sizeof(s->session) - 1] = '\0';
	if (c->tool_len > sizeof(c->tool))
		c->tool_len = sizeof(c->tool);
	if (c->id_len > sizeof(c->id))
		c->id_len = sizeof(c->id);
	if (c->arguments_len > sizeof(c->arguments))
		c->arguments_len = sizeof(c->arguments);
}

static int say(int fd, const uint8_t *key, enum wire_say_kind kind, uint64_t after,
	       const uint8_t *digest, struct err *err)
{
	struct wire_say s = { .kind = kind, .after = after };

	memcpy(s.key, key, sizeof(s.key));
	if (digest)
		memcpy(s.digest, digest, sizeof(s.digest));
	if (send(fd, &s, sizeof(s), MSG_NOSIGNAL) != (ssize_t)sizeof(s))
		return err_errno(err, errno, "ask the server's broker");
	return 0;
}

static int hear(int fd, struct wire_shown *ret, struct err *err)
{
	ssize_t n;

	do
		n = recv(fd, ret, sizeof(*ret), MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_errno(err, errno, "a server's broker does not answer");
	if (n != (ssize_t)sizeof(*ret))
		return err_set(err, EPROTO, "a server's broker ended, or is of another version");
	sanitize(ret);
	return 0;
}

static int add_questions(struct desk *d, int fd, const uint8_t *key, struct err *err)
{
	uint64_t after = 0;
	int r = 0;

	while (d->n < QUESTIONS) {
		struct desk_question *grown = reallocarray(d->v, d->n + 1, sizeof(*grown));

		if (!grown)
			return err_errno(err, ENOMEM, "questions");
		d->v = grown;
		r = say(fd, key, WIRE_SAY_NEXT, after, NULL, err);
		if (r == 0)
			r = hear(fd, &d->v[d->n].shown, err);
		/* Numbers grow, or a broker that is none of ours keeps us here. */
		if (r < 0 || d->v[d->n].shown.kind != WIRE_SHOWN_QUESTION ||
		    d->v[d->n].shown.serial <= after)
			break;
		after = d->v[d->n].shown.serial;
		memcpy(d->v[d->n].key, key, WIRE_KEY);
		d->v[d->n++].fd = fd;
	}
	return r;
}

/* A server that ends while it is asked takes its questions along: no error. */
static int add_server(struct desk *d, int dir, const char *name, struct err *err)
{
	struct err ignored = {0};
	size_t before = d->n;
	int *grown = reallocarray(d->fds, d->n_fds + 1, sizeof(*grown)), fd;
	uint8_t key[WIRE_KEY];

	if (!grown)
		return err_errno(err, ENOMEM, "questions");
	d->fds = grown;
	if (read_key(dir, name, key) < 0)
		return 0;
	fd = connect_to(dir, name, &ignored);
	if (fd < 0)
		return 0;
	d->fds[d->n_fds++] = fd;
	if (add_questions(d, fd, key, &ignored) < 0)
		d->n = before;
	return 0;
}

int desk_open(struct desk *d, const char *state, struct err *err)
{
	for (unsigned int i = 0; i < RENDEZVOUS_PLACES; i++) {
		cleanup_close int place = rendezvous_open(i, state, false, err);
		struct dirent *e;
		int fd, r = 0;
		DIR *dir;

		if (place == -ENOENT)
			continue;
		if (place < 0)
			return place;
		fd = openat(place, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		dir = fd < 0 ? NULL : fdopendir(fd);
		if (!dir)
			return err_errno(err, errno, "read the rendezvous");
		while (r == 0 && d->n < QUESTIONS && (e = readdir(dir)) != NULL)
			if (is_socket_name(e->d_name))
				r = add_server(d, place, e->d_name, err);
		closedir(dir);
		if (r < 0)
			return r;
	}
	return 0;
}

int desk_find(const struct desk *d, const char *code, const struct desk_question **ret,
	      struct err *err)
{
	size_t len = strlen(code);

	*ret = NULL;
	if (len < 4 || len > 2 * SHA256_SIZE || strspn(code, "0123456789abcdef") != len)
		return err_set(err, EINVAL,
			       "%s: not the code of a call (4 or more digits 0-9 a-f); see "
			       "mcp-confine approve list", code);
	for (size_t i = 0; i < d->n; i++) {
		char hex[2 * SHA256_SIZE + 1];

		call_hex(d->v[i].shown.call.digest, hex);
		if (strncmp(hex, code, len) != 0)
			continue;
		if (*ret)
			return err_set(err, ENOTUNIQ, "%s: more than one call; give more digits", code);
		*ret = &d->v[i];
	}
	return *ret ? 0 :
		      err_set(err, ENOENT,
			      "%s: no such call waits; it was answered, withdrawn, or its time is over",
			      code);
}

int desk_answer(const struct desk_question *q, enum wire_say_kind kind, struct err *err)
{
	struct wire_shown shown;
	int r = say(q->fd, q->key, kind, 0, q->shown.call.digest, err);

	if (r == 0)
		r = hear(q->fd, &shown, err);
	if (r == 0 && shown.kind != WIRE_SHOWN_TAKEN)
		r = err_set(err, ESTALE, "that call does not wait any more: it was answered, "
					 "withdrawn, or its time is over");
	return r;
}
