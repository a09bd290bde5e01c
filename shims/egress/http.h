/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http - plain HTTP/1.1 requests, each for the granted name
 *
 * A connection to port 80 may carry many requests, and a host that is shared would serve
 * each of them for another name.  So every request head is read (RFC 9112), and every
 * body is measured to know where the next head begins.  What two readers could read
 * differently is refused: folded lines, bare LF, two lengths, a length beside chunks, an
 * upgrade, CONNECT.  Pure.
 */
#ifndef SHIMS_EGRESS_HTTP_H
#define SHIMS_EGRESS_HTTP_H

#include <stddef.h>
#include <stdint.h>

#define HTTP_HEAD_MAX 16384

struct http {
	enum { HTTP_HEAD = 0, HTTP_BODY, HTTP_CHUNK_SIZE, HTTP_CHUNK_DATA, HTTP_CHUNK_END,
	       HTTP_TRAILER } state;
	uint64_t left; /* of the body or chunk */
};

/*
 * buf[len] begins where what was cleared before ends.  Return: how many bytes may pass
 * now (it may be more than len: a body), 0 when more are needed to tell, or -EPROTO.
 */
int64_t http_clear(struct http *h, const char *name, const char *buf, size_t len);

#endif /* SHIMS_EGRESS_HTTP_H */
