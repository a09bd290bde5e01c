/* SPDX-License-Identifier: Apache-2.0 */
/* What the egress process reads: a query, a ClientHello, HTTP requests, a proxy's answer. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shims/egress/hello.h"
#include "shims/egress/http.h"
#include "shims/egress/names.h"
#include "shims/egress/tunnel.h"

static void query(const uint8_t *data, size_t size)
{
	static struct names n;
	struct destination granted;
	uint8_t out[NAMES_ANSWER];
	char name[DESTINATION_NAME + 1], again[DESTINATION_NAME + 1];
	size_t len;

	if (destination_parse("*.b.cc:443", &granted, NULL) < 0)
		abort();
	n = (struct names){ .granted = &granted, .n_granted = 1 };
	if (names_answer(&n, data, size, out, &len, name) == NAMES_ANSWERED &&
	    !destination_has_name(&granted, name))
		abort();
	if (len > sizeof(out))
		abort();
	if (name[0] && (destination_canonical(name, strlen(name), again) < 0 || strcmp(name, again) != 0))
		abort();
}

static void hello(const uint8_t *data, size_t size)
{
	char name[DESTINATION_NAME + 1], again[DESTINATION_NAME + 1];
	int found = hello_name(data, size, name);

	if (found == 1 && destination_canonical(name, strlen(name), again) < 0)
		abort();
	/* What is refused stays refused when more comes. */
	for (size_t cut = size > 64 ? size - 64 : 0; cut < size; cut++)
		if (hello_name(data, cut, again) < 0 && found >= 0)
			abort();
}

/* The verdict does not depend on how the bytes are cut. */
static int64_t requests(const char *data, size_t size, size_t step)
{
	struct http h = {0};
	size_t from = 0, have = 0;

	while (from < size) {
		int64_t n = have > from ? http_clear(&h, "a.b.cc", data + from, have - from) : 0;

		if (n < 0)
			return -1;
		if (n == 0) {
			if (have == size)
				return (int64_t)from;
			have = size - have < step ? size : have + step;
			continue;
		}
		if ((uint64_t)n >= size - from)
			return (int64_t)size;
		from += (size_t)n;
		have = have < from ? from : have;
	}
	return (int64_t)from;
}

/* What is an answer stays the same one when more comes; what is none stays none. */
static void answer(const char *data, size_t size)
{
	unsigned int status = 0, other = 0;
	int whole = tunnel_answer(data, size, &status);

	if (whole > 0 && ((size_t)whole > size || whole > TUNNEL_HEAD_MAX || status < 200 || status > 599 ||
			  memcmp(data + whole - 4, "\r\n\r\n", 4) != 0))
		abort();
	for (size_t cut = size > 64 ? size - 64 : 0; cut < size; cut++) {
		int less = tunnel_answer(data, cut, &other);

		if (less != 0 && less != whole)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	query(data, size);
	hello(data, size);
	answer(text, size);
	if (size < HTTP_HEAD_MAX && requests(text, size, 1) != requests(text, size, 1000))
		abort();
	return 0;
}
