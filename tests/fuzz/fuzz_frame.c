/* SPDX-License-Identifier: Apache-2.0 */
/* The lines that come out do not depend on the steps in which the bytes came in. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shims/pep/frame.h"
#include "shims/pep/peek.h"

static size_t run(const uint8_t *data, size_t size, size_t step, char *out)
{
	char buf[64];
	struct peek peek;
	struct frame f = { .buf = buf, .size = sizeof(buf), .peek = &peek };
	size_t n = 0, len;
	const char *line;
	int r;

	while (size) {
		size_t room, take;
		char *at = frame_space(&f, &room);

		take = step < size ? step : size;
		take = take < room ? take : room;
		memcpy(at, data, take);
		frame_added(&f, take);
		data += take;
		size -= take;
		while ((r = frame_next(&f, &line, &len)) != 0) {
			if (r > 0) {
				memcpy(out + n, line, len);
				n += len;
			}
			/* What peek saw of a line that was too long is the same, too. */
			out[n++] = r > 0 ? '\n' : peek_id(&peek).text ? '\1' : '\0';
		}
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *a = malloc(2 * size + 1), *b = malloc(2 * size + 1);
	size_t n = run(data, size, 1, a), m = run(data, size, 17, b);

	if (n != m || memcmp(a, b, n) != 0)
		abort();
	free(a);
	free(b);
	return 0;
}
