/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a log of pins; and any JSON as a tool: its canonical form parses, is its own
 * canonical form, and what was just pinned is what is in force.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/audit.h"
#include "common/limits.h"
#include "shims/pep/inject.h"
#include "shims/pep/json.h"
#include "shims/pep/surface.h"

#define TEXT ((size_t)1 << 19)

static struct json make(void)
{
	return (struct json){ .arena = malloc(TEXT), .nodes = calloc(1 << 16, sizeof(struct json_node)),
			      .seen = malloc(4 * LIMIT_MEMBERS * 4), .size = 1 << 16 };
}

static void check_canon(struct canon *c, struct json *a, struct json *b)
{
	static char once[TEXT], twice[TEXT];
	long n = canon_write(c, a, 0, NULL, once, sizeof(once));

	if (n < 0)
		return;
	if (json_parse(b, once, (size_t)n) < 0 ||
	    canon_write(c, b, 0, NULL, twice, sizeof(twice)) != n || memcmp(once, twice, (size_t)n) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct policy policy = { .messages = { .pin = POLICY_PIN_TOFU,
						      .names = POLICY_NAMES_STRICT } };
	static struct audit audit = { .fd = -1 };
	static struct json a, b;
	static struct surface s;
	const char *text = (const char *)data, *why;
	size_t used, len;
	uint32_t name;

	if (!a.nodes) {
		a = make();
		b = make();
		s.record = malloc(SURFACE_BUFFER);
		s.incoming = malloc(SURFACE_BUFFER);
	}
	s.policy = &policy;
	s.audit = &audit;
	s.log = s.append = -1;
	s.is_broken = false;
	s.n_incoming = s.pins.n = s.pins.records = 0;
	memset(s.pins.last, 0, sizeof(s.pins.last));
	if (pins_feed(&s.pins, text, size, &used, NULL) == 0 && used > size)
		abort();
	s.pins.n = s.pins.records = 0;
	if (size > 1 << 15 || json_parse(&a, text, size) < 0)
		return 0;
	inject_find(&a, 0);
	check_canon(&s.canon, &a, &b);
	if (surface_tool(&s, &a, 0) == NULL) {
		name = json_member(&a, 0, "name");
		text = json_text(&a, name, &len);
		if (surface_call(&s, text, len, &why) != POLICY_ALLOW || surface_tool(&s, &a, 0))
			abort();
	}
	return 0;
}
