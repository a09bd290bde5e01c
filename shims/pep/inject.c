/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <string.h>

#include "shims/pep/inject.h"
#include "shims/pep/json.h"

/* In lower case; a blank stands for any run of blanks. */
static const char *const phrases[] = {
	"ignore previous instructions", "ignore all previous", "ignore the above",
	"ignore any previous", "disregard previous", "disregard all previous",
	"disregard the above", "forget all previous", "forget previous instructions",
	"override previous instructions", "do not tell the user", "don't tell the user",
	"never tell the user", "without telling the user", "do not inform the user",
	"do not mention this to the user", "hide this from the user", "do not notify the user",
	"without the user's knowledge", "<important>", "<system>", "</system>", "[system]",
	"<secret>", "<hidden>", "<!--", "id_rsa", ".ssh/", ".aws/credentials",
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool begins(const char *text, const char *end, const char *phrase)
{
	for (; *phrase; phrase++) {
		if (text == end)
			return false;
		if (*phrase == ' ') {
			if (!is_blank(*text))
				return false;
			while (text < end && is_blank(*text))
				text++;
		} else if (lower(*text++) != *phrase) {
			return false;
		}
	}
	return true;
}

static bool has_phrase(const char *text, size_t len)
{
	const char *end = text + len;

	for (const char *p = text; p < end; p++) {
		if (!strchr("iIdDfFoOnNwWhH<[.", *p))
			continue;
		for (size_t i = 0; i < sizeof(phrases) / sizeof(*phrases); i++)
			if (begins(p, end, phrases[i]))
				return true;
	}
	return false;
}

/* One character of valid UTF-8 at p. */
static unsigned int character(const unsigned char *p, size_t *ret_len)
{
	if (p[0] < 0x80) {
		*ret_len = 1;
		return p[0];
	}
	if (p[0] < 0xe0) {
		*ret_len = 2;
		return (p[0] & 0x1fU) << 6 | (p[1] & 0x3fU);
	}
	if (p[0] < 0xf0) {
		*ret_len = 3;
		return (p[0] & 0x0fU) << 12 | (p[1] & 0x3fU) << 6 | (p[2] & 0x3fU);
	}
	*ret_len = 4;
	return (p[0] & 0x07U) << 18 | (p[1] & 0x3fU) << 12 | (p[2] & 0x3fU) << 6 | (p[3] & 0x3fU);
}

/* Unicode 15: no glyph, or one that moves others. */
static bool is_invisible(unsigned int c)
{
	return c == 0xad || c == 0x115f || c == 0x1160 || c == 0x180e || c == 0x200b ||
	       (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0x3164 ||
	       c == 0xfeff || c == 0xffa0 || (c >= 0xfff9 && c <= 0xfffb) ||
	       (c >= 0x1d173 && c <= 0x1d17a) || (c >= 0xe0000 && c <= 0xe0fff);
}

/* Joiners and marks that scripts and emoji need, but no word of ASCII letters. */
static bool is_joiner(unsigned int c)
{
	return c >= 0x200c && c <= 0x200f;
}

static bool is_letter(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static const char *find_character(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		unsigned int c = character(p + i, &n);

		if (is_invisible(c))
			return "invisible characters";
		if (is_joiner(c) && ((i && is_letter(p[i - 1])) ||
				     (i + n < len && is_letter(p[i + n]))))
			return "invisible characters";
		if ((c < ' ' && !is_blank((char)c)) || (c >= 0x7f && c < 0xa0))
			return "control characters";
	}
	return NULL;
}

const char *inject_text(const char *text, size_t len)
{
	const char *found = find_character(text, len);

	return found ? found : has_phrase(text, len) ? "instructions" : NULL;
}

const char *inject_find(const struct json *j, uint32_t node)
{
	for (uint32_t i = node; i < j->nodes[node].next; i++) {
		const char *found, *text;
		size_t len;

		if (j->nodes[i].type != JSON_TAPE_STRING)
			continue;
		text = json_text(j, i, &len);
		found = inject_text(text, len);
		if (found)
			return found;
	}
	return NULL;
}
