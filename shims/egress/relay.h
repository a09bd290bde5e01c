/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay - one connection of the server's, from its listener to the address dialled
 *
 * The states, and what may happen in each:
 *
 *   RELAY_FREE      nothing: the entry is not in use
 *   RELAY_GREET     the server's first bytes are looked at and not taken; nothing is dialled
 *   RELAY_RESOLVE   the name was given to the resolver
 *   RELAY_CONNECT   an address that was checked, or the proxy's, is being dialled
 *   RELAY_TUNNEL    the proxy was asked for a way to the name; its answer is awaited
 *   RELAY_OPEN      bytes pass both ways
 *
 * Whatever does not fit closes the connection; a new one is judged anew.
 */
#ifndef SHIMS_EGRESS_RELAY_H
#define SHIMS_EGRESS_RELAY_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/destination.h"
#include "common/proxy.h"
#include "shims/egress/http.h"
#include "shims/egress/resolver.h"

enum relay_state { RELAY_FREE = 0, RELAY_GREET, RELAY_RESOLVE, RELAY_CONNECT, RELAY_TUNNEL, RELAY_OPEN };

struct relay_pipe {
	int fds[2];
	size_t size; /* what it holds; 0: there is none */
};

/* One direction, through a pipe that splice(2) fills and empties. */
struct relay_way {
	struct relay_pipe pipe;
	size_t held; /* bytes in the pipe */
	bool is_over; /* its source has ended */
	uint64_t bytes;
};

/* The proxy of the session; borrowed by each connection that goes through it. */
struct relay_proxy {
	struct proxy at;
	const char *authorization; /* the value of its header, or "" */
};

struct relay {
	enum relay_state state;
	int in, out; /* towards the server, towards the network */
	char name[DESTINATION_NAME + 1];
	uint16_t port;
	const struct relay_proxy *proxy; /* that it goes through, or NULL */
	unsigned int refused_with; /* the proxy's status, where that ended it */
	bool is_checked;   /* the first bytes were looked at */
	bool is_blocked;   /* http: the network side takes no more for now */
	struct http http;
	uint64_t cleared;  /* http: bytes that may pass before the next look */
	struct relay_way up, down;
	struct sockaddr_storage addresses[RESOLVER_ADDRESSES];
	size_t n_addresses, next_address;
	uint64_t serial; /* unique in the session: an entry is used again */
	int64_t began, deadline; /* CLOCK_MONOTONIC, milliseconds; deadline 0: none */
	const char *why;	 /* static: why it was closed, or NULL: it ended */
};

/* Take over an accepted connection, in an entry that was zero or closed before; r->proxy is
 * the caller's to set after that. */
void relay_begin(struct relay *r, int in, const char *name, uint16_t port, uint64_t serial,
		 int64_t now);

/* Two entries: events to wait for, of in and out; fd -1 where none. */
void relay_wanted(const struct relay *r, struct pollfd fds[2]);

/* After the wait.  Return: 0 go on; 1 the name is to be resolved now; -1 it is over and
 * r->why may say why: relay_close() is next. */
int relay_run(struct relay *r, const struct pollfd fds[2], int64_t now);

/* An address that may be dialled; a first call begins to. */
int relay_dial(struct relay *r, int64_t now);

/* keep_pipes: those that are empty stay open for the entry's next connection. */
void relay_close(struct relay *r, bool keep_pipes);

#endif /* SHIMS_EGRESS_RELAY_H */
