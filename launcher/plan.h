/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan - what the sandbox will be, before any of it exists
 *
 * The last step that changes nothing: from a merged policy and a found runtime to an
 * ordered list of mounts, an argv, an environment and limits.  It can be printed
 * (explain), compared (tests), and afterwards carried out (mounts, enter) without
 * another decision.  Reads the file system as the user; writes nothing.
 */
#ifndef LAUNCHER_PLAN_H
#define LAUNCHER_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "common/landlock.h"
#include "common/strv.h"
#include "common/wire.h"
#include "policies/policy.h"

struct err;
struct runtime;
struct user;

enum plan_kind {
	PLAN_BIND = 0, /* source, a path of the host, appears at target */
	PLAN_OVERLAY,  /* source at target, and what changes there lies in `store` */
	PLAN_DEVICE,   /* the same for a device node */
	PLAN_TMPFS,    /* an empty file system of `size` bytes */
	PLAN_PROC,     /* the sandbox's own /proc, read-only */
	PLAN_COVER,    /* target, if it exists, becomes empty */
	PLAN_FILE,     /* a file with the content `source` in our own root */
	PLAN_DIR,      /* an empty directory in our own root */
	PLAN_LINK,     /* a symlink that says `source` in our own root */
	PLAN_NAME,     /* a symlink of the host's in a writable directory stays what it is */
};

struct plan_entry {
	enum plan_kind kind;
	char *target; /* absolute, inside */
	char *source;
	char *store;  /* of an overlay: the directory that holds upper and work (overlay.h) */
	const char *why; /* static: for explain */
	bool is_dir, is_writable, is_executable;
	bool is_protection; /* protect.c: what is writable here stays as it is, or in place */
	bool is_alone; /* a tmpfs in which nothing of the host appears */
	dev_t dev; /* of a bind's source, as found when planned */
	ino_t ino;
	uint64_t size;
};

struct plan {
	struct plan_entry *v; /* sorted: a parent before what lies in it, links last */
	size_t n;
	char *program; /* absolute, inside and outside: the ELF file to execute */
	struct strv argv, env;
	char *socket; /* inside: where the server listens; NULL: its standard streams */
	char *cwd; /* inside */
	bool is_cwd_granted; /* else its name exists, empty */
	struct policy_limits limits;
	bool no_sockets;   /* filter C as well */
	bool is_bare; /* no namespaces: entries are rules on the host's paths (bare.h) */
	struct wire_egress network; /* n_destinations 0: none at all */
	struct strv notes;
	struct strv watched; /* "directory\tname\twhy\tinode or 0": protected names (appear.h) */
	bool no_new_names;   /* nothing new directly in a writable directory */
};

/*
 * policy is merged with defaults.  args_from is the index in argv of the server's own
 * first argument: policy->sandbox.arguments says what existing paths there grant.
 * env is what env_build() made.  state_home is the directory for a persistent home.
 * Return: 0; -ENOENT, -EPERM (a grant that is refused), -errno.
 */
int plan_build(const struct policy *policy, const struct runtime *runtime,
	       const struct user *user, const char *cwd, const char *state_home,
	       struct plan *ret, struct err *err);

/* Append an entry (protect.c).  Return: the entry until the next one is added, or NULL. */
struct plan_entry *plan_add(struct plan *p, enum plan_kind kind, const char *target,
			    const char *source, const char *why);

/* Put the entries in their order again. */
void plan_sort(struct plan *p);

/* The Landlock grant that fits an entry; -1: none. */
int plan_grant(const struct plan_entry *e);

void plan_done(struct plan *p);

#endif /* LAUNCHER_PLAN_H */
