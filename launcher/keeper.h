/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keeper - the process that keeps a session's audit log, and watches what is revoked
 *
 * Theory of operation
 *
 * One for each session, forked before anything of it runs, and nobody's child, so that it
 * outlives the launcher and sees everybody end.  It alone holds the log: the pep, the
 * broker, the egress process and the launcher each have a socket to it, on which a record
 * is one packet.  By the socket it knows who speaks, and says so in the line: a pep that
 * was taken over can write records of a pep, and none in the name of another process or
 * session, nor change one that is written.
 *
 * A record is acknowledged (struct wire_receipt) when its line is in the file; with
 * audit.sync, when the disk has it.  Who released something before that would have done
 * what is not on record; so the pep flushes, and the broker answers, only behind it.
 *
 * It also reads the lists of what is revoked when they change (inotify), and every
 * revocation.interval in any case, and tells the launcher, which decides (standing.h).
 *
 * Its own end ends the session: nothing would be on record, and nothing be revoked.
 *
 * It is locked before the first record comes: Landlock leaves it the directory of the logs,
 * and to read SYSCONFDIR and the directory of the user's list; seccomp the calls for that;
 * no network, no new socket, no execution.
 */
#ifndef LAUNCHER_KEEPER_H
#define LAUNCHER_KEEPER_H

#include <stdbool.h>

struct err;
struct session;

/* The ends of its sockets; -1: closed. */
struct keeper {
	int log;		 /* for the launcher's own records */
	int pep, broker, egress; /* for theirs */
	int watch;		 /* struct wire_standing, to the launcher */
};

/*
 * Start it, and wait until it is locked.  A log that cannot be opened is an error where the
 * policy requires it, else a note.  Return: 0, or -errno and nothing runs.
 */
int keeper_start(const struct session *s, struct keeper *ret, struct err *err);

/* Close the ends that were for others. */
void keeper_handed_over(struct keeper *k);

/* Say farewell and wait until it has written everything. */
void keeper_end(struct keeper *k);

#endif /* LAUNCHER_KEEPER_H */
