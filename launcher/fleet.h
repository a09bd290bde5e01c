/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fleet - what the machines of an organisation get: the servers that the administrator's
 * policy names, and the files that make each client start these alone, through us
 *
 * Pure but for reading the policy: what is to be written is made in memory, the same bytes
 * for the same policy, and fleet_command.c puts it where the administrator said.
 */
#ifndef LAUNCHER_FLEET_H
#define LAUNCHER_FLEET_H

#include <stdbool.h>
#include <stdio.h>

#include "common/strv.h"
#include "policies/load.h"

struct err;

struct fleet {
	char *program;	      /* absolute: what the clients start */
	struct strv servers;  /* names of policy files, sorted */
	struct strv labels;   /* what the clients call them, in the same order */
	const char *registry; /* VS Code's: an https URL, or NULL */
	bool enforce;	      /* policy.json says so */
};

/* One file of one client. */
struct fleet_file {
	const char *client;
	const char *path; /* below the root of the file system, without the first slash */
	void (*write)(FILE *out, const struct fleet *f);
	const char *not_enforced; /* what the client cannot be made to do: one sentence */
};

extern const struct fleet_file fleet_files[];
extern const size_t n_fleet_files;

/*
 * The servers of dir (policy.json and servers/), or those of them that `only` names.  Each
 * policy is loaded whole; one that does not parse, or that names no command, is -EINVAL
 * with words, so that no client is told of what would not start.
 */
int fleet_load(const char *dir, enum load_trust trust, char *const *only, struct fleet *ret,
	       struct err *err);

/* May a file for every user name this program?  Absolute, plain letters. */
int fleet_check_program(const char *path, struct err *err);

/* Is the program, and each directory above it, root's alone to write? */
int fleet_check_owner(const char *path, struct err *err);

void fleet_done(struct fleet *f);

/*
 * Cursor asks before a tool of a server runs (fleet_hook.c).  text[len] is the question;
 * why gets one line when the answer is no.  admin is the administrator's directory.
 */
bool fleet_hook_allows(const char *program, const char *admin, const char *text, size_t len,
		       struct err *why);

/* The command behind `fleet hook`. */
int fleet_hook_main(int argc, char **argv);

#endif /* LAUNCHER_FLEET_H */
