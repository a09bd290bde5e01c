/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net - the network namespace of the sandbox, through netlink (libnl, rtnetlink(7))
 */
#ifndef LAUNCHER_NET_H
#define LAUNCHER_NET_H

struct err;
struct wire_egress;

/*
 * Make sure that this network namespace has nothing but a loopback interface, and that
 * it is down (it is when new; a kernel parameter or a module may think otherwise:
 * net.core.fb_tunnels_only_for_init_net creates tunnels in every namespace, which are
 * down too and are accepted so).  Return: 0, or -EPERM when an interface is up after it.
 */
int net_isolate(struct err *err);

/*
 * Instead, for a server that may connect: loopback is up, every address is local, so that
 * nothing leads out and every connection arrives at a listener here (ip-route(8), type
 * local; AnyIP).  Make the resolver's socket and a listener for each granted port, and
 * send them through the socket `egress` (struct wire_listeners).  Needs CAP_NET_ADMIN and
 * CAP_NET_BIND_SERVICE over this namespace.  Return: 0 or -errno.
 */
int net_open(const struct wire_egress *network, int egress, struct err *err);

#endif /* LAUNCHER_NET_H */
