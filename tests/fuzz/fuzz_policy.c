/* SPDX-License-Identifier: Apache-2.0 */
/* Any document: refused with words, or it merges, and its bundle comes back the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "policies/bundle.h"
#include "policies/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bundle b = {0}, c = {0};
	struct policy p = {0};
	struct err err = {0};
	char *text = NULL;
	size_t len;
	int r;

	if (bundle_add(&b, "one", (const char *)data, size, &err) < 0 ||
	    bundle_add(&b, "two", (const char *)data, size, &err) < 0)
		abort();
	r = bundle_merge(&b, "/home/u", &p, &err);
	if (r < 0 && (!err.code || !err.text[0]))
		abort();
	if (r == 0) {
		policy_decide_tool(&p, "abc", 3, NULL);
		if (bundle_write(&b, &text, &len, &err) < 0 || bundle_read(text, len, &c, &err) < 0 ||
		    c.n != 2 || c.v[0].len != size || memcmp(c.v[0].text, data, size) != 0)
			abort();
	}
	free(text);
	policy_done(&p);
	bundle_done(&b);
	bundle_done(&c);
	return 0;
}
