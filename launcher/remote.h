/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remote - what the broker with a network has to know, read from policy and credentials
 */
#ifndef LAUNCHER_REMOTE_H
#define LAUNCHER_REMOTE_H

struct err;
struct policy_client;
struct remote_client;
struct session;

/* Who we are at an authorization server, credentials and authorities read.  Return: 0 or
 * -errno. */
int remote_take_client(const struct policy_client *p, struct remote_client *c,
		       struct err *err);

/* Can nobody else read the file?  It need not be there yet.  Return: 0 or -EPERM. */
int remote_check_secret(const char *path, struct err *err);

/* A sealed memfd with a struct remote_config (common/remote.h).  Credential files must be
 * this user's or root's, and readable by nobody else.  Return: a descriptor or -errno. */
int remote_open_config(const struct session *s, struct err *err);

#endif /* LAUNCHER_REMOTE_H */
