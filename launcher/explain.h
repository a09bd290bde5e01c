/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain - a session in words: what will be visible, which layers, which limits, what
 * the messages must pass, and what stays open
 */
#ifndef LAUNCHER_EXPLAIN_H
#define LAUNCHER_EXPLAIN_H

#include <stdio.h>

struct policy;
struct session;

void explain_session(FILE *out, const struct session *s);

/* The part about messages: the rules in force. */
void explain_messages(FILE *out, const struct policy *p);

#endif /* LAUNCHER_EXPLAIN_H */
