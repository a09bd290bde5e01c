/* SPDX-License-Identifier: Apache-2.0 */
/*
 * private - a home and a TMPDIR on disk, where no tmpfs can be mounted (tier nouserns)
 *
 * One directory a start below ~/.local/state/mcp-confine/private, locked while its
 * launcher lives; what an earlier start left is removed at the next one.
 */
#ifndef LAUNCHER_PRIVATE_H
#define LAUNCHER_PRIVATE_H

struct err;
struct user;

/*
 * Remove what is stale, then make ID/home and ID/tmp.  *ret_path is the caller's to
 * free.  Return: a descriptor that holds the lock, for as long as the server runs, or
 * -errno.
 */
int private_open(const struct user *user, const char *id, char **ret_path, struct err *err);

/*
 * Remove the tree `name` of `at`, which a hostile program made and nobody uses any more:
 * of any depth, whatever its modes, no symlink followed.  What resists stays.
 */
void private_remove(int at, const char *name);

#endif /* LAUNCHER_PRIVATE_H */
