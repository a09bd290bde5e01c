/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forward - copies of the audit log for journald and syslog
 *
 * Where the user cannot take them back: a head (number and hash of the last line) there
 * shows the administrator a log that was cut or rewritten by its owner, and whole lines
 * show what was in it.  Datagrams on sockets that are connected before the lock; nothing
 * waits for a reader.
 */
#ifndef LAUNCHER_FORWARD_H
#define LAUNCHER_FORWARD_H

#include <stddef.h>
#include <stdint.h>

#include "common/trail.h"

struct err;
struct policy_audit;

struct forward {
	int journald, syslog; /* -1: none */
	int gives_lines[2];   /* to journald, to syslog */
	uint64_t told;	      /* number in the last head that was sent */
};

/* Return: 0; or -errno, and what could be opened is open.  close() both. */
int forward_open(const struct policy_audit *policy, struct forward *ret, struct err *err);

/* One line (with its newline).  Return: 0, or -errno when a copy did not leave. */
int forward_line(const struct forward *f, const char *server, const char *line, size_t len);

/* The head, when it is another than the last one that was sent. */
int forward_head(struct forward *f, const char *server, const struct trail_head *head);

#endif /* LAUNCHER_FORWARD_H */
