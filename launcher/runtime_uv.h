/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime_uv - what uv run, uvx, uv tool run and pipx run would start, when installed
 *
 * They install what is missing, over a network that nothing has inside.  What is there
 * already is found where they keep it; for the rest the command that installs is named.
 */
#ifndef LAUNCHER_RUNTIME_UV_H
#define LAUNCHER_RUNTIME_UV_H

#include "common/strv.h"

struct err;
struct runtime_query;

/* Is `command` one of them? */
bool runtime_uv_is(const char *command);

/*
 * argv of uv, uvx or pipx to the argv of the program that it would start.  *ret_cwd, from
 * malloc, or NULL: the directory that --directory names.
 * Return: 0; -ENOENT: not installed; -EINVAL: an option that is not known here.
 */
int runtime_uv_find(const struct runtime_query *q, char *const *argv, struct strv *ret_argv,
		    char **ret_cwd, struct err *err);

/* The script `command` of a tree that mcp-confine installed from PyPI, from malloc, or
 * NULL: pip puts it below lib/pythonX.Y/site-packages/bin. */
char *runtime_uv_script(const char *tree, const char *command);

#endif /* LAUNCHER_RUNTIME_UV_H */
