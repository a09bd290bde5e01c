/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mcp-confine-broker-net - the broker with a network: asks a PDP, an authorization server
 *
 * Theory of operation
 *
 * Started by mcp-confine only for a policy that names a server to ask.  It is the only
 * process with a network, and the only one with libcurl and OpenSSL.  It maps one sealed
 * struct with everything that it has to know, credentials and certificates of authority
 * included (common/remote.h), and then locks itself: no execution, no new process, files
 * only for the resolver and only to read, TCP only to the ports of those servers and of
 * DNS.  The pep, whose questions are fixed structs, is taken for hostile (order.h); what
 * a server answers is bounded, parsed strictly, and anything but an exact yes is a no.
 *
 * Its end, for whatever reason, is a no to every open question: the pep sees it.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/landlock.h"
#include "common/lock.h"
#include "common/remote.h"
#include "filters/filters.h"
#include "shims/broker/broker.h"
#include "shims/broker/desk.h"
#include "shims/remote/http.h"
#include "shims/remote/remote.h"

static const struct option options[] = {
	{ "pep-fd", required_argument, NULL, 'p' },  { "audit-fd", required_argument, NULL, 'a' },
	{ "server", required_argument, NULL, 'n' },  { "session", required_argument, NULL, 's' },
	{ "state", required_argument, NULL, 'S' },   { "config-fd", required_argument, NULL, 'c' },
	{ "standing-fd", required_argument, NULL, 'g' },
	{ 0 },
};

static int parse(int argc, char **argv, struct broker *b, const char **ret_state,
		 int *ret_config, struct err *err)
{
	int opt, r = 0, audit = -1;

	opterr = 0;
	while (r == 0 && (opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'p': r = fd_parse(optarg, &b->pep, err); break;
		case 'a': r = fd_parse(optarg, &audit, err); break;
		case 'c': r = fd_parse(optarg, ret_config, err); break;
		case 'g': r = fd_parse(optarg, &b->standing, err); break;
		case 'n': b->order.server = optarg; break;
		case 's': b->order.session = optarg; break;
		case 'S': *ret_state = optarg; break;
		default:
			r = err_set(err, EINVAL, "unknown argument %s", argv[optind - 1]);
		}
	}
	if (r == 0 && (b->pep < 0 || *ret_config < 0 || !b->order.server || !b->order.session ||
		       !*ret_state))
		r = err_set(err, EINVAL, "mcp-confine starts this program");
	audit_init(&b->audit, audit, false);
	return r;
}

static int map_config(int fd, const struct remote_config **ret, struct err *err)
{
	struct stat st;
	void *p;

	if (fstat(fd, &st) < 0 || st.st_size != (off_t)sizeof(struct remote_config))
		return err_set(err, EINVAL, "its configuration is of another version");
	p = mmap(NULL, sizeof(struct remote_config), PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return err_errno(err, errno, "map the configuration");
	*ret = p;
	return 0;
}

/* --- the lock ------------------------------------------------------------------------------ */

/* "https://host:port/...": host[256] and its port. */
static uint16_t split(const char *url, char *host)
{
	const char *from = strstr(url, "://") ? strstr(url, "://") + 3 : url, *colon;
	size_t len = strcspn(from, "/?");
	long port;

	snprintf(host, 256, "%.*s", len < 255 ? (int)len : 255, from);
	colon = strrchr(host, ':');
	if (!colon || strchr(colon, ']'))
		return 443;
	port = strtol(colon + 1, NULL, 10);
	host[colon - host] = '\0';
	return port > 0 && port < 65536 ? (uint16_t)port : 443;
}

/* Resolve once, so that what the name service loads is loaded before the lock. */
static uint16_t warm_up(const char *url)
{
	struct addrinfo *found = NULL, hints = { .ai_socktype = SOCK_STREAM };
	char host[256];
	uint16_t port = split(url, host);

	if (host[0] != '[' && getaddrinfo(host, NULL, &hints, &found) == 0)
		freeaddrinfo(found);
	return port;
}

static int allow_resolver(int ruleset, int abi, struct err *err)
{
	static const char *const files[] = { "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf",
					     "/etc/gai.conf", "/etc/host.conf", "/etc/services",
					     "/etc/localtime", "/run/systemd/resolve" };
	int r = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files) && r == 0; i++) {
		cleanup_close int fd = open(files[i], O_PATH | O_CLOEXEC);
		struct stat st;

		if (fd >= 0 && fstat(fd, &st) == 0)
			r = landlock_add(ruleset, abi, fd, S_ISDIR(st.st_mode), LANDLOCK_READ, err);
	}
	return r;
}

static int lock(const struct desk *desk, const uint16_t *ports, size_t n, struct err *err)
{
	int abi = landlock_abi(), r = lock_memory(err);
	cleanup_close int ruleset = -1;

	if (r == 0)
		r = lock_privileges(err);
	if (r < 0)
		return r;
	if (abi) {
		ruleset = landlock_open(abi, true, err);
		r = ruleset < 0 ? ruleset : allow_resolver(ruleset, abi, err);
		for (size_t i = 0; i < n && r == 0; i++)
			r = landlock_add_port(ruleset, abi, ports[i], err);
		if (r == 0 && desk)
			r = landlock_add(ruleset, abi, desk->dir, true, LANDLOCK_UNLINK, err);
		if (r == 0)
			r = landlock_enter(ruleset, err);
	}
	return r < 0 ? r : lock_syscalls(&filter_remote, err);
}

static int serve(struct broker *b, const struct remote_config *c, const char *state,
		 struct err *err)
{
	static struct desk desk;
	struct desk *d = c->has_ciba || !c->has_desk ? NULL : &desk;
	/* 443 is where a server's other endpoints are; 53, DNS over TCP. */
	uint16_t ports[5] = { 443, 53, 443, 443, 443 };
	struct http *http = NULL;
	int r = d ? desk_open(d, state, b->order.session, err) : 0;

	if (r < 0)
		return r;
	r = http_open(&http, err);
	if (c->has_ciba)
		ports[2] = warm_up(c->issuer);
	if (c->pdp && !c->pdp_socket[0])
		ports[3] = warm_up(c->pdp_url);
	if (c->scim_url[0] && !c->scim_socket[0])
		ports[4] = warm_up(c->scim_url);
	if (r == 0)
		r = remote_open(b, c, http, d, err);
	b->now = broker_now();
	if (r == 0)
		r = lock(d, ports, sizeof(ports) / sizeof(*ports), err);
	if (r == 0)
		r = broker_run(b, err);
	if (d)
		desk_close(d);
	return r;
}

int main(int argc, char **argv)
{
	static struct broker b;
	const struct remote_config *config = NULL;
	const char *state = NULL;
	struct err err = {0};
	int fd = -1, r;

	b.pep = b.standing = -1;
	signal(SIGPIPE, SIG_IGN);
	r = parse(argc, argv, &b, &state, &fd, &err);
	if (r == 0)
		r = map_config(fd, &config, &err);
	if (r == 0)
		r = serve(&b, config, state, &err);
	if (r < 0)
		dprintf(2, "mcp-confine-broker-net: %s; every open question is denied\n", err.text);
	_exit(r < 0 ? 125 : 0);
}
