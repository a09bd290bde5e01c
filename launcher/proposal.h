/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proposal - from what a server was refused to the smallest policy that would grant it
 *
 * Every record is the server's word, so every path is judged here as if an attacker had
 * written it: it must exist, be the user's to read (or to write), be text, be nothing that
 * a grant could never name, and nothing that inference may not reach (offlimits.h). Places
 * of keys, homes, what many programs share, sockets and what is called like a secret are
 * named and not proposed, with the reason. Reads the file system as the user.
 */
#ifndef LAUNCHER_PROPOSAL_H
#define LAUNCHER_PROPOSAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/strv.h"
#include "launcher/watch.h"

struct cli;
struct err;
struct session;

/* Files of one directory from which on the directory itself is proposed. */
#define PROPOSAL_FOLD 4
/* Entries of one list of the proposal; more of them are a flood, and are counted. */
#define PROPOSAL_MAX 64

struct proposal_item {
	char *path;	  /* as the server named it, without "." and ".." */
	bool is_writable; /* what it wanted */
	bool is_dir;
	size_t folded;	  /* so many files of this directory were asked for */
	const char *why;  /* not proposed: a reason, static; NULL: proposed */
	char *next;	  /* what to do about it, or NULL */
};

struct proposal {
	struct proposal_item *v;
	size_t n;
	struct strv programs;	/* names that are no program of the sandbox's */
	struct strv made;	/* in the private home, and gone */
	struct strv sockets;	/* of services of the host */
	struct strv connect;	/* "name:443": looked up, and not granted */
	struct strv messages;	/* what the pep refused, a line each */
	struct strv calls;	/* system calls that nobody gets */
	unsigned int limits;	/* bits of enum watch_limit */
	bool has_inet;
	size_t absent;		/* looked for, and not on this machine either */
	size_t lost;		/* refusals that are in no record, or too many */
};

/* One record; text is its text, NUL-terminated.  Return: 0 or -ENOMEM. */
int proposal_add(struct proposal *p, const struct session *s, const struct watch_record *r,
		 const char *text);

/* The lines of the audit log that are of this session: pep and network.  Return: 0, -errno. */
int proposal_add_log(struct proposal *p, const struct session *s, struct err *err);

/* Fold files into directories, drop what another entry holds, sort. */
int proposal_settle(struct proposal *p, const struct session *s);

/* Is there anything that a policy would grant? */
bool proposal_has_grants(const struct proposal *p);

/*
 * The policy in force, what the command line c says beside it, and what is proposed: a
 * document for servers/NAME.json, which loads.  Of variables the names alone.  *ret_policy
 * is the caller's.
 */
int proposal_policy(const struct proposal *p, const struct session *s, const struct cli *c,
		    json_t **ret_policy, struct err *err);

/* For people; `policy` may be NULL: nothing to propose. */
void proposal_print(FILE *out, const struct proposal *p, const struct session *s,
		    const json_t *policy);

/* For machines.  Return: a new object, or NULL. */
json_t *proposal_json(const struct proposal *p, const struct session *s, json_t *policy);

void proposal_done(struct proposal *p);

#endif /* LAUNCHER_PROPOSAL_H */
