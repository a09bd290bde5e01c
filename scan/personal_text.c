/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <string.h>

#include "scan/charset.h"
#include "scan/hits.h"
#include "scan/personal_text.h"

bool personal_left_open(const struct personal *p, size_t at)
{
	char c = at ? p->text[at - 1] : ' ';

	if (charset_has(SET_B62, c) || c == '_')
		return at >= 2 && p->text[at - 2] == '\\' && (c == 'n' || c == 'r' || c == 't');
	/* Part of a decimal, a version, or a longer number. */
	return !((c == '.' || c == ',' || c == '-' || c == '+') && at >= 2 &&
		 charset_has(SET_DIGIT, p->text[at - 2]));
}

bool personal_right_open(const struct personal *p, size_t at)
{
	char c = at < p->len ? p->text[at] : ' ';

	if (charset_has(SET_B62, c) || c == '_')
		return false;
	return !((c == '.' || c == '-') && at + 1 < p->len && charset_has(SET_DIGIT, p->text[at + 1]));
}


/* A whole word of text[len], which is in small letters. */
static bool has_word(const char *text, size_t len, const char *word, size_t n)
{
	const char *p = text, *end = text + len;

	for (; (p = memmem(p, (size_t)(end - p), word, n)); p++)
		if (!(p > text && charset_has(SET_B62, p[-1]) && charset_has(SET_B62, word[0])) &&
		    !(p + n < end && charset_has(SET_B62, p[n])))
			return true;
	return false;
}

/* The last bytes before text[at], in small letters. */
static size_t copy_before(const struct personal *p, size_t at, char out[PERSONAL_BEFORE])
{
	size_t n = at < PERSONAL_BEFORE ? at : PERSONAL_BEFORE;

	for (size_t i = 0; i < n; i++)
		out[i] = (char)tolower((unsigned char)p->text[at - n + i]);
	return n;
}

/* The name of a member: "cardNumber", "card_number".  Short words must be all of it, or
 * a part between separators, or its end. */
static bool key_has(const struct personal *p, const char *word, size_t n)
{
	char small[64], key[64], bare[64];
	size_t len = 0, k = 0, w = 0;

	for (; len < p->key_len && len < sizeof(small); len++) {
		small[len] = (char)tolower((unsigned char)p->key[len]);
		if (small[len] != '_' && small[len] != '-' && small[len] != ' ')
			key[k++] = small[len];
		else
			small[len] = ' ';
	}
	for (size_t i = 0; i < n && w < sizeof(bare); i++)
		if (word[i] != ' ' && word[i] != '-')
			bare[w++] = word[i];
	if (w >= 5)
		return memmem(key, k, bare, w) != NULL;
	return (k == w && !memcmp(key, bare, w)) || has_word(small, len, word, n);
}

bool personal_has_context(const struct personal *p, const struct personal_class *c, size_t at)
{
	char before[PERSONAL_BEFORE];
	size_t len = copy_before(p, at, before);

	for (const char *w = c->words; *w;) {
		size_t n = strcspn(w, "|");

		if (has_word(before, len, w, n) || (p->key && key_has(p, w, n)))
			return true;
		w += n + (w[n] != 0);
	}
	return false;
}

/* No address: "version 1.2.3.4", "Chrome/120.0.6099.5". */
bool personal_is_version(const struct personal *p, size_t at)
{
	char c = at ? p->text[at - 1] : ' ', before[PERSONAL_BEFORE];
	size_t len = copy_before(p, at, before), n = len < 16 ? len : 16;

	return c == '/' || c == 'v' || c == '=' || has_word(before + len - n, n, "version", 7) ||
	       has_word(before + len - n, n, "release", 7);
}

void personal_add(const struct personal *p, size_t class, size_t start, size_t end)
{
	const struct personal_class *c = &personal_classes[class];
	struct hit hit = { .start = start, .end = end, .class = c->name, .rank = HIT_PERSONAL,
			   .certain = c->need != CONTEXT && c->rule != RULE_SHAPE };

	hits_add(p->hits, &hit);
}
