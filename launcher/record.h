/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record - what wrap did to one configuration file, so that unwrap can undo it
 *
 * One file of mode 0600 for each configuration, in the state directory, replaced whole.
 * It holds the original bytes (the backup, secrets included), the bytes that were written,
 * and the policies that were made.
 */
#ifndef LAUNCHER_RECORD_H
#define LAUNCHER_RECORD_H

#include <stddef.h>

#include "common/strv.h"

struct err;
struct user;

struct record_text {
	char *v;
	size_t len;
};

struct record {
	char *file;		    /* the record's own path */
	struct record_text path;    /* of the configuration */
	struct record_text client;  /* its row's name */
	struct record_text original, wrapped;
	struct strv ids;	    /* the policies, by name */
	struct strv policies;	    /* and their texts as they were written, in that order */
};

/* The record of that configuration: 1, 0 when there is none, or -errno. */
int record_load(const struct user *user, const char *path, struct record *ret,
		struct err *err);

/* The configurations that have one.  0 or -errno. */
int record_list(const struct user *user, struct strv *ret_paths, struct err *err);

/* r->file is found from the path.  0 or -errno. */
int record_save(const struct user *user, struct record *r, struct err *err);

int record_remove(const struct record *r, struct err *err);

int record_set(struct record_text *t, const char *text, size_t len, struct err *err);

void record_done(struct record *r);

#endif /* LAUNCHER_RECORD_H */
