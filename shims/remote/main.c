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
 *
 * With --ready-fd it is the holder of a delegated token instead (holder.h), in a process
 * of its own that knows no pep; its files are the user's token, to read, and the one that
 * it writes.
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
#include "common/secrets.h"
#include "filters/filters.h"
#include "shims/broker/broker.h"
#include "shims/broker/desk.h"
#include "shims/remote/http.h"
#include "shims/remote/holder.h"
#include "shims/remote/remote.h"

static const struct option options[] = {
	{ "pep-fd", required_argument, NULL, 'p' },  { "audit-fd", required_argument, NULL, 'a' },
	{ "server", required_argument, NULL, 'n' },  { "session", required_argument, NULL, 's' },
	{ "state", required_argument, NULL, 'S' },   { "config-fd", required_argument, NULL, 'c' },
	{ "ready-fd", required_argument, NULL, 'r' }, { "lifeline-fd", required_argument, NULL, 'l' },
	{ "dir-fd", required_argument, NULL, 'd' },  { "live-fd", required_argument, NULL, 'L' },
	{ "standing-fd", required_argument, NULL, 'g' },
	{ 0 },
};

struct holder_fds {
	int ready, lifeline, dir, live;
};

static int parse(int argc, char **argv, struct broker *b, struct holder_fds *k,
		 const char **ret_state, int *ret_config, struct err *err)
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
		case 'r': r = fd_parse(optarg, &k->ready, err); break;
		case 'l': r = fd_parse(optarg, &k->lifeline, err); break;
		case 'd': r = fd_parse(optarg, &k->dir, err); break;
		case 'L': r = fd_parse(optarg, &k->live, err); break;
		default:
			r = err_set(err, EINVAL, "unknown argument %s", argv[optind - 1]);
		}
	}
	if (r == 0 && (*ret_config < 0 || !b->order.server || !b->order.session ||
		       (k->ready < 0 ? b->pep < 0 || !*ret_state :
				       k->lifeline < 0 || k->dir < 0 || k->live < 0)))
		r = err_set(err, EINVAL, "mcp-confine starts this program");
	audit_init(&b->audit, audit, false);
	return r;
}

static void *map(int fd, size_t size, int protection, int flags, struct err *err)
{
	struct stat st;
	void *p;

	if (fstat(fd, &st) < 0 || st.st_size != (off_t)size) {
		err_set(err, EINVAL, "its configuration is of another version");
		return NULL;
	}
	p = mmap(NULL, size, protection, flags, fd, 0);
	if (p != MAP_FAILED)
		return p;
	err_errno(err, errno, "map the configuration");
	return NULL;
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

/* Files of the holder: where the user's tokens are, replaced perhaps, and its own. */
static int allow_tokens(int ruleset, int abi, const struct remote_token *t, int dir,
			struct err *err)
{
	const char *files[] = { t->subject_token_file, t->actor_token_file };
	int r = landlock_add(ruleset, abi, dir, true, LANDLOCK_WRITE, err);

	for (size_t i = 0; i < 2 && r == 0; i++) {
		cleanup_free char *path = strdup(files[i]);
		char *slash = path ? strrchr(path, '/') : NULL;
		cleanup_close int fd = -1;

		if (!slash)
			continue;
		*(slash == path ? slash + 1 : slash) = '\0';
		fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		r = fd < 0 ? err_errno(err, errno, "open %s", path) :
			     landlock_add(ruleset, abi, fd, true, LANDLOCK_READ, err);
	}
	return r;
}

static int lock(const struct desk *desk, const struct remote_token *token, int dir,
		const uint16_t *ports, size_t n, struct err *err)
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
		if (r == 0 && token)
			r = allow_tokens(ruleset, abi, token, dir, err);
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
		ports[2] = warm_up(c->client.issuer);
	if (c->pdp && !c->pdp_socket[0])
		ports[3] = warm_up(c->pdp_url);
	if (c->scim_url[0] && !c->scim_socket[0])
		ports[4] = warm_up(c->scim_url);
	if (r == 0)
		r = remote_open(b, c, http, d, err);
	b->now = broker_now();
	if (r == 0)
		r = lock(d, NULL, -1, ports, sizeof(ports) / sizeof(*ports), err);
	if (r == 0)
		r = broker_run(b, err);
	if (d)
		desk_close(d);
	return r;
}

static int keep(struct broker *b, const struct holder_fds *fds, int config, struct err *err)
{
	struct holder k = { .audit = &b->audit, .ready = fds->ready, .lifeline = fds->lifeline,
			    .dir = fds->dir };
	uint16_t ports[3] = { 443, 53, 443 };
	int r;

	k.config = map(config, sizeof(*k.config), PROT_READ, MAP_PRIVATE, err);
	k.live = map(fds->live, sizeof(*k.live), PROT_READ | PROT_WRITE, MAP_SHARED, err);
	r = k.config && k.live ? http_open(&k.http, err) : -err->code;
	if (r == 0)
		ports[2] = warm_up(k.config->client.issuer);
	if (r == 0)
		r = lock(NULL, k.config, k.dir, ports, sizeof(ports) / sizeof(*ports), err);
	if (r == 0)
		r = holder_run(&k, err);
	/* What the launcher was told it says itself. */
	if (r < 0 && k.ready >= 0 && r != -ECANCELED)
		dprintf(2, "mcp-confine-broker-net: %s\n", err->text);
	return r;
}

int main(int argc, char **argv)
{
	static struct broker b;
	struct holder_fds holder = { -1, -1, -1, -1 };
	const struct remote_config *config = NULL;
	const char *state = NULL;
	struct err err = {0};
	int fd = -1, r;

	b.pep = b.standing = -1;
	signal(SIGPIPE, SIG_IGN);
	r = parse(argc, argv, &b, &holder, &state, &fd, &err);
	if (r == 0 && holder.ready >= 0)
		_exit(keep(&b, &holder, fd, &err) < 0 ? 125 : 0);
	if (r == 0) {
		config = map(fd, sizeof(*config), PROT_READ, MAP_PRIVATE, &err);
		r = config ? 0 : -err.code;
	}
	if (r == 0)
		r = serve(&b, config, state, &err);
	if (r < 0)
		dprintf(2, "mcp-confine-broker-net: %s; every open question is denied\n", err.text);
	_exit(r < 0 ? 125 : 0);
}
