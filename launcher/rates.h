/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rates - the file of counters that all sessions of a user share
 *
 * ~/.local/state/mcp-confine/rates (common/meter.h).
 */
#ifndef LAUNCHER_RATES_H
#define LAUNCHER_RATES_H

#include <stddef.h>

struct err;
struct user;

/* Open (create) the file, check its format and set its clock.  Return: a descriptor to
 * map, or -errno. */
int rates_open(const struct user *user, struct err *err);

/* Who started us: the path of its program, or "unknown". */
void rates_client(char *text, size_t size);

#endif /* LAUNCHER_RATES_H */
