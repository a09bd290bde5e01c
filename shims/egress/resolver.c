/* SPDX-License-Identifier: Apache-2.0 */
#include <ares.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "common/err.h"
#include "shims/egress/resolver.h"

struct resolver {
	ares_channel channel;
};

struct question {
	resolver_answer answer;
	void *arg;
};

static size_t add(struct sockaddr_storage *out, size_t n, const struct ares_addrinfo *info,
		  int family)
{
	const struct ares_addrinfo_node *node;

	for (node = info->nodes; node && n < RESOLVER_ADDRESSES; node = node->ai_next) {
		if (node->ai_family != family || node->ai_addrlen > sizeof(*out))
			continue;
		memset(&out[n], 0, sizeof(*out));
		memcpy(&out[n++], node->ai_addr, node->ai_addrlen);
	}
	return n;
}

static void answered(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct sockaddr_storage found[RESOLVER_ADDRESSES];
	struct question *q = arg;
	size_t n = 0;

	(void)timeouts;
	if (status == ARES_SUCCESS && info) {
		n = add(found, n, info, AF_INET);
		n = add(found, n, info, AF_INET6);
	}
	q->answer(q->arg, found, n, n ? "" : ares_strerror(status));
	ares_freeaddrinfo(info);
	free(q);
}

int resolver_open(struct resolver **ret, struct err *err)
{
	struct resolver *r = calloc(1, sizeof(*r));
	struct ares_options options = { .timeout = 3000, .tries = 3 };
	int status;

	if (!r)
		return err_errno(err, ENOMEM, "resolver");
	status = ares_library_init(ARES_LIB_INIT_ALL);
	if (status == ARES_SUCCESS)
		status = ares_init_options(&r->channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
	if (status != ARES_SUCCESS) {
		free(r);
		return err_set(err, EIO, "resolver: %s", ares_strerror(status));
	}
	*ret = r;
	return 0;
}

void resolver_ask(struct resolver *r, const char *name, resolver_answer answer, void *arg)
{
	const struct ares_addrinfo_hints hints = {
		.ai_flags = ARES_AI_NOSORT | ARES_AI_NUMERICSERV,
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
	};
	struct question *q = malloc(sizeof(*q));

	if (!q) {
		answer(arg, NULL, 0, "out of memory");
		return;
	}
	*q = (struct question){ answer, arg };
	ares_getaddrinfo(r->channel, name, NULL, &hints, answered, q);
}

size_t resolver_wanted(struct resolver *r, struct pollfd *fds, int *timeout_ms)
{
	ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
	int mask = ares_getsock(r->channel, sockets, ARES_GETSOCK_MAXNUM);
	struct timeval tv, *next = ares_timeout(r->channel, NULL, &tv);
	size_t n = 0;

	for (int i = 0; i < ARES_GETSOCK_MAXNUM && n < RESOLVER_FDS; i++) {
		short events = 0;

		if (ARES_GETSOCK_READABLE(mask, i))
			events |= POLLIN;
		if (ARES_GETSOCK_WRITABLE(mask, i))
			events |= POLLOUT;
		if (events)
			fds[n++] = (struct pollfd){ sockets[i], events, 0 };
	}
	if (n && next) {
		int ms = (int)(next->tv_sec * 1000 + next->tv_usec / 1000) + 1;

		if (*timeout_ms < 0 || ms < *timeout_ms)
			*timeout_ms = ms;
	}
	return n;
}

void resolver_run(struct resolver *r, const struct pollfd *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ares_process_fd(r->channel,
				fds[i].revents & ~POLLOUT ? fds[i].fd : ARES_SOCKET_BAD,
				fds[i].revents & POLLOUT ? fds[i].fd : ARES_SOCKET_BAD);
	/* Questions whose time is over. */
	ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}
