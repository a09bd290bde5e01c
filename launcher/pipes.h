/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipes - what the processes of one start speak through
 */
#ifndef LAUNCHER_PIPES_H
#define LAUNCHER_PIPES_H

#include <stdbool.h>

struct err;

/* Every pipe of one start; [0] is read, [1] written. */
struct pipes {
	int in[2], out[2], err[2];	   /* the server's */
	int event[2], lifeline[2];	   /* the pep's */
	int order[2], report[2], exit[2];  /* init's */
	int built[2];
	int broker[2];			   /* a socket: [0] the pep's end, [1] the broker's */
	int standing[2];		   /* a socket: [0] the launcher's end, [1] the broker's */
};

/* Close what is open of a pair, and say so in it. */
void pipes_close_pair(int fds[2]);
void pipes_close(struct pipes *p);

/* All of them, O_CLOEXEC; the sockets only with a broker.  Return: 0, or -errno and nothing
 * is open. */
int pipes_open(struct pipes *p, bool with_broker, struct err *err);

/* The program's ends of its three streams become /dev/null and these, which stay the
 * caller's.  Return: 0 or -errno. */
int pipes_replace(struct pipes *p, int out, int err_fd, struct err *err);

#endif /* LAUNCHER_PIPES_H */
