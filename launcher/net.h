/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net - the network namespace of the sandbox, through netlink (libnl, rtnetlink(7))
 */
#ifndef LAUNCHER_NET_H
#define LAUNCHER_NET_H

struct err;

/*
 * Make sure that this network namespace has nothing but a loopback interface, and that
 * it is down (it is when new; a kernel parameter or a module may think otherwise:
 * net.core.fb_tunnels_only_for_init_net creates tunnels in every namespace, which are
 * down too and are accepted so).  Return: 0, or -EPERM when an interface is up after it.
 */
int net_isolate(struct err *err);

#endif /* LAUNCHER_NET_H */
