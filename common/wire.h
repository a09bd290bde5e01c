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
 *
 * What goes through a pipe is smaller than PIPE_BUF, so it arrives whole or not at all.
 */
#ifndef COMMON_WIRE_H
#define COMMON_WIRE_H

#include <stdint.h>

#include "common/destination.h"
#include "common/range.h"

#define WIRE_TEXT 1024

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

/* For the server's process group. */
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
};

/* Beside it travel n + 1 descriptors: the resolver's socket, and a listener each port. */
struct wire_listeners {
	uint32_t n;
	uint16_t ports[DESTINATION_MAX];
};

#endif /* COMMON_WIRE_H */
