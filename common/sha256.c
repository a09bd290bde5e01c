/* SPDX-License-Identifier: Apache-2.0 */
#include "common/sha256.h"

void sha256_start(struct sha256 *s)
{
	sha256_init(&s->ctx);
}

void sha256_add(struct sha256 *s, const void *data, size_t len)
{
	sha256_update(&s->ctx, len, data);
}

void sha256_done(struct sha256 *s, uint8_t ret[static SHA256_SIZE])
{
	sha256_digest(&s->ctx, SHA256_SIZE, ret);
}

void sha256(const void *data, size_t len, uint8_t ret[static SHA256_SIZE])
{
	struct sha256 s;

	sha256_start(&s);
	sha256_add(&s, data, len);
	sha256_done(&s, ret);
}
