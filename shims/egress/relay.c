/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shims/egress/hello.h"
#include "shims/egress/relay.h"
#include "shims/egress/tunnel.h"

#define GREET_MS 30000	 /* for the first bytes of a request */
#define CONNECT_MS 10000 /* for one address */
#define TUNNEL_MS 60000	 /* for the proxy's answer: it dials in that time */
#define PORT_TLS 443
#define PORT_HTTP 80
#define PIPE ((size_t)64 << 10)	    /* what a pipe holds (pipe(7)) */
#define PIPE_WIDE ((size_t)256 << 10) /* and one that carries a stream */
#define WIDE_MAX 32 /* pipes: what a user's pipes hold together is bounded by the system */
#define ROUNDS 4    /* of a full pipe before the other connections have their turn */

#define SPLICE (SPLICE_F_MOVE | SPLICE_F_NONBLOCK)

enum { TLS_HANDSHAKE = 22 };

static int over(struct relay *r, const char *why)
{
	r->why = why;
	return -1;
}

void relay_begin(struct relay *r, int in, const char *name, uint16_t port, uint64_t serial,
		 int64_t now)
{
	const struct relay_pipe up = r->up.pipe, down = r->down.pipe;

	*r = (struct relay){
		.state = RELAY_GREET, .in = in, .out = -1, .port = port,
		.up.pipe = up, .down.pipe = down,
		.serial = serial, .began = now, .deadline = now + GREET_MS,
	};
	memcpy(r->name, name, strlen(name) + 1);
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* --- pipes -------------------------------------------------------------------------------- */

static unsigned int n_wide;

static void pipe_close(struct relay_pipe *p)
{
	if (!p->size)
		return;
	close(p->fds[0]);
	close(p->fds[1]);
	n_wide -= p->size == PIPE_WIDE;
	*p = (struct relay_pipe){0};
}

static int pipe_open(struct relay_pipe *p)
{
	if (p->size)
		return 0;
	if (pipe2(p->fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	p->size = PIPE;
	return 0;
}

/* A stream gets a wider one, while there are few and the user's limits allow it. */
static void pipe_widen(struct relay_pipe *p)
{
	if (p->size == PIPE && n_wide < WIDE_MAX &&
	    fcntl(p->fds[0], F_SETPIPE_SZ, PIPE_WIDE) >= (int)PIPE_WIDE) {
		p->size = PIPE_WIDE;
		n_wide++;
	}
}

/* Kept for the next connection of the entry, if nothing of this one is in it. */
static void pipe_leave(struct relay_pipe *p, size_t held)
{
	int left = 0;

	if (p->size && (held || ioctl(p->fds[0], FIONREAD, &left) < 0 || left))
		pipe_close(p);
}

void relay_close(struct relay *r, bool keep_pipes)
{
	close_one(&r->in);
	close_one(&r->out);
	pipe_leave(&r->up.pipe, keep_pipes ? r->up.held : 1);
	pipe_leave(&r->down.pipe, keep_pipes ? r->down.held : 1);
	r->state = RELAY_FREE;
}

/* --- the first bytes ---------------------------------------------------------------------- */

/* Wake up only when there is more than what was seen: it stays in the socket. */
static int wait_for_more(struct relay *r, int fd, size_t seen)
{
	int lowat = (int)seen + 1;

	return setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &lowat, sizeof(lowat)) < 0 ?
		       over(r, "setsockopt failed") :
		       0;
}

/* Return: 1 the bytes may pass, 0 more are needed, -1. */
static int look(struct relay *r, bool is_ended)
{
	static uint8_t buf[HELLO_MAX];
	ssize_t n = recv(r->in, buf, sizeof(buf), MSG_PEEK | MSG_DONTWAIT);
	char name[DESTINATION_NAME + 1];
	int found;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : over(r, NULL);
	if (n == 0)
		return over(r, NULL);
	/* A protocol of its own on a port of its own passes; TLS has to be for the name. */
	if (r->port != PORT_TLS && buf[0] != TLS_HANDSHAKE)
		return 1;
	found = hello_name(buf, (size_t)n, name);
	if (found == 0 && !is_ended)
		return (size_t)n < sizeof(buf) ? wait_for_more(r, r->in, (size_t)n) :
						 over(r, "a ClientHello that is too long");
	if (found == -ENOENT)
		return over(r, "TLS without a server name");
	if (found != 1)
		return over(r, "not a TLS ClientHello");
	if (strcmp(name, r->name) != 0)
		return over(r, "the TLS server name is another");
	return wait_for_more(r, r->in, 0) < 0 ? -1 : 1;
}

/* Requests of plain HTTP: what is cleared is sent out of the peeked bytes, and taken out
 * of the socket after that.  Return: bytes that may pass, 0, -1. */
static int64_t look_http(struct relay *r, char *buf, size_t size, size_t *ret_len, bool is_ended)
{
	ssize_t n = recv(r->in, buf, size, MSG_PEEK | MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : over(r, NULL);
	*ret_len = (size_t)n;
	while (n > 0 && !r->cleared) {
		int64_t cleared = http_clear(&r->http, r->name, buf, (size_t)n);

		if (cleared < 0 || (!cleared && is_ended))
			return over(r, "not a plain HTTP request for the name");
		if (!cleared)
			return wait_for_more(r, r->in, (size_t)n);
		r->cleared = (uint64_t)cleared;
	}
	return n == 0 ? 0 : (int64_t)(r->cleared < (size_t)n ? r->cleared : (size_t)n);
}

/* --- dialling ----------------------------------------------------------------------------- */

static int connect_one(struct relay *r, struct sockaddr_storage *a)
{
	socklen_t len = a->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) :
						   sizeof(struct sockaddr_in);
	const uint16_t port = r->proxy ? r->proxy->at.port : r->port;

	if (a->ss_family == AF_INET6)
		((struct sockaddr_in6 *)a)->sin6_port = htons(port);
	else
		((struct sockaddr_in *)a)->sin_port = htons(port);
	r->out = socket(a->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (r->out < 0)
		return -1;
	if (connect(r->out, (struct sockaddr *)a, len) == 0 || errno == EINPROGRESS)
		return 0;
	close_one(&r->out);
	return -1;
}

int relay_dial(struct relay *r, int64_t now)
{
	close_one(&r->out);
	while (r->next_address < r->n_addresses)
		if (connect_one(r, &r->addresses[r->next_address++]) == 0) {
			r->state = RELAY_CONNECT;
			r->deadline = now + CONNECT_MS;
			return 0;
		}
	return over(r, r->proxy ? "the proxy does not answer" : "no address of the name answers");
}

/* By its name and not by an address: whatever is behind the proxy is the proxy's to find. */
static int ask_proxy(struct relay *r, int64_t now)
{
	char request[TUNNEL_REQUEST];
	size_t len = tunnel_request(r->name, r->port, r->proxy->authorization, request);
	ssize_t n = send(r->out, request, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	explicit_bzero(request, sizeof(request));
	/* A socket that is new takes that much, or nobody is there. */
	if (n != (ssize_t)len)
		return over(r, "the proxy takes no request");
	r->state = RELAY_TUNNEL;
	r->deadline = now + TUNNEL_MS;
	return 0;
}

static int connected(struct relay *r, int64_t now)
{
	socklen_t len = sizeof(int);
	int error = 0;

	if (getsockopt(r->out, SOL_SOCKET, SO_ERROR, &error, &len) < 0 || error)
		return relay_dial(r, now);
	if (pipe_open(&r->up.pipe) < 0 || pipe_open(&r->down.pipe) < 0)
		return over(r, "out of descriptors");
	if (r->proxy)
		return ask_proxy(r, now);
	r->state = RELAY_OPEN;
	r->deadline = 0;
	return 0;
}

/* The answer is looked at in the socket, and its head alone is taken out: what follows is
 * the tunnel's. */
static int answered(struct relay *r, bool is_ended)
{
	static char buf[TUNNEL_HEAD_MAX];
	ssize_t n = recv(r->out, buf, sizeof(buf), MSG_PEEK | MSG_DONTWAIT);
	unsigned int status = 0;
	int head;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : over(r, "the proxy broke off");
	if (n == 0)
		return over(r, "the proxy closed without an answer");
	head = tunnel_answer(buf, (size_t)n, &status);
	if (head == 0 && !is_ended)
		return wait_for_more(r, r->out, (size_t)n);
	if (head <= 0)
		return over(r, "what the proxy answers is no HTTP");
	if (status >= 300) {
		r->refused_with = status;
		return over(r, tunnel_words(status));
	}
	if (recv(r->out, buf, (size_t)head, MSG_DONTWAIT) != head)
		return over(r, NULL);
	r->state = RELAY_OPEN;
	r->deadline = 0;
	return wait_for_more(r, r->out, 0);
}

/* --- bytes -------------------------------------------------------------------------------- */

/* Into the pipe, when it is empty.  Return: 1 it was filled, 0, -1. */
static int fill(struct relay *r, struct relay_way *w, int from)
{
	ssize_t n;

	if (w->held || w->is_over)
		return 0;
	n = splice(from, NULL, w->pipe.fds[1], NULL, w->pipe.size, SPLICE);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : over(r, NULL);
	w->is_over = n == 0;
	w->held = (size_t)n;
	return w->held == w->pipe.size;
}

/* Out of it, as far as the other end takes it.  Return: 0 or -1. */
static int drain(struct relay *r, struct relay_way *w, int to)
{
	while (w->held) {
		ssize_t n = splice(w->pipe.fds[0], NULL, to, NULL, w->held, SPLICE);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n <= 0)
			return over(r, NULL);
		w->held -= (size_t)n;
		w->bytes += (uint64_t)n;
	}
	return 0;
}

/* from -> pipe -> to, as far as both are willing.  Return: 0 or -1. */
static int pump(struct relay *r, struct relay_way *w, int from, int to)
{
	int filled = 1;

	for (int i = 0; i < ROUNDS && filled && !(i && w->held); i++) {
		filled = fill(r, w, from);
		if (filled < 0 || drain(r, w, to) < 0)
			return -1;
		if (filled && w->bytes > PIPE_WIDE && !w->held)
			pipe_widen(&w->pipe);
	}
	if (w->held)
		return 0;
	if (w->is_over && shutdown(to, SHUT_WR) < 0 && errno != ENOTCONN)
		return over(r, NULL);
	return 0;
}

static int pump_http(struct relay *r, bool is_ended)
{
	static char buf[HTTP_HEAD_MAX];
	size_t len = 0;
	int64_t may = look_http(r, buf, sizeof(buf), &len, is_ended);
	ssize_t n;

	if (may < 0)
		return -1;
	r->is_blocked = false;
	if (may == 0) {
		if (is_ended && !len && !r->up.is_over) {
			r->up.is_over = true;
			shutdown(r->out, SHUT_WR);
		}
		return 0;
	}
	n = send(r->out, buf, (size_t)may, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && errno == EAGAIN) {
		r->is_blocked = true;
		return 0;
	}
	/* What was sent leaves the socket: the same bytes that were looked at. */
	if (n <= 0 || recv(r->in, buf, (size_t)n, MSG_DONTWAIT) != n)
		return over(r, NULL);
	r->cleared -= (uint64_t)n;
	r->up.bytes += (uint64_t)n;
	return wait_for_more(r, r->in, 0);
}

static int pass_up(struct relay *r, bool is_ended)
{
	if (r->port == PORT_HTTP)
		return pump_http(r, is_ended);
	if (!r->is_checked) {
		int seen = look(r, is_ended);

		if (seen <= 0)
			return seen;
		r->is_checked = true;
	}
	return pump(r, &r->up, r->in, r->out);
}

static int pass(struct relay *r, const struct pollfd fds[2])
{
	const short readable = POLLIN | POLLHUP | POLLRDHUP | POLLERR;

	if ((fds[0].revents & readable || fds[1].revents & POLLOUT) &&
	    pass_up(r, fds[0].revents & (POLLRDHUP | POLLHUP | POLLERR)) < 0)
		return -1;
	if ((fds[1].revents & readable || fds[0].revents & POLLOUT) &&
	    pump(r, &r->down, r->out, r->in) < 0)
		return -1;
	return r->up.is_over && r->down.is_over && !r->up.held && !r->down.held ? over(r, NULL) : 0;
}

/* Before anything is dialled: only where the client speaks first. */
static int greet(struct relay *r, const struct pollfd fds[2])
{
	static char buf[HTTP_HEAD_MAX];
	bool is_ended = fds[0].revents & (POLLRDHUP | POLLHUP | POLLERR);
	size_t len = 0;
	int64_t may = 1;

	if (r->port == PORT_HTTP)
		may = look_http(r, buf, sizeof(buf), &len, is_ended);
	else if (r->port == PORT_TLS)
		may = look(r, is_ended);
	if (may == 0 && is_ended)
		return over(r, NULL);
	if (may <= 0)
		return (int)may;
	r->is_checked = r->port == PORT_TLS;
	r->state = RELAY_RESOLVE;
	r->deadline = 0;
	return 1;
}

void relay_wanted(const struct relay *r, struct pollfd fds[2])
{
	short in = 0, out = 0;

	switch (r->state) {
	case RELAY_GREET:
		in = POLLIN | POLLRDHUP;
		break;
	case RELAY_RESOLVE:
		in = POLLHUP;
		break;
	case RELAY_CONNECT:
		out = POLLOUT;
		break;
	case RELAY_TUNNEL:
		in = POLLHUP;
		out = POLLIN | POLLRDHUP;
		break;
	case RELAY_OPEN:
		if (!r->up.held && !r->up.is_over && !r->is_blocked)
			in |= POLLIN | POLLRDHUP;
		if (r->up.held || r->is_blocked)
			out |= POLLOUT;
		if (!r->down.held && !r->down.is_over)
			out |= POLLIN | POLLRDHUP;
		if (r->down.held)
			in |= POLLOUT;
		break;
	case RELAY_FREE:
		break;
	}
	/* Without anything to wait for, an end would be reported again and again. */
	fds[0] = (struct pollfd){ in ? r->in : -1, in, 0 };
	fds[1] = (struct pollfd){ out ? r->out : -1, out, 0 };
}

int relay_run(struct relay *r, const struct pollfd fds[2], int64_t now)
{
	if (r->deadline && now >= r->deadline)
		return r->state == RELAY_CONNECT ? relay_dial(r, now) :
		       over(r, r->state == RELAY_TUNNEL ? "the proxy did not answer in time" :
							  "nothing was sent in time");
	switch (r->state) {
	case RELAY_GREET:
		/* Where the far end speaks first there is nothing to wait for. */
		if (fds[0].revents || (r->port != PORT_TLS && r->port != PORT_HTTP))
			return greet(r, fds);
		return 0;
	case RELAY_RESOLVE:
		return fds[0].revents & (POLLHUP | POLLERR) ? over(r, NULL) : 0;
	case RELAY_CONNECT:
		return fds[1].revents ? connected(r, now) : 0;
	case RELAY_TUNNEL:
		if (fds[0].revents & (POLLHUP | POLLERR))
			return over(r, NULL);
		return fds[1].revents ? answered(r, fds[1].revents & ~POLLIN) : 0;
	case RELAY_OPEN:
		return pass(r, fds);
	case RELAY_FREE:
		break;
	}
	return 0;
}
