/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proposal_judge - may a path that a server asked for be proposed, or even looked at?
 *
 * For proposal.c and proposal_fold.c.  Paths are absolute, and an attacker's words.
 */
#ifndef LAUNCHER_PROPOSAL_JUDGE_H
#define LAUNCHER_PROPOSAL_JUDGE_H

#include <stdbool.h>

struct plan_entry;
struct session;
struct walk;

enum proposal_look {
	PROPOSAL_LOOK_NOT = 0,	/* it leads to where looking mounts something, from a host that
				   the path may name: outside of the sandbox, for the server */
	PROPOSAL_LOOK_WRITABLE, /* it leads to where the server writes: links there are its own */
	PROPOSAL_LOOK,
};

/*
 * Where does the path lead?  Followed by hand, from link to link, and never into a place of
 * the first two kinds.
 */
enum proposal_look proposal_look(const struct session *s, const char *path);

/* What a policy can hold and a terminal can show: UTF-8 without control characters. */
bool proposal_is_text(const char *path);

/* By its last name alone, wherever it lies. */
bool proposal_is_called_secret(const char *path);

/* Would a program outside run, or do, what is written there? */
bool proposal_is_run_outside(const char *path);

/* Why it is not proposed: static words; NULL: it may be.  w: what it resolves to. */
const char *proposal_never(const struct session *s, const char *path, const struct walk *w,
			   bool is_writable);

/* What of the host the plan has there already; NULL: hidden, or empty and the server's own. */
const struct plan_entry *proposal_mounted(const struct session *s, const char *real);

#endif /* LAUNCHER_PROPOSAL_JUDGE_H */
