/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vocabulary - the methods of MCP, revisions 2024-11-05 to 2026-07-28 and the
 * extensions in use, and who may say them
 */
#ifndef SHIMS_PEP_VOCABULARY_H
#define SHIMS_PEP_VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>

enum vocabulary_from { FROM_CLIENT = 0, FROM_SERVER };

/* Is it a method that this side may send, as a request or as a notification? */
bool vocabulary_has(enum vocabulary_from from, bool is_request, const char *name, size_t len);

#endif /* SHIMS_PEP_VOCABULARY_H */
