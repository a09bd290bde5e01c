/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checks - check digits and checksums of tokens, cards and numbers of persons
 *
 * Pure.  Each names the rule it follows.
 */
#ifndef SCAN_CHECKS_H
#define SCAN_CHECKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* CRC-32 of IEEE 802.3, as zlib has it. */
uint32_t checks_crc32(const char *bytes, size_t len);

/* Whether digits[n] (with '0' to 'z' in the order 0-9 A-Z a-z, or 0-9 a-z for base 36)
 * write value, padded with '0'. */
bool checks_writes(uint32_t value, unsigned int base, const char *digits, size_t n);

/* d[n]: digits '0' to '9'.  ISO/IEC 7812-1, annex B. */
bool checks_luhn(const char *d, size_t n);

/* The sum of d[i] * weights[i]. */
unsigned int checks_weighted(const char *d, const unsigned char *weights, size_t n);

/* ISO 13616: letters and digits, country and check digits first; mod 97 is 1. */
bool checks_mod97(const char *text, size_t n);

/* Verhoeff's check over the dihedral group of order 10 (Aadhaar). */
bool checks_verhoeff(const char *d, size_t n);

/* ISO 7064 mod 11,10 (German tax number). */
bool checks_mod11_10(const char *d, size_t n);

/* A date of the calendar; the year may be of two digits (0-99: any century). */
bool checks_date(unsigned int year, unsigned int month, unsigned int day);

#endif /* SCAN_CHECKS_H */
