/* SPDX-License-Identifier: Apache-2.0 */
/*
 * desk - the channel `local`: terminals of this user, through a socket in the rendezvous
 *
 * Who connects is asked of the kernel (SO_PEERCRED): only this user, and only with the
 * key of the file beside the socket, which no confined server can read.  A terminal gets the
 * open questions and answers one by its digest, so it answers what it was shown; the
 * first answer counts and the next one finds no question.
 */
#ifndef SHIMS_BROKER_DESK_H
#define SHIMS_BROKER_DESK_H

#include <sys/types.h>

#include "shims/broker/broker.h"

struct desk {
	int listener;
	int dir;	 /* of the socket, to take its name away at the end */
	char name[64];	 /* "SESSION.sock", and beside it "SESSION.key" */
	uint8_t key[WIRE_KEY];
	uid_t uid;
	struct {
		int fd;
		pid_t pid;
	} v[LIMIT_DESKS];
};

/* The channel whose `own` is a desk; and its parts, for a channel that has one. */
extern const struct channel desk_channel;
int desk_wanted(const struct desk *d, struct pollfd *p);
void desk_ready(struct broker *b, struct desk *d, const struct pollfd *p, int n);

/* Make the socket; before the process locks itself.  Return: 0 or -errno. */
int desk_open(struct desk *d, const char *state, const char *session, struct err *err);
void desk_close(struct desk *d);

#endif /* SHIMS_BROKER_DESK_H */
