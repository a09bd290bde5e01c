/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn - from a session to running processes: the pep, pid 1 of the sandbox, and
 * the broker when the policy needs one
 */
#ifndef LAUNCHER_SPAWN_H
#define LAUNCHER_SPAWN_H

#include <sys/types.h>

#include <stdbool.h>

#include "launcher/keeper.h"
#include "launcher/standing.h"
#include "launcher/sweep.h"

struct audit;
struct err;
struct session;

/* What the supervisor holds of the running processes.  -1: closed. */
struct spawn {
	pid_t pep, init;
	pid_t egress, broker; /* 0: the server has no network, needs no decisions */
	int pep_fd, init_fd, egress_fd, broker_fd; /* pidfds */
	int control;	     /* the egress process ends when this closes */
	int client;	     /* pidfd of the process that started us */
	int event;	     /* struct wire_event, from the pep */
	int lifeline;	     /* the pep's: it dies when this closes */
	int order;	     /* struct wire_order, to init; its lifeline */
	int report;	     /* struct wire_report, until the server's exec */
	int exit;	     /* struct wire_exit, from init */
	int standing;	     /* struct wire_standing, from and to the broker */
	int watch;	     /* struct wire_standing, from the keeper; its owner closes it */
	struct audit *log;   /* the launcher's own; the caller's */
	struct standing may; /* go on? */
	bool is_log_required;
	const char *name;    /* of the server, for words */
	struct sweep sweep; /* on in the tier nouserns */
};

/*
 * Start all, and write the start into the audit log before the server runs.  Afterwards
 * this process holds none of the client's or server's streams (0 and 1 are /dev/null).
 * SIGCHLD and the signals to forward are blocked by the caller.  keeper was started for s;
 * what of it is for others goes over to them.
 * Return: 0; or -errno, and nothing runs.
 */
int spawn_all(struct session *s, struct keeper *keeper, struct audit *log, struct spawn *ret,
	      struct err *err);

/*
 * Start a program that speaks to nobody: no pep, stdin is /dev/null, stdout and stderr are
 * `out` and `err_fd`, which stay the caller's.  The sandbox, its filters and its network
 * are those of a server.  Return: as above.
 */
int spawn_tool(struct session *s, struct keeper *keeper, int out, int err_fd,
	       struct spawn *ret, struct err *err);

/* What the supervisor heeds besides: the keeper's word, the times of the policy, the log. */
void spawn_watch(const struct session *s, const struct keeper *keeper, struct audit *log,
		 struct spawn *w);

/* A program of ours that is no command: O_PATH, or -errno. */
int spawn_open_program(const char *name, struct err *err);

/* The program mcp-confine-pep, O_PATH; and the layers of s in a sealed memfd. */
int spawn_open_pep(struct err *err);
int spawn_open_policy(const struct session *s, struct err *err);

/* Close what is open. */
void spawn_done(struct spawn *s);

#endif /* LAUNCHER_SPAWN_H */
