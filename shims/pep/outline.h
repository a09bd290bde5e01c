/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outline - the shape of a value for the audit log: names, types and sizes, no value
 *
 *	{path:s17,options:{deep:b},ids:[n*3]}	s: string and its bytes, n: number, b: boolean,
 *						z: null; of an array the first element and how many
 *
 * A name that is not [A-Za-z0-9_.-]{1,32}, or that looks like a secret, is written as "?".
 * Pure.
 */
#ifndef SHIMS_PEP_OUTLINE_H
#define SHIMS_PEP_OUTLINE_H

#include <stddef.h>
#include <stdint.h>

struct json;
struct scan;

/* What fits is written, and "..." behind it when that is not all; NUL-terminated.
 * scan: NULL, or what tells a secret.  Return: the length. */
size_t outline_write(const struct json *j, uint32_t node, const struct scan *scan, char *out,
		     size_t size);

#endif /* SHIMS_PEP_OUTLINE_H */
