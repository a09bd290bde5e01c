/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mcp-confine-broker - asks who decides, on behalf of the pep
 *
 * Theory of operation
 *
 * Started by mcp-confine, only for a policy that wants approval at a terminal.  It holds
 * a socket to the pep, on which fixed structs go (common/wire.h), and the listening
 * socket of the rendezvous.  It trusts neither: the pep has met hostile bytes (order.h
 * says what it may send), and who connects must be this user.  It has no network, no
 * library besides libc and libcap, and opens nothing once it is locked; the program with
 * a network, for policies that name a server to ask, is mcp-confine-broker-net.
 *
 * Its end, for whatever reason, is a no to every open question: the pep sees it.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "common/fd.h"
#include "common/landlock.h"
#include "common/lock.h"
#include "filters/filters.h"
#include "shims/broker/broker.h"
#include "shims/broker/desk.h"

static const struct option options[] = {
	{ "pep-fd", required_argument, NULL, 'p' },  { "audit-fd", required_argument, NULL, 'a' },
	{ "server", required_argument, NULL, 'n' },  { "session", required_argument, NULL, 's' },
	{ "state", required_argument, NULL, 'S' },   { 0 },
};

static int parse(int argc, char **argv, struct broker *b, const char **ret_state,
		 struct err *err)
{
	int opt, r = 0, audit = -1;

	opterr = 0;
	while (r == 0 && (opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'p': r = fd_parse(optarg, &b->pep, err); break;
		case 'a': r = fd_parse(optarg, &audit, err); break;
		case 'n': b->order.server = optarg; break;
		case 's': b->order.session = optarg; break;
		case 'S': *ret_state = optarg; break;
		default:
			r = err_set(err, EINVAL, "unknown argument %s", argv[optind - 1]);
		}
	}
	if (r == 0 && (b->pep < 0 || !b->order.server || !b->order.session || !*ret_state))
		r = err_set(err, EINVAL, "mcp-confine starts this program");
	audit_init(&b->audit, audit, false);
	return r;
}

/* As lock_enter(), but the name of the socket can be taken away again. */
static int lock(const struct desk *d, struct err *err)
{
	int abi = landlock_abi(), ruleset, r = lock_memory(err);

	if (r == 0)
		r = lock_privileges(err);
	if (r == 0 && abi) {
		ruleset = landlock_open(abi, true, err);
		r = ruleset < 0 ? ruleset :
				  landlock_add(ruleset, abi, d->dir, true, LANDLOCK_UNLINK, err);
		if (r == 0)
			r = landlock_enter(ruleset, err);
		close(ruleset);
	}
	return r < 0 ? r : lock_syscalls(&filter_broker, err);
}

int main(int argc, char **argv)
{
	static struct broker b;
	static struct desk desk;
	const char *state = NULL;
	struct err err = {0};
	int r;

	b.pep = b.standing = -1;
	signal(SIGPIPE, SIG_IGN);
	r = parse(argc, argv, &b, &state, &err);
	if (r == 0)
		r = desk_open(&desk, state, b.order.session, &err);
	if (r == 0) {
		b.channel = &desk_channel;
		b.own = &desk;
		b.now = broker_now();
		r = lock(&desk, &err);
		if (r == 0)
			r = broker_run(&b, &err);
		desk_close(&desk);
	}
	if (r < 0)
		dprintf(2, "mcp-confine-broker: %s; every open question is denied\n", err.text);
	_exit(r < 0 ? 125 : 0);
}
