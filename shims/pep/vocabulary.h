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

enum vocabulary_era { VOCABULARY_LEGACY = 1, VOCABULARY_MODERN = 2, VOCABULARY_ANY = 3 };

/* Is it a method that this side may send in one of these eras, as a request or as a
 * notification? */
bool vocabulary_has(enum vocabulary_from from, bool is_request, enum vocabulary_era era,
		    const char *name, size_t len);

/* Is it the name of a revision of MCP?  Modern: one that requests name for themselves;
 * else one that `initialize` agrees on. */
bool vocabulary_has_revision(bool is_modern, const char *name, size_t len);

/* The modern revisions as the inside of a JSON array, for the error that names them. */
#define VOCABULARY_MODERN_REVISIONS "\"2026-07-28\""

#endif /* SHIMS_PEP_VOCABULARY_H */
