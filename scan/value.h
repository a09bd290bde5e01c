/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value - does a value that is called secret look like one?
 *
 * Pure.  These are the gates of the layer "context", and entropy is one of them only.
 */
#ifndef SCAN_VALUE_H
#define SCAN_VALUE_H

#include <stdbool.h>
#include <stddef.h>

/* Written by people for people: <token>, ${TOKEN}, xxxx, changeme, your-key-here. */
bool value_is_placeholder(const char *text, size_t len);

/* As chance makes them: letters and digits that change places often. */
bool value_is_random(const char *text, size_t len);

bool value_is_uuid(const char *text, size_t len);

/* As a person makes a password: no blank, and more than letters. */
bool value_is_password(const char *text, size_t len, size_t least);

/* Base64 of "user:password" (RFC 7617). */
bool value_is_basic(const char *text, size_t len);

#endif /* SCAN_VALUE_H */
