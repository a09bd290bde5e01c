/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/route.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/wire.h"
#include "launcher/net.h"

#define LOOPBACK 1 /* the index that the kernel gives to lo */
#define BACKLOG 128

/* --- addresses and routes ------------------------------------------------------------- */

static int bring_up(struct nl_sock *sock, struct err *err)
{
	struct rtnl_link *link = rtnl_link_alloc(), *change = rtnl_link_alloc();
	int r = -NLE_NOMEM;

	if (link && change) {
		rtnl_link_set_ifindex(link, LOOPBACK);
		rtnl_link_set_flags(change, IFF_UP);
		r = rtnl_link_change(sock, link, change, 0);
	}
	rtnl_link_put(link);
	rtnl_link_put(change);
	return r < 0 ? err_set(err, EIO, "bring up the sandbox's loopback: %s", nl_geterror(r)) : 0;
}

/* local 0.0.0.0/0 dev lo, or local ::/0 dev lo. */
static int route_all(struct nl_sock *sock, int family, struct err *err)
{
	struct rtnl_route *route = rtnl_route_alloc();
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	struct nl_addr *all = NULL;
	int r = nl_addr_parse(family == AF_INET ? "0.0.0.0/0" : "::/0", family, &all);

	if (!route || !hop || r < 0) {
		rtnl_route_put(route);
		nl_addr_put(all);
		return err_errno(err, ENOMEM, "route of the sandbox");
	}
	rtnl_route_nh_set_ifindex(hop, LOOPBACK);
	rtnl_route_set_family(route, (uint8_t)family);
	rtnl_route_set_table(route, RT_TABLE_LOCAL);
	rtnl_route_set_type(route, RTN_LOCAL);
	rtnl_route_set_scope(route, RT_SCOPE_HOST);
	rtnl_route_set_protocol(route, RTPROT_STATIC);
	rtnl_route_set_dst(route, all);
	rtnl_route_add_nexthop(route, hop);
	r = rtnl_route_add(sock, route, NLM_F_CREATE);
	rtnl_route_put(route);
	nl_addr_put(all);
	/* A kernel without IPv6: then nothing can be reached by it either. */
	if (r == -NLE_AF_NOSUPPORT || (family == AF_INET6 && r == -NLE_OPNOTSUPP))
		return 0;
	return r < 0 ? err_set(err, EIO, "route all addresses to the sandbox itself: %s",
			       nl_geterror(r)) :
		       0;
}

static int route(struct err *err)
{
	struct nl_sock *sock = nl_socket_alloc();
	int r;

	if (!sock)
		return err_errno(err, ENOMEM, "netlink");
	r = nl_connect(sock, NETLINK_ROUTE);
	if (r < 0)
		r = err_set(err, EIO, "netlink: %s", nl_geterror(r));
	else
		r = bring_up(sock, err);
	if (r == 0)
		r = route_all(sock, AF_INET, err);
	if (r == 0)
		r = route_all(sock, AF_INET6, err);
	nl_socket_free(sock);
	return r;
}

/* --- sockets ---------------------------------------------------------------------------- */

/* One listener for both families; for IPv4 alone where there is no IPv6. */
static int listen_on(uint16_t port, struct err *err)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };
	cleanup_close int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int no = 0, r;

	if (fd >= 0) {
		r = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
		if (r == 0)
			r = bind(fd, (struct sockaddr *)&six, sizeof(six));
	} else {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		r = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&four, sizeof(four));
	}
	if (r < 0 || listen(fd, BACKLOG) < 0)
		return err_errno(err, errno, "listen on port %u of the sandbox",
				 (unsigned int)port);
	return take_fd(&fd);
}

static int resolver_socket(struct err *err)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(53),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	cleanup_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return err_errno(err, errno, "make the sandbox's resolver");
	return take_fd(&fd);
}

static int send_all(int egress, const struct wire_listeners *l, const int *fds, struct err *err)
{
	union {
		char buf[CMSG_SPACE(sizeof(int) * (DESTINATION_MAX + 1))];
		struct cmsghdr align;
	} control = {0};
	const size_t size = sizeof(int) * (l->n + 1);
	struct iovec data = { (void *)(uintptr_t)l, sizeof(*l) };
	struct msghdr m = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = control.buf,
			    .msg_controllen = CMSG_SPACE(size) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(c), fds, size);
	if (sendmsg(egress, &m, MSG_NOSIGNAL) != (ssize_t)sizeof(*l))
		return err_errno(err, errno, "hand the sockets to mcp-confine-egress");
	return 0;
}

static bool has_port(const struct wire_listeners *l, uint16_t port)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (l->ports[i] == port)
			return true;
	return false;
}

int net_open(const struct wire_egress *network, int egress, struct err *err)
{
	struct wire_listeners l = {0};
	int fds[DESTINATION_MAX + 1], r = route(err);

	if (r < 0)
		return r;
	fds[0] = resolver_socket(err);
	if (fds[0] < 0)
		return fds[0];
	for (uint32_t i = 0; i < network->n_destinations && r == 0; i++) {
		uint16_t port = network->destinations[i].port;
		int fd;

		if (has_port(&l, port))
			continue;
		fd = listen_on(port, err);
		if (fd < 0) {
			r = fd;
			break;
		}
		l.ports[l.n++] = port;
		fds[l.n] = fd;
	}
	if (r == 0)
		r = send_all(egress, &l, fds, err);
	/* Only the egress process holds them now: when it ends, nothing listens. */
	for (uint32_t i = 0; i <= l.n; i++)
		close(fds[i]);
	return r;
}
