/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow - move bytes between the client, the gate and the server until one of them ends
 *
 * One poll set, computed anew from the state in every round.  A side is read only while
 * what it can cause has room: its own direction empty, and space for an answer of ours
 * in the other.  So no queue grows, and one side that stops reading never stops the
 * other direction.
 */
#ifndef SHIMS_PEP_FLOW_H
#define SHIMS_PEP_FLOW_H

#include <stdbool.h>

#include "shims/pep/frame.h"
#include "shims/pep/gate.h"
#include "shims/pep/peek.h"
#include "shims/pep/sink.h"
#include "shims/pep/stderr.h"

struct source {
	int fd; /* -1: at its end */
	bool is_socket;
	struct frame frame;
	struct peek peek;
	bool is_behind; /* holds lines that could not be judged yet */
	size_t high; /* the most that was used since it was trimmed */
};

struct flow {
	struct gate gate;
	struct source from[2]; /* by enum vocabulary_from */
	struct sink to[2];     /* what `from` of the same index goes to */
	struct source diagnostics; /* the server's stderr */
	struct stderr_relay relay;
	struct sink errors;	   /* ours */
	int event, lifeline;	   /* -1: none */
	int broker;		   /* -1: none; SOCK_SEQPACKET */
	const char *name;	   /* of the server */
	struct audit *audit;
	bool is_unrecorded;	   /* the log is required and cannot be written: nothing leaves */
	bool is_void, is_final;	   /* held calls must be answered still: gate_suspend() */
	bool said_eof, said_idle;
	size_t tape_high;	   /* bytes, the most that one message took since trimmed */
	uint64_t trim_at;	   /* when memory goes back; 0: none has to */
};

/* Run to the end.  Return: the exit code. */
int flow_run(struct flow *f);

#endif /* SHIMS_PEP_FLOW_H */
