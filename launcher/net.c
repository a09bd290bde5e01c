/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <net/if.h>
#include <netlink/cache.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <stdbool.h>

#include "common/err.h"
#include "launcher/net.h"

static int bring_down(struct nl_sock *sock, struct rtnl_link *link)
{
	struct rtnl_link *change = rtnl_link_alloc();
	int r;

	if (!change)
		return -NLE_NOMEM;
	rtnl_link_unset_flags(change, IFF_UP);
	r = rtnl_link_change(sock, link, change, 0);
	rtnl_link_put(change);
	return r;
}

/* Read every link; with `mend`, bring down what is up.  Return: how many were up. */
static int count_up(struct nl_sock *sock, bool mend, struct err *err)
{
	struct nl_cache *cache = NULL;
	int up = 0, r = rtnl_link_alloc_cache(sock, AF_UNSPEC, &cache);

	if (r < 0)
		return err_set(err, EIO, "list the network interfaces: %s", nl_geterror(r));
	for (struct nl_object *o = nl_cache_get_first(cache); o; o = nl_cache_get_next(o)) {
		struct rtnl_link *link = (struct rtnl_link *)o;

		if (!(rtnl_link_get_flags(link) & IFF_UP))
			continue;
		up++;
		if (mend)
			bring_down(sock, link);
	}
	nl_cache_free(cache);
	return up;
}

int net_isolate(struct err *err)
{
	struct nl_sock *sock = nl_socket_alloc();
	int r;

	if (!sock)
		return err_errno(err, ENOMEM, "netlink");
	r = nl_connect(sock, NETLINK_ROUTE);
	if (r < 0) {
		nl_socket_free(sock);
		return err_set(err, EIO, "netlink: %s", nl_geterror(r));
	}
	r = count_up(sock, true, err);
	if (r > 0)
		r = count_up(sock, false, err);
	nl_socket_free(sock);
	if (r > 0)
		return err_set(err, EPERM, "%d network interfaces stay up in the sandbox", r);
	return r;
}
