/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profiles - the shipped policies, built into the programs
 *
 * Generated from policies/profiles/NAME.json.  They are in the binary so that a
 * start needs no file that someone else could have changed.
 */
#ifndef POLICIES_PROFILES_H
#define POLICIES_PROFILES_H

#include <stddef.h>

struct profile {
	const char *name;
	const char *text;
};

extern const struct profile profiles[]; /* sorted by name */
extern const size_t n_profiles;

#endif /* POLICIES_PROFILES_H */
