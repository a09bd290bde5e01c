/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime_python - a Python interpreter: its prefix, its virtual environment, its packages
 */
#ifndef LAUNCHER_RUNTIME_PYTHON_H
#define LAUNCHER_RUNTIME_PYTHON_H

#include <stdbool.h>

struct err;
struct runtime;
struct runtime_query;
struct walk;

/* Is it called like one: python, python3, python3.12, pypy3? */
bool runtime_python_is(const char *program);

/* "3.12" of the standard library below prefix/lib, from malloc; NULL: no Python's prefix. */
char *runtime_python_version(const char *prefix);

/*
 * Grant what the interpreter needs that was called as `command`, which resolves to w:
 * the virtual environment beside one of the names on that way, the prefix that its
 * pyvenv.cfg calls home, and the user's site-packages where Python looks there.
 * Directories outside of an environment that a .pth file or a finder names are granted
 * when they lie in the project that holds the environment, and else named in a note.
 */
int runtime_python_grant(const struct runtime_query *q, struct runtime *r, const char *command,
			 const struct walk *w, struct err *err);

#endif /* LAUNCHER_RUNTIME_PYTHON_H */
