/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The normal form of any bytes: without dots as segments, below the same host, stable
 * when it is normalised again; and paths, whose answer "below" must survive resolving.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policies/uri.h"
#include "policies/where.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char once[URI_SIZE], twice[URI_SIZE];
	const char *text = (const char *)data;
	size_t len, again;

	if (where_is_under("/a/b", text, size) == POLICY_YES) {
		/* No "..": every name is kept, and the first two are those. */
		const char *p = text;
		size_t left = size;

		while (left && (*p == '/' || (left > 1 && *p == '.' && p[1] == '/'))) {
			p++;
			left--;
		}
		if (!left || *p != 'a')
			abort();
	}
	/* Without an expression a template is a URI. */
	if (!memchr(text, '{', size) && !memchr(text, '}', size) && !memchr(text, URI_HOLE, size)) {
		size_t one = 0, other = 0;
		int r = uri_normalize(text, size, once, &one);

		if (uri_normalize_template(text, size, twice, &other) != r ||
		    (r == 0 && (one != other || memcmp(once, twice, one) != 0)))
			abort();
	} else {
		uri_normalize_template(text, size, once, &len);
	}
	if (uri_normalize(text, size, once, &len) < 0)
		return 0;
	if (strlen(once) != len || strstr(once, "\\"))
		abort();
	if (!strncmp(once, "file:", 5) && (!uri_path(once) && strncmp(once, "file://", 7) != 0))
		abort();
	if (uri_path(once) && where_is_under("/", uri_path(once), strlen(uri_path(once))) == POLICY_NO)
		abort();
	/* What was decoded to a blank is for comparing only. */
	if (!strchr(once, ' ') &&
	    (uri_normalize(once, len, twice, &again) < 0 || again != len || memcmp(once, twice, len) != 0))
		abort();
	return 0;
}
