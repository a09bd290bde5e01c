/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arguments - our own command line, which pid 1 of the sandbox must not show
 *
 * /proc/PID/cmdline can be read by every process that sees the PID, whatever else is
 * forbidden (proc(5)): the server would learn what was granted, passed and refused.
 */
#ifndef LAUNCHER_ARGUMENTS_H
#define LAUNCHER_ARGUMENTS_H

/* In main(), first: where the words lie. */
void arguments_keep(int argc, char **argv);

/* In a child that executes nothing: overwrite them, for good.  "init of mcp-confine NAME"
 * stays, as far as there is room.  Nothing may point into argv any more. */
void arguments_forget(const char *name);

#endif /* LAUNCHER_ARGUMENTS_H */
