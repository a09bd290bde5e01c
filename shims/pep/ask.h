/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask - calls that wait for a decision, and the decisions that wait for their call
 *
 * Pure: a table, with the clock as an argument (milliseconds of CLOCK_MONOTONIC).  A call
 * that the policy flags is frozen here as the bytes that would be sent; a question about
 * its digest goes to the broker; only an answer with that serial number and that digest
 * counts, once, and only before the deadline.
 *
 *   ASK_WAITING  its client waits     --yes--> ASK_READY --released--> free
 *                                     --no, deadline--> ASK_COOLING (a person's no) or free
 *                                     --cancelled, patience--> free, or ASK_LEFT
 *   ASK_LEFT     its client was told to repeat the call
 *                                     --yes--> ASK_KEPT --the same call again--> free
 *                                     --the same call again--> ASK_WAITING
 *   ASK_COOLING  the same call is refused without asking, for LIMIT_COOLING
 *
 * Everything ends at the deadline of its question, whatever comes later.
 */
#ifndef SHIMS_PEP_ASK_H
#define SHIMS_PEP_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/call.h"
#include "common/limits.h"
#include "common/sha256.h"
#include "common/wire.h"

enum ask_state { ASK_FREE = 0, ASK_WAITING, ASK_READY, ASK_LEFT, ASK_KEPT, ASK_COOLING };

/* An id or a progress token as it came; len 0 with text NULL: none. */
struct ask_name {
	char text[LIMIT_ID];
	uint16_t len;
	bool exists, is_string;
};

struct ask_call {
	enum ask_state state;
	enum call_kind kind;
	uint64_t serial;
	uint8_t same[SHA256_SIZE]; /* the digest that any repetition of the call has */
	uint8_t digest[SHA256_SIZE];
	struct ask_name id, token;
	bool is_modern, wants_person, wants_pdp;
	bool must_tell; /* the broker does not know of it yet */
	uint32_t progress; /* signs of life given */
	int64_t asked_at, deadline, patience_at, progress_at;
	size_t at, len;	      /* its frozen line in the arena */
	size_t arguments_at;  /* and behind it the beginning of its arguments */
	uint32_t arguments_len, tool_len;
	uint64_t arguments_total;
	uint8_t arguments_digest[SHA256_SIZE], rest_digest[SHA256_SIZE], pin[SHA256_SIZE];
	bool has_pin;
	char tool[LIMIT_TOOL];
};

struct ask {
	const char *server, *session; /* borrowed */
	char client[WIRE_CLIENT];     /* what it says it is */
	uint32_t client_len;
	int64_t timeout, patience;    /* ms */
	char *arena;		      /* LIMIT_HELD_BYTES, the owner's */
	size_t used;
	uint64_t last_serial;
	int64_t minute_at; /* since when questions to a person are counted */
	uint32_t in_minute;
	bool is_closed; /* nobody to ask any more */
	uint64_t withdrawn[2 * LIMIT_HELD]; /* to tell the broker */
	size_t n_withdrawn;
	struct ask_call v[LIMIT_HELD];
};

enum ask_verdict {
	ASK_REFUSED = 0, /* *ret_words says why, in words for the client */
	ASK_HELD,	 /* *ret waits */
	ASK_PASS,	 /* it was approved before; that approval is used up now */
};

/*
 * facts: everything of a call but state, serial, digest, times and places; but for its
 * deadline: not 0, the question ends then at the latest.  line[len] is what would be sent, arguments[...] its canonical arguments.  All of it is copied.
 */
enum ask_verdict ask_add(struct ask *a, const struct ask_call *facts, const char *line,
			 size_t len, const char *arguments, int64_t now, struct ask_call **ret,
			 const char **ret_words);

/* The call whose client waits under that id; NULL. */
struct ask_call *ask_find(struct ask *a, const char *id, size_t len, bool is_string);

/* The client does not want it any more.  Return: was it held? */
bool ask_cancel(struct ask *a, const char *id, size_t len, bool is_string);

/*
 * The broker answered.  Return: the call whose client has to be told a no, and *ret_words;
 * NULL when there is nobody to tell: an unknown, late, repeated or foreign answer, or a
 * yes, whose call ask_due() gives next.  *ret_taken: did the answer count?  The caller
 * ends the returned call with ask_end().
 */
struct ask_call *ask_answer(struct ask *a, const struct wire_answer *answer, int64_t now,
			    bool *ret_taken, const char **ret_words);

enum ask_due {
	ASK_DUE_NOTHING = 0,
	ASK_DUE_RELEASE,  /* pass it on, then ask_end() */
	ASK_DUE_EXPIRED,  /* tell the client, then ask_end() */
	ASK_DUE_PATIENCE, /* tell the client to repeat it, then ask_leave() */
	ASK_DUE_PROGRESS, /* give a sign of life, then ask_progressed() */
};

/* What is to be done now, one thing a call; forgets by itself what nobody waits for. */
enum ask_due ask_due(struct ask *a, int64_t now, struct ask_call **ret);

/* When the next thing is due; -1: nothing is. */
int64_t ask_next(const struct ask *a);

const char *ask_line(const struct ask *a, const struct ask_call *c, size_t *ret_len);
void ask_end(struct ask *a, struct ask_call *c);
void ask_leave(struct ask *a, struct ask_call *c);
void ask_progressed(struct ask_call *c, int64_t now);

bool ask_has_outgoing(const struct ask *a);

/* The next message to the broker.  Return: false, none.  ask_told() when it was sent. */
bool ask_outgoing(const struct ask *a, int64_t now, struct wire_ask *ret);
void ask_told(struct ask *a, const struct wire_ask *sent);

/* The digest of the open question with that number.  Return: is there one? */
bool ask_digest(const struct ask *a, uint64_t serial, uint8_t ret[static SHA256_SIZE]);

/* A call whose client waits, to be told that nobody can be asked; then ask_end(). */
struct ask_call *ask_any_waiting(struct ask *a);
size_t ask_waiting(const struct ask *a);

/* No question is open and no answer counts any more: neither a yes that is kept, nor one
 * that is still to come.  No client waits: ask_any_waiting() was NULL. */
void ask_void(struct ask *a);

#endif /* SHIMS_PEP_ASK_H */
