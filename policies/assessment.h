/* SPDX-License-Identifier: Apache-2.0 */
/*
 * assessment - what an organisation found out about a server before it let it run, kept in
 * the policy that lets it run: who answers for it, what for, with which data and risks, what
 * was decided, and until when (ISO/IEC 42001:2023, 6.1.2 to 6.1.4 and 8.2 to 8.4, ask for
 * these as documented information)
 *
 * Changes nothing of what a server may do.  Dates are days since 1970-01-01, proleptic
 * Gregorian; 0 is none.
 */
#ifndef POLICIES_ASSESSMENT_H
#define POLICIES_ASSESSMENT_H

#include <stdbool.h>
#include <stdint.h>

#define ASSESSMENT_DATE 11 /* YYYY-MM-DD and a NUL */

enum assessment_decision {
	ASSESSMENT_REJECTED = 0,
	ASSESSMENT_CONDITIONAL, /* while the controls of the policy are in force */
	ASSESSMENT_ACCEPTED,
};

struct assessment {
	bool is_set;
	char *owner, *purpose, *data, *risks; /* one line each */
	enum assessment_decision decision;
	int32_t assessed;
	int32_t review_by; /* 0: three months after it was assessed */
};

enum assessment_state {
	ASSESSMENT_MISSING = 0,
	ASSESSMENT_OVERDUE,	/* the day of its review is over */
	ASSESSMENT_NOT_ALLOWED, /* it was rejected */
	ASSESSMENT_AHEAD,	/* assessed on a day that is to come */
	ASSESSMENT_CURRENT,
};

/* "YYYY-MM-DD", a day that exists, from 1971 to 9999.  Return: is it one? */
bool assessment_parse_date(const char *text, int32_t *ret);
void assessment_date(int32_t day, char ret[static ASSESSMENT_DATE]);

/* The last day on which it holds without a review; 0 when there is none at all. */
int32_t assessment_due(const struct assessment *a);

/* What it is worth on the day `today`. */
enum assessment_state assessment_judge(const struct assessment *a, int32_t today);

/* "missing", "overdue", "rejected", "ahead", "current". */
const char *assessment_state_word(enum assessment_state state);
const char *assessment_decision_word(enum assessment_decision decision);

void assessment_done(struct assessment *a);

#endif /* POLICIES_ASSESSMENT_H */
