/* SPDX-License-Identifier: Apache-2.0 */
#include "common/limits.h"
#include "common/noted.h"

#define LINE 1000ULL
/* What is saved up in this time is more than there is to save. */
#define LONG_MS 3600000ULL

bool noted_take(struct noted *n, int64_t now, uint64_t *ret_omitted)
{
	uint64_t since = now > n->filled ? (uint64_t)(now - n->filled) : 0;
	uint64_t saved = (since > LONG_MS ? LONG_MS : since) * LIMIT_NOTED_RATE;

	n->filled = now;
	n->spent -= saved < n->spent ? saved : n->spent;
	if (n->spent > LINE * (LIMIT_NOTED_BURST - 1))
		n->is_over = true;
	else if (n->spent <= LINE / 2 * LIMIT_NOTED_BURST)
		n->is_over = false;
	if (n->is_over) {
		n->omitted++;
		return false;
	}
	n->spent += LINE;
	*ret_omitted = n->omitted;
	n->omitted = 0;
	return true;
}
