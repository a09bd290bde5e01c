/* SPDX-License-Identifier: Apache-2.0 */
/*
 * merge - layers of policy into one, where a weaker layer can only tighten
 *
 * Limits take the minimum, the strictest decision wins, names that may pass intersect,
 * every layer's rules must allow.  Paths: the weaker layer's list is what is granted, and
 * the stronger one's becomes a ceiling that each grant is held against when it has been
 * resolved; a grant outside is refused, not dropped.  What else the weaker layer asked
 * for and does not get is a sentence in notes.  A member that the stronger layer does
 * not mention is the weaker one's.
 */
#ifndef POLICIES_MERGE_H
#define POLICIES_MERGE_H

struct err;
struct policy;

/* strong := strong and weak.  weak is emptied (its strings move).  0 or -ENOMEM. */
int merge_into(struct policy *strong, struct policy *weak, struct err *err);

/* Fill what no layer mentions with the defaults that policy.5 states. */
void merge_defaults(struct policy *p);

#endif /* POLICIES_MERGE_H */
