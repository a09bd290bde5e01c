/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime - from the argv a user wrote to the program that will run, and what it needs
 *
 * Reads the file system as the user, before anything is confined: follows PATH,
 * symlinks and #! lines, finds the interpreter behind version managers' shims, the
 * package behind npx, uvx and pipx, and the directories that these must be able to
 * read.  Starts nothing, writes nothing, downloads nothing.  What it cannot resolve
 * it names, with the option that would grant it.
 */
#ifndef LAUNCHER_RUNTIME_H
#define LAUNCHER_RUNTIME_H

#include <stddef.h>

#include "common/strv.h"

struct err;

struct runtime_query {
	char *const *argv; /* NULL-terminated, at least one string */
	const char *cwd;   /* absolute: what relative names mean */
	const char *home;  /* absolute, resolved: what the server will see as HOME */
	const char *account_home; /* that of the user database; NULL: the same */
	const char *path;  /* the client's PATH, or NULL */
	const char *snap;  /* where snaps are mounted; NULL: /snap */
};

struct runtime {
	struct strv argv;    /* what to run: argv[0] as the program shall see it */
	char *program;	     /* absolute path of the ELF file to execute */
	char *package;	     /* npm or PyPI name behind it, or NULL: picks the profile */
	size_t first_arg;    /* index in argv of the server's own first argument */
	char *cwd;	     /* absolute: where to start it (uv --directory); NULL: the
				client's directory */
	struct strv read;    /* directories and files to make readable, absolute and
				resolved; each behind its reason and a TAB, because a path
				may hold one: "interpreter\t/opt/node" */
	struct strv led;     /* those paths of `read` that a file of a package led to, and */
	struct strv led_by;  /* that file or symlink, at the same index */
	struct strv names;   /* further absolute paths that must resolve inside */
	struct strv path;    /* directories for the PATH inside, in order */
	struct strv notes;   /* what was found and is never granted so, a sentence each */
	struct strv want;    /* what was found and is not granted until somebody names it, */
	struct strv want_notes; /* and the sentence that says so, at the same index */
};

/*
 * Return: 0; -ENOENT (exit 127) when the command, its interpreter or a package is not
 * there; -EACCES or -ENOEXEC (exit 126) when it cannot be executed; other -errno.
 * err names what is missing and the next step.
 */
int runtime_find(const struct runtime_query *query, struct runtime *ret, struct err *err);

/* The path in an entry of `read`; points into it. */
const char *runtime_read_path(const char *entry);

void runtime_done(struct runtime *r);

#endif /* LAUNCHER_RUNTIME_H */
