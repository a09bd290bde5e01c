/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listen - the client dials a Unix socket, instead of starting us with pipes
 *
 * One client, of this user, and then the socket is gone: its name is removed as soon as
 * the connection stands.  The pep reads the connection with recv(2), which discards
 * descriptors that a client may send along.
 */
#ifndef LAUNCHER_LISTEN_H
#define LAUNCHER_LISTEN_H

struct err;

/*
 * where is "unix:PATH": absolute, in a directory of this user's that nobody else can
 * write.  What stands at PATH is refused, but for a socket of this user's that nobody
 * listens on.  Waits for a client; signals is a signalfd whose first signal ends that.
 * Afterwards 0 and 1 are the connection.  Return: 0; -EINTR (a signal, *ret_signal);
 * -errno.
 */
int listen_accept(const char *where, int signals, int *ret_signal, struct err *err);

#endif /* LAUNCHER_LISTEN_H */
