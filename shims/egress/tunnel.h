/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tunnel - CONNECT to the administrator's proxy: the request, and the head of its answer
 *
 * RFC 9110, section 9.3.6.  The proxy is named by the administrator and may be wrong or
 * taken over all the same: its answer is read within bounds, and nothing of it is shown
 * or passed on.  What two readers could read differently is refused: a bare LF, a folded
 * line, a control character.  Pure.
 */
#ifndef SHIMS_EGRESS_TUNNEL_H
#define SHIMS_EGRESS_TUNNEL_H

#include <stddef.h>
#include <stdint.h>

#include "common/destination.h"
#include "common/proxy.h"

#define TUNNEL_HEAD_MAX 8192 /* of an answer */
#define TUNNEL_REQUEST (2 * DESTINATION_NAME + PROXY_AUTHORIZATION + 128)

/*
 * The request for name:port, by name.  authorization is the value of its header or "".
 * Return: its length; it always fits.
 */
size_t tunnel_request(const char *name, uint16_t port, const char *authorization,
		      char buf[static TUNNEL_REQUEST]);

/*
 * The head of the answer in buf[len].  Return: how long it is, with *ret_status (200 to
 * 599); 0 when more is needed to tell; -EPROTO when it is none.  Behind a 2xx begins the
 * tunnel, whatever lengths the head speaks of.
 */
int tunnel_answer(const char *buf, size_t len, unsigned int *ret_status);

/* What a status means to who reads the log; static, never NULL. */
const char *tunnel_words(unsigned int status);

#endif /* SHIMS_EGRESS_TUNNEL_H */
