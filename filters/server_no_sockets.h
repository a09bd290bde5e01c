/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server_no_sockets - filter C: for a policy with "sockets": "none"
 *
 * Stacked on A and B.  A server on standard input and output needs no socket but the
 * pairs that Node and Python make for their children; those stay, as filter B has them.
 *
 * REFUSED(error, call, why)
 */

/* clang-format off */
REFUSED(EPERM, accept, "no socket to accept on")
REFUSED(EPERM, accept4, "no socket to accept on")
REFUSED(EPERM, bind, "no socket to name")
REFUSED(EPERM, connect, "reaches a named socket from one end of a pair")
REFUSED(EPERM, listen, "no socket to listen on")
REFUSED(EAFNOSUPPORT, socket, "no family at all, as on a kernel without any")
