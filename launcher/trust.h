/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust - the certificate authorities that the administrator names for what runs inside
 *
 * A proxy that inspects TLS signs with an authority of its own, which no program trusts.
 * The administrator's file takes the place of the system's bundle inside, under each name
 * that a distribution gives it, and the variables that runtimes read point to it.  It
 * protects the server from a false far end, and nothing from the server: that may trust
 * what it likes.
 */
#ifndef LAUNCHER_TRUST_H
#define LAUNCHER_TRUST_H

#include "common/strv.h"

struct err;
struct plan;

/* Put the certificates of `path` (root's, as policy.json itself has to be) into the plan, in
 * place of the system's.  Return: 0 or -errno with words. */
int trust_plan(struct plan *p, const char *path, struct err *err);

/* The variables that lead Node, Python, Go, curl, git and others to it, in place of those in
 * `env`.  Return: 0 or -ENOMEM. */
int trust_env(struct strv *env);

#endif /* LAUNCHER_TRUST_H */
