/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pointer (the first line) into a message (the rest): it must neither leave the tape
 * nor contradict itself: what is certainly present is not certainly absent.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "shims/pep/json.h"
#include "shims/pep/pointer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct json json;
	const char *text = (const char *)data, *nl = memchr(text, '\n', size);
	struct policy_where w = { .kind = WHERE_PRESENT, .is_present = true };
	struct pointer_call call;
	enum policy_truth yes, no;
	char pointer[256];
	size_t len = nl ? (size_t)(nl - text) : size;

	if (!json.nodes)
		json = (struct json){ .arena = malloc(1 << 20),
				      .nodes = calloc(1 << 16, sizeof(struct json_node)),
				      .seen = malloc(4 * LIMIT_MEMBERS * 4), .size = 1 << 16 };
	if (!nl || len >= sizeof(pointer) || memchr(text, '\0', len))
		return 0;
	memcpy(pointer, text, len);
	pointer[len] = '\0';
	if (where_parse(pointer, &w.segments) == 0 && json_parse(&json, nl + 1, size - len - 1) == 0) {
		pointer_init(&call, &json, 0);
		yes = call.call.test(&call.call, &w);
		w.is_present = false;
		no = call.call.test(&call.call, &w);
		if (yes == POLICY_YES ? no != POLICY_NO : yes == POLICY_NO ? no != POLICY_YES : no != POLICY_UNSURE)
			abort();
		w.kind = WHERE_RANGE;
		w.has_min = w.has_max = true;
		w.min = w.max = 7;
		call.call.test(&call.call, &w);
	}
	where_done(&w);
	return 0;
}
