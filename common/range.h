/* SPDX-License-Identifier: Apache-2.0 */
/*
 * range - a range of addresses, "10.1.0.0/16" or "fd00::/8"; plain data of fixed size
 */
#ifndef COMMON_RANGE_H
#define COMMON_RANGE_H

#include <stdbool.h>
#include <stdint.h>

struct err;

#define RANGE_MAX 16 /* ranges of one server */

struct range {
	uint8_t bytes[16]; /* network order; an IPv4 address in the first four */
	uint8_t bits;	   /* of the prefix */
	bool is_v6;
};

/* Bits behind the prefix must be zero.  Return: 0, or -EINVAL with words. */
int range_parse(const char *text, struct range *ret, struct err *err);

/* bytes: 4 or 16. */
bool range_has(const struct range *r, const uint8_t *bytes, bool is_v6);

#endif /* COMMON_RANGE_H */
