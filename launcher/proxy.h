/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proxy - what mcp-confine-egress says to the administrator's proxy
 */
#ifndef LAUNCHER_PROXY_H
#define LAUNCHER_PROXY_H

#include "common/proxy.h"

struct err;

/*
 * Read the credentials at path: one line, "user:password", or the whole value of the
 * header when it begins with "Basic " or "Bearer ".  The file is the user's own and nobody
 * else's to read, or root's and not for everybody.  ret gets the value of
 * Proxy-Authorization (RFC 7617, RFC 6750), to be wiped by the caller.
 * Return: 0 or -errno; words never hold what the file holds.
 */
int proxy_authorization(const char *path, char ret[static PROXY_AUTHORIZATION],
			struct err *err);

#endif /* LAUNCHER_PROXY_H */
