/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rewrite with the scanner and a filter: whatever is replaced or left out, one line
 * leaves that parses, rewrites to itself, and lists no tool that is denied.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "shims/pep/json.h"
#include "shims/pep/rewrite.h"
#include "scan/scan.h"

#define NODES ((size_t)1 << 16)
#define TEXT ((size_t)1 << 19)

static struct json make(void)
{
	return (struct json){ .arena = malloc(TEXT), .nodes = calloc(NODES, sizeof(struct json_node)),
			      .seen = malloc(4 * LIMIT_MEMBERS * 4), .size = NODES };
}

static void check_tools(const struct json *j)
{
	uint32_t tools = json_member(j, 0, "tools"), at = tools + 1;

	if (tools == JSON_NONE || j->nodes[tools].type != JSON_TAPE_ARRAY)
		return;
	for (uint32_t i = 0; i < j->nodes[tools].len; i++, at = j->nodes[at].next)
		if (json_is(j, json_member(j, at, "name"), "denied"))
			abort();
}

/* false: more than the list holds. */
static bool find_denied(const struct json *j, const char *name, uint32_t hide[static 64], size_t *ret)
{
	uint32_t tools = json_member(j, 0, "tools"), at = tools + 1;

	*ret = 0;
	if (tools == JSON_NONE || j->nodes[tools].type != JSON_TAPE_ARRAY)
		return true;
	for (uint32_t i = 0; i < j->nodes[tools].len; i++, at = j->nodes[at].next) {
		if (!json_is(j, json_member(j, at, "name"), name))
			continue;
		if (*ret == 64)
			return false;
		hide[(*ret)++] = at;
	}
	return true;
}

/* With leave to keep what stands there the same leaves, and as much is found. */
static void keep(const struct json *j, const struct rewrite *written, long n, const char *line)
{
	static char out[TEXT];
	struct rewrite rw = { .json = j, .scan = written->scan, .hide = written->hide,
			      .n_hide = written->n_hide, .may_keep = true };
	long m = rewrite_message(&rw, out, sizeof(out));

	if (m != n || rw.redacted != written->redacted || rw.hidden != written->hidden)
		abort();
	if (n > 0 && (rw.is_kept ? rw.redacted || rw.hidden || j->source_len + 1 != (size_t)n ||
					   memcmp(line, j->source, j->source_len) != 0 :
				   memcmp(line, out, (size_t)n) != 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct json a, b;
	static struct scan *scan;
	static char once[TEXT], twice[TEXT];
	static const char denied[] = "denied";
	uint32_t hide[64];
	struct rewrite rw = { .json = &a }, plain = { .json = &b };
	long n;

	if (!scan) {
		scan_open(NULL, 0, &scan, NULL);
		a = make();
		b = make();
	}
	if (size > 1 << 15 || json_parse(&a, (const char *)data, size) < 0)
		return 0;
	rw.scan = scan;
	rw.hide = hide;
	if (!find_denied(&a, denied, hide, &rw.n_hide))
		return 0;
	n = rewrite_message(&rw, once, sizeof(once));
	keep(&a, &rw, n, once);
	if (n == -EPERM && rw.redacted)
		return 0;
	if (n <= 0 || once[n - 1] != '\n' || memchr(once, '\n', (size_t)n - 1))
		abort();
	if (json_parse(&b, once, (size_t)n - 1) < 0)
		abort();
	check_tools(&b);
	if (rewrite_message(&plain, twice, sizeof(twice)) != n || memcmp(once, twice, (size_t)n) != 0)
		abort();
	return 0;
}
