/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/checks.h"

uint32_t checks_crc32(const char *bytes, size_t len)
{
	uint32_t crc = ~0U;

	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned char)bytes[i];
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320U : 0);
	}
	return ~crc;
}

bool checks_writes(uint32_t value, unsigned int base, const char *digits, size_t n)
{
	static const char large[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	static const char small[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	const char *alphabet = base > 36 ? large : small;

	for (size_t i = n; i-- > 0; value /= base)
		if (digits[i] != alphabet[value % base])
			return false;
	return value == 0;
}

bool checks_luhn(const char *d, size_t n)
{
	unsigned int sum = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned int v = (unsigned int)(d[n - 1 - i] - '0');

		if (i & 1)
			v = v > 4 ? 2 * v - 9 : 2 * v;
		sum += v;
	}
	return sum % 10 == 0;
}

unsigned int checks_weighted(const char *d, const unsigned char *weights, size_t n)
{
	unsigned int sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (unsigned int)(d[i] - '0') * weights[i];
	return sum;
}

bool checks_mod97(const char *text, size_t n)
{
	unsigned int rest = 0;

	for (size_t i = 0; i < n; i++) {
		char c = text[(i + 4) % n];

		if (c >= '0' && c <= '9')
			rest = (rest * 10 + (unsigned int)(c - '0')) % 97;
		else if (c >= 'A' && c <= 'Z')
			rest = (rest * 100 + (unsigned int)(c - 'A') + 10) % 97;
		else
			return false;
	}
	return rest == 1;
}

bool checks_verhoeff(const char *d, size_t n)
{
	static const unsigned char permute[8][10] = {
		{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 }, { 1, 5, 7, 6, 2, 8, 3, 0, 9, 4 },
		{ 5, 8, 0, 3, 7, 9, 6, 1, 4, 2 }, { 8, 9, 1, 6, 0, 4, 3, 5, 2, 7 },
		{ 9, 4, 5, 3, 1, 2, 6, 8, 7, 0 }, { 4, 2, 8, 6, 5, 7, 3, 9, 0, 1 },
		{ 2, 7, 9, 3, 8, 0, 6, 4, 1, 5 }, { 7, 0, 4, 6, 9, 1, 3, 2, 5, 8 },
	};
	unsigned int c = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned int v = permute[i % 8][d[n - 1 - i] - '0'];

		/* The product in the dihedral group: below 5 rotations, from 5 on reflections. */
		if (c < 5)
			c = v < 5 ? (c + v) % 5 : 5 + (c + v - 5) % 5;
		else
			c = v < 5 ? 5 + (c - v) % 5 : (c - v + 5) % 5;
	}
	return c == 0;
}

bool checks_mod11_10(const char *d, size_t n)
{
	unsigned int product = 10;

	for (size_t i = 0; i + 1 < n; i++) {
		unsigned int sum = ((unsigned int)(d[i] - '0') + product) % 10;

		product = (sum ? sum : 10) * 2 % 11;
	}
	return (11 - product) % 10 == (unsigned int)(d[n - 1] - '0');
}

bool checks_date(unsigned int year, unsigned int month, unsigned int day)
{
	static const unsigned char days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (month < 1 || month > 12 || day < 1 || day > days[month - 1])
		return false;
	return month != 2 || day < 29 || year % 4 == 0;
}
