/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revocation - the lists of what is revoked: the administrator's, and the user's own
 *
 * SYSCONFDIR/mcp-confine/revoked must be root's, on the whole way; the user's lies in the
 * state directory.  Either suffices; a list that cannot be read or understood is no
 * permission.  The format is that of policies/revoked.h.
 */
#ifndef LAUNCHER_REVOCATION_H
#define LAUNCHER_REVOCATION_H

#include <stdio.h>

#include "policies/revoked.h"

struct err;
struct session;
struct user;

#define REVOCATION_WORDS 400
#define REVOCATION_ADMIN SYSCONFDIR "/mcp-confine/revoked"
/* Below the state directory, with nothing else in it: what watches it sees no more. */
#define REVOCATION_DIR "revocation"

struct revocation {
	struct revoked_subject subject;
	char *own; /* path of the user's list */
	char uid[16], client[4096];
};

/* Who the session is; strings are borrowed of it. */
int revocation_open(const struct session *s, struct revocation *ret, struct err *err);
void revocation_close(struct revocation *r);

/*
 * Read both lists.  Return: 0 not revoked; 1 revoked, and why says by what; -errno: it
 * cannot be said, and why says that.
 */
int revocation_look(const struct revocation *r, char why[static REVOCATION_WORDS]);

/* The whole of one list: number 0 the administrator's, 1 the user's own.  *ret_path and
 * *ret_text are the caller's to free, NULL when there is none.  Return: 0 or -errno. */
int revocation_read(const struct user *user, int number, char **ret_path, char **ret_text,
		    size_t *ret_len, struct err *err);

/* The lines of status: what is revoked.  Return: how many entries, and 1 for each list that
 * cannot be read. */
size_t revocation_print(FILE *out, const struct user *user);

#endif /* LAUNCHER_REVOCATION_H */
