/* SPDX-License-Identifier: Apache-2.0 */
/*
 * people - who stands behind a version of a package, as its registry or its own files say
 *
 * A list of lines for the lock and for update, which shows who came and who went: a package
 * that changed hands is the oldest way to turn it.  npm's registry names maintainers and
 * who published a version; an index of Python's has no such thing, and a bundle neither:
 * there it is what the author wrote.
 */
#ifndef LAUNCHER_PEOPLE_H
#define LAUNCHER_PEOPLE_H

#include <jansson.h>

/* Of `npm view NAME@VERSION name maintainers _npmUser --json`.  Return: a new list of
 * strings, or NULL when it tells nothing. */
json_t *people_npm(const char *view);

/* Of a wheel's metadata, as pip's report has it, or a bundle's manifest.  The same. */
json_t *people_pypi(const json_t *metadata);
json_t *people_mcpb(const json_t *manifest);

/* Into the lock, when there are any; takes people. */
int people_keep(json_t *lock, json_t *people);

#endif /* LAUNCHER_PEOPLE_H */
