/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delegation - the user's root key, what is minted from it, and what was revoked
 *
 * All of it below ~/.local/state/mcp-confine/delegation, which no server sees: `root`, 32
 * random bytes; `revoked`, ids, one a line; `calls/ROOT`, how often what descends from one
 * minted capability was used.
 */
#ifndef LAUNCHER_DELEGATION_H
#define LAUNCHER_DELEGATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/macaroon.h"
#include "policies/capability.h"

struct err;
struct session;
struct user;
struct warrant;

/* The key for one server.  make: make the root key when there is none.  Return: 1; 0, no
 * root key; -errno. */
int delegation_key(const struct user *u, const char *server, bool make, uint8_t *ret,
		   struct err *err);

/* A capability from a file of this user's that nobody else can read ("-": stdin); its
 * binary form to ret[MACAROON_MAX], which *ret_m borrows.  Return: its length or -errno. */
long delegation_read(const char *path, uint8_t *ret, struct macaroon *ret_m,
		     struct capability *ret_c, struct err *err);

/* The ids that were revoked, to ret[size].  Return: length or -errno. */
long delegation_revoked(const struct user *u, char *ret, size_t size, struct err *err);
int delegation_revoke(const struct user *u, const char *id, struct err *err);

/*
 * Bound s->policy by the capability in the file: verified for the server s->name, not
 * expired, not revoked.  It is kept in s->capability for the pep.  0 or -errno.
 */
int delegation_bound(const char *path, struct session *s, struct err *err);

/*
 * A sealed memfd with the struct warrant of this session, or -1 when this user has no
 * root key; the file of its counts, or -1.  Return: 0 or -errno.
 */
int delegation_open(const struct session *s, int *ret_warrant, int *ret_calls,
		    struct err *err);

#endif /* LAUNCHER_DELEGATION_H */
