/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session - everything known about one start before anything starts
 *
 * cli -> layers -> merge -> runtime -> environment -> plan.  The same for run, explain
 * and `run --dry-run`, so that what is explained is what would run.
 */
#ifndef LAUNCHER_SESSION_H
#define LAUNCHER_SESSION_H

#include "common/macaroon.h"
#include "launcher/cgroup.h"
#include "launcher/env.h"
#include "launcher/plan.h"
#include "launcher/runtime.h"
#include "launcher/tier.h"
#include "launcher/token.h"
#include "launcher/user.h"
#include "policies/bundle.h"
#include "policies/policy.h"

struct cli;
struct err;

struct session {
	struct user user;
	struct bundle bundle;
	struct policy policy;
	struct runtime runtime;
	struct strv values; /* arguments from files, as env.injected; moved there */
	struct env env;
	struct plan plan;
	char name[65];	     /* what logs and state call the server */
	const char *profile; /* static, or NULL for a server of a policy file */
	struct tier tier;
	const char *grant_option; /* the option that allows a host, for words; NULL: a policy does */
	int records;	     /* of `learn`: where records of watch.h go; 0: nobody watches */
	bool is_dialled;     /* the client is a connection, and no parent of ours */
	int private_fd;	     /* the lock on the private directory of nouserns, or 0 */
	struct cgroup cgroup; /* made by run */
	char id[33];	     /* random, for the audit log */
	struct token token;  /* the delegated one of the server's */
	uint8_t capability[MACAROON_MAX]; /* that bounds the session, verified */
	size_t capability_len; /* 0: none */
	int exit_code;	     /* what a failure means: 125, 126, 127 */
	int overlay_lock;    /* held while overlays are in use; 0 or less: none */
	int kept_lock;	     /* held while a persistent home is in use; 0 or less: none */
};

/*
 * with_state: make the directories that the plan needs (a persistent home).  Sessions of
 * one server at the same time share that home, as they would bare; a note says so, which
 * the shared lock beside it is for.  No session waits for another.
 * Return: 0 or -errno; s->exit_code says what to exit with.  session_done() in any case.
 */
int session_build(const struct cli *cli, bool with_state, struct session *s,
		  struct err *err);

/* Only the policy: for decide.  Return as above. */
int session_policy(const struct cli *cli, struct session *s, struct err *err);

/* 32 random hexadecimal digits.  Return: 0 or -errno. */
int session_make_id(char id[static 33], struct err *err);

void session_done(struct session *s);

#endif /* LAUNCHER_SESSION_H */
