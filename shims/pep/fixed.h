/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixed - which values of a message are the protocol's, by where they stand
 *
 * An id, a cursor, a token of progress, the name of the tool that is called: replaced, they
 * would name something else.  A value is one of these by its place in the message (MCP
 * 2024-11-05 to 2026-07-28), never by its name alone: {"id": ...} in the arguments of a
 * tool, in structuredContent or in a text is data like any other.
 */
#ifndef SHIMS_PEP_FIXED_H
#define SHIMS_PEP_FIXED_H

#include <stdbool.h>
#include <stdint.h>

struct json;

/* Is the node of a whole message a field of the protocol? */
bool fixed_is(const struct json *j, uint32_t node);

#endif /* SHIMS_PEP_FIXED_H */
