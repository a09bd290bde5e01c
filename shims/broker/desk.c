/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/call.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/rendezvous.h"
#include "shims/broker/desk.h"

/* --- the socket ------------------------------------------------------------------------- */

static int open_place(const char *state, struct err *err)
{
	int fd = -ENOENT;

	for (unsigned int i = 0; i < RENDEZVOUS_PLACES && fd == -ENOENT; i++)
		fd = rendezvous_open(i, state, true, err);
	return fd == -ENOENT ? err_set(err, ENOENT, "no place for a rendezvous: neither "
						    "/run/user/UID nor %s", state) :
			       fd;
}

/* The name of the file with the key, from that of the socket. */
static void key_name(const struct desk *d, char ret[static 64])
{
	snprintf(ret, 64, "%.*s.key", (int)strcspn(d->name, "."), d->name);
}

static int make_key(struct desk *d, int dir, struct err *err)
{
	cleanup_close int fd = -1;
	char name[64];

	key_name(d, name);
	if (getrandom(d->key, sizeof(d->key), 0) != (ssize_t)sizeof(d->key))
		return err_errno(err, errno, "getrandom");
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fd_write_all(fd, d->key, sizeof(d->key)) < 0)
		return err_errno(err, errno, "write the key of the rendezvous");
	return 0;
}

int desk_open(struct desk *d, const char *state, const char *session, struct err *err)
{
	cleanup_close int dir = open_place(state, err), fd = -1;
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	if (dir < 0)
		return dir;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(err, errno, "socket");
	/* A relative name: the path may be longer than a socket's name can be. */
	snprintf(d->name, sizeof(d->name), "%.32s.sock", session);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", d->name);
	if (make_key(d, dir, err) < 0)
		return -err->code;
	if (fchdir(dir) < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    fchmodat(dir, d->name, 0600, 0) < 0 || listen(fd, LIMIT_DESKS) < 0 || chdir("/") < 0)
		return err_errno(err, errno, "make the socket of the rendezvous");
	d->listener = take_fd(&fd);
	d->dir = take_fd(&dir);
	d->uid = getuid();
	for (size_t i = 0; i < LIMIT_DESKS; i++)
		d->v[i].fd = -1;
	return 0;
}

void desk_close(struct desk *d)
{
	char name[64];

	key_name(d, name);
	unlinkat(d->dir, d->name, 0);
	unlinkat(d->dir, name, 0);
}

/* --- connections -------------------------------------------------------------------------- */

static void welcome(struct desk *d)
{
	cleanup_close int fd =
		accept4(d->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ucred who = {0};
	socklen_t size = sizeof(who);

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0 ||
	    size != sizeof(who) || who.uid != d->uid)
		return;
	for (size_t i = 0; i < LIMIT_DESKS; i++) {
		if (d->v[i].fd >= 0)
			continue;
		d->v[i].fd = take_fd(&fd);
		d->v[i].pid = who.pid;
		return;
	}
}

/* Return: did the terminal take it? */
static bool show(int fd, const struct wire_shown *shown)
{
	return send(fd, shown, sizeof(*shown), MSG_DONTWAIT | MSG_NOSIGNAL) ==
	       (ssize_t)sizeof(*shown);
}

static uint32_t span(int64_t from, int64_t to)
{
	return to > from ? (uint32_t)(to - from) : 0;
}

static struct wire_shown *shown_of(struct broker *b, const struct order_question *q)
{
	static struct wire_shown s;

	memset(&s, 0, sizeof(s));
	if (!q)
		return &s;
	s.kind = WIRE_SHOWN_QUESTION;
	s.waited = span(q->asked_at, b->now);
	s.left = span(b->now, q->deadline);
	s.serial = q->serial;
	snprintf(s.server, sizeof(s.server), "%s", b->order.server);
	snprintf(s.session, sizeof(s.session), "%s", b->order.session);
	s.call = *q->call;
	return &s;
}

/* One at a time: a socket holds few of these structs. */
static bool show_next(struct broker *b, int fd, uint64_t after)
{
	const struct order_question *next = NULL;

	for (size_t i = 0; i < LIMIT_HELD; i++) {
		const struct order_question *q = &b->order.v[i];

		if (q->is_open && q->is_at_desk && q->serial > after &&
		    (!next || q->serial < next->serial))
			next = q;
	}
	return show(fd, shown_of(b, next));
}

static bool answer(struct broker *b, int fd, pid_t pid, const struct wire_say *say)
{
	struct order_question *q = order_find(&b->order, say->digest);
	struct wire_shown *s;
	char who[64];

	if (q && !q->is_at_desk)
		q = NULL;
	if (q) {
		snprintf(who, sizeof(who), "this user, at a terminal, pid %d", (int)pid);
		if (say->kind != WIRE_SAY_YES)
			broker_answer(b, q, WIRE_ANSWER_DENIED, true, who);
		else if (!b->channel->agreed || !b->channel->agreed(b, q, who))
			broker_answer(b, q, WIRE_ANSWER_APPROVED, true, who);
	}
	s = shown_of(b, NULL);
	s->kind = q ? WIRE_SHOWN_TAKEN : WIRE_SHOWN_UNKNOWN;
	return show(fd, s);
}

/* Return: does the connection stay? */
static bool hear(struct broker *b, const uint8_t *key, int fd, pid_t pid)
{
	struct wire_say say;
	ssize_t n = recv(fd, &say, sizeof(say), MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n != (ssize_t)sizeof(say) || memcmp(say.key, key, WIRE_KEY) != 0)
		return false;
	switch (say.kind) {
	case WIRE_SAY_NEXT:
		return show_next(b, fd, say.after);
	case WIRE_SAY_YES:
	case WIRE_SAY_NO:
		return answer(b, fd, pid, &say);
	default:
		return false;
	}
}

/* --- the channel ---------------------------------------------------------------------------- */

static void opened(struct broker *b, struct order_question *q)
{
	q->is_at_desk = q->wants_person && !q->wants_pdp;
	/* There is no PDP behind this channel. */
	if (!q->is_at_desk)
		broker_answer(b, q, WIRE_ANSWER_FAILED, false, "nobody");
}

static void closed(struct broker *b, struct order_question *q)
{
	(void)b;
	q->is_at_desk = false;
}

int desk_wanted(const struct desk *d, struct pollfd *p)
{
	p[0] = (struct pollfd){ d->listener, POLLIN, 0 };
	for (int i = 0; i < LIMIT_DESKS; i++)
		p[i + 1] = (struct pollfd){ d->v[i].fd, POLLIN, 0 };
	return LIMIT_DESKS + 1;
}

void desk_ready(struct broker *b, struct desk *d, const struct pollfd *p, int n)
{
	for (int i = 0; i + 1 < n; i++) {
		if (d->v[i].fd < 0 || !p[i + 1].revents || hear(b, d->key, d->v[i].fd, d->v[i].pid))
			continue;
		close(d->v[i].fd);
		d->v[i].fd = -1;
	}
	if (p[0].revents)
		welcome(d);
}

static int wanted(struct broker *b, struct pollfd *p)
{
	return desk_wanted(b->own, p);
}

static void ready(struct broker *b, const struct pollfd *p, int n)
{
	desk_ready(b, b->own, p, n);
}

const struct channel desk_channel = {
	.opened = opened,
	.closed = closed,
	.wanted = wanted,
	.ready = ready,
};
