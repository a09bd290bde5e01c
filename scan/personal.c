/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * Everything here but an address of mail has digits.  Of each block the prefilter says
 * where digits are, letters, and what joins two numbers to one; from that come, by a few
 * operations on whole masks, the places where a number begins: behind nothing of a word,
 * or behind as many letters of a word as some layout has (tables.h, lettered).  Digits in
 * the middle of words, of which base64 and hexadecimal are full, are no places at all.
 * At a place, the length of the run of digits and what stands behind it say which classes
 * have a layout that begins so: for most numbers none.
 */
#include <string.h>

#include "scan/charset.h"
#include "scan/personal_text.h"
#include "scan/scan.h"
#include "scan/tables.h"

const char *scan_personal_name(size_t i)
{
	return i < personal_classes_n ? personal_classes[i].name : NULL;
}

uint64_t scan_personal(const char *name)
{
	if (!strcmp(name, "all"))
		return PERSONAL_BIT(personal_classes_n) - 1;
	for (size_t i = 0; i < personal_classes_n; i++)
		if (!strcmp(name, personal_classes[i].name))
			return PERSONAL_BIT(i);
	return 0;
}

/* --- layouts -------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Does the layout stand in text[n]?  s gets its digits and letters. */
static bool match_layout(const char *layout, const char *text, char *s, size_t *ret_n)
{
	size_t n = 0;

	for (; *layout; layout++, text++) {
		char c = *text;

		switch (*layout) {
		case '#':
			if (!is_digit(c))
				return false;
			s[n++] = c;
			break;
		case 'A':
		case '*':
			if (!charset_has(*layout == 'A' ? SET_LETTER : SET_B62, c))
				return false;
			s[n++] = is_digit(c) ? c : (char)(c & ~0x20);
			break;
		default:
			if (c != *layout)
				return false;
		}
	}
	*ret_n = n;
	return true;
}

static bool is_bare(const char *layout)
{
	return !layout[strspn(layout, "#*A")];
}

/* Groups of four in a row of such groups: a table of characters, and no card. */
static bool is_of_a_table(const struct personal *p, size_t start, size_t end)
{
	return (start >= 5 && p->text[start - 1] == ' ' &&
		charset_run(SET_XDIGIT, p->text, start - 1, start - 5, 4) == 4) ||
	       (end < p->len && p->text[end] == ' ' &&
		charset_run(SET_XDIGIT, p->text, p->len, end + 1, 5) >= 4);
}

/* A class in one of its layouts, of which the first digit is text[at]. */
static void try_form(const struct personal *p, const struct tables_form *f, size_t at)
{
	const struct personal_class *c = &personal_classes[f->class];
	const char *layout = c->layouts[f->layout];
	size_t start = at - f->back, end = start + f->len, n;
	char s[PERSONAL_DIGITS] __attribute__((uninitialized));

	if (f->back > at || end > p->len || (f->last && p->text[start + f->last] != f->sign) ||
	    !personal_right_open(p, end) || !personal_left_open(p, start) ||
	    !match_layout(layout, p->text + start, s, &n) || !personal_holds(c->rule, s, n))
		return;
	if ((c->need == CONTEXT || (c->need == BARE && is_bare(layout) &&
				    !(f->class != PERSONAL_PAN && n == 12))) &&
	    !personal_has_context(p, c, start))
		return;
	if (f->class == PERSONAL_PAN && memchr(layout, ' ', 5) && is_of_a_table(p, at, end))
		return;
	personal_add(p, f->class, start, end);
}

/* 14 to 19 digits in one piece. */
static void try_pan(const struct personal *p, size_t at, size_t run)
{
	char s[PERSONAL_DIGITS];

	if (run < 14 || run > 19 || !personal_left_open(p, at) || !personal_right_open(p, at + run))
		return;
	memcpy(s, p->text + at, run);
	if (personal_holds(RULE_PAN, s, run) &&
	    personal_has_context(p, &personal_classes[PERSONAL_PAN], at))
		personal_add(p, PERSONAL_PAN, at, at + run);
}

/* --- places ---------------------------------------------------------------------------------- */

/* The first group of digits at a place of the block at base. */
struct group {
	size_t at, run;
	enum personal_next next;
};

static struct group read_group(const struct personal *p, size_t base, uint64_t digit, unsigned int bit)
{
	struct group g = { .at = base + bit };
	uint64_t rest = ~(digit >> bit);

	g.run = rest ? (size_t)__builtin_ctzll(rest) : PREFILTER_BLOCK;
	/* On into the next block. */
	if (g.run + bit == PREFILTER_BLOCK)
		g.run += charset_run(SET_DIGIT, p->text, p->len, base + PREFILTER_BLOCK, PERSONAL_DIGITS);
	if (g.run > TABLES_RUN)
		g.run = TABLES_RUN;
	g.next = g.at + g.run < p->len ? personal_next(p->text[g.at + g.run]) : NEXT_OTHER;
	return g;
}

static void look_at_group(const struct personal *p, const struct group *g,
			  const struct tables_group table[][TABLES_NEXT])
{
	const struct tables_group *t = &table[g->run][g->next];
	uint64_t classes = p->classes & t->classes;

	if (!classes)
		return;
	for (size_t i = t->first; i < (size_t)t->first + t->n; i++)
		if (classes >> scan_tables.forms[i].class & 1)
			try_form(p, &scan_tables.forms[i], g->at);
	if (classes & PERSONAL_BIT(PERSONAL_IBAN))
		personal_try_iban(p, g->at);
	if (classes & PERSONAL_BIT(PERSONAL_IPV4))
		personal_try_ipv4(p, g->at);
	if (classes & PERSONAL_BIT(PERSONAL_PAN))
		try_pan(p, g->at, g->run);
}

static void look_at_number(const struct personal *p, const struct group *g)
{
	const char *text = p->text + g->at;

	look_at_group(p, g, scan_tables.numbers);
	if ((p->classes & PERSONAL_BIT(PERSONAL_PHONE)) && g->at && text[-1] == '+')
		personal_try_phone(p, g->at);
	if ((p->classes & PERSONAL_BIT(PERSONAL_IPV6)) && (*text == '2' || *text == '3') &&
	    p->len - g->at > 4 && text[4] == ':')
		personal_try_ipv6(p, g->at);
}

/* Bit i of the result is bit i - by of the stream; 0 < by < 64. */
static uint64_t shifted(uint64_t now, uint64_t before, unsigned int by)
{
	return now << by | before >> (64 - by);
}

/* Where the first digit stands behind as many letters as a layout has before it. */
static uint64_t behind_letters(const struct personal *p, uint64_t word_starts)
{
	uint64_t places = 0;

	for (uint64_t b = scan_tables.backs; b; b &= b - 1)
		places |= shifted(word_starts, p->word_starts, (unsigned int)__builtin_ctzll(b));
	return places;
}

static void look_at_others(const struct personal *p, size_t base, const struct prefilter_personal *m)
{
	uint64_t mac = 0;

	for (uint64_t v = p->classes & PERSONAL_BIT(PERSONAL_EMAIL) ? m->at : 0; v; v &= v - 1)
		if (base + (size_t)__builtin_ctzll(v) < p->len)
			personal_try_email(p, base + (size_t)__builtin_ctzll(v));
	if (p->classes & PERSONAL_BIT(PERSONAL_MAC))
		mac = m->colon & shifted(m->colon, p->before.colon, 3) &
		      shifted(m->colon, p->before.colon, 6) & shifted(m->colon, p->before.colon, 9) &
		      shifted(m->colon, p->before.colon, 12);
	for (; mac; mac &= mac - 1)
		personal_try_mac(p, base + (size_t)__builtin_ctzll(mac));
}

void personal_look(struct personal *p, size_t base, const struct prefilter_personal *m)
{
	const struct prefilter_personal *b = &p->before;
	uint64_t starts = m->digit & ~shifted(m->digit, b->digit, 1);
	uint64_t escaped = shifted(m->slash, b->slash, 2), word = shifted(m->word, b->word, 1);
	/* Behind the letter of an escape a word may begin. */
	uint64_t open = ~word | escaped, word_starts = m->word & open;
	uint64_t joined = shifted(m->joint, b->joint, 1) & shifted(m->digit, b->digit, 2);
	uint64_t numbers = starts & open & ~joined, lettered = starts & word & behind_letters(p, word_starts);

	for (; numbers; numbers &= numbers - 1) {
		struct group g = read_group(p, base, m->digit, (unsigned int)__builtin_ctzll(numbers));

		if (g.at < p->len)
			look_at_number(p, &g);
	}
	for (; lettered; lettered &= lettered - 1) {
		struct group g = read_group(p, base, m->digit, (unsigned int)__builtin_ctzll(lettered));

		if (g.at < p->len)
			look_at_group(p, &g, scan_tables.lettered);
	}
	if (m->at | m->colon)
		look_at_others(p, base, m);
	p->before = *m;
	p->word_starts = word_starts;
}
