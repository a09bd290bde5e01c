/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gen - make the constant tables of the scanner (scan/tables.h) and print them as C
 *
 * Runs on the machine that builds.  What a row gets wrong stops the build here, by name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scan/context.h"
#include "scan/formats.h"
#include "scan/personal.h"
#include "scan/tables.h"
#include "scan/tables/windows.h"

#define ITEMS 512

static struct tables tables;
static size_t n_rules;

static void die(const char *what, const char *name)
{
	fprintf(stderr, "scan/tables: %s: %s\n", name, what);
	exit(1);
}

/* An initializer may leave out the zero at the end of an array. */
static void check_string(const char *s, size_t size, const char *name)
{
	if (!memchr(s, '\0', size))
		die("a string of this row is longer than its array", name);
}

#define CHECK_STRING(array, name) check_string(array, sizeof(array), name)

/* --- windows and rules ----------------------------------------------------------------------- */

static void add_rule(struct tables_rule rule)
{
	unsigned int chain = tables_chain(rule.bytes);

	if (n_rules == TABLES_RULES)
		die("too many rules; raise TABLES_RULES", "tables.h");
	rule.next = tables.chains[chain];
	tables.chains[chain] = (uint16_t)n_rules;
	tables.rules[n_rules++] = rule;
}

static void add_rules(const struct windows_item *item, struct tables_rule rule)
{
	const struct window *w = &item->choices[item->chosen];

	rule.offset = w->offset;
	for (const char *a = w->bytes[0]; *a; a++)
		for (const char *b = w->bytes[1]; *b; b++) {
			rule.bytes[0] = *a;
			rule.bytes[1] = *b;
			add_rule(rule);
		}
}

static void make_windows(void)
{
	static struct windows_item items[ITEMS];
	size_t n = formats_n + context_anchors_n;

	if (n > ITEMS)
		die("too many rows; raise ITEMS", "gen.c");
	for (size_t i = 0; i < formats_n; i++) {
		const struct format *f = &formats[i];

		CHECK_STRING(f->class, f->class);
		CHECK_STRING(f->before, f->class);
		CHECK_STRING(f->literal, f->class);
		CHECK_STRING(f->after, f->class);
		windows_of_format(f, &items[i]);
	}
	for (size_t i = 0; i < context_anchors_n; i++)
		windows_of_anchor(&context_anchors[i], &items[formats_n + i]);
	windows_pack(items, n);
	windows_fill(items, n, &tables.filter);
	memset(tables.chains, 0xff, sizeof(tables.chains));
	for (size_t i = 0; i < formats_n; i++)
		add_rules(&items[i], (struct tables_rule){ .index = (uint16_t)i });
	for (size_t i = 0; i < context_anchors_n; i++)
		add_rules(&items[formats_n + i],
			  (struct tables_rule){ .index = (uint16_t)context_anchors[i].kind,
						.is_context = true,
						.before = context_anchors[i].before });
}

/* --- names of context ---------------------------------------------------------------------------- */

static void make_names(void)
{
	if (context_names_n > TABLES_NAMES)
		die("too many names; raise TABLES_NAMES", "context_names.c");
	/* From behind, so that the chains are in the order of the rows. */
	for (size_t i = context_names_n; i-- > 0;) {
		const struct context_name *c = &context_names[i];
		unsigned int at;

		CHECK_STRING(c->ending, c->ending);
		CHECK_STRING(c->class, c->ending);
		at = tables_ending(c->len > 1 ? c->ending[c->len - 2] : 0, c->ending[c->len - 1]);
		tables.name_next[i] = tables.name_first[at];
		tables.name_first[at] = (uint8_t)(i + 1);
	}
}

/* --- layouts of personal data ---------------------------------------------------------------------- */

/* The class begins with run digits, and then c, or the end of the number. */
static void add_group(uint64_t table[][TABLES_NEXT], size_t class, size_t run, char c)
{
	static const enum personal_next ends[] = { NEXT_OTHER, NEXT_BLANK, NEXT_DASH, NEXT_DOT,
						   NEXT_SLASH, NEXT_PLUS };

	if (run >= TABLES_RUN)
		die("a group of digits is too long; raise TABLES_RUN", personal_classes[class].name);
	if (c == 'A' || c == '*') {
		table[run][NEXT_LETTER] |= PERSONAL_BIT(class);
	} else if (c) {
		if (personal_next(c) == NEXT_OTHER || personal_next(c) == NEXT_LETTER)
			die("a layout separates by what personal_next() does not know",
			    personal_classes[class].name);
		table[run][personal_next(c)] |= PERSONAL_BIT(class);
	} else {
		for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
			table[run][ends[i]] |= PERSONAL_BIT(class);
	}
}

static void add_layout(size_t class, const char *layout)
{
	size_t back = personal_back(layout), run = personal_run(layout);
	bool is_lettered = back && layout[back - 1] == 'A';
	uint64_t(*table)[TABLES_NEXT] = is_lettered ? tables.lettered : tables.numbers;
	const char *behind = layout + back + run;

	if (!run || back > 63)
		die("a layout without digits", personal_classes[class].name);
	if (is_lettered)
		tables.backs |= 1ULL << back;
	add_group(table, class, run, *behind);
	/* Either a letter or one digit more. */
	if (*behind == '*')
		add_group(table, class, run + 1, behind[1]);
}

static void make_personal(void)
{
	for (size_t i = 0; i < personal_classes_n; i++) {
		const struct personal_class *c = &personal_classes[i];

		CHECK_STRING(c->name, c->name);
		CHECK_STRING(c->words, c->name);
		for (size_t k = 0; k < PERSONAL_LAYOUTS && c->layouts[k][0]; k++) {
			CHECK_STRING(c->layouts[k], c->name);
			add_layout(i, c->layouts[k]);
		}
	}
	for (size_t run = 14; run <= 19; run++)
		add_group(tables.numbers, PERSONAL_PAN, run, 0); /* a card's in one piece */
	for (size_t run = 1; run <= 3; run++)
		add_group(tables.numbers, PERSONAL_IPV4, run, '.');
	for (size_t run = 2; run <= TABLES_RUN; run++)
		for (size_t next = 0; next < TABLES_NEXT; next++)
			tables.lettered[run][next] |= PERSONAL_BIT(PERSONAL_IBAN);
	tables.backs |= 1ULL << 2;
}

/* --- C ----------------------------------------------------------------------------------------------- */

static size_t column;

static void put(uint64_t v)
{
	printf("%s%#llx,", column++ % 16 ? " " : "\n\t", (unsigned long long)v);
}

static void put_bytes(const char *name, const unsigned char *v, size_t n, size_t row)
{
	printf("\n.%s = {", name);
	column = 0;
	for (size_t i = 0; i < n; i++) {
		if (row && i % row == 0)
			printf("%s{", i ? "}, " : "");
		put(v[i]);
	}
	printf("%s},", row ? "}" : "");
}

/* Three dimensions: two of n and 16. */
static void put_halves(const char *name, const unsigned char *v)
{
	printf("\n.%s = {", name);
	for (size_t s = 0; s < 2; s++) {
		printf("{");
		for (size_t k = 0; k < PREFILTER_WINDOW; k++) {
			printf("{");
			column = 0;
			for (size_t i = 0; i < 16; i++)
				put(v[(s * PREFILTER_WINDOW + k) * 16 + i]);
			printf("}, ");
		}
		printf("},");
	}
	printf("},");
}

static void put_filter(const struct prefilter *f)
{
	printf(".filter = {");
	put_halves("low", &f->low[0][0][0]);
	put_halves("high", &f->high[0][0][0]);
	put_bytes("class_low", &f->class_low[0][0], sizeof(f->class_low), 16);
	put_bytes("class_high", &f->class_high[0][0], sizeof(f->class_high), 16);
	put_bytes("class_of", &f->class_of[0][0], sizeof(f->class_of), 256);
	printf("\n.window = {");
	for (size_t k = 0; k < PREFILTER_WINDOW; k++) {
		printf("{");
		for (size_t c = 0; c < 256; c++)
			put(f->window[k][c]);
		printf("}, ");
	}
	printf("},\n.words = {");
	for (size_t i = 0; i < PREFILTER_WORDS / 64; i++)
		put(f->words[i]);
	printf("},\n},");
}

static void put_rules(void)
{
	printf("\n.chains = {");
	column = 0;
	for (size_t i = 0; i < TABLES_CHAINS; i++)
		put(tables.chains[i]);
	printf("},\n.rules = {");
	for (size_t i = 0; i < n_rules; i++) {
		const struct tables_rule *r = &tables.rules[i];

		printf("\n\t{ %u, %u, %u, %u, { %d, %d }, %d },", r->next, r->index, r->offset, r->is_context,
		       r->bytes[0], r->bytes[1], r->before);
	}
	printf("},");
}

static void put_groups(const char *name, uint64_t table[][TABLES_NEXT])
{
	printf("\n.%s = {", name);
	for (size_t run = 0; run <= TABLES_RUN; run++) {
		printf("{");
		for (size_t next = 0; next < TABLES_NEXT; next++)
			put(table[run][next]);
		printf("}, ");
	}
	printf("},");
}

int main(void)
{
	make_windows();
	make_names();
	make_personal();
	printf("/* Made by scan/tables/gen. */\n#include \"scan/tables.h\"\n\n"
	       "const struct tables scan_tables = {\n");
	put_filter(&tables.filter);
	put_rules();
	put_bytes("name_first", tables.name_first, sizeof(tables.name_first), 0);
	put_bytes("name_next", tables.name_next, sizeof(tables.name_next), 0);
	printf("\n.backs = %#llx,", (unsigned long long)tables.backs);
	put_groups("numbers", tables.numbers);
	put_groups("lettered", tables.lettered);
	printf("\n};\n");
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
