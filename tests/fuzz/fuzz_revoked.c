/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a list of what is revoked: it is refused whole, or every line of it is one
 * that can be said in one way only; and adding an entry to a list never takes one away.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "policies/revoked.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct revoked_subject who = { .server = "a", .package = "p", .agent = "g",
						    .user = "u", .uid = "1" };
	const char *text = (const char *)data;
	struct revoked_entry e, again;
	struct err err = {0};
	size_t at = 0, line = 0, before = 0;
	char *more;
	int r = revoked_find(text, size, &who, &e, &err), is;

	if (r < 0 && (!err.code || !strstr(err.text, "line")))
		abort();
	if (r > 0 && !revoked_means(&e, &who))
		abort();
	/* The lines by themselves say the same. */
	for (is = 0; revoked_next(text, size, &at, &line, &again, NULL) > 0;) {
		if (again.line <= before || !again.kind || again.name_len > REVOKED_NAME ||
		    (again.kind != REVOKED_ALL) != (again.name_len > 0))
			abort();
		before = again.line;
		is |= revoked_means(&again, &who);
	}
	if (r >= 0 && is != r)
		abort();
	if (r < 0 || size > 4096)
		return 0;
	more = malloc(size + 16);
	if (!more)
		return 0;
	memcpy(more, text, size);
	memcpy(more + size, "server b\n", 9);
	/* A list that ends well can be added to. */
	if (revoked_find(more, size + 9, &who, &again, NULL) != r)
		abort();
	free(more);
	return 0;
}
