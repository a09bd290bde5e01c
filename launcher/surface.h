/* SPDX-License-Identifier: Apache-2.0 */
/*
 * surface - the tools of a server, asked for before anybody uses it
 *
 * The server is started as any other, by this program's own run: confined, judged by the
 * pep, with the profile of its package.
 */
#ifndef LAUNCHER_SURFACE_H
#define LAUNCHER_SURFACE_H

#include <jansson.h>

#include "common/strv.h"

struct err;

/*
 * Start `command` under the name `name`, initialize, ask tools/list, end it.  *ret_tools is a new object: each
 * tool by its name.  Return: 0; -ETIMEDOUT, -EPROTO with words when it did not answer.
 */
int surface_ask(const char *name, const struct strv *command, json_t **ret_tools, struct err *err);

/*
 * The same conversation with a server that runs already: in is written, out is read, both
 * are closed.  *ret_tools is how many it has.
 */
int surface_talk(int in, int out, size_t *ret_tools, struct err *err);

#endif /* LAUNCHER_SURFACE_H */
