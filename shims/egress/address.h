/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address - which addresses may be dialled
 *
 * A granted name says where a server wants to go; the address comes from a name server,
 * and whoever owns the name chooses it (rebinding).  What is not a public unicast
 * address is refused, unless the policy names a range that holds it.
 */
#ifndef SHIMS_EGRESS_ADDRESS_H
#define SHIMS_EGRESS_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/range.h"

/* Text of an address: IPv6 in brackets. */
#define ADDRESS_TEXT 64

/*
 * Return: NULL when `a` (AF_INET or AF_INET6) may be dialled, else why not (static).
 * The ranges are those of the IANA special-purpose registries (RFC 6890 and after).
 */
const char *address_refusal(const struct sockaddr *a, const struct range *allowed, size_t n);

/* Is the address in one of the ranges that the policy names? */
bool address_is_named(const struct sockaddr *a, const struct range *allowed, size_t n);

/*
 * Is it one of this machine's?  Public ones lead past every firewall to what listens here
 * for the machine itself.  Asks the routing table: an address of ours is reached from
 * itself.  No packet is sent.
 */
bool address_is_own(const struct sockaddr *a);

const char *address_text(const struct sockaddr *a, char text[static ADDRESS_TEXT]);

#endif /* SHIMS_EGRESS_ADDRESS_H */
