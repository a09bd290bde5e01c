/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/range.h"

bool range_has(const struct range *r, const uint8_t *bytes, bool is_v6)
{
	unsigned int whole = r->bits / 8, rest = r->bits % 8;

	if (r->is_v6 != is_v6 || memcmp(r->bytes, bytes, whole) != 0)
		return false;
	return !rest || !((r->bytes[whole] ^ bytes[whole]) >> (8 - rest));
}

int range_parse(const char *text, struct range *ret, struct err *err)
{
	const char *slash = strchr(text, '/');
	struct range r = {0};
	char address[48];
	unsigned long bits;
	char *end;

	if (!slash || (size_t)(slash - text) >= sizeof(address))
		return err_set(err, EINVAL, "%s: a range is address/bits", text);
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	r.is_v6 = strchr(address, ':') != NULL;
	bits = strtoul(slash + 1, &end, 10);
	if (inet_pton(r.is_v6 ? AF_INET6 : AF_INET, address, r.bytes) != 1 || slash[1] < '0' ||
	    slash[1] > '9' || *end || bits > (r.is_v6 ? 128UL : 32UL))
		return err_set(err, EINVAL, "%s: not a range of addresses", text);
	r.bits = (uint8_t)bits;
	for (unsigned long i = bits; i < (r.is_v6 ? 128UL : 32UL); i++)
		if (r.bytes[i / 8] & (0x80 >> (i % 8)))
			return err_set(err, EINVAL, "%s: bits are set behind the prefix", text);
	*ret = r;
	return 0;
}
