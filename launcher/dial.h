/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dial - a server that listens on a Unix socket of its sandbox, instead of using its
 * standard streams
 *
 * A process of ours beside the server connects to the socket and carries the bytes
 * between it and the pep's pipes.  It lives in the same sandbox under the same layers,
 * so the server could gain nothing by taking it over.
 */
#ifndef LAUNCHER_DIAL_H
#define LAUNCHER_DIAL_H

/*
 * Already confined; 0 is what the pep sends, 1 what it reads, 2 its pipe for words.
 * Waits at most LIMIT_DIAL milliseconds for somebody to listen at path.  Never returns:
 * ends when either side does.
 */
_Noreturn void dial_run(const char *path);

#endif /* LAUNCHER_DIAL_H */
