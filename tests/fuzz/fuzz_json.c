/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json and rewrite: what is parsed, written and parsed again is the same tree, and what
 * leaves is one line without a control character or a line end of Unicode in it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "shims/pep/json.h"
#include "shims/pep/rewrite.h"

#define TEXT ((size_t)1 << 16)
#define NODES ((size_t)1 << 16)

static struct json make(void)
{
	return (struct json){ .arena = malloc(6 * TEXT), .nodes = calloc(NODES, sizeof(struct json_node)),
			      .seen = malloc(4 * LIMIT_MEMBERS * 4), .size = NODES, .seed = { 7 } };
}

static void check_same(const struct json *a, const struct json *b)
{
	if (a->n != b->n)
		abort();
	for (uint32_t i = 0; i < a->n; i++) {
		const struct json_node *x = &a->nodes[i], *y = &b->nodes[i];
		size_t n, m;

		if (x->type != y->type || x->next != y->next || x->len != y->len)
			abort();
		if (x->type != JSON_TAPE_NUMBER && x->type != JSON_TAPE_STRING)
			continue;
		if (memcmp(json_text(a, i, &n), json_text(b, i, &m), x->len) != 0 || n != m)
			abort();
	}
}

static void check_line(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)p[i];

		if ((c < 0x20 && !(c == '\n' && i == len - 1)) || c == 0x7f ||
		    (c == 0xc2 && (unsigned char)p[i + 1] < 0xa0) ||
		    (c == 0xe2 && (unsigned char)p[i + 1] == 0x80 &&
		     ((unsigned char)p[i + 2] | 1) == 0xa9))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct json a, b;
	static char once[6 * TEXT + 16], twice[6 * TEXT + 16];
	struct rewrite rw = { .json = &a };
	long n;

	if (!a.arena) {
		a = make();
		b = make();
	}
	if (size > TEXT || json_parse(&a, (const char *)data, size) < 0)
		return 0;
	n = rewrite_message(&rw, once, sizeof(once));
	/* Nothing grows more than a DEL. */
	if (n < 0 || (size_t)n > 6 * size + 1)
		abort();
	check_line(once, (size_t)n);
	/* What is said to be canonical is what we write, and nothing else is. */
	if (a.is_canonical != ((size_t)n == size + 1 && !memcmp(once, data, size)))
		abort();
	rw.may_keep = true;
	if (rewrite_message(&rw, twice, sizeof(twice)) != n || rw.is_kept != a.is_canonical)
		abort();
	rw.may_keep = false;
	if (json_parse(&b, once, (size_t)n - 1) < 0)
		abort();
	check_same(&a, &b);
	rw.json = &b;
	if (rewrite_message(&rw, twice, sizeof(twice)) != n || memcmp(once, twice, (size_t)n) != 0)
		abort();
	return 0;
}
