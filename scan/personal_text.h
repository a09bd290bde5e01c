/* SPDX-License-Identifier: Apache-2.0 */
/*
 * personal_text - what stands around a number, and the shapes that are no row of layouts
 *
 * Of scan/personal*.c only.  Each try_ looks at one place and adds a hit when it holds.
 */
#ifndef SCAN_PERSONAL_TEXT_H
#define SCAN_PERSONAL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "scan/personal.h"

/* Bytes before a number in which a word of its context may stand. */
#define PERSONAL_BEFORE 48
#define PERSONAL_DIGITS 40

/* Does no longer word or number go on there to the left (right)? */
bool personal_left_open(const struct personal *p, size_t at);
bool personal_right_open(const struct personal *p, size_t at);

/* A word of the class's context before text[at], or in the name of the member. */
bool personal_has_context(const struct personal *p, const struct personal_class *c, size_t at);

/* The words "version" or "release", or a sign of one, right before text[at]. */
bool personal_is_version(const struct personal *p, size_t at);

void personal_add(const struct personal *p, size_t class, size_t start, size_t end);

/* at: the first digit; of an IBAN behind its two letters, of a phone behind its '+'. */
void personal_try_iban(const struct personal *p, size_t at);
void personal_try_phone(const struct personal *p, size_t at);
void personal_try_ipv4(const struct personal *p, size_t at);
void personal_try_ipv6(const struct personal *p, size_t at);
/* at: the fifth colon. */
void personal_try_mac(const struct personal *p, size_t at);
/* at: the '@'. */
void personal_try_email(const struct personal *p, size_t at);

#endif /* SCAN_PERSONAL_TEXT_H */
