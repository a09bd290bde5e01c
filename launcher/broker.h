/* SPDX-License-Identifier: Apache-2.0 */
/*
 * broker - when the policy needs somebody to ask, and how that process is started
 */
#ifndef LAUNCHER_BROKER_H
#define LAUNCHER_BROKER_H

#include <stdbool.h>
#include <stdio.h>

struct err;
struct policy;
struct session;

/* Does the policy leave anything to a person or a PDP? */
bool broker_is_needed(const struct policy *p);

/* The program that serves this policy's channel, O_PATH, and what it has to know (-1:
 * nothing).  Return: the program or -errno. */
int broker_open(const struct session *s, int *ret_config, struct err *err);

/* In the child: become the broker.  pep and standing are its ends of the sockets. */
_Noreturn void broker_exec(const struct session *s, int program, int config, int pep,
			   int standing, int audit);

/* The lines of explain about approval. */
void broker_explain(FILE *out, const struct policy *p);

#endif /* LAUNCHER_BROKER_H */
