/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shape - is this the kind of answer that the request asked for?
 *
 * A result is judged by what was asked, never by what it looks like; so it must not be
 * something else as well.  What a client reads in it (a list, a content, a handle, a
 * request in return) must be there by these names and of these types, and nothing by a
 * name that another parser takes for one of them.
 */
#ifndef SHIMS_PEP_SHAPE_H
#define SHIMS_PEP_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "shims/pep/session.h"

struct json;

/* NULL, or static words: why the result of a request about that must not pass. */
const char *shape_result(const struct json *j, uint32_t result, enum session_about about);

/* The same for resultType of a modern answer (MCP 2026-07-28, basic, messages). */
const char *shape_type(const struct json *j, uint32_t result,
		       const struct session_request *asked);

/* Does it hold what is the answer of some method? */
bool shape_has_answer(const struct json *j, uint32_t result);

/* The same for an error object (JSON-RPC 2.0, section 5.1). */
const char *shape_error(const struct json *j, uint32_t error);

/* Does it ask the client for input (MCP 2026-07-28, patterns, mrtr; tasks extension)?
 * *ret_words: NULL, or why the questions are none. */
bool shape_asks(const struct json *j, uint32_t object, const char **ret_words);

/* The handle in an answer that is one: taskId, JSON_NONE when it is none.  *ret_task is
 * the object with its state. */
uint32_t shape_task(const struct json *j, uint32_t result, uint32_t *ret_task);

/* Does the state of the task say that it is over? */
bool shape_task_is_over(const struct json *j, uint32_t task);

/* Milliseconds that it lives for; UINT64_MAX: no end. */
uint64_t shape_task_ttl(const struct json *j, uint32_t task);

#endif /* SHIMS_PEP_SHAPE_H */
