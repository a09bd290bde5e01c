/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime_shim - the program behind a version manager's shim
 *
 * A shim asks its manager, which would need the manager's whole tree, the client's
 * directory and often a network.  So what it would find is found here, by the same files:
 * pyenv, rbenv, nodenv, asdf, mise, volta, snap.  Nothing is executed.  The files name
 * versions; a name with a slash, or a file that is another user's, counts for nothing.
 */
#ifndef LAUNCHER_RUNTIME_SHIM_H
#define LAUNCHER_RUNTIME_SHIM_H

struct err;
struct runtime_query;

/*
 * command as it was found, real what it resolves to.  Return: 1 and the absolute path of
 * the program (from malloc), 0: no shim, -EACCES: one that leads nowhere; err says what
 * to do.
 */
int runtime_shim_find(const struct runtime_query *q, const char *command, const char *real,
		      char **ret_program, struct err *err);

#endif /* LAUNCHER_RUNTIME_SHIM_H */
