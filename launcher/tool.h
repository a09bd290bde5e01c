/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tool - run a program of the machine's (npm, pip, python3) confined, for us
 *
 * The sandbox is a server's: empty root, Landlock, seccomp, a network only through
 * mcp-confine-egress to the destinations named here.  There is no pep: nobody speaks MCP.
 * The program gets none of our environment and none of the user's files beyond `read` and
 * `write`.  What it says on stderr is relayed line by line, printable, with its name.
 */
#ifndef LAUNCHER_TOOL_H
#define LAUNCHER_TOOL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/strv.h"

struct err;

struct tool {
	const char *name;     /* what the log and the relayed lines call it */
	struct strv argv;     /* found as a server's command is */
	struct strv read, write; /* absolute paths */
	struct strv connect;  /* "name:port"; empty: no network */
	struct strv addresses; /* ranges that are not public and may be dialled */
	struct strv env;      /* NAME=value, all that it gets beside PATH and HOME */
	bool is_silent;	      /* its stderr is dropped */
};

/*
 * Run it to its end.  *ret_out (may be NULL: dropped) is what it wrote to stdout,
 * NUL-terminated, cut at LIMIT_TOOL_OUT, the caller's to free.  *ret_code is its exit code;
 * 125 to 127 when it could not be started, which has been said.
 * Return: 0; -EINTR when a signal ended it (SIGINT, SIGTERM, SIGHUP to us); -errno.
 */
int tool_run(const struct tool *t, char **ret_out, int *ret_code, struct err *err);

/* From the first call on SIGINT, SIGTERM and SIGHUP are remembered instead of ending us:
 * the caller removes what is half done.  Return: the signal, or 0. */
int tool_interrupted(void);
void tool_catch_signals(void);

void tool_done(struct tool *t);

#endif /* LAUNCHER_TOOL_H */
