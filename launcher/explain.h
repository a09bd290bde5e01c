/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain - a session in words: what will be visible, which layers, which limits, what
 * the messages must pass, and what stays open
 */
#ifndef LAUNCHER_EXPLAIN_H
#define LAUNCHER_EXPLAIN_H

#include <stdio.h>

struct session;

void explain_session(FILE *out, const struct session *s);

#endif /* LAUNCHER_EXPLAIN_H */
