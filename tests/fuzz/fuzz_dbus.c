/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of a service manager: read to their end, and never beyond it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/dbus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dbus_reply r;
	char text[32];
	uint32_t number;

	if (!dbus_parse(data, size, &r))
		return 0;
	if (size != dbus_length(data) || r.len > size || !memchr(r.member, '\0', sizeof(r.member)) ||
	    !memchr(r.error, '\0', sizeof(r.error)))
		abort();
	dbus_take_u32(&r, &number);
	while (dbus_take_string(&r, text, sizeof(text)))
		if (!memchr(text, '\0', sizeof(text)))
			abort();
	if (r.at > r.len)
		abort();
	return 0;
}
