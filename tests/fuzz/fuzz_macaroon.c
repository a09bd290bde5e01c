/* SPDX-License-Identifier: Apache-2.0 */
/* A capability as an agent sends it: what is read is written again byte for byte, and what
 * was narrowed is still of its key, and never allows more. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "common/macaroon.h"
#include "policies/capability.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_capability(const struct macaroon *m)
{
	static const char caveat[] = "tools = read_*";
	struct macaroon narrow = *m;
	struct capability wide, c;
	const char *words;

	if (capability_read(m, &wide, &words) < 0)
		return;
	assert(wide.expires != UINT64_MAX);
	if (macaroon_add(&narrow, (struct macaroon_part){ caveat, sizeof(caveat) - 1 }) < 0)
		return;
	assert(capability_read(&narrow, &c, &words) == 0);
	assert(c.expires == wide.expires && !capability_has_tool(&c, "write", 5));
	assert(!capability_has_tool(&c, "read_x", 6) || capability_has_tool(&wide, "read_x", 6));
	assert(capability_has_path(&c, "/a/b", 4) == capability_has_path(&wide, "/a/b", 4));
	assert(capability_is_revoked(&c, "agent\n0123456789abcdef", 22) ==
	       capability_is_revoked(&wide, "agent\n0123456789abcdef", 22));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[32] = "a key of thirty-two bytes, fixed";
	uint8_t bytes[MACAROON_MAX], again[MACAROON_MAX];
	char text[MACAROON_TEXT];
	struct macaroon m, made;
	long len = macaroon_decode((const char *)data, size, bytes);

	if (len >= 0) {
		macaroon_encode(bytes, (size_t)len, text);
		assert(macaroon_decode(text, strlen(text), again) == len && !memcmp(again, bytes, (size_t)len));
	}
	/* The fuzzer finds its way without base64, too. */
	if (len < 0 || macaroon_parse(bytes, (size_t)len, &m) < 0) {
		if (size > MACAROON_MAX || macaroon_parse(data, size, &m) < 0)
			return 0;
		len = (long)size;
		memcpy(bytes, data, size);
		macaroon_parse(bytes, size, &m);
	}
	/* An empty location is none. */
	if (m.location.len || bytes[1] != 1)
		assert(macaroon_write(&m, again, sizeof(again)) == len && !memcmp(again, bytes, (size_t)len));
	assert(!macaroon_verify(&m, key, sizeof(key), NULL));
	macaroon_start(&made, key, sizeof(key), m.location, m.id);
	for (size_t i = 0; i < m.n; i++)
		macaroon_add(&made, m.caveat[i]);
	assert(macaroon_verify(&made, key, sizeof(key), NULL));
	check_capability(&m);
	return 0;
}
