/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wrap_entry - from one server's entry to its policy: what moves, what stays, what is not
 * touched and why
 *
 * Nothing is written here.
 */
#ifndef LAUNCHER_WRAP_ENTRY_H
#define LAUNCHER_WRAP_ENTRY_H

#include "common/strv.h"
#include "configs/servers.h"
#include "launcher/confined.h"
#include "launcher/wrap_policy.h"

struct err;

struct wrap_entry {
	const struct server *server;
	enum confined state;
	char why[CONFINED_WHY];	 /* when it is left alone though it is a local server */
	bool is_wrapped;	 /* by this plan */
	struct wrap_policy policy;
	struct strv emptied;	 /* variables that leave the configuration */
	struct strv notes;	 /* what the user should know, a sentence each */
};

/*
 * Decide on the entry.  What cannot be moved is no error: state CONFINED_NO with why.
 * Return: 0 or -errno; wrap_entry_done() in any case.
 */
int wrap_entry_plan(const struct wrap_context *c, const struct client *client,
		    const struct server *server, struct wrap_entry *ret, struct err *err);

/* Is the argument at index i < argv->n a secret, by itself or by the option before it? */
bool wrap_entry_is_secret(const struct strv *argv, size_t i);

void wrap_entry_done(struct wrap_entry *e);

#endif /* LAUNCHER_WRAP_ENTRY_H */
