/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate - one message in: what becomes of it
 *
 * parse -> classify -> match -> decide -> rewrite.  Pure but for the audit log: bytes
 * in, bytes into the two sinks.  `flow` moves them; `--decide` prints them.
 *
 * Essay of policy.  What is not understood does not pass.  A request that does not pass
 * is answered by us: a tools/call by a result with isError, so that the model reads it
 * (MCP, server/tools, error handling); everything else by a JSON-RPC error.  Texts tell
 * that it was refused and that trying again does not help, never which rule did.  A
 * response passes only to the request it answers; when one for an outstanding request
 * cannot pass, the client gets an error in its place and does not wait forever.  What
 * cannot be read at all is answered when it shows an id (peek).
 *
 * An id in use is never answered for anything but its request: a second request with
 * the id of an open one is dropped, and the client told so without an id.  An error
 * with the id would be taken for the answer of the first, which goes on.
 */
#ifndef SHIMS_PEP_GATE_H
#define SHIMS_PEP_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/noted.h"
#include "shims/pep/findings.h"
#include "shims/pep/json.h"
#include "shims/pep/mirror.h"
#include "shims/pep/rates.h"
#include "shims/pep/rules.h"
#include "shims/pep/session.h"
#include "shims/pep/vocabulary.h"

struct ask;
struct ask_call;
struct audit;
struct peek;
struct policy;
struct scan;
struct sink;

struct gate {
	const struct policy *policy;
	struct scan *scan; /* NULL: tokens pass */
	struct audit *audit;
	struct rules rules;	 /* rules.policy is policy */
	struct rates *rates;	 /* NULL: nothing is counted */
	const char *words;	 /* for the asker of what is withheld; NULL: the usual */
	struct json json;	 /* memory for one message at a time */
	const char *lent;	 /* the line at hand, when it stays where it is, a newline behind
				  * it, until its sink has nothing lent; NULL: it does not */
	struct session session;
	struct findings_session found;	/* what is kept of findings */
	struct findings findings;	/* of the message at hand */
	struct mirror mirror;
	const struct policy_exemption *exempt; /* while its line is written; else NULL */
	const char *blamed;		/* the class that stopped it; NULL: none */
	uint64_t now;		 /* milliseconds, monotonic; the owner keeps it up to date */
	struct noted noted[2][2]; /* lines of the log, by who sent it; [0]: what was dropped */
	struct sink *out[2];	 /* [FROM_CLIENT]: towards the server; [FROM_SERVER]: the client */
	const struct secrets_live *live; /* values that become known meanwhile; NULL: none */
	uint32_t live_seq;	 /* of those that are known */
	struct bearer *bearer;	 /* NULL: capabilities are neither needed nor genuine */
	struct ask *ask;	 /* NULL: nobody can be asked, what needs approval is refused */
	const struct ask_call *released; /* the approved call that is passing now */
	bool is_local;		 /* approvals are given by mcp-confine approve */
	bool is_form;		 /* they are asked for in the client (elicit.h) */
	bool declared_form, has_form; /* the client: said it can; and in this version */
	uint64_t form_prefix;	 /* random, of the ids of our requests */
	const char *suspended;	 /* NULL, or words for the client: no call passes now */
	bool explains;		 /* --decide: say that a call would be held */
};

/* What became of it; for --decide. */
enum gate_outcome { GATE_DROPPED = 0, GATE_REFUSED, GATE_PASSED, GATE_REDACTED, GATE_HELD };

/* Judge one line.  *ret_why is static words, NULL when it passed and nothing was found. */
enum gate_outcome gate_line(struct gate *g, enum vocabulary_from from, const char *line,
			    size_t len, const char **ret_why);

/* A line that was too long to be read; what was seen of it. */
void gate_overlong(struct gate *g, enum vocabulary_from from, const struct peek *peek);

/* The server ended: every open request of the client's gets an error.  Return: whether
 * all had room; else call it again. */
bool gate_server_ended(struct gate *g);

/* Note in the audit log that what was no message was dropped; words are static. */
void gate_dropped(struct gate *g, enum vocabulary_from from, const char *words);

/*
 * Until further notice no call passes (words: static; NULL: they pass again), and every held
 * call and approval is void.  is_final: for good.  Return: whether all answers had room; else
 * call it again.
 */
bool gate_suspend(struct gate *g, const char *words, bool is_final);

/* Does the server owe an answer? */
bool gate_owes(const struct gate *g);

#endif /* SHIMS_PEP_GATE_H */
