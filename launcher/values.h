/* SPDX-License-Identifier: Apache-2.0 */
/*
 * values - what a policy takes from files: secrets that stand in no configuration
 *
 * A file holds one value; a newline at its end is not part of it.  It is a regular file
 * of this user's that nobody else can read, or root's; anything else is refused.
 */
#ifndef LAUNCHER_VALUES_H
#define LAUNCHER_VALUES_H

struct err;
struct policy;
struct strv;

/* The value in the file at path.  *ret_value is the caller's to free.  0 or -errno. */
int values_read(const char *path, char **ret_value, struct err *err);

/*
 * Put the arguments that policy->command_files names into policy->command, and append
 * each to known as "argument=value" (also what stands behind '=' in it: --key=value).
 * Return: 0 or -errno.
 */
int values_fill_command(struct policy *policy, struct strv *known, struct err *err);

#endif /* LAUNCHER_VALUES_H */
