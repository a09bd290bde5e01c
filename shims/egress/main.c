/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mcp-confine-egress - the only way out of a server's network namespace, to granted names
 *
 * Theory of operation
 *
 * In the sandbox the whole address space is local and nothing leads out: a connection to
 * a granted port, whatever its address, arrives at a listener that was made inside before
 * the server ran, and a name is resolved by a socket that was made there too.  pid 1 of
 * the sandbox sends these sockets here; this process stands outside, in the host's
 * network, without a port of its own.
 *
 *   1. It reads what is granted (a sealed memfd), the log, and locks itself: no file but
 *      the host's resolver configuration, no exec, connections to granted ports and to
 *      name servers only.
 *   2. It takes the sockets.  The server's bytes come after that.
 *   3. A query for a granted name is answered with an address of ours, which tells later
 *      which name a connection is meant for (names.c).
 *   4. A connection is accepted, its first bytes are compared with the name (relay.c), the
 *      name is resolved once, and one of the addresses that may be dialled is dialled.
 *
 * When this process ends every listener closes with it: connections are refused, and
 * nothing else leads out.  It ends when the session does: the other end of the control
 * socket closes.  Exit code 0, or 125 when it could not start.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/audit.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/landlock.h"
#include "common/lock.h"
#include "common/noted.h"
#include "common/wire.h"
#include "filters/filters.h"
#include "shims/egress/address.h"
#include "shims/egress/names.h"
#include "shims/egress/relay.h"
#include "shims/egress/resolver.h"

#define RELAYS 256   /* connections at a time; a further one is refused */
#define RELAY_FILES 6 /* descriptors of one: both ends, and a pipe each way */
#define OTHER_FILES 96 /* the log, listeners, name servers, and some to spare */
#define KEPT 16 /* entries whose pipes wait for the next connection */
#define QUERIES 16 /* that are answered before connections have their turn */
#define COMPLAINTS 64 /* names of one kind that are named on stderr */

/* Names that the user was told of: each once, whatever the server does in a loop. */
struct told {
	size_t n;
	char names[COMPLAINTS][DESTINATION_NAME + 1];
};

struct egress {
	struct wire_egress granted;
	struct wire_listeners listeners;
	int control, resolver_socket, listener[DESTINATION_MAX];
	struct names names;
	struct resolver *resolver;
	struct relay_proxy proxy; /* port 0: none */
	struct relay relays[RELAYS];
	size_t n_relays;    /* of which so many can be open with our descriptors */
	size_t n_in_use;    /* none behind these is */
	size_t n_questions; /* to name servers, open: also of connections that are over */
	uint64_t used; /* bytes, against the budget */
	uint64_t serial;
	struct audit audit;
	const char *server; /* its name, for words */
	const char *option; /* of the program that started us: grants a name; NULL: a policy does */
	struct noted refusals, connections; /* lines of the log */
	struct told asked, failed;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- what the user gets to know -------------------------------------------------------- */

/* Return: true the first time. */
static bool tell_once(struct told *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->names[i], name))
			return false;
	if (t->n == COMPLAINTS)
		return false;
	memcpy(t->names[t->n++], name, strlen(name) + 1);
	return true;
}

static void complain(struct egress *e, const char *name)
{
	char line[512];
	int len;

	if (!tell_once(&e->asked, name))
		return;
	if (e->option)
		len = snprintf(line, sizeof(line),
			       "mcp-confine: %s asked for %s, which it may not reach; if you trust "
			       "that host, allow it: %s %s\n", e->server, name, e->option, name);
	else
		len = snprintf(line, sizeof(line),
			       "mcp-confine: %s asked for %s, which its policy does not name; to allow "
			       "it add \"%s:443\" to sandbox.network.connect\n",
			       e->server, name, name);
	if (len > 0 && (size_t)len < sizeof(line))
		fd_write_all(2, line, (size_t)len);
}

/* Begin a line of the log, unless the server has caused too many of that kind. */
static bool begin(struct egress *e, struct audit_line *l, struct noted *n, const char *event)
{
	uint64_t omitted = 0;

	if (!noted_take(n, now_ms(), &omitted))
		return false;
	if (omitted) {
		audit_begin(l, &e->audit, "omitted");
		audit_string(l, "from", "network");
		audit_string(l, "what", event);
		audit_int(l, "count", (int64_t)omitted);
		audit_end(l);
	}
	audit_begin(l, &e->audit, event);
	return true;
}

static void log_refusal(struct egress *e, const char *name, uint16_t port, const char *address,
			const char *why)
{
	struct audit_line l;

	if (!begin(e, &l, &e->refusals, "network-refused"))
		return;
	audit_string(&l, "name", name);
	if (port)
		audit_int(&l, "port", port);
	if (address)
		audit_string(&l, "address", address);
	audit_string(&l, "why", why);
	audit_end(&l);
}

static void log_end(struct egress *e, const struct relay *r)
{
	char text[ADDRESS_TEXT];
	struct audit_line l;

	if (!begin(e, &l, r->why ? &e->refusals : &e->connections,
		   r->why ? "network-refused" : "network"))
		return;
	audit_string(&l, "name", r->name);
	audit_int(&l, "port", r->port);
	if (r->proxy)
		audit_string(&l, "proxy", r->proxy->at.text);
	if (r->refused_with)
		audit_int(&l, "status", r->refused_with);
	if (r->next_address)
		audit_string(&l, "address",
			     address_text((const struct sockaddr *)&r->addresses[r->next_address - 1],
					  text));
	audit_int(&l, "sent", (int64_t)r->up.bytes);
	audit_int(&l, "received", (int64_t)r->down.bytes);
	audit_int(&l, "ms", now_ms() - r->began);
	if (r->why)
		audit_string(&l, "why", r->why);
	audit_end(&l);
}

/* A proxy that does not let it through: whose turn it is, said once for a name. */
static void complain_of_proxy(struct egress *e, const struct relay *r)
{
	const char *next = "";
	char status[24] = "", line[1024];
	int len;

	if (!r->why || !r->n_addresses || r->state == RELAY_OPEN ||
	    !tell_once(&e->failed, r->name))
		return;
	if (r->refused_with)
		snprintf(status, sizeof(status), " (%u)", r->refused_with);
	if (r->refused_with == 407 || r->refused_with == 401)
		next = r->proxy->authorization[0] ?
			       ", and not the ones that it was given; whoever runs it knows why: check "
			       "sandbox.network.proxy.credentials_file of the administrator's policy.json" :
			       "; name a file with them in sandbox.network.proxy.credentials_file of the "
			       "administrator's policy.json";
	else if (r->refused_with == 403 || r->refused_with == 405)
		next = "; ask whoever runs the proxy, or have the administrator name it in "
		       "sandbox.network.proxy.except";
	else
		next = "; sandbox.network.proxy of the administrator's policy.json names the proxy";
	len = snprintf(line, sizeof(line), "mcp-confine: %s: %s:%u by the proxy %s: %s%s%s\n",
		       e->server, r->name, (unsigned int)r->port, r->proxy->at.text, r->why,
		       status, next);
	if (len > 0 && (size_t)len < sizeof(line))
		fd_write_all(2, line, (size_t)len);
}

static void finish(struct egress *e, struct relay *r)
{
	if (r->proxy)
		complain_of_proxy(e, r);
	log_end(e, r);
	e->used += r->up.bytes + r->down.bytes;
	relay_close(r, r < e->relays + KEPT);
	while (e->n_in_use && e->relays[e->n_in_use - 1].state == RELAY_FREE)
		e->n_in_use--;
}

/* --- names --------------------------------------------------------------------------------- */

/* Return: false when no query was waiting. */
static bool answer_query(struct egress *e)
{
	uint8_t query[NAMES_ANSWER + 1], out[NAMES_ANSWER];
	char name[DESTINATION_NAME + 1];
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);
	ssize_t n = recvfrom(e->resolver_socket, query, sizeof(query), MSG_DONTWAIT,
			     (struct sockaddr *)&from, &from_len);
	size_t len;

	if (n < 0)
		return false;
	if (names_answer(&e->names, query, (size_t)n, out, &len, name) == NAMES_REFUSED && name[0]) {
		log_refusal(e, name, 0, NULL, "not in the policy");
		complain(e, name);
	}
	if (len)
		sendto(e->resolver_socket, out, len, MSG_DONTWAIT | MSG_NOSIGNAL,
		       (struct sockaddr *)&from, from_len);
	return true;
}

static void resolved(void *arg, const struct sockaddr_storage *found, size_t n, const char *why);

struct waiting {
	struct egress *e;
	struct relay *r;
	uint64_t serial; /* the relay's: its entry may be another's when the answer comes */
};

static void ask(struct egress *e, struct relay *r)
{
	/* A question outlives its connection: who opens and resets in a loop would have any
	 * number of them open, in our memory and at the user's name server. */
	struct waiting *w = e->n_questions < RELAYS ? malloc(sizeof(*w)) : NULL;

	if (!w) {
		r->why = e->n_questions < RELAYS ? "out of memory" :
						   "too many questions to name servers are open";
		finish(e, r);
		return;
	}
	*w = (struct waiting){ e, r, r->serial };
	e->n_questions++;
	resolver_ask(e->resolver, r->proxy ? r->proxy->at.name : r->name, resolved, w);
}

/* A proxy that the administrator named by its address: nothing is to be resolved. */
static void dial_proxy(struct egress *e, struct relay *r)
{
	const struct proxy *p = &r->proxy->at;

	if (p->is_v6) {
		struct sockaddr_in6 *a = (struct sockaddr_in6 *)&r->addresses[0];

		*a = (struct sockaddr_in6){ .sin6_family = AF_INET6 };
		memcpy(&a->sin6_addr, p->address, 16);
	} else {
		struct sockaddr_in *a = (struct sockaddr_in *)&r->addresses[0];

		*a = (struct sockaddr_in){ .sin_family = AF_INET };
		memcpy(&a->sin_addr, p->address, 4);
	}
	r->n_addresses = 1;
	if (relay_dial(r, now_ms()) < 0)
		finish(e, r);
}

static void resolved(void *arg, const struct sockaddr_storage *found, size_t n, const char *why)
{
	struct waiting *w = arg;
	struct egress *e = w->e;
	struct relay *r = w->r;
	bool is_current = r->state == RELAY_RESOLVE && r->serial == w->serial;
	const char *refused = NULL;
	char text[ADDRESS_TEXT];

	free(w);
	e->n_questions--;
	if (!is_current)
		return;
	for (size_t i = 0; i < n; i++) {
		const struct sockaddr *a = (const struct sockaddr *)&found[i];

		/* The administrator says where the proxy is, and that may be anywhere. */
		if (r->proxy) {
			r->addresses[r->n_addresses++] = found[i];
			continue;
		}
		refused = address_refusal(a, e->granted.ranges, e->granted.n_ranges);
		if (!refused && !address_is_named(a, e->granted.ranges, e->granted.n_ranges) &&
		    address_is_own(a))
			refused = "an address of this machine";
		if (refused)
			log_refusal(e, r->name, r->port, address_text(a, text), refused);
		else
			r->addresses[r->n_addresses++] = found[i];
	}
	if (!r->n_addresses) {
		if (tell_once(&e->failed, r->name))
			fprintf(stderr, "mcp-confine: %s: %s: %s%s\n", e->server,
				r->proxy ? r->proxy->at.text : r->name,
				n ? "its address is refused: " : "no address: ", n ? refused : why);
		r->why = n	  ? "no address that may be dialled" :
			 r->proxy ? "the proxy's name does not resolve" :
				    "the name does not resolve";
		finish(e, r);
	} else if (relay_dial(r, now_ms()) < 0) {
		finish(e, r);
	}
}

/* --- connections ----------------------------------------------------------------------- */

/* Where the server wanted to go: the address of ours that it was given. */
static const char *wanted_name(const struct egress *e, int fd)
{
	struct sockaddr_storage to;
	socklen_t len = sizeof(to);

	if (getsockname(fd, (struct sockaddr *)&to, &len) < 0)
		return NULL;
	if (to.ss_family == AF_INET)
		return names_of(&e->names,
				ntohl(((struct sockaddr_in *)&to)->sin_addr.s_addr));
	if (to.ss_family == AF_INET6) {
		const struct in6_addr *a = &((struct sockaddr_in6 *)&to)->sin6_addr;
		uint32_t v4;

		if (!IN6_IS_ADDR_V4MAPPED(a))
			return NULL;
		memcpy(&v4, a->s6_addr + 12, sizeof(v4));
		return names_of(&e->names, ntohl(v4));
	}
	return NULL;
}

static void step(struct egress *e, struct relay *r, const struct pollfd fds[2])
{
	int did = relay_run(r, fds, now_ms());

	if (did < 0)
		finish(e, r);
	else if (did > 0 && r->proxy && !r->proxy->at.name[0])
		dial_proxy(e, r);
	else if (did > 0)
		ask(e, r);
}

static bool is_direct(const struct egress *e, const char *name, uint16_t port)
{
	if (!e->proxy.at.port)
		return true;
	for (uint32_t i = 0; i < e->granted.n_direct; i++)
		if (e->granted.direct[i].port == port &&
		    destination_has_name(&e->granted.direct[i], name))
			return true;
	return false;
}

static void accept_one(struct egress *e, size_t i)
{
	const struct pollfd none[2] = { { -1, 0, 0 }, { -1, 0, 0 } };
	const uint16_t port = e->listeners.ports[i];
	int fd = accept4(e->listener[i], NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	const char *name, *why = NULL;
	size_t slot = 0;

	if (fd < 0)
		return;
	while (slot < e->n_relays && e->relays[slot].state != RELAY_FREE)
		slot++;
	name = wanted_name(e, fd);
	if (!name)
		why = "an address that was not asked for by name";
	else if (!names_grants(&e->names, name, port))
		why = "this port of the name is not in the policy";
	else if (e->granted.budget && e->used >= e->granted.budget)
		why = "the budget of the session is used up";
	else if (slot == e->n_relays)
		why = "too many connections";
	if (why) {
		log_refusal(e, name ? name : "", port, NULL, why);
		close(fd);
		return;
	}
	if (e->n_in_use <= slot)
		e->n_in_use = slot + 1;
	relay_begin(&e->relays[slot], fd, name, port, ++e->serial, now_ms());
	e->relays[slot].proxy = is_direct(e, name, port) ? NULL : &e->proxy;
	step(e, &e->relays[slot], none);
}

/* --- the loop ------------------------------------------------------------------------------ */

struct wait {
	struct pollfd fds[2 + DESTINATION_MAX + RESOLVER_FDS + 2 * RELAYS];
	size_t n, resolver, n_resolver;
	size_t n_relays, relays[RELAYS]; /* where its two entries are; 0: it has none */
	int timeout;
};

static void gather(struct egress *e, struct wait *w)
{
	int64_t now = now_ms();
	bool is_full = true;

	w->n = w->n_relays = 0;
	w->timeout = -1;
	w->fds[w->n++] = (struct pollfd){ e->control, POLLIN, 0 };
	w->fds[w->n++] = (struct pollfd){ e->resolver_socket, POLLIN, 0 };
	for (size_t i = 0; i < e->n_relays && is_full; i++)
		is_full = e->relays[i].state != RELAY_FREE;
	for (size_t i = 0; i < e->listeners.n; i++)
		w->fds[w->n++] = (struct pollfd){ is_full ? -1 : e->listener[i], POLLIN, 0 };
	w->resolver = w->n;
	w->n_resolver = resolver_wanted(e->resolver, w->fds + w->n, &w->timeout);
	w->n += w->n_resolver;
	for (size_t i = 0; i < e->n_in_use; i++) {
		const struct relay *r = &e->relays[i];
		int64_t left = r->deadline > now ? r->deadline - now : 0;

		w->relays[i] = 0;
		w->n_relays = i + 1;
		/* poll(2) refuses more entries than descriptors may be open. */
		if (r->state == RELAY_FREE)
			continue;
		w->relays[i] = w->n;
		relay_wanted(r, w->fds + w->n);
		w->n += 2;
		if (r->deadline && (w->timeout < 0 || left < w->timeout))
			w->timeout = (int)left;
	}
}

/* Bytes of connections that are open count too. */
static void enforce_budget(struct egress *e)
{
	uint64_t used = e->used;

	if (!e->granted.budget)
		return;
	for (size_t i = 0; i < RELAYS; i++)
		if (e->relays[i].state != RELAY_FREE)
			used += e->relays[i].up.bytes + e->relays[i].down.bytes;
	if (used < e->granted.budget)
		return;
	for (size_t i = 0; i < RELAYS; i++)
		if (e->relays[i].state != RELAY_FREE) {
			e->relays[i].why = "the budget of the session is used up";
			finish(e, &e->relays[i]);
		}
}

static int serve(struct egress *e)
{
	static struct wait w;

	for (;;) {
		gather(e, &w);
		if (poll(w.fds, w.n, w.timeout) < 0 && errno != EINTR)
			return 125;
		if (w.fds[0].revents)
			return 0;
		/* A client asks for both kinds of address at once. */
		for (int i = 0; w.fds[1].revents && i < QUERIES && answer_query(e); i++)
			continue;
		resolver_run(e->resolver, w.fds + w.resolver, w.n_resolver);
		/* An entry that is taken in this round is not waited for yet. */
		for (size_t i = 0, n = w.n_relays; i < n; i++)
			if (e->relays[i].state != RELAY_FREE && w.relays[i])
				step(e, &e->relays[i], w.fds + w.relays[i]);
		enforce_budget(e);
		for (size_t i = 0; i < e->listeners.n; i++)
			if (w.fds[2 + i].revents)
				accept_one(e, i);
	}
}

/* --- start --------------------------------------------------------------------------------- */

struct arguments {
	int grants, control, audit;
	const char *server, *session, *option;
};

static int parse(int argc, char **argv, struct arguments *a, struct err *err)
{
	static const struct option options[] = {
		{ "grants-fd", required_argument, NULL, 'g' },
		{ "control-fd", required_argument, NULL, 'c' },
		{ "audit-fd", required_argument, NULL, 'a' },
		{ "server", required_argument, NULL, 'n' },
		{ "session", required_argument, NULL, 'd' },
		{ "grant-option", required_argument, NULL, 'o' },
		{ 0 },
	};
	int opt, r = 0;

	*a = (struct arguments){ -1, -1, -1, "server", "", NULL };
	opterr = 0;
	while (r == 0 && (opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'g': r = fd_parse(optarg, &a->grants, err); break;
		case 'c': r = fd_parse(optarg, &a->control, err); break;
		case 'a': r = fd_parse(optarg, &a->audit, err); break;
		case 'n': a->server = optarg; break;
		case 'd': a->session = optarg; break;
		case 'o': a->option = optarg; break;
		default: r = err_set(err, EINVAL, "unknown argument %s", argv[optind - 1]);
		}
	}
	if (r == 0 && (a->grants < 0 || a->control < 0))
		r = err_set(err, EINVAL, "started without --grants-fd and --control-fd; mcp-confine "
					 "starts this program");
	return r;
}

static int read_grants(struct egress *e, int fd, struct err *err)
{
	if (read(fd, &e->granted, sizeof(e->granted)) != (ssize_t)sizeof(e->granted) ||
	    e->granted.n_destinations > DESTINATION_MAX || e->granted.n_ranges > RANGE_MAX ||
	    e->granted.n_direct > DESTINATION_MAX ||
	    e->granted.authorization[PROXY_AUTHORIZATION - 1])
		return err_set(err, EINVAL, "grants: malformed");
	close(fd);
	e->proxy = (struct relay_proxy){ e->granted.proxy, e->granted.authorization };
	e->names.granted = e->granted.destinations;
	e->names.n_granted = e->granted.n_destinations;
	return 0;
}

/* A connection that cannot be accepted stays in the queue of its listener, and would wake
 * us again and again: no more are open than descriptors last for. */
static int count_relays(struct egress *e, struct err *err)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return err_errno(err, errno, "getrlimit RLIMIT_NOFILE");
	if (files.rlim_cur < OTHER_FILES + RELAY_FILES)
		return err_set(err, EMFILE,
			       "at most %llu files may be open, which is too few for a network; raise "
			       "the limit (ulimit -n)", (unsigned long long)files.rlim_cur);
	e->n_relays = files.rlim_cur >= OTHER_FILES + RELAY_FILES * RELAYS ?
			      RELAYS :
			      (files.rlim_cur - OTHER_FILES) / RELAY_FILES;
	return 0;
}

/* Is anything of that grant dialled, and not left to the proxy? */
static bool dials(const struct egress *e, const struct destination *granted)
{
	for (uint32_t i = 0; i < e->granted.n_direct; i++)
		if (e->granted.direct[i].port == granted->port)
			return true;
	return !e->proxy.at.port;
}

/* The host's resolver configuration, and connections to what is granted. */
static int lock_self(const struct egress *e, struct err *err)
{
	static const char *const configuration[] = { "/etc", "/run/systemd/resolve",
						     "/run/NetworkManager", "/run/resolvconf" };
	cleanup_close int ruleset = -1;
	int abi = landlock_abi(), r = lock_memory(err);

	if (r == 0)
		r = lock_privileges(err);
	if (r == 0 && abi) {
		ruleset = landlock_open(abi, true, err);
		r = ruleset < 0 ? ruleset : 0;
	}
	for (size_t i = 0; i < sizeof(configuration) / sizeof(*configuration) && abi && r == 0;
	     i++) {
		cleanup_close int fd = open(configuration[i], O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (fd >= 0)
			r = landlock_add(ruleset, abi, fd, 1, LANDLOCK_READ, err);
	}
	for (uint32_t i = 0; i < e->granted.n_destinations && abi && r == 0; i++)
		if (dials(e, &e->granted.destinations[i]))
			r = landlock_add_port(ruleset, abi, e->granted.destinations[i].port, err);
	if (r == 0 && abi && e->proxy.at.port)
		r = landlock_add_port(ruleset, abi, e->proxy.at.port, err);
	if (r == 0 && abi)
		r = landlock_add_port(ruleset, abi, 53, err); /* long answers come over TCP */
	if (r == 0 && abi)
		r = landlock_enter(ruleset, err);
	return r < 0 ? r : lock_syscalls(&filter_egress, err);
}

/* Return: 0, or -EPIPE: the sandbox ended before it was made. */
static int take_sockets(struct egress *e)
{
	union {
		char buf[CMSG_SPACE(sizeof(int) * (DESTINATION_MAX + 1))];
		struct cmsghdr align;
	} control;
	struct iovec data = { &e->listeners, sizeof(e->listeners) };
	struct msghdr m = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = control.buf,
			    .msg_controllen = sizeof(control.buf) };
	const struct cmsghdr *c;
	ssize_t n;

	do
		n = recvmsg(e->control, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	c = CMSG_FIRSTHDR(&m);
	if (n != (ssize_t)sizeof(e->listeners) || m.msg_flags & MSG_CTRUNC || !c ||
	    c->cmsg_type != SCM_RIGHTS || e->listeners.n > DESTINATION_MAX ||
	    c->cmsg_len != CMSG_LEN(sizeof(int) * (e->listeners.n + 1)))
		return -EPIPE;
	memcpy(&e->resolver_socket, CMSG_DATA(c), sizeof(int));
	memcpy(e->listener, CMSG_DATA(c) + sizeof(int), sizeof(int) * e->listeners.n);
	return 0;
}

int main(int argc, char **argv)
{
	static struct egress e;
	struct arguments a;
	struct err err = {0};
	int r;

	signal(SIGPIPE, SIG_IGN);
	r = parse(argc, argv, &a, &err);
	if (r == 0)
		r = read_grants(&e, a.grants, &err);
	if (r == 0)
		r = count_relays(&e, &err);
	if (r == 0)
		r = resolver_open(&e.resolver, &err);
	if (r == 0)
		r = lock_self(&e, &err);
	if (r < 0) {
		fprintf(stderr, "mcp-confine-egress: %s\n", err.text);
		return 125;
	}
	e.control = a.control;
	e.option = a.option;
	audit_init(&e.audit, a.audit, false);
	e.server = a.server;
	if (take_sockets(&e) < 0)
		_exit(0);
	_exit(serve(&e));
}
