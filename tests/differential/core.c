/* SPDX-License-Identifier: Apache-2.0 */
/* Lines in; for each that passes: the tree that was judged on stdout, the bytes on 3. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/audit.h"
#include "common/limits.h"
#include "policies/policy.h"
#include "shims/pep/gate.h"
#include "shims/pep/sink.h"

static const struct json *json;

static void print_hex(const char *text, size_t len)
{
	putchar('"');
	for (size_t i = 0; i < len; i++)
		printf("%02x", (unsigned char)text[i]);
}

static void print_number(const char *text, size_t len)
{
	char copy[4096];
	uint64_t bits;
	double d;

	snprintf(copy, sizeof(copy), "%.*s", (int)len, text);
	d = strtod(copy, NULL);
	memcpy(&bits, &d, sizeof(bits));
	printf("#%016llx", (unsigned long long)bits);
}

static int by_name(const void *a, const void *b)
{
	size_t n, m;
	const char *x = json_text(json, *(const uint32_t *)a, &n);
	const char *y = json_text(json, *(const uint32_t *)b, &m);
	int r = memcmp(x, y, n < m ? n : m);

	return r ? r : n < m ? -1 : n > m;
}

static void print(uint32_t node)
{
	const struct json_node *n = &json->nodes[node];
	uint32_t at = node + 1, *names;
	size_t len;
	const char *text;

	switch ((enum json_type)n->type) {
	case JSON_TAPE_NULL:
	case JSON_TAPE_FALSE:
	case JSON_TAPE_TRUE:
		putchar("nft"[n->type]);
		return;
	case JSON_TAPE_NUMBER:
		text = json_text(json, node, &len);
		print_number(text, len);
		return;
	case JSON_TAPE_STRING:
		text = json_text(json, node, &len);
		print_hex(text, len);
		return;
	case JSON_TAPE_ARRAY:
		putchar('[');
		for (uint32_t i = 0; i < n->len; i++, at = json->nodes[at].next) {
			if (i)
				putchar(',');
			print(at);
		}
		putchar(']');
		return;
	case JSON_TAPE_OBJECT:
		break;
	}
	names = calloc(n->len + 1, sizeof(*names));
	for (uint32_t i = 0; i < n->len; i++, at = json->nodes[at + 1].next)
		names[i] = at;
	qsort(names, n->len, sizeof(*names), by_name);
	putchar('{');
	for (uint32_t i = 0; i < n->len; i++) {
		if (i)
			putchar(',');
		text = json_text(json, names[i], &len);
		print_hex(text, len);
		putchar(':');
		print(names[i] + 1);
	}
	putchar('}');
	free(names);
}

int main(void)
{
	static char any[] = "*";
	static struct policy_rule allow = { .match = any, .then = POLICY_ALLOW };
	static struct policy_rules rules = { &allow, 1 };
	static struct policy policy = { .messages = { .tools = &rules, .n_tools = 1 } };
	static struct audit audit = { .fd = -1 };
	static struct sink sinks[2];
	static struct gate gate;
	FILE *out = fdopen(3, "w");
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	if (!out)
		return 2;
	gate.json = (struct json){ .arena = malloc(LIMIT_LINE),
				   .nodes = calloc(1 << 20, sizeof(struct json_node)),
				   .seen = malloc(4 * LIMIT_MEMBERS * 4), .size = 1 << 20 };
	json = &gate.json;
	gate.policy = gate.rules.policy = &policy;
	gate.audit = &audit;
	for (int i = 0; i < 2; i++) {
		sinks[i] = (struct sink){ .fd = 1, .buf = malloc(LIMIT_REPLIES + 8 * MIB),
					  .size = LIMIT_REPLIES + 8 * MIB };
		gate.out[i] = &sinks[i];
	}
	while ((n = getline(&line, &size, stdin)) > 0) {
		const char *why;
		size_t len = (size_t)n - (line[n - 1] == '\n');

		/* A session in which everything may be said. */
		memset(&gate.session, 0, sizeof(gate.session));
		gate.session.state = SESSION_OPEN;
		sinks[0].head = sinks[0].tail = sinks[1].head = sinks[1].tail = 0;
		if (gate_line(&gate, FROM_CLIENT, line, len, &why) != GATE_PASSED)
			continue;
		print(0);
		putchar('\n');
		fwrite(sinks[0].buf, 1, sinks[0].tail, out);
	}
	free(line);
	return fclose(out) || fflush(stdout) ? 2 : 0;
}
