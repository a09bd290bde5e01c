/* SPDX-License-Identifier: Apache-2.0 */
/*
 * changes - what another version of a package changes, for people to judge
 *
 * Every name and description in it was written by the publisher: printable bytes only
 * reach the terminal.
 */
#ifndef LAUNCHER_CHANGES_H
#define LAUNCHER_CHANGES_H

#include <jansson.h>
#include <stdio.h>

struct err;

/* Version, dependencies, and files of two packages of the store. */
int changes_print(FILE *out, const char *old_dir, const char *new_dir, struct err *err);

/* Tools by their names, as surface_ask() gives them; NULL: not known, with the words. */
void changes_print_tools(FILE *out, json_t *old_tools, json_t *new_tools, const char *old_why,
			 const char *new_why);

#endif /* LAUNCHER_CHANGES_H */
