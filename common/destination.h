/* SPDX-License-Identifier: Apache-2.0 */
/*
 * destination - a host name and a port that a policy grants: "api.example.com:443"
 *
 * Plain data of fixed size: the launcher hands an array of them to the egress process
 * in a sealed memfd.  A name is kept in its one canonical form (lower case, no final
 * dot), so that two names are equal when their bytes are.
 */
#ifndef COMMON_DESTINATION_H
#define COMMON_DESTINATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

#define DESTINATION_NAME 253 /* octets of a name as text, RFC 1035 section 2.3.4 */
#define DESTINATION_MAX 64   /* destinations of one server */

struct destination {
	char name[DESTINATION_NAME + 3]; /* without "*." */
	uint16_t port;
	bool is_wild; /* any name below, at any depth; not the name itself */
};

/*
 * The canonical form of a host name: labels of letters, digits and inner hyphens
 * (RFC 1123 section 2.1), lower case, at least two labels.  What a program could take
 * for an address (a last label that begins with a digit), NUL, percent signs, non-ASCII
 * and over-long labels are refused.  ret holds DESTINATION_NAME + 1 bytes.
 * Return: 0 or -EINVAL.
 */
int destination_canonical(const char *text, size_t len, char *ret);

/* "name:port" or "*.name:port".  Return: 0, or -EINVAL with words. */
int destination_parse(const char *text, struct destination *ret, struct err *err);

/* Is `name` (canonical) one that d stands for?  The port is not looked at. */
bool destination_has_name(const struct destination *d, const char *name);

/* Does `wide` grant everything that `narrow` grants? */
bool destination_covers(const struct destination *wide, const struct destination *narrow);

#endif /* COMMON_DESTINATION_H */
