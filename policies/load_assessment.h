/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_assessment - the member "assessment" of a policy document
 *
 * For policies/load.c alone; see loading.h.
 */
#ifndef POLICIES_LOAD_ASSESSMENT_H
#define POLICIES_LOAD_ASSESSMENT_H

#include <jansson.h>

struct loading;

/* Every member but review_by is required, and a review comes after the assessment. */
int load_assessment(struct loading *l, json_t *value);

#endif /* POLICIES_LOAD_ASSESSMENT_H */
