/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filters - the seccomp programs, generated at build time
 *
 * filters/gen.c turns the tables of this folder into BPF with libseccomp, for
 * the architecture of the build; $(O)/gen/filters.c holds the result.  Nothing here
 * needs libseccomp at run time.
 */
#ifndef FILTERS_FILTERS_H
#define FILTERS_FILTERS_H

#include <stddef.h>

#include "common/lock.h"

extern const struct lock_filter filter_server_calls;	 /* A: allow list by number, else ENOSYS */
extern const struct lock_filter filter_server_arguments; /* B: allow, but for arguments */
extern const struct lock_filter filter_server_no_sockets; /* C: for "sockets": "none" */
extern const struct lock_filter filter_server_bare; /* the third, without namespaces */
/* B for a server that may connect: TCP, and UDP to its resolver, besides AF_UNIX. */
extern const struct lock_filter filter_server_arguments_net;
extern const struct lock_filter filter_init;	 /* pid 1 of the sandbox */
extern const struct lock_filter filter_launcher; /* the launcher as supervisor */
extern const struct lock_filter filter_init_bare, filter_launcher_bare; /* the same, there */
extern const struct lock_filter filter_pep;
extern const struct lock_filter filter_broker; /* the one without a network */
extern const struct lock_filter filter_remote; /* the one with */
extern const struct lock_filter filter_egress;
extern const struct lock_filter filter_keeper; /* who writes the audit log */
extern const struct lock_filter filter_cgroup; /* who removes the cgroup at the end */

extern const struct lock_filter filter_watch; /* who watches a server for `learn` */

/* The calls that filter A refuses to everybody and that have a row, for words. */
struct filter_name {
	int nr;
	const char *name;
};
extern const struct filter_name filter_names[];
extern const size_t filter_names_n;

#endif /* FILTERS_FILTERS_H */
