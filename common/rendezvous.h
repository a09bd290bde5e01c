/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rendezvous - the directory where a waiting server and `mcp-confine approve` meet
 *
 * /run/user/UID/mcp-confine when /run/user/UID is a directory of this user's alone, else
 * STATE/run.  No environment variable is read: an MCP client hands on neither
 * XDG_RUNTIME_DIR nor the session bus, a terminal has both, and the two must meet.
 * The side that waits takes the first that it can make; the side that answers looks into
 * all of them, since a login may create /run/user/UID after the server was started.
 */
#ifndef COMMON_RENDEZVOUS_H
#define COMMON_RENDEZVOUS_H

struct err;

#define RENDEZVOUS_PLACES 2

/*
 * Open place number i (from 0) as a directory (O_PATH, O_CLOEXEC), 0700 and ours;
 * `makes`: create it when it is missing.  state is the user's state directory.
 * Return: a descriptor; -ENOENT when there is no such place; -errno with words.
 */
int rendezvous_open(unsigned int i, const char *state, int makes, struct err *err);

#endif /* COMMON_RENDEZVOUS_H */
