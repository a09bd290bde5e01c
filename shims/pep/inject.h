/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inject - descriptions that talk to the model behind the user's back
 *
 * Two kinds: characters that a person does not see and a model reads (tags, bidirectional
 * controls, zero width, fillers), and phrases that have no place in a description.  It
 * is for the lazy: whoever words it another way passes.
 */
#ifndef SHIMS_PEP_INJECT_H
#define SHIMS_PEP_INJECT_H

#include <stddef.h>
#include <stdint.h>

struct json;

/* Every string in the value, names of members included.  Return: static words, or NULL. */
const char *inject_find(const struct json *j, uint32_t node);

/* One string of valid UTF-8. */
const char *inject_text(const char *text, size_t len);

#endif /* SHIMS_PEP_INJECT_H */
