/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/siphash.h"
#include "shims/pep/pseudonym.h"

_Static_assert(PSEUDONYM_SLOTS <= 65536, "four digits lead to the slot");
_Static_assert(LIMIT_PSEUDONYMS < UINT16_MAX, "an index and one fit");

static uint64_t low(uint64_t hash, unsigned int digits)
{
	return hash & ((1ULL << (4 * digits)) - 1);
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

/* The class is hashed with the text, so that what is two things has two names. */
static uint64_t hash_of(const struct pseudonyms *p, const char *class, const char *text, size_t len)
{
	char both[PSEUDONYM_TEXT + LIMIT_PSEUDONYM];
	size_t n = strlen(class) + 1;

	memcpy(both, class, n);
	memcpy(both + n, text, len);
	return siphash(p->key, both, n + len);
}

/* The entry of that text; or NULL, the free slot, and how many digits tell it from the
 * others of its class (0: even eight do not). */
static struct pseudonym *look_up(struct pseudonyms *p, const char *class, uint64_t hash,
				 const char *text, size_t len, size_t *ret_slot,
				 unsigned int *ret_digits)
{
	size_t slot = hash % PSEUDONYM_SLOTS;

	*ret_digits = 4;
	for (; p->slots[slot]; slot = (slot + 1) % PSEUDONYM_SLOTS) {
		struct pseudonym *e = &p->v[p->slots[slot] - 1];

		if (strcmp(e->class, class) != 0)
			continue;
		if (e->hash == hash && e->len == len && !memcmp(e->text, text, len))
			return e;
		if (low(e->hash, 8) == low(hash, 8))
			*ret_digits = 0;
		else if (*ret_digits && low(e->hash, 4) == low(hash, 4))
			*ret_digits = 8;
	}
	*ret_slot = slot;
	return NULL;
}

static size_t write_name(const struct pseudonym *e, char *out)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;

	out[n++] = '[';
	for (const char *c = e->class; *c; c++)
		out[n++] = upper(*c);
	out[n++] = ':';
	for (unsigned int i = e->digits; i--;)
		out[n++] = hex[e->hash >> (4 * i) & 15];
	out[n++] = ']';
	return n;
}

size_t pseudonym_make(struct pseudonyms *p, const char *class, const char *text, size_t len,
		      bool is_servers, char *out)
{
	unsigned int digits;
	struct pseudonym *e;
	uint64_t hash;
	size_t slot = 0;

	if (len > LIMIT_PSEUDONYM || strlen(class) > PSEUDONYM_TEXT - 12)
		return 0;
	hash = hash_of(p, class, text, len);
	e = look_up(p, class, hash, text, len, &slot, &digits);
	if (!e) {
		if (p->n == LIMIT_PSEUDONYMS || !digits)
			return 0;
		e = &p->v[p->n];
		e->hash = hash;
		e->class = class;
		e->len = (uint16_t)len;
		e->digits = (uint8_t)digits;
		memcpy(e->text, text, len);
		p->slots[slot] = (uint16_t)++p->n;
	}
	e->is_servers = e->is_servers || is_servers;
	return write_name(e, out);
}

bool pseudonym_is_servers(struct pseudonyms *p, const char *class, const char *text, size_t len)
{
	unsigned int digits;
	size_t slot;
	const struct pseudonym *e;

	if (len > LIMIT_PSEUDONYM || strlen(class) > PSEUDONYM_TEXT - 12)
		return false;
	e = look_up(p, class, hash_of(p, class, text, len), text, len, &slot, &digits);
	return e && e->is_servers;
}

/* "7f3a]" at text: the number and how many digits it has, 0 for something else. */
static unsigned int read_digits(const char *text, size_t len, uint64_t *ret)
{
	unsigned int n = 0;

	*ret = 0;
	for (; n < len && n < 9; n++) {
		char c = text[n];

		if (c >= '0' && c <= '9')
			*ret = *ret << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			*ret = *ret << 4 | (uint64_t)(c - 'a' + 10);
		else
			break;
	}
	return (n == 4 || n == 8) && n < len && text[n] == ']' ? n : 0;
}

static bool is_class(const struct pseudonym *e, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!e->class[i] || upper(e->class[i]) != text[i])
			return false;
	return !e->class[len];
}

static bool is_of_class(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

/* The pseudonym that begins with the bracket at text[at]. */
static const struct pseudonym *stands(const struct pseudonyms *p, const char *text, size_t len,
				      size_t at, size_t *ret_end)
{
	size_t most = len - at > PSEUDONYM_TEXT ? PSEUDONYM_TEXT : len - at, label = 0, slot;
	unsigned int digits;
	uint64_t number;

	while (label + 1 < most && is_of_class(text[at + 1 + label]))
		label++;
	if (label + 2 >= most || text[at + 1 + label] != ':')
		return NULL;
	digits = read_digits(text + at + label + 2, most - label - 2, &number);
	if (!digits)
		return NULL;
	slot = number % PSEUDONYM_SLOTS;
	for (; p->slots[slot]; slot = (slot + 1) % PSEUDONYM_SLOTS) {
		const struct pseudonym *e = &p->v[p->slots[slot] - 1];

		if (e->digits != digits || low(e->hash, digits) != number ||
		    !is_class(e, text + at + 1, label))
			continue;
		*ret_end = at + label + digits + 3;
		return e->is_servers ? e : NULL;
	}
	return NULL;
}

const struct pseudonym *pseudonym_find(const struct pseudonyms *p, const char *text, size_t len,
				       size_t from, size_t *ret_start, size_t *ret_end)
{
	while (p->n && from < len) {
		const char *bracket = memchr(text + from, '[', len - from);
		const struct pseudonym *found;

		if (!bracket)
			break;
		from = (size_t)(bracket - text);
		found = stands(p, text, len, from, ret_end);
		if (found) {
			*ret_start = from;
			return found;
		}
		from++;
	}
	return NULL;
}
