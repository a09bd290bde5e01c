/* SPDX-License-Identifier: Apache-2.0 */
#include "shims/pep/plain.h"
#include "shims/pep/plain_mask.h"

size_t plain_run_slow(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len && plain_is((unsigned char)text[i]))
		i++;
	return i;
}

/* The branches are what makes it fast: that all are plain is foreseen, and the next block
 * does not have to wait for the count of this one.  Most texts end in the first. */
size_t plain_run(const char *text, size_t len)
{
	size_t i = 0;

	for (; len - i >= PLAIN_STEP; i += PLAIN_STEP) {
		uint64_t other = plain_mask(text + i);

		if (other)
			return i + (size_t)__builtin_ctzll(other);
		for (; len - i >= 5 * PLAIN_STEP && !plain_mask4(text + i + PLAIN_STEP);
		     i += 4 * PLAIN_STEP)
			;
	}
	return i + plain_run_slow(text + i, len - i);
}

size_t plain_copy(char *out, const char *text, size_t len)
{
	size_t i = 0;

	for (; len - i >= PLAIN_STEP; i += PLAIN_STEP) {
		uint64_t other = plain_mask(text + i);

		plain_move(out + i, text + i);
		if (other)
			return i + (size_t)__builtin_ctzll(other);
	}
	for (; i < len && plain_is((unsigned char)text[i]); i++)
		out[i] = text[i];
	return i;
}
