/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token - a delegated token for the server (RFC 8693): its holder, and how it is handed over
 *
 * The holder (shims/remote/holder.h) has the first token before anything else of the
 * session starts.  In a file: a directory of this start's in memory (/run/user/UID, or
 * /dev/shm), which the server sees read-only and nobody else's server sees; what an earlier
 * start left there is removed at the next one.
 */
#ifndef LAUNCHER_TOKEN_H
#define LAUNCHER_TOKEN_H

#include <stddef.h>

struct err;
struct session;

/* What a session holds of it.  0 or less: not open. */
struct token {
	int lifeline; /* the holder ends when it closes */
	int log;      /* where its records come, for the keeper of the log */
	int live;     /* struct secrets_live, shared with the holder and the pep */
	int parent, lock; /* the directory of directories, and this start's, locked */
	char name[33];
	char *path;   /* of this start's directory */
};

/*
 * Fetch the token of s->policy.delegation and make it known: to the pep (s->env.injected),
 * and to the server, in its environment or as a file (both into s->plan).  Before the tier
 * is applied to the plan.  Nothing without a delegation.  Return: 0 or -errno.
 */
int token_start(struct session *s, struct err *err);

/* The path in the server's environment, once the plan is what it will be. */
int token_name_file(struct session *s, struct err *err);

/* Put the keys of the session's digests where the holder finds them. */
void token_give_keys(const struct session *s, const void *secrets, size_t len);

/* Let go of `log`: the keeper of the log has it. */
void token_log_given(struct token *t);

/* Let the holder end: the session is over. */
void token_end(struct token *t);

void token_done(struct token *t);

#endif /* LAUNCHER_TOKEN_H */
