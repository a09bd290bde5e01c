/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fold - characters that show as nothing, or as a character of ASCII
 *
 * After Unicode 15: default ignorable code points and combining marks; compatibility
 * forms of ASCII; and the letters of Greek and Cyrillic that look like Latin ones
 * (the part of UTS 39 that a token can be written with).
 */
#ifndef SCAN_FOLD_H
#define SCAN_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the code point reads as: 0 nothing, below 128 that, else itself. */
uint32_t fold_code(uint32_t code);

/* Only a likeness: it means something where a Latin letter stands beside it. */
bool fold_is_letter(uint32_t code);

/* The code point at p[left] and its length, or 0 when it is not UTF-8. */
size_t fold_decode(const char *p, size_t left, uint32_t *ret_code);

#endif /* SCAN_FOLD_H */
