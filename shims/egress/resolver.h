/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolver - the real addresses of a granted name, through c-ares
 *
 * It reads the host's resolv.conf and hosts file and asks the name servers there.  One
 * channel; questions run side by side; answers come by callback out of resolver_run().
 */
#ifndef SHIMS_EGRESS_RESOLVER_H
#define SHIMS_EGRESS_RESOLVER_H

#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>

struct err;
struct resolver; /* opaque */

#define RESOLVER_ADDRESSES 8 /* that are tried for one name; more are not looked at */
#define RESOLVER_FDS 16

/* n is 0 when there is no such name, no answer, or no name server: why says which. */
typedef void (*resolver_answer)(void *arg, const struct sockaddr_storage *addresses, size_t n,
				const char *why);

/* Return: 0 or -errno. */
int resolver_open(struct resolver **ret, struct err *err);

/* name is canonical.  answer is called once, perhaps before this returns. */
void resolver_ask(struct resolver *r, const char *name, resolver_answer answer, void *arg);

/* What to wait for: at most RESOLVER_FDS entries.  *timeout_ms (-1: none) gets smaller.
 * Return: how many. */
size_t resolver_wanted(struct resolver *r, struct pollfd *fds, int *timeout_ms);

/* After the wait, with the same entries. */
void resolver_run(struct resolver *r, const struct pollfd *fds, size_t n);

#endif /* SHIMS_EGRESS_RESOLVER_H */
