/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hello - the server name of a TLS ClientHello
 *
 * RFC 8446 section 4.1.2 and RFC 6066 section 3.  The bytes are the server's own and
 * hostile; they are only looked at.  Pure.
 */
#ifndef SHIMS_EGRESS_HELLO_H
#define SHIMS_EGRESS_HELLO_H

#include <stddef.h>
#include <stdint.h>

/* A ClientHello larger than this is refused: with post-quantum key shares they reach
 * about 2 KiB. */
#define HELLO_MAX 16384

/*
 * buf[len] is the beginning of what the client sends.  name holds DESTINATION_NAME + 1
 * bytes and becomes canonical.  Return: 1 found; 0 more bytes are needed; -ENOENT a
 * whole ClientHello without exactly one server name; -EPROTO no ClientHello, or a name
 * that is none.
 */
int hello_name(const uint8_t *buf, size_t len, char *name);

#endif /* SHIMS_EGRESS_HELLO_H */
