/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe - what a server could do on this very machine, tried natively and confined
 *
 * `status --probe` plants a few things of its own (a file, two sockets), attempts what a
 * hostile server would, first natively as the control, then as a server of a real
 * `mcp-confine run`, and compares.  No attempt changes anything of the user's.
 */
#ifndef LAUNCHER_PROBE_H
#define LAUNCHER_PROBE_H

/* Print the table.  Return: 0 all was refused inside, 1 something was not, 125. */
int probe_outside(void);

/* The server's part: argv[0] "probe-inside", then what probe_outside() planted. */
int probe_inside(int argc, char **argv);

#endif /* LAUNCHER_PROBE_H */
