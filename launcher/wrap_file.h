/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wrap_file - one configuration file: planned, shown and rewritten
 */
#ifndef LAUNCHER_WRAP_FILE_H
#define LAUNCHER_WRAP_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "configs/rewrite.h"
#include "launcher/places.h"
#include "launcher/replace.h"
#include "launcher/wrap_entry.h"

struct err;

struct wrap_file {
	struct place_file place; /* borrowed path */
	struct replace file;
	struct rewrite_document document;
	struct wrap_entry *v;
	size_t n, n_wrapped, n_left;
	char *text; /* the new one; NULL when nothing changes */
	size_t len;
};

/* Read and decide; *ret must be closed on success.  taken collects names (wrap_context). */
int wrap_file_plan(const struct place_file *place, const struct user *user,
		   const struct identity *identity, struct strv *taken, struct wrap_file *ret,
		   struct err *err);

/* What will change, line by line, without the secrets. */
void wrap_file_show(FILE *out, const struct wrap_file *f, const struct identity *identity);

/* Secrets, policies, record, and last the configuration.  0 or -errno. */
int wrap_file_apply(struct wrap_file *f, const struct user *user, struct err *err);

void wrap_file_close(struct wrap_file *f);

/* The client of the file: its row, or the first one whose servers it holds.  0 or -errno. */
int wrap_file_client(struct place_file *place, const char *text, size_t len, struct err *err);

#endif /* LAUNCHER_WRAP_FILE_H */
