/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grants - which paths may be granted at all
 *
 * A policy or a command line names directories; some of them would undo the sandbox,
 * and are refused whoever names them: a whole home directory, what holds the system
 * or our own policies and logs, sockets and devices.
 */
#ifndef LAUNCHER_GRANTS_H
#define LAUNCHER_GRANTS_H

#include <stdbool.h>

struct err;
struct policy;
struct user;
struct walk;

/* name is what the user wrote, w what it resolved to.  Return: 0 or -EPERM with words. */
int grants_check(const char *name, const struct walk *w, const struct user *user,
		 bool is_writable, struct err *err);

enum grants_kind { GRANTS_READ = 0, GRANTS_WRITE, GRANTS_OVERLAY };

/*
 * Is what w names at or below a path of every ceiling that lists paths of this kind?
 * Listed paths are resolved now; one that does not exist allows nothing.  What may be
 * written may be read.  An overlay needs what reading needs, and a list of overlays bounds
 * both overlays and plain writing: what lies in it is written in a layer only, unless the
 * same ceiling lists it under write.  Return: 0 or -EPERM with words.
 */
int grants_ceiling(const char *name, const struct walk *w, const struct policy *policy,
		   enum grants_kind kind, struct err *err);

/*
 * The path that an argument of the server's names, absolute, when it exists and looks
 * like one: begins with '/', './', '../' or '~/', or is a directory below cwd, or is
 * what follows '=' and begins with '/'.  The caller frees; NULL: none.
 */
char *grants_argument(const char *arg, const char *cwd, const char *home);

#endif /* LAUNCHER_GRANTS_H */
