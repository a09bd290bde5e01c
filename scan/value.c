/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "scan/charset.h"
#include "scan/formats.h"
#include "scan/value.h"

/* A longer value is judged by its beginning. */
#define ENOUGH 256

bool value_is_placeholder(const char *text, size_t len)
{
	static const char whole[][12] = {
		"password", "passwd",	"pass",	     "pwd",	"pw",	     "secret",	"user",
		"token",    "changeme", "change-me", "change_me", "hunter2",  "none",	"null",
		"true",	    "false",	"undefined", "string",	"required",  "redacted", "hidden",
		"admin",    "root",	"test",	     "guest",	"username",  "dbpass",	"mypassword",
		"passw0rd", "p4ssw0rd",
	};
	static const char parts[][12] = { "example", "your", "placeholder", "xxxx", "....",
					     "redacted", "process.env", "os.environ", "getenv",
					     "dummy",	 "changeme", "insert", "replace", "****",
					     "foobar", "12345678", "abcdef123" };

	char small[ENOUGH];

	if (len > ENOUGH)
		len = ENOUGH;
	if (formats_is_dull(text, len) && len >= 8)
		return true;
	for (size_t i = 0; i < len; i++) {
		if (strchr("<>{}*[]", text[i]) && text[i])
			return true;
		small[i] = (char)tolower((unsigned char)text[i]);
	}
	if (text[0] == '$' || text[0] == '%')
		return true;
	for (size_t i = 0; i < sizeof(whole) / sizeof(*whole); i++)
		if (strlen(whole[i]) == len && !strncasecmp(text, whole[i], len))
			return true;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (memmem(small, len, parts[i], strlen(parts[i])))
			return true;
	return false;
}

static size_t distinct(const char *text, size_t len)
{
	bool seen[256] = { false };
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		n += !seen[(unsigned char)text[i]];
		seen[(unsigned char)text[i]] = true;
	}
	return n;
}

/*
 * The gate of entropy.  Shannon's measure of a short string says nothing (20 characters
 * cannot pass 4.3 bits, words and tokens both reach 3.5), so neighbours are counted that
 * differ in kind: letter beside digit, small before capital.  A name of words changes at
 * the seams of its words, one in six or seven; chance changes one in three.
 */
bool value_is_random(const char *text, size_t len)
{
	size_t changes = 0, letters = 0, digits = 0, upper = 0;

	if (len > ENOUGH)
		len = ENOUGH;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i], d = i ? (unsigned char)text[i - 1] : 0;

		if (c <= ' ' || c >= 0x7f || strchr("()\"'`,;", c))
			return false;
		letters += isalpha(c) != 0;
		digits += isdigit(c) != 0;
		upper += isupper(c) != 0;
		if (i && ((isdigit(c) && isalpha(d)) || (isalpha(c) && isdigit(d)) ||
			  (isupper(c) && islower(d))))
			changes++;
	}
	/* Chance leaves out the digits of one token in a hundred, and of some nearly all. */
	if (distinct(text, len) >= 8 && formats_is_shuffled(text, len))
		return true;
	if (len < 16 || !letters || !digits || distinct(text, len) < 8 || text[0] == '/' ||
	    text[0] == '.' || text[0] == '~')
		return false;
	/* 22 in a hundred where letters are of both sizes, 12 where they are not. */
	return changes * 100 >= len * (upper && upper < letters ? 22 : 12);
}

bool value_is_uuid(const char *text, size_t len)
{
	for (size_t i = 0; i < len && len == 36; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23 ? text[i] != '-' :
							       !charset_has(SET_XDIGIT, text[i]))
			return false;
	return len == 36;
}

bool value_is_password(const char *text, size_t len, size_t least)
{
	bool digit = false, other = false, letter = false;

	if (len < least || len > ENOUGH)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c <= ' ' || c == 0x7f)
			return false;
		digit |= isdigit(c) != 0;
		letter |= isalpha(c) != 0 || c >= 0x80;
		other |= strchr("!#@%^&+=?~$", c) != NULL;
	}
	/* Paths and calls are code, and numbers alone are numbers. */
	if (text[0] == '/' || text[0] == '.' || memchr(text, '(', len) ||
	    memmem(text, len, "://", 3))
		return false;
	return (letter && digit) || (other && letter);
}

bool value_is_basic(const char *text, size_t len)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = 0;
	size_t n = 0, colon = 0;

	for (size_t i = 0; i < len && text[i] != '='; i++) {
		const char *p = text[i] ? strchr(alphabet, text[i]) : NULL;
		unsigned char c;

		if (!p)
			return false;
		bits = bits << 6 | (uint32_t)(p - alphabet);
		if (i % 4 == 0)
			continue;
		c = (unsigned char)(bits >> (6 - 2 * (i % 4)));
		if (c < ' ' || c >= 0x7f)
			return false;
		n++;
		if (c == ':' && !colon)
			colon = n;
	}
	return colon > 1 && n > colon && len >= 8 && len % 4 != 1;
}
