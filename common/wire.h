/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire - what our own processes say to each other: fixed structs, nobody parses
 *
 *   child of the launcher --struct wire_report--> launcher   (pipe, while it sets up;
 *                                              end of file without one: exec worked)
 *   init     --struct wire_exit---> launcher   (pipe, once: how the server ended)
 *   launcher --struct wire_order--> init       (pipe; its end of file is the launcher's
 *                                              death, and ends the sandbox)
 *   launcher --struct wire_egress-> egress     (sealed memfd, before it starts)
 *   init     --struct wire_listeners and descriptors-> egress (socket, once; its end of
 *                                              file is the end of the session)
 *   pep      --struct wire_event--> launcher   (pipe; its end of file is the pep's death)
 *   pep      --struct wire_ask----> broker     (SOCK_SEQPACKET, one struct a packet)
 *   broker   --struct wire_answer-> pep        (the same; its end is a no to everything)
 *   all of these --record---------> keeper     (SOCK_SEQPACKET each: one JSON object)
 *   keeper   --struct wire_receipt-> each      (the same: what is in the log)
 *   keeper, broker --struct wire_standing-> launcher (SOCK_SEQPACKET: is it revoked?)
 *   launcher --struct wire_standing-> broker   (the same, once: it is)
 *   launcher --struct wire_life---> pep        (the lifeline)
 *   approve  --struct wire_say----> broker     (SOCK_SEQPACKET in the rendezvous)
 *   broker   --struct wire_shown--> approve
 *
 * What goes through a pipe is smaller than PIPE_BUF, so it arrives whole or not at all; a
 * packet of another size than its struct is a peer that is not ours.
 */
#ifndef COMMON_WIRE_H
#define COMMON_WIRE_H

#include <stdint.h>

#include "common/destination.h"
#include "common/limits.h"
#include "common/proxy.h"
#include "common/range.h"
#include "common/sha256.h"

#define WIRE_TEXT 1024
/* What of a call's arguments is shown and judged; the digest covers all of them. */
#define WIRE_ARGUMENTS (16 * KIB)
#define WIRE_CLIENT 128

/* A step that failed after the fork; the sender exits behind it. */
struct wire_report {
	int32_t exit_code; /* what mcp-confine shall exit with: 125, 126, 127 */
	char text[WIRE_TEXT]; /* NUL-terminated words for the user */
};

/* The server ended. */
struct wire_exit {
	int32_t signal;	     /* that killed it, or 0 */
	int32_t code;	     /* exit code when signal is 0 */
};

/* For the server's process group.  The first one is 0: from here on the server may run. */
struct wire_order {
	int32_t signal;
};

enum wire_event_kind {
	WIRE_EVENT_NONE = 0,
	WIRE_EVENT_LOCKED,    /* the pep has locked itself and reads from now on */
	WIRE_EVENT_CLIENT_EOF,/* the client's stream ended; answers are still owed */
	WIRE_EVENT_IDLE,      /* the client's stream ended and no answer is owed */
};

struct wire_event {
	int32_t kind;
};

/* What the network of one server is. */
struct wire_egress {
	uint32_t n_destinations, n_ranges;
	uint64_t budget; /* bytes of both directions, of all connections; 0: no bound */
	struct destination destinations[DESTINATION_MAX];
	struct range ranges[RANGE_MAX]; /* private addresses that may be dialled */
	struct proxy proxy; /* that connections go through; port 0: none */
	uint32_t n_direct;  /* destinations that do not */
	struct destination direct[DESTINATION_MAX];
	char authorization[PROXY_AUTHORIZATION]; /* for the proxy; "": none.  Egress only */
};

/* Beside it travel n + 1 descriptors: the resolver's socket, and a listener each port. */
struct wire_listeners {
	uint32_t n;
	uint16_t ports[DESTINATION_MAX];
};

/* --- the log, and the kill switch ---------------------------------------------------------- */

/* Records of this socket up to number n are dealt with. */
struct wire_receipt {
	uint64_t n;
	int32_t error; /* errno, when one since the last receipt was not kept */
	int32_t zero;
};

/* What is sent in place of a record by who has no more. */
#define WIRE_FAREWELL "q"

enum wire_standing_kind {
	WIRE_STANDING_NONE = 0,
	WIRE_STANDING_GOOD,    /* asked just now: not revoked */
	WIRE_STANDING_UNKNOWN, /* it cannot be said */
	WIRE_STANDING_REVOKED,
	WIRE_STANDING_NOTE,    /* nothing about it: words for the user */
	WIRE_STANDING_LOST,    /* of the log: a record was not kept; words for the user */
};

struct wire_standing {
	uint32_t kind;
	char why[400]; /* NUL-terminated */
};

enum wire_life_kind {
	WIRE_LIFE_NONE = 0,
	WIRE_LIFE_PASS, /* as the policy says */
	WIRE_LIFE_DENY, /* no call passes until the next word */
	WIRE_LIFE_END,  /* it was revoked: nothing passes any more, the server is killed next */
};

struct wire_life {
	uint32_t kind;
};

/* --- decisions --------------------------------------------------------------------------- */

/* The facts of a call; texts are not NUL-terminated. */
struct wire_call {
	uint8_t digest[SHA256_SIZE]; /* call_digest() of the rest */
	uint8_t arguments_digest[SHA256_SIZE], rest_digest[SHA256_SIZE], pin[SHA256_SIZE];
	uint64_t arguments_total; /* bytes; more than arguments_len: the rest is not here */
	uint32_t kind; /* enum call_kind */
	uint32_t has_pin, id_is_string;
	uint32_t tool_len, id_len, arguments_len;
	uint32_t client_len;
	char client[WIRE_CLIENT]; /* what the client says it is; nobody has verified it */
	char tool[LIMIT_TOOL];
	char id[LIMIT_ID]; /* of the request */
	char arguments[WIRE_ARGUMENTS];
};

enum wire_ask_kind {
	WIRE_ASK_NONE = 0,
	WIRE_ASK_QUESTION, /* may this call be passed on? */
	WIRE_ASK_WITHDRAW, /* no answer is wanted any more: serial alone counts */
};

struct wire_ask {
	uint32_t kind;
	uint32_t wants_person, wants_pdp; /* who must agree; at least one */
	uint32_t timeout;		  /* ms from now */
	uint64_t serial;		  /* 1, 2, 3...: one question each */
	struct wire_call call;
};

enum wire_answer_kind {
	WIRE_ANSWER_DENIED = 0, /* a person or the PDP said no */
	WIRE_ANSWER_APPROVED,
	WIRE_ANSWER_EXPIRED,
	WIRE_ANSWER_FAILED, /* nobody could be asked */
};

struct wire_answer {
	uint32_t kind;
	uint32_t by_person; /* a no of a person's is not asked again for a while */
	uint64_t serial;
	uint8_t digest[SHA256_SIZE];
};

enum wire_say_kind {
	WIRE_SAY_NONE = 0,
	WIRE_SAY_NEXT, /* show the open question with the lowest number above `after` */
	WIRE_SAY_YES,  /* to the call with that digest */
	WIRE_SAY_NO,
};

/*
 * Each gets one wire_shown in return.  key is what stands in the file beside the socket: a
 * server that shares our file system (tier nouserns) can connect to a socket, which
 * Landlock before ABI 9 does not mediate, and cannot read a file.
 */
#define WIRE_KEY 16
struct wire_say {
	uint32_t kind;
	uint8_t key[WIRE_KEY];
	uint64_t after;
	uint8_t digest[SHA256_SIZE];
};

enum wire_shown_kind {
	WIRE_SHOWN_END = 0,  /* no further question */
	WIRE_SHOWN_QUESTION,
	WIRE_SHOWN_TAKEN,    /* the answer counted */
	WIRE_SHOWN_UNKNOWN,  /* no such open question: answered, withdrawn or too late */
};

struct wire_shown {
	uint32_t kind;
	uint32_t waited, left; /* ms */
	uint64_t serial;
	char server[65], session[33];
	struct wire_call call;
};

#endif /* COMMON_WIRE_H */
