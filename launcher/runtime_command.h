/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime_command - the file that a command's name stands for, and those that cannot run
 */
#ifndef LAUNCHER_RUNTIME_COMMAND_H
#define LAUNCHER_RUNTIME_COMMAND_H

#include "common/strv.h"

struct err;
struct runtime_query;

/*
 * The absolute path of a command, symlinks unresolved, from malloc: as it is when it has
 * a slash, else by PATH, else in one of the directories `beside`.
 * Return: 0; -ENOENT: err says where a desktop keeps one that PATH lacks; -EACCES.
 */
int runtime_command_find(const struct runtime_query *q, const struct strv *beside,
			 const char *name, char **ret, struct err *err);

/* Refuse container engines and what downloads its program, and name what to do. */
int runtime_command_check(const char *command, const char *real, const struct strv *argv,
			  struct err *err);

#endif /* LAUNCHER_RUNTIME_COMMAND_H */
