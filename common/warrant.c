/* SPDX-License-Identifier: Apache-2.0 */
#include <nettle/hmac.h>
#include <string.h>

#include "common/warrant.h"

void warrant_key(const uint8_t root[static WARRANT_KEY], const char *server,
		 uint8_t ret[static WARRANT_KEY])
{
	static const char purpose[] = "mcp-confine capability for ";
	struct hmac_sha256_ctx ctx;

	hmac_sha256_set_key(&ctx, WARRANT_KEY, root);
	hmac_sha256_update(&ctx, sizeof(purpose) - 1, (const uint8_t *)purpose);
	hmac_sha256_update(&ctx, strlen(server), (const uint8_t *)server);
	hmac_sha256_digest(&ctx, WARRANT_KEY, ret);
	explicit_bzero(&ctx, sizeof(ctx));
}
