/* SPDX-License-Identifier: Apache-2.0 */
/* What an agent answers: whatever it is, a token is a whole one of printable letters. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "shims/remote/workload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[16384];

	if (workload_read_jwt(data, size, NULL, text, sizeof(text), NULL) == 0)
		assert(*text && strlen(text) < sizeof(text) && !strpbrk(text, " \n\r\t"));
	if (workload_read_jwt(data, size, "spiffe://a/b", text, 64, NULL) == 0)
		assert(memmem(data, size, "spiffe://a/b", 12));
	if (workload_read_x509(data, size, NULL, text, sizeof(text), NULL) == 0)
		assert(strstr(text, "CERTIFICATE") && strstr(text, "PRIVATE KEY"));
	return 0;
}
