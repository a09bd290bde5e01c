/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each variant of the prefilter gives for the same bytes, as one number a line:
 * masks, and spans of every class.  tests/arm/run compiles it for this machine and for
 * AArch64, and compares.
 *
 *   variants make        texts, each behind its length, to standard output
 *   variants VARIANT     reads them; a number of enum prefilter_variant; exit 77: not on
 *                        this machine
 *
 * The texts are made once: in which order the arguments of a call are evaluated is the
 * machine's choice, and chance is asked there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scan/scan.h"
#include "scan/tables.h"
#include "tests/unit/scan_make.h"

#define SPANS 64

static uint64_t sum = 0xcbf29ce484222325ULL;

/* FNV-1a, over numbers, so that no padding counts. */
static void add(uint64_t v)
{
	for (int i = 0; i < 8; i++, v >>= 8)
		sum = (sum ^ (v & 255)) * 0x100000001b3ULL;
}

static void tell(const char *what)
{
	printf("%s %016llx\n", what, (unsigned long long)sum);
}

static void add_masks(enum prefilter_variant variant, const char *text, size_t blocks)
{
	static struct prefilter_masks m[64];
	static struct prefilter_personal p[64];

	memset(m, 0xaa, sizeof(m));
	memset(p, 0xaa, sizeof(p));
	prefilter_run(&scan_tables.filter, variant, text, blocks, m);
	prefilter_run_personal(&scan_tables.filter, variant, text, blocks, p);
	for (size_t i = 0; i < blocks; i++) {
		const uint64_t all[] = { m[i].window, m[i].first, m[i].second, m[i].hex, m[i].base32, m[i].escape,
					 p[i].digit, p[i].word, p[i].joint, p[i].colon, p[i].at, p[i].slash };

		for (size_t k = 0; k < sizeof(all) / sizeof(*all); k++)
			add(all[k]);
	}
}

static void every_mask(enum prefilter_variant variant)
{
	static char text[64 * PREFILTER_BLOCK + PREFILTER_AHEAD];

	for (int round = 0; round < 200; round++) {
		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = (char)make_chance(round & 1 ? 256 : 128);
		for (size_t at = 0; round % 4 >= 2 && at + 40 < sizeof(text); at += make_chance(40)) {
			const char *literal = formats[make_chance((uint32_t)formats_n)].literal;

			memcpy(text + at, literal, strlen(literal));
		}
		add_masks(variant, text, 64);
	}
	tell("masks");
}

static void add_spans(const struct scan *s, const char *text, size_t len)
{
	static struct scan_span spans[SPANS];
	size_t n = scan_text(s, NULL, 0, text, len, spans, SPANS);

	add(n);
	for (size_t i = 0; i < n; i++) {
		add(spans[i].start);
		add(spans[i].end);
		for (const char *c = spans[i].class; *c; c++)
			add((unsigned char)*c);
	}
}

static void put_text(const char *text, size_t len)
{
	uint32_t n = (uint32_t)len;

	fwrite(&n, sizeof(n), 1, stdout);
	fwrite(text, 1, len, stdout);
}

static int make_texts(void)
{
	static char token[MAKE_MAX], text[8 * MAKE_MAX];

	for (size_t i = 0; i < formats_n; i++) {
		size_t len = make_negative((uint32_t)i, text), n = make_token(&formats[i], MAKE_MOST, token);

		len += (size_t)sprintf(text + len, " %s card 4111 1111 1111 1111, d\xc3\xa9j\xc3\xa0 ", token);
		len += make_base64(token, n, text + len, make_std, 1);
		put_text(text, len);
	}
	for (uint32_t i = 0; i < 3000; i++)
		put_text(text, make_negative(i, text));
	return ferror(stdout) || fflush(stdout);
}

static int every_text(int variant)
{
	static char text[8 * MAKE_MAX];
	struct scan_config config = { .personal = scan_personal("all") };
	struct scan *s;
	uint32_t len, n = 0;

	if (scan_open(NULL, 0, &s, NULL) < 0 || !scan_use_variant(s, variant))
		return 1;
	scan_configure(s, &config);
	for (; fread(&len, sizeof(len), 1, stdin) == 1; n++) {
		if (len > sizeof(text) || fread(text, 1, len, stdin) != len)
			return 1;
		add_spans(s, text, len);
	}
	tell("spans");
	printf("of %u texts\n", n);
	scan_close(s);
	return n < 3000;
}

int main(int argc, char **argv)
{
	int variant = argc > 1 ? atoi(argv[1]) : PREFILTER_SCALAR;

	if (argc > 1 && !strcmp(argv[1], "make"))
		return make_texts();
	if (!prefilter_has((enum prefilter_variant)variant))
		return 77;
	every_mask((enum prefilter_variant)variant);
	return every_text(variant);
}
