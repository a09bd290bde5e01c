/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call - the digest of one request: what an approval is for
 *
 * The pep computes it when it freezes the call, the broker computes it again from what
 * it shows to a person, and an answer counts only when it carries it.  It covers the
 * method, the server, the session, the tool (or the prompt's name, or the URI), the pin of its description, the arguments (their
 * canonical bytes, as they will be sent), everything else in the request that a server
 * could act on, the request's id and the serial number of the question.
 */
#ifndef COMMON_CALL_H
#define COMMON_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/sha256.h"

/* What may be held; "tool" is the name of any of them: of a tool, of a prompt, or a URI. */
enum call_kind { CALL_TOOL = 0, CALL_PROMPT, CALL_RESOURCE, CALL_KINDS };

/* "tools/call", "tool"; kind < CALL_KINDS. */
const char *call_method(enum call_kind kind);
const char *call_noun(enum call_kind kind);

struct call {
	enum call_kind kind;
	const char *server, *session; /* NUL-terminated; of the start, not of a message */
	const char *tool;
	size_t tool_len;
	const uint8_t *pin; /* SHA256_SIZE bytes, or NULL: the tool is not pinned */
	uint8_t arguments[SHA256_SIZE]; /* of the canonical arguments; none: of "" */
	uint8_t rest[SHA256_SIZE]; /* of the other members of params that may count */
	uint64_t serial; /* of the question; 0 with the next two empty: any repetition */
	const char *id;
	size_t id_len;
	bool id_is_string;
};

/* Every field with its length before it, so that no two calls make the same bytes. */
void call_digest(const struct call *c, uint8_t ret[static SHA256_SIZE]);

/* The first eight hexadecimal digits: what people compare and type. */
#define CALL_CODE 8
void call_code(const uint8_t digest[static SHA256_SIZE], char ret[static CALL_CODE + 1]);

/* All 64 of them. */
void call_hex(const uint8_t digest[static SHA256_SIZE], char ret[static 2 * SHA256_SIZE + 1]);

#endif /* COMMON_CALL_H */
