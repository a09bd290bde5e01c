/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime_script - what the first lines of a file say about what runs it
 */
#ifndef LAUNCHER_RUNTIME_SCRIPT_H
#define LAUNCHER_RUNTIME_SCRIPT_H

#include "common/strv.h"

struct err;

/*
 * The words of the #! line of the file at real, env taken away; none for an ELF file.
 * A shell line of pip's or uv's ('''exec' "/path/python" "$0" "$@") counts as the #! line
 * that it stands for.  Return: 0; -ENOEXEC: neither; -errno.
 */
int runtime_script_head(const char *real, struct strv *ret_words, struct err *err);

/*
 * The script that a wrapper of npm's or pnpm's (exec node "$basedir/../x/cli.js") would
 * give to node; wrapper is resolved.  From malloc, or NULL: it is none.
 */
char *runtime_script_wrapped(const char *wrapper);

/*
 * The argument in argv (argv[0] is the interpreter) that is its script: an index, or 0
 * when there is none, and *ret_module when argv runs a module or code instead: *ret_first
 * is the index of the program's own first argument.
 */
size_t runtime_script_argument(const struct strv *argv, size_t from, size_t *ret_first,
			       const char **ret_module);

#endif /* LAUNCHER_RUNTIME_SCRIPT_H */
