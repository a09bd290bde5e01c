/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policies/assessment.h"

void assessment_done(struct assessment *a)
{
	free(a->owner);
	free(a->purpose);
	free(a->data);
	free(a->risks);
	*a = (struct assessment){0};
}

/* --- days -------------------------------------------------------------------------------- */

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

static int days_before(int year)
{
	int y = year - 1;

	return 365 * y + y / 4 - y / 100 + y / 400;
}

static int32_t day_of(int year, int month, int day)
{
	int n = days_before(year) - days_before(1970) + day - 1;

	for (int m = 1; m < month; m++)
		n += days_of(year, m);
	return n;
}

static void split(int32_t day, int *ret_year, int *ret_month, int *ret_day)
{
	int year = 1970 + day / 366, month = 1;

	while (day_of(year + 1, 1, 1) <= day)
		year++;
	while (month < 12 && day_of(year, month + 1, 1) <= day)
		month++;
	*ret_year = year;
	*ret_month = month;
	*ret_day = day - day_of(year, month, 1) + 1;
}

bool assessment_parse_date(const char *text, int32_t *ret)
{
	static const char form[] = "0000-00-00";
	int year, month, day;

	if (strlen(text) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < sizeof(form) - 1; i++)
		if (form[i] == '0' ? !isdigit((unsigned char)text[i]) : text[i] != form[i])
			return false;
	year = atoi(text);
	month = atoi(text + 5);
	day = atoi(text + 8);
	if (year < 1971 || month < 1 || month > 12 || day < 1 || day > days_of(year, month))
		return false;
	*ret = day_of(year, month, day);
	return true;
}

void assessment_date(int32_t day, char ret[static ASSESSMENT_DATE])
{
	int year, month, d;

	split(day, &year, &month, &d);
	snprintf(ret, ASSESSMENT_DATE, "%04u-%02u-%02u", (unsigned int)year % 10000,
		 (unsigned int)month % 100, (unsigned int)d % 100);
}

/* The same day three months later, or the last one of that month. */
static int32_t quarter_later(int32_t day)
{
	int year, month, d;

	split(day, &year, &month, &d);
	month += 3;
	if (month > 12) {
		month -= 12;
		year++;
	}
	if (d > days_of(year, month))
		d = days_of(year, month);
	return day_of(year, month, d);
}

/* --- judging ----------------------------------------------------------------------------- */

int32_t assessment_due(const struct assessment *a)
{
	if (!a->is_set)
		return 0;
	return a->review_by ? a->review_by : quarter_later(a->assessed);
}

enum assessment_state assessment_judge(const struct assessment *a, int32_t today)
{
	if (!a->is_set)
		return ASSESSMENT_MISSING;
	if (a->decision == ASSESSMENT_REJECTED)
		return ASSESSMENT_NOT_ALLOWED;
	if (a->assessed > today)
		return ASSESSMENT_AHEAD;
	return assessment_due(a) < today ? ASSESSMENT_OVERDUE : ASSESSMENT_CURRENT;
}

const char *assessment_state_word(enum assessment_state state)
{
	static const char *const words[] = {
		[ASSESSMENT_MISSING] = "missing",     [ASSESSMENT_OVERDUE] = "overdue",
		[ASSESSMENT_NOT_ALLOWED] = "rejected", [ASSESSMENT_AHEAD] = "ahead",
		[ASSESSMENT_CURRENT] = "current",
	};

	return words[state];
}

const char *assessment_decision_word(enum assessment_decision decision)
{
	static const char *const words[] = {
		[ASSESSMENT_REJECTED] = "rejected", [ASSESSMENT_CONDITIONAL] = "conditional",
		[ASSESSMENT_ACCEPTED] = "accepted",
	};

	return words[decision];
}
