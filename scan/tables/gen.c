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
static struct tables_rule unsorted[TABLES_RULES];
static uint16_t chain_of[TABLES_RULES];
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

static void add_rule(struct tables_rule rule, const char bytes[2])
{
	if (n_rules == TABLES_RULES)
		die("too many rules; raise TABLES_RULES", "tables.h");
	chain_of[n_rules] = (uint16_t)tables_chain(bytes);
	unsorted[n_rules++] = rule;
}

/* Within a chain the later row comes first: "jwe" is one "jwt" and more. */
static void sort_rules(void)
{
	size_t n = 0;

	for (size_t chain = 0; chain < TABLES_CHAINS; chain++) {
		tables.chains[chain] = (uint16_t)n;
		for (size_t i = n_rules; i-- > 0;)
			if (chain_of[i] == chain)
				tables.rules[n++] = unsorted[i];
	}
	tables.chains[TABLES_CHAINS] = (uint16_t)n;
}

/* All bits for one byte, all but that of the case for a letter in both, none for more. */
static unsigned char mask_of(const char *set)
{
	if (!set[1])
		return 0xff;
	return !set[2] && (set[0] ^ set[1]) == 0x20 ? 0xdf : 0;
}

static void add_rules(const struct windows_item *item, struct tables_rule rule)
{
	const struct window *w = &item->choices[item->chosen];
	unsigned char mask[2] = { mask_of(w->bytes[2]), mask_of(w->bytes[3]) };
	char bytes[4], masks[4] = { (char)0xff, (char)0xff, (char)mask[0], (char)mask[1] };

	rule.offset = w->offset;
	rule.mask = tables_word(masks);
	bytes[2] = (char)((unsigned char)w->bytes[2][0] & mask[0]);
	bytes[3] = (char)((unsigned char)w->bytes[3][0] & mask[1]);
	for (const char *a = w->bytes[0]; *a; a++)
		for (const char *b = w->bytes[1]; *b; b++) {
			bytes[0] = *a;
			bytes[1] = *b;
			rule.word = tables_word(bytes);
			add_rule(rule, bytes);
		}
}

/* What must follow the literal: a run of at least so many characters. */
static void add_run(const struct format *f, const struct windows_item *item, struct tables_rule *rule)
{
	const char *pattern = f->after;
	struct format_item run;
	size_t from = strlen(f->literal) - item->choices[item->chosen].offset;

	if (f->check == CHECK_JWT || f->check == CHECK_DISCORD || f->check == CHECK_PEM ||
	    !formats_next(&pattern, &run) || run.literal || run.min < 4 || from + run.min > UINT8_MAX)
		return;
	rule->set = (uint8_t)__builtin_ctz(run.set);
	rule->middle = (uint8_t)(from + run.min / 2);
	rule->last = (uint8_t)(from + run.min - 1);
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
	for (size_t i = 0; i < formats_n; i++) {
		struct tables_rule rule = { .index = (uint16_t)i };

		add_run(&formats[i], &items[i], &rule);
		add_rules(&items[i], rule);
	}
	for (size_t i = 0; i < context_anchors_n; i++)
		add_rules(&items[formats_n + i],
			  (struct tables_rule){ .index = (uint16_t)context_anchors[i].kind,
						.is_context = true,
						.before = context_anchors[i].before });
	sort_rules();
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

static struct form_list {
	struct tables_form v[64];
	size_t n;
} forms[2][TABLES_RUN + 1][TABLES_NEXT];

static struct tables_group *group_at(bool is_lettered, size_t run, size_t next)
{
	return is_lettered ? &tables.lettered[run][next] : &tables.numbers[run][next];
}

static void add_form(bool is_lettered, size_t run, enum personal_next next, const struct tables_form *f)
{
	struct form_list *l = &forms[is_lettered][run][next];

	group_at(is_lettered, run, next)->classes |= PERSONAL_BIT(f->class);
	if (l->n == sizeof(l->v) / sizeof(*l->v))
		die("too many layouts begin so", personal_classes[f->class].name);
	l->v[l->n++] = *f;
}

static const enum personal_next ends[] = { NEXT_OTHER, NEXT_BLANK, NEXT_DASH, NEXT_DOT, NEXT_SLASH,
					   NEXT_PLUS };
#define ENDS (sizeof(ends) / sizeof(*ends))

/* The form begins with run digits, and then c, or the end of the number. */
static void add_group(bool is_lettered, size_t run, char c, const struct tables_form *f)
{
	const char *name = personal_classes[f->class].name;

	if (run >= TABLES_RUN)
		die("a group of digits is too long; raise TABLES_RUN", name);
	if (c == 'A' || c == '*') {
		add_form(is_lettered, run, NEXT_LETTER, f);
	} else if (c) {
		if (personal_next(c) == NEXT_OTHER || personal_next(c) == NEXT_LETTER)
			die("a layout separates by what personal_next() does not know", name);
		add_form(is_lettered, run, personal_next(c), f);
	} else {
		for (size_t i = 0; i < ENDS; i++)
			add_form(is_lettered, run, ends[i], f);
	}
}

static void add_layout(size_t class, size_t k)
{
	const char *layout = personal_classes[class].layouts[k];
	size_t back = personal_back(layout), run = personal_run(layout);
	bool is_lettered = back && layout[back - 1] == 'A';
	const char *behind = layout + back + run;
	struct tables_form f = { .class = (uint8_t)class, .layout = (uint8_t)k, .back = (uint8_t)back,
				 .len = (uint8_t)strlen(layout) };

	if (!run)
		die("a layout without digits", personal_classes[class].name);
	for (size_t i = back + run; layout[i]; i++)
		if (!strchr("#A*", layout[i])) {
			f.last = (uint8_t)i;
			f.sign = layout[i];
		}
	if (is_lettered)
		tables.backs |= 1ULL << back;
	add_group(is_lettered, run, *behind, &f);
	/* Either a letter or one digit more. */
	if (*behind == '*')
		add_group(is_lettered, run + 1, behind[1], &f);
}

/* What is known by its place in the table, and no layout. */
static void add_shapes(void)
{
	for (size_t run = 14; run <= 19; run++)
		for (size_t i = 0; i < ENDS; i++) /* a card's in one piece */
			tables.numbers[run][ends[i]].classes |= PERSONAL_BIT(PERSONAL_PAN);
	for (size_t run = 1; run <= 3; run++)
		tables.numbers[run][NEXT_DOT].classes |= PERSONAL_BIT(PERSONAL_IPV4);
	for (size_t run = 2; run <= TABLES_RUN; run++)
		for (size_t next = 0; next < TABLES_NEXT; next++)
			tables.lettered[run][next].classes |= PERSONAL_BIT(PERSONAL_IBAN);
	tables.backs |= 1ULL << 2;
}

static void make_personal(void)
{
	size_t n = 0;

	for (size_t i = 0; i < personal_classes_n; i++) {
		const struct personal_class *c = &personal_classes[i];

		CHECK_STRING(c->name, c->name);
		CHECK_STRING(c->words, c->name);
		for (size_t k = 0; k < PERSONAL_LAYOUTS && c->layouts[k][0]; k++) {
			CHECK_STRING(c->layouts[k], c->name);
			if (i != PERSONAL_IBAN)
				add_layout(i, k);
		}
	}
	add_shapes();
	for (size_t i = 0; i < 2 * (TABLES_RUN + 1) * TABLES_NEXT; i++) {
		const struct form_list *l = &forms[0][0][0] + i;
		struct tables_group *g = group_at(i >= (TABLES_RUN + 1) * TABLES_NEXT,
						  i / TABLES_NEXT % (TABLES_RUN + 1), i % TABLES_NEXT);

		if (l->n > TABLES_FORMS - n)
			die("too many layouts; raise TABLES_FORMS", "tables.h");
		memcpy(&tables.forms[n], l->v, l->n * sizeof(*l->v));
		g->first = (uint16_t)n;
		g->n = (uint16_t)l->n;
		n += l->n;
	}
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
	for (size_t i = 0; i <= TABLES_CHAINS; i++)
		put(tables.chains[i]);
	printf("},\n.rules = {");
	for (size_t i = 0; i < n_rules; i++) {
		const struct tables_rule *r = &tables.rules[i];

		printf("\n\t{ %#x, %#x, %u, %u, %u, %d, %u, %u, %u },", r->mask, r->word, r->index,
		       r->offset, r->is_context, r->before, r->set, r->middle, r->last);
	}
	printf("},");
}

static void put_groups(const char *name, struct tables_group table[][TABLES_NEXT])
{
	printf("\n.%s = {", name);
	for (size_t run = 0; run <= TABLES_RUN; run++) {
		printf("\n\t{");
		for (size_t next = 0; next < TABLES_NEXT; next++)
			printf("{ %#llx, %u, %u }, ", (unsigned long long)table[run][next].classes,
			       table[run][next].first, table[run][next].n);
		printf("}, ");
	}
	printf("},");
}

static void put_forms(void)
{
	printf("\n.forms = {");
	for (size_t i = 0; i < TABLES_FORMS && tables.forms[i].len; i++) {
		const struct tables_form *f = &tables.forms[i];

		printf("\n\t{ %u, %u, %u, %u, %u, %d },", f->class, f->layout, f->back, f->len, f->last,
		       f->sign);
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
	put_forms();
	printf("\n};\n");
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
