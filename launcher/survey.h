/* SPDX-License-Identifier: Apache-2.0 */
/*
 * survey - what lies below a writable directory, within a bound
 *
 * Looks for repositories (directories that hold a .git) and for regular files with more
 * names than were seen: to write such a file changes it elsewhere too (a hard link that
 * an archive brought, a package manager's store).  Never follows a symlink, stays on one
 * file system, does not go into .git or node_modules.  Changes nothing.
 */
#ifndef LAUNCHER_SURVEY_H
#define LAUNCHER_SURVEY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/strv.h"

struct err;

struct survey {
	struct strv repositories; /* absolute; not the directory itself */
	bool has_more_repositories; /* the bound was met before everything was seen */
	size_t n_linked;	  /* files with names that were not seen */
	char linked[256];	  /* one of them */
	size_t seen;
};

/* Return: 0 or -errno; a directory that cannot be read is passed over. */
int survey_directory(const char *path, struct survey *ret, struct err *err);

void survey_done(struct survey *s);

#endif /* LAUNCHER_SURVEY_H */
